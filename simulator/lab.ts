/** A whole lab: Apple, the MDM server and the phones with their people. The one place that knows the server's composition. */
import { join } from "node:path";
import type { Phone } from "../agent/phone.ts";
import type { ChannelProtocol } from "../shared/channel.ts";
import { createLiveWorld } from "../shared/live-world.ts";
import { createRecorder, drawLife, type Recorder } from "../shared/trace.ts";
import type { Disk, World } from "../shared/world.ts";
import { worldWith } from "../shared/world-with.ts";
import { startServer, type RunningServer } from "../server/start-server.ts";
import { FaultDesk } from "./faults/fault-desk.ts";
import { withKeyPool } from "./fleet/fleet.ts";
import { PhoneDesk, type PhonePlace } from "./fleet/phone-desk.ts";
import { serverKilled } from "./checks/trace-reading.ts";
import { JsonClient } from "./json-client.ts";
import { beginLab } from "./fleet/beginning.ts";
import type { Hand } from "./people/hand.ts";
import { LabFolder, type LabFacts } from "./snapshots/lab-folder.ts";
import { LabKeeper, type LabParts } from "./snapshots/lab-keeper.ts";
import type { Lab, NewPhone, ServerPower } from "./scenarios/scenario.ts";
import { startApple, type RunningApple } from "./start-apple.ts";
import { openTraceFile } from "./trace-file.ts";
import { MemoryDisk } from "./virtual/memory-disk.ts";
import { Driver } from "./virtual/driver.ts";
import { createVirtualWorld, type VirtualWorld } from "./virtual/virtual-world.ts";
import type { KillOptions, VirtualProcess } from "./virtual/virtual-process.ts";

export { registerServerCommand } from "../server/main.ts";

/** While the server restarts, clients wait for it so long. */
const patienceMs = 60_000;
/** Keys shared by the phones of a live fleet. */
const keyPoolSize = 2;

export interface LabOptions {
  readonly seed: string;
  readonly progress: (line: string) => void;
  /** Writes every event there. */
  readonly tracePath?: string;
  /** Which form of the wire the phones speak. Default binary. */
  readonly protocol?: ChannelProtocol;
  /** Called for every event, in order. */
  readonly onEvent?: Parameters<Recorder["subscribe"]>[0];
  /** Whether messages are recorded too. Default: when a trace is written. */
  readonly keepsWire?: boolean;
}

export interface LiveLabOptions extends LabOptions {
  /** Keeps the lab across restarts; without it, it lives in memory. */
  readonly dataDirectory?: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly serverPort: number;
  readonly applePort: number;
  /** Servers that run already: then only the phones and the people are started here. */
  readonly attach?: { serverUrl: string; adminKey: string; appleUrl: string; controlKey: string };
}

/** A lab whose phones can be taken in hand. */
export interface LabWithHands extends Lab {
  readonly hands: readonly Hand[];
  /** Gives a phone to its person, or takes it away. Throws PippinError `conflict` when it has none. */
  setHeld(hand: Hand, isHeld: boolean): Promise<void>;
  /** As `addPhone`, for many at once. */
  addPhones(phones: readonly NewPhone[]): Promise<Phone[]>;
}

export interface RunningLab extends LabWithHands {
  readonly serverUrl: string;
  readonly appleUrl: string;
  readonly adminKey: string;
  readonly controlKey: string;
  /** Whether the data folder held a lab already, which goes on. */
  readonly resumed: boolean;
  /** Undefined where the lab can't be kept as a whole. */
  readonly keeper?: LabKeeper | undefined;
  stop(): Promise<void>;
}

/** The people's side of a lab, which every lab has. */
interface Outside {
  readonly options: LabOptions;
  readonly recorder: Recorder;
  readonly admin: JsonClient;
  readonly apple: JsonClient;
  readonly world: World;
  readonly pace: Lab["pace"];
  readonly faults: FaultDesk;
}

