/** A whole lab: Apple, the MDM server and the phones with their people. The one place that knows the server's composition. */
import { join } from "node:path";
import type { Phone, PhoneConfig } from "../agent/phone.ts";
import type { ChannelProtocol } from "../shared/channel.ts";
import { PippinError } from "../shared/errors.ts";
import { createLiveWorld } from "../shared/live-world.ts";
import { createRecorder, drawLife, type Recorder } from "../shared/trace.ts";
import type { World } from "../shared/world.ts";
import { worldWith } from "../shared/world-with.ts";
import { startServer, type RunningServer } from "../server/start-server.ts";
import { FaultDesk } from "./faults/fault-desk.ts";
import { Fleet, makeUdid, withKeyPool } from "./fleet/fleet.ts";
import { serverKilled } from "./checks/trace-reading.ts";
import { JsonClient } from "./json-client.ts";
import { personaOf, readPhones } from "./organisation.ts";
import { givePhone } from "./people/person.ts";
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

export interface RunningLab extends Lab {
  readonly serverUrl: string;
  readonly appleUrl: string;
  readonly adminKey: string;
  readonly controlKey: string;
  /** Whether the data folder held a lab already, which goes on. */
  readonly resumed: boolean;
  stop(): Promise<void>;
}

interface Parts {
  readonly options: LabOptions;
  readonly recorder: Recorder;
  readonly admin: JsonClient;
  readonly apple: JsonClient;
  readonly world: World;
  readonly phoneWorld: World;
  readonly pace: Lab["pace"];
  readonly directory: string;
  readonly appleUrl: string;
  readonly bytesPerSecond: number;
  /** Whether the lab outlives this process. */
  readonly keepsList: boolean;
  readonly faults: FaultDesk;
}

/** The phones and people of a lab, whichever world they are in. */
class PhoneDesk {
  readonly fleet: Fleet;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.fleet = new Fleet({ world: parts.phoneWorld, recorder: parts.recorder });
  }

  lab(): Lab {
    const { options, recorder, admin, apple, world, pace, faults } = this.#parts;
    return {
      seed: options.seed,
      world,
      recorder,
      admin,
      apple,
      pace,
      addPhone: (phone) => this.addPhone(phone),
      restartPhone: (udid) => this.restartPhone(udid),
      phones: this.fleet.phones,
      faults,
      progress: options.progress,
    };
  }

  async addPhone(phone: NewPhone): Promise<Phone> {
    const { phoneWorld, directory, appleUrl, options, bytesPerSecond } = this.#parts;
    const started = await this.fleet.add({
      udid: makeUdid(phoneWorld),
      serialNumber: phone.serial,
      productName: phone.product,
      osVersion: phone.osVersion ?? "9.3.2",
      buildVersion: "13F69",
      deviceName: phone.name,
      kind: phone.kind,
      enrollmentUrl: phone.enrollmentUrl,
      appleUrl,
      protocol: options.protocol ?? "mdm.plist.binary",
      dataDirectory: join(directory, phone.serial),
      bytesPerSecond,
      ...(phone.setupAssistant === undefined ? {} : { setupAssistant: phone.setupAssistant }),
      ...(phone.refusesVpp === undefined ? {} : { refusesVpp: phone.refusesVpp }),
    });
    if (phone.persona) givePhone(phoneWorld, started, phone.persona);
    if (this.#parts.keepsList) await this.#keepList();
    return started;
  }

  /** As a phone that was switched off comes back: on what its disk kept, and in nobody's hand. */
  async restartPhone(udid: string): Promise<Phone> {
    const phone = this.fleet.phones.find(({ config }) => config.udid === udid);
    if (!phone) throw new PippinError("not_found", `this lab has no phone ${udid}`);
    await phone.kill();
    return this.fleet.add(phone.config);
  }

  /** Notes which phones there are, so that a lab started again on this folder finds them. */
  async #keepList(): Promise<void> {
    const configs = this.fleet.phones.map((phone) => phone.config);
    await this.#parts.phoneWorld.disk.writeFileAtomic(
      this.#listPath,
      `${JSON.stringify(configs, null, 1)}\n`,
    );
  }

  /** Starts the phones that were here before, each with its person. Answers with how many there are. */
  async resume(): Promise<number> {
    const { phoneWorld, appleUrl, pace } = this.#parts;
    const content = await phoneWorld.disk.readFile(this.#listPath);
    if (content === undefined) return 0;
    const rows = new Map(readPhones().map((row) => [row.serial, row]));
    const configs = JSON.parse(content.toString("utf8")) as PhoneConfig[];
    for (const config of configs) {
      const started = await this.fleet.add({ ...config, appleUrl });
      const row = rows.get(config.serialNumber);
      if (row) givePhone(phoneWorld, started, personaOf(row, pace));
    }
    return configs.length;
  }

  get #listPath(): string {
    return join(this.#parts.directory, "phones.json");
  }
}

