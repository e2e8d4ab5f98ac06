/** A virtual lab that is worked with from the real world: it stands still between calls. */
import { join } from "node:path";
import type { TraceEvent } from "../../shared/trace.ts";
import type { Disk, World } from "../../shared/world.ts";
import { beginLab } from "../fleet/beginning.ts";
import { holdKeptLab, keptDirectory, type LabOptions, type RunningLab } from "../lab.ts";
import type { Beginning } from "../snapshots/archive.ts";
import { snapshotsFolder, type LabKeeper } from "../snapshots/lab-keeper.ts";
import type { ControlledLab, Keeping, LabClock } from "./controlled-lab.ts";
import { openGateway, type GatewayOptions } from "./gateway.ts";

type Held = Awaited<ReturnType<typeof holdKeptLab>>;
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
  #startsAnew = false;
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

  /** What is done with the lab as a whole takes its time too. */
  get keeping(): Keeping {
    const keeper = keeperOf(this.lab);
    const driven = <T>(act: () => Promise<T>) => this.drive(act);
    return {
      underWay: this.#startsAnew ? "begins anew" : keeper.underWay,
      isMoving: this.#startsAnew || keeper.isMoving,
      beginning: keeper.beginning,
      snapshot: (name) => driven(() => keeper.snapshot(name)),
      snapshots: () => driven(() => keeper.snapshots()),
      removeSnapshot: (name) => driven(() => keeper.removeSnapshot(name)),
      restore: (name) => driven(() => keeper.restore(name)),
      export: (name) => driven(() => keeper.export(name)),
      import: (bytes) => driven(() => keeper.import(bytes)),
      reset: () => this.#reset(keeper),
    };
  }

  async stop(): Promise<void> {
    for (const end of this.#ending.splice(0)) await end();
    await this.#held.close();
  }

  /** Another world from the same seed, which goes the same way byte for byte. The old one is there until it has begun. */
  async #reset(keeper: LabKeeper): Promise<Beginning> {
    const beginning = keeper.requireBeginning();
    this.#startsAnew = true;
    try {
      const former = this.#held;
      // The same keys too: whoever works with the lab goes on.
      const held = await holdKeptLab(this.#options, (disk) => copySnapshots(former.disk, disk));
      try {
        held.lab.recorder.subscribe((event) => this.#tell(held, event));
        const begin = () => beginLab(held.lab, beginning);
        await held.drive(() => keeperOf(held.lab).begin(beginning, begin));
      } catch (error) {
        await held.close();
        throw error;
      }
      this.#held = held;
      await former.close();
      return beginning;
    } finally {
      this.#startsAnew = false;
    }
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