/** The lab as scenarios and people have it, with what is special to it. `phones` and `hands` go on telling the fleet as it grows. */
function labOf<T extends object>(desk: PhoneDesk, outside: Outside, special: T): LabWithHands & T {
  const { options, ...rest } = outside;
  const lab = {
    ...rest,
    seed: options.seed,
    addPhone: (phone: NewPhone) => desk.addPhone(phone),
    addPhones: (phones: readonly NewPhone[]) => desk.addPhones(phones),
    restartPhone: (udid: string) => desk.restartPhone(udid),
    setHeld: (hand: Hand, isHeld: boolean) => desk.setHeld(hand, isHeld),
    phones: desk.phones,
    hands: desk.hands,
    progress: options.progress,
    ...special,
  };
  Object.defineProperty(lab, "phones", { get: () => desk.phones });
  Object.defineProperty(lab, "hands", { get: () => desk.hands });
  return lab;
}

/** Real sockets, real time. */
export async function startLiveLab(options: LiveLabOptions): Promise<RunningLab> {
  const real = createLiveWorld();
  const world = options.dataDirectory === undefined ? worldWith(real, { disk: new MemoryDisk() }) : real;
  const recorder = createRecorder({
    now: () => world.now(),
    run: options.seed,
    keepsWire: options.keepsWire ?? options.tracePath !== undefined,
    life: drawLife((length) => real.randomBytes(length)),
  });
  if (options.onEvent) recorder.subscribe(options.onEvent);
  const trace = options.tracePath && (await openTraceFile(real.disk, options.tracePath, recorder));
  const ending: (() => Promise<void>)[] = trace ? [() => trace.close()] : [];
  // Making keys takes longer than all the rest: begun first, waited for last.
  const keyedWorld = withKeyPool(world, keyPoolSize);
  keyedWorld.catch(() => undefined);
  const { dataDirectory = keptDirectory, attach, host, serverPort, applePort } = options;
  const kept: KeptLabOptions = {
    ...{ lab: options, host, serverPort, applePort, attach, directory: dataDirectory },
    ...{ pace: "quick", bytesPerSecond: 1_000_000_000 },
  };
  return await startKeptLab({ world, keyedWorld, recorder, faults: new FaultDesk(recorder) }, kept, ending);
}

/** A lab that lies in one folder, whichever world it is in. */
interface KeptLabOptions extends Pick<LiveLabOptions, "host" | "serverPort" | "applePort"> {
  readonly lab: LabOptions;
  readonly directory: string;
  readonly attach?: LiveLabOptions["attach"];
  readonly pace: Lab["pace"];
  readonly bytesPerSecond: number;
}

interface Setting {
  readonly world: World;
  /** The world with the keys of the fleet, which take their time. */
  readonly keyedWorld: Promise<World>;
  readonly recorder: Recorder;
  readonly faults: FaultDesk;
}

/** `ending` is what is to be ended with it, or when it can't be started. */
async function startKeptLab(
  setting: Setting,
  options: KeptLabOptions,
  ending: (() => Promise<void>)[],
): Promise<RunningLab> {
  const { world, recorder, faults } = setting;
  const end = async () => {
    for (const step of ending) await step();
  };
  try {
    const folder = await LabFolder.open(world.disk, options.directory);
    ending.unshift(() => folder.close());
    const parts = new RunningParts(setting, options);
    ending.unshift(() => parts.stop());
    await parts.start(folder.current, folder.facts);
    const { desk, serverUrl, appleUrl, adminKey, controlKey } = parts;
    if (folder.facts.serverUrl === null) await folder.note({ serverUrl });
    const outside: Outside = {
      ...{ options: options.lab, recorder, world, faults, pace: options.pace },
      admin: new JsonClient({ world, baseUrl: serverUrl, key: adminKey, patienceMs }),
      apple: new JsonClient({ world, baseUrl: appleUrl, key: controlKey, patienceMs }),
    };
    const keeper = new LabKeeper({
      ...{ disk: world.disk, folder, parts },
      begin: async (beginning) => void (await beginLab(lab, beginning)),
      note: (what, name) =>
        void recorder.record("lab.changed", { what, ...(name === undefined ? {} : { name }) }),
    });
    const lab: RunningLab = labOf(desk, outside, {
      ...{ serverUrl, appleUrl, adminKey, controlKey },
      resumed: desk.phones.length > 0,
      // Servers that are somebody else's can't be stopped and started from here.
      keeper: options.attach === undefined ? keeper : undefined,
      stop: end,
    });
    return lab;
  } catch (error) {
    await end();
    throw error;
  }
}