/** Real sockets, real time. */
export async function startLiveLab(options: LiveLabOptions): Promise<RunningLab> {
  const real = createLiveWorld();
  const world = options.dataDirectory === undefined ? worldWith(real, { disk: new MemoryDisk() }) : real;
  const directory = options.dataDirectory ?? "/lab";
  const recorder = createRecorder({
    now: () => world.now(),
    run: options.seed,
    keepsWire: options.keepsWire ?? options.tracePath !== undefined,
    life: drawLife((length) => real.randomBytes(length)),
  });
  if (options.onEvent) recorder.subscribe(options.onEvent);
  const trace = options.tracePath && (await openTraceFile(real.disk, options.tracePath, recorder));
  const ending: (() => Promise<void>)[] = [];
  const faults = new FaultDesk(recorder);
  try {
    // Making keys takes longer than all the rest: begun first, waited for last.
    const phoneWorld = withKeyPool(world, keyPoolSize);
    phoneWorld.catch(() => undefined);
    const drawKey = () => world.randomBytes(24).toString("base64url");
    const { attach, host } = options;
    const controlKey = attach?.controlKey ?? drawKey();
    const adminKey = attach?.adminKey ?? `pk_${drawKey()}`;
    let appleUrl = attach?.appleUrl;
    if (appleUrl === undefined) {
      await world.disk.makeDirectory(directory);
      const dataFile = join(directory, "apple.json");
      const apple = await startApple(world, recorder, {
        host,
        port: options.applePort,
        controlKey,
        dataFile,
      });
      ending.unshift(() => apple.stop());
      appleUrl = apple.url;
    }
    let serverUrl = attach?.serverUrl;
    if (serverUrl === undefined) {
      const server = await startServer(faults.serverWorld(world), recorder, {
        host,
        port: options.serverPort,
        dataDirectory: join(directory, "server"),
        appleUrl,
        insecureDevKey: adminKey,
      });
      ending.unshift(() => server.stop());
      serverUrl = server.url;
    }
    const desk = new PhoneDesk({
      options,
      recorder,
      world,
      faults,
      phoneWorld: faults.phoneWorld(await phoneWorld),
      admin: new JsonClient({ world, baseUrl: serverUrl, key: adminKey, patienceMs }),
      apple: new JsonClient({ world, baseUrl: appleUrl, key: controlKey, patienceMs }),
      pace: "quick",
      directory: join(directory, "phones"),
      appleUrl,
      bytesPerSecond: 1_000_000_000,
      keepsList: options.dataDirectory !== undefined,
    });
    ending.unshift(() => desk.fleet.stop());
    const resumed = (await desk.resume()) > 0;
    const stop = async () => {
      for (const end of ending) await end();
      if (trace) await trace.close();
    };
    return withPhones(desk, { serverUrl, appleUrl, adminKey, controlKey, resumed, stop });
  } catch (error) {
    for (const end of ending) await end();
    if (trace) await trace.close();
    throw error;
  }
}

/** `phones` must go on telling the fleet as it grows. */
function withPhones<T extends object>(desk: PhoneDesk, extra: T): Lab & T {
  const lab = { ...desk.lab(), ...extra };
  Object.defineProperty(lab, "phones", { get: () => desk.fleet.phones });
  return lab;
}

const virtualHosts = { server: "10.0.0.1", apple: "10.0.0.2" } as const;

export interface VirtualLabOptions extends LabOptions {
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
  const phones = new PhoneDesk({
    options,
    recorder,
    world: desk.world,
    faults,
    phoneWorld: faults.phoneWorld(options.phoneWorld?.(fleet.world) ?? fleet.world),
    admin: new JsonClient({ world: desk.world, baseUrl: serverUrl, key: adminKey, patienceMs }),
    apple: new JsonClient({ world: desk.world, baseUrl: apple.url, key: controlKey, patienceMs }),
    pace: "natural",
    directory: "/phones",
    appleUrl: apple.url,
    bytesPerSecond: 2_500_000,
    keepsList: false,
  });
  const lab: VirtualLab = withPhones(phones, {
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
      await phones.fleet.stop();
      await server?.stop();
      await apple.stop();
    },
  });
  Object.defineProperty(lab, "serverProcess", { get: () => serverProcess });
  return lab;
}

/**
 * A virtual lab that stands still between calls: nothing happens in it, and no time passes, unless `drive` or `advance` is under way.
 */
export interface HeldLab {
  readonly lab: VirtualLab;
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

/** Opens a virtual lab to be worked with from outside. The trace, if wanted, is written in the real world. */
export async function holdVirtualLab(options: VirtualLabOptions): Promise<HeldLab> {
  const virtual = createVirtualWorld({ seed: options.seed });
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
    const lab = await driver.drive(() => startVirtualLab(virtual, options, recorder));
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
