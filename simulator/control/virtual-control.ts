/** A virtual lab that is worked with from the real world: it stands still between calls. */
import { join } from "node:path";
import { PippinError } from "../../shared/errors.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import type { Disk, World } from "../../shared/world.ts";
import { beginLab } from "../fleet/beginning.ts";
import { holdKeptLab, keptDirectory, type LabOptions, type RunningLab } from "../lab.ts";
import { decodeArchive, type Beginning } from "../snapshots/archive.ts";
import { LabFolder } from "../snapshots/lab-folder.ts";
import { factsOf, snapshotsFolder, type LabKeeper, type SnapshotFacts } from "../snapshots/lab-keeper.ts";
import type { ControlledLab, Keeping, LabClock } from "./controlled-lab.ts";
import { openGateway, type GatewayOptions } from "./gateway.ts";

type Held = Awaited<ReturnType<typeof holdKeptLab>>;
type HoldOptions = Parameters<typeof holdKeptLab>[0];
type Listener = (event: TraceEvent) => void;

export interface VirtualControlOptions {
  readonly lab: LabOptions;
  readonly host: string;
  /** Of the gateways; 0 takes a free one. */
  readonly ports: { readonly server: number; readonly apple: number };
}

export interface VirtualControl extends ControlledLab {
  stop(): Promise<void>;
}

/** `world` is the one of the clients. Throws NetworkError address_in_use. */
export async function controlVirtual(world: World, options: VirtualControlOptions): Promise<VirtualControl> {
  const control = new HeldControl(options.lab, await holdKeptLab(options.lab));
  try {
    await control.open(world, options);
    return control;
  } catch (error) {
    await control.stop();
    throw error;
  }
}

class HeldControl implements VirtualControl {
  readonly #options: LabOptions;
  readonly #listeners = new Set<Listener>();
  readonly #ending: (() => Promise<void>)[] = [];
  #held: Held;
  /** What becomes of it just now, if it becomes another. */
  #moves: string | undefined;
  #worldCount = 1;
  serverUrl = "";
  appleUrl = "";

  constructor(options: LabOptions, held: Held) {
    this.#options = options;
    this.#held = held;
    held.lab.recorder.subscribe((event) => this.#tell(held, event));
  }

  /** Opens the ways in. */
  async open(world: World, { host, ports }: VirtualControlOptions): Promise<void> {
    const ask: GatewayOptions["ask"] = (urlOf, init) =>
      this.drive(() => this.lab.world.request(urlOf(this.lab), init));
    const server = await openGateway(world, { host, port: ports.server, ask, urlOf: (lab) => lab.serverUrl });
    this.#ending.push(() => server.close());
    const apple = await openGateway(world, { host, port: ports.apple, ask, urlOf: (lab) => lab.appleUrl });
    this.#ending.push(() => apple.close());
    this.serverUrl = server.url;
    this.appleUrl = apple.url;
  }

  get lab(): RunningLab {
    return this.#held.lab;
  }

  readonly clock: LabClock = { advance: (ms) => this.#held.advance(ms) };

  drive<T>(deed: () => Promise<T>): Promise<T> {
    return this.#held.drive(deed);
  }

  onEvent(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is done with the lab as a whole takes its time too. Where it becomes another one, so does its world, and its clock. */
  get keeping(): Keeping {
    const keeper = keeperOf(this.lab);
    const driven = <T>(act: () => Promise<T>) => this.drive(act);
    return {
      underWay: this.#moves ?? keeper.underWay,
      isMoving: this.#moves !== undefined || keeper.isMoving,
      beginning: keeper.beginning,
      snapshot: (name) => driven(() => keeper.snapshot(name)),
      snapshots: () => driven(() => keeper.snapshots()),
      removeSnapshot: (name) => driven(() => keeper.removeSnapshot(name)),
      export: (name) => driven(() => keeper.export(name)),
      restore: async (name) => this.#become(name, await driven(() => keeper.export(name))),
      import: (bytes) => this.#become("", bytes),
      reset: () => this.#reset(keeper.requireBeginning()),
    };
  }

  async stop(): Promise<void> {
    for (const end of this.#ending.splice(0)) await end();
    await this.#held.close();
  }

  /** Another world from the same seed, which goes the same way byte for byte. */
  async #reset(beginning: Beginning): Promise<Beginning> {
    await this.#replace("begins anew", this.#options, copySnapshots, async ({ lab }) => {
      await keeperOf(lab).begin(beginning, () => beginLab(lab, beginning));
    });
    return beginning;
  }

  /** Another world, that begins at the time of the snapshot with what is in it. */
  async #become(name: string, bytes: Buffer): Promise<SnapshotFacts> {
    const archive = decodeArchive(bytes);
    const { beginning, serverUrl, files, takenAt } = archive;
    const startAt = Date.parse(takenAt);
    await this.#replace("is replaced", { ...this.#options, startAt }, async (from, to) => {
      await copySnapshots(from, to);
      const folder = await LabFolder.open(to, keptDirectory);
      await folder.writeOther(files);
      await folder.switchOver({ beginning, serverUrl });
      await folder.close();
    });
    return factsOf(name, archive, bytes.length);
  }

  /** The old one is there until the new one has begun. The keys stay the same, so that whoever works with the lab goes on. */
  async #replace(
    what: string,
    options: HoldOptions,
    before: (from: Disk, to: Disk) => Promise<void>,
    begin: (held: Held) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const former = this.#held;
    const underWay = this.#moves ?? keeperOf(former.lab).underWay;
    if (underWay !== undefined) throw new PippinError("unavailable", `the lab ${underWay} just now`);
    this.#moves = what;
    try {
      const held = await holdKeptLab(this.#nextOf(options), (disk) => before(former.disk, disk));
      try {
        held.lab.recorder.subscribe((event) => this.#tell(held, event));
        await held.drive(() => begin(held));
      } catch (error) {
        await held.close();
        throw error;
      }
      this.#held = held;
      await former.close();
    } finally {
      this.#moves = undefined;
    }
  }

  /** A trace is one world's: the next one writes a file beside it. */
  #nextOf(options: HoldOptions): HoldOptions {
    const { tracePath } = options;
    if (tracePath === undefined) return options;
    this.#worldCount += 1;
    return { ...options, tracePath: `${tracePath}.${this.#worldCount}` };
  }

  #tell(held: Held, event: TraceEvent): void {
    if (held === this.#held) for (const listener of this.#listeners) listener(event);
  }
}

function keeperOf({ keeper }: RunningLab): LabKeeper {
  if (keeper === undefined) throw new Error("a lab that can't be kept");
  return keeper;
}

async function copySnapshots(from: Disk, to: Disk): Promise<void> {
  const shelf = join(keptDirectory, snapshotsFolder);
  const names = await from.list(shelf);
  if (names.length > 0) await to.makeDirectory(shelf);
  for (const name of names) {
    const content = await from.readFile(join(shelf, name));
    if (content !== undefined) await to.writeFileAtomic(join(shelf, name), content);
  }
}