/** Apple, the server and the phones of a lab, which can be stopped, and started on another folder. */
class RunningParts implements LabParts {
  readonly adminKey: string;
  readonly controlKey: string;
  readonly #setting: Setting;
  readonly #options: KeptLabOptions;
  readonly #running: (() => Promise<void>)[] = [];
  #desk: PhoneDesk | undefined;
  #appleUrl: string | undefined;
  #serverUrl: string | undefined;
  /** Where the phones believe that their server is, when that is not where it listens. */
  #formerUrl: string | undefined;

  constructor(setting: Setting, options: KeptLabOptions) {
    this.#setting = setting;
    this.#options = options;
    const { attach } = options;
    const drawKey = () => setting.world.randomBytes(24).toString("base64url");
    this.controlKey = attach?.controlKey ?? drawKey();
    this.adminKey = attach?.adminKey ?? `pk_${drawKey()}`;
    this.#appleUrl = attach?.appleUrl;
    this.#serverUrl = attach?.serverUrl;
  }

  get desk(): PhoneDesk {
    if (this.#desk === undefined) throw new Error("the lab was not started");
    return this.#desk;
  }
  get serverUrl(): string {
    return this.#serverUrl ?? "";
  }
  get appleUrl(): string {
    return this.#appleUrl ?? "";
  }
  get phoneCount(): number {
    return this.desk.phones.length;
  }
  now(): number {
    return this.#setting.world.now();
  }

  /** Throws what `startApple`, `startServer` and the phones throw; then nothing runs. */
  async start(directory: string, facts: LabFacts): Promise<void> {
    try {
      await this.#setting.world.disk.makeDirectory(directory);
      if (this.#options.attach === undefined) {
        await this.#startApple(directory);
        await this.#startServer(directory, facts.serverUrl);
      }
      const place = { directory: join(directory, "phones"), appleUrl: this.appleUrl };
      this.#desk ??= await this.#createDesk(place);
      this.#running.unshift(() => this.desk.close());
      await this.#desk.open(place);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const stop of this.#running.splice(0)) await stop();
  }

  async #startApple(directory: string): Promise<void> {
    const { world, recorder } = this.#setting;
    const apple = await startApple(world, recorder, {
      host: this.#options.host,
      port: portOf(this.#appleUrl) ?? this.#options.applePort,
      controlKey: this.controlKey,
      dataFile: join(directory, "apple.json"),
    });
    this.#running.unshift(() => apple.stop());
    this.#appleUrl = apple.url;
  }

  async #startServer(directory: string, knownUrl: string | null): Promise<void> {
    const { world, recorder, faults } = this.#setting;
    let listensAt = "";
    const listening = worldWith(world, {
      async serve(wanted) {
        const listener = await world.serve(wanted);
        listensAt = listener.url;
        return listener;
      },
    });
    const server = await startServer(faults.serverWorld(listening), recorder, {
      host: this.#options.host,
      port: portOf(this.#serverUrl) ?? this.#options.serverPort,
      dataDirectory: join(directory, "server"),
      appleUrl: this.appleUrl,
      insecureDevKey: this.adminKey,
      // Phones stay with the address that they enrolled at.
      ...(knownUrl === null ? {} : { publicUrl: knownUrl }),
    });
    this.#running.unshift(() => server.stop());
    this.#serverUrl = listensAt;
    this.#formerUrl = knownUrl === null || knownUrl === listensAt ? undefined : knownUrl;
  }

  async #createDesk(place: PhonePlace): Promise<PhoneDesk> {
    const { recorder, faults, keyedWorld } = this.#setting;
    const { lab, pace, bytesPerSecond, attach } = this.#options;
    const toServer = ledTo(faults.phoneWorld(await keyedWorld), (url) => this.#whereItIs(url));
    return new PhoneDesk(
      {
        ...{ world: toServer, recorder, pace, bytesPerSecond },
        protocol: lab.protocol ?? "mdm.plist.binary",
        keepsList: attach === undefined,
      },
      place,
    );
  }

  /** As a name service would: the server of a lab that has moved is found at the address it had. */
  #whereItIs(url: string): string {
    if (this.#formerUrl === undefined) return url;
    const [asked, former, present] = [new URL(url), new URL(this.#formerUrl), new URL(this.serverUrl)];
    if (asked.host !== former.host) return url;
    asked.host = present.host;
    return asked.href;
  }
}

function portOf(url: string | undefined): number | undefined {
  return url === undefined ? undefined : Number(new URL(url).port);
}

/** The same world with other addresses behind the names. */
function ledTo(world: World, whereIs: (url: string) => string): World {
  return worldWith(world, {
    request: (url, init) => world.request(whereIs(url), init),
    connect: (url, options, handlers) => world.connect(whereIs(url), options, handlers),
  });
}

/** Where a lab that isn't on a real disk lies. */
export const keptDirectory = "/lab";

const virtualHosts = { server: "10.0.0.1", apple: "10.0.0.2" } as const;

export interface VirtualLabOptions extends LabOptions {
  /** What the clock says at first, in milliseconds since 1970. Default: as the virtual world has it. */
  readonly startAt?: number | undefined;
  /** Default: when a trace is written, or `onEvent` given. */
  readonly keepsWire?: boolean;
  /** Puts something between the phones and their world: a fault. */
  readonly phoneWorld?: (world: World) => World;
  /** The same for the server, at each of its starts. */
  readonly serverWorld?: (world: World) => World;
}

export interface VirtualLab extends RunningLab {
  readonly virtual: VirtualWorld;
  readonly recorder: Recorder;
  /** As `kill -9` of the server's process, with or without a power cut. */
  killServer(options?: KillOptions): void;
  /** In good order: it finishes what is under way and writes a checkpoint. */
  stopServer(): Promise<void>;
  /** On the data that the killed or stopped one left. */
  restartServer(): Promise<void>;
  readonly serverProcess: VirtualProcess;
}

/**
 * Everything in one virtual world. To be used inside `virtual.run`: `runVirtual` does that.
 */
async function startVirtualLab(
  virtual: VirtualWorld,
  options: VirtualLabOptions,
  recorder: Recorder,
): Promise<VirtualLab> {
  const desk = virtual.process("desk");
  const drawKey = () => desk.world.randomBytes(24).toString("base64url");
  const controlKey = drawKey();
  const adminKey = `pk_${drawKey()}`;
  const appleProcess = virtual.process("apple");
  const apple: RunningApple = await startApple(appleProcess.world, recorder, {
    host: virtualHosts.apple,
    port: 8081,
    controlKey,
  });
  const faults = new FaultDesk(recorder);
  let serverProcess = virtual.process("server");
  const boot = (): Promise<RunningServer> =>
    startServer(
      faults.serverWorld(options.serverWorld?.(serverProcess.world) ?? serverProcess.world),
      recorder,
      {
        host: virtualHosts.server,
        port: 8080,
        dataDirectory: "/server",
        appleUrl: apple.url,
        insecureDevKey: adminKey,
      },
    );
  let server: RunningServer | undefined = await boot();
  const serverUrl = server.url;
  const fleet = virtual.process("phones");
  const phones = new PhoneDesk(
    {
      world: faults.phoneWorld(options.phoneWorld?.(fleet.world) ?? fleet.world),
      ...{ recorder, pace: "natural" },
      protocol: options.protocol ?? "mdm.plist.binary",
      bytesPerSecond: 2_500_000,
      keepsList: false,
    },
    { directory: "/phones", appleUrl: apple.url },
  );
  const outside: Outside = {
    ...{ options, recorder, faults },
    world: desk.world,
    admin: new JsonClient({ world: desk.world, baseUrl: serverUrl, key: adminKey, patienceMs }),
    apple: new JsonClient({ world: desk.world, baseUrl: apple.url, key: controlKey, patienceMs }),
    pace: "natural",
  };
  const lab: VirtualLab = labOf(phones, outside, {
    serverUrl,
    appleUrl: apple.url,
    adminKey,
    controlKey,
    resumed: false,
    virtual,
    serverProcess,
    server: {
      kill: (kill: KillOptions) => lab.killServer(kill),
      stop: () => lab.stopServer(),
      start: () => lab.restartServer(),
      cutConnections: () => void virtual.network.cutChannels(),
    } satisfies ServerPower,
    killServer(kill?: KillOptions) {
      serverProcess.kill(kill);
      server = undefined;
      recorder.record("fault", serverKilled);
    },
    async stopServer() {
      await server?.stop();
      server = undefined;
      serverProcess.kill();
    },
    async restartServer() {
      serverProcess = virtual.process("server");
      server = await boot();
    },
    async stop() {
      await phones.close();
      await server?.stop();
      await apple.stop();
    },
  });
  Object.defineProperty(lab, "serverProcess", { get: () => serverProcess });
  return lab;
}

/** What lets a virtual lab go on, from outside. */
export interface Hold {
  /**
   * Lets the world go on until the deed is done, and answers with what it answered. Several may be under way at once. Throws what the
   * deed throws, and an Error when nothing is left to happen and the deed still waits.
   */
  drive<T>(deed: () => Promise<T>): Promise<T>;
  /**
   * Lets so much time pass, in milliseconds by the lab's clock; everything that was due by then has happened when it resolves. Waits for
   * the deeds that are under way, and deeds wait for it.
   */
  advance(ms: number): Promise<void>;
  /** Ends all that runs in it. It can't be used any more then. */
  close(): Promise<void>;
}

/**
 * A virtual lab that stands still between calls: nothing happens in it, and no time passes, unless `drive` or `advance` is under way.
 */
export interface HeldLab extends Hold {
  readonly lab: VirtualLab;
}

/** Opens a virtual lab to be worked with from outside. The trace, if wanted, is written in the real world. */
export async function holdVirtualLab(options: VirtualLabOptions): Promise<HeldLab> {
  return await holdWorld(options, (virtual, recorder) => startVirtualLab(virtual, options, recorder));
}

/**
 * The same for a lab that can be kept: Apple, the server and the phones are one process on one disk, in place of one each that could be
 * killed by itself. `before` says what lies on that disk already.
 */
export async function holdKeptLab(
  options: LabOptions & Pick<VirtualLabOptions, "startAt">,
  before: (disk: Disk) => Promise<void> = () => Promise.resolve(),
): Promise<Hold & { readonly lab: RunningLab; readonly disk: Disk }> {
  let disk: Disk = new MemoryDisk();
  const held = await holdWorld(options, async (virtual, recorder) => {
    const process = virtual.process("lab");
    const { world } = process;
    disk = process.disk;
    await before(disk);
    const setting = { world, keyedWorld: Promise.resolve(world), recorder, faults: new FaultDesk(recorder) };
    const kept: KeptLabOptions = {
      ...{ lab: options, host: virtualHosts.server, serverPort: 8080, applePort: 8081 },
      ...{ directory: keptDirectory, pace: "natural", bytesPerSecond: 2_500_000 },
    };
    return await startKeptLab(setting, kept, []);
  });
  return { ...held, disk };
}

async function holdWorld<L extends RunningLab>(
  options: VirtualLabOptions,
  start: (virtual: VirtualWorld, recorder: Recorder) => Promise<L>,
): Promise<Hold & { readonly lab: L }> {
  const { seed, startAt } = options;
  const virtual = createVirtualWorld({ seed, ...(startAt === undefined ? {} : { startAt }) });
  const recorder = createRecorder({
    now: () => virtual.now(),
    run: options.seed,
    keepsWire: options.keepsWire ?? (options.tracePath !== undefined || options.onEvent !== undefined),
  });
  if (options.onEvent) recorder.subscribe(options.onEvent);
  const trace =
    options.tracePath && (await openTraceFile(createLiveWorld().disk, options.tracePath, recorder));
  const driver = new Driver(virtual);
  try {
    const lab = await driver.drive(() => start(virtual, recorder));
    return {
      lab,
      drive: (deed) => driver.drive(deed),
      advance: (ms) => driver.advance(ms),
      async close() {
        try {
          await driver.drive(() => lab.stop());
        } finally {
          if (trace) await trace.close();
        }
      },
    };
  } catch (error) {
    if (trace) await trace.close();
    throw error;
  }
}

/** Runs `main` in a virtual lab of its own, from beginning to end. The trace, if wanted, is written in the real world. */
export async function runVirtual<T>(
  options: VirtualLabOptions,
  main: (lab: VirtualLab) => Promise<T>,
): Promise<T> {
  const held = await holdVirtualLab(options);
  let result: T;
  try {
    result = await held.drive(() => main(held.lab));
  } catch (error) {
    // What went wrong first is what is to be told.
    await held.close().catch(() => undefined);
    throw error;
  }
  await held.close();
  return result;
}
