import type {
  Channel,
  ChannelHandlers,
  ConnectOptions,
  Disk,
  HttpRequest,
  HttpResponse,
  KeyPair,
  Listener,
  ServeOptions,
  Timer,
  World,
} from "../../shared/world.ts";
import { MemoryDisk, type DiskTiming } from "./memory-disk.ts";
import { RandomStream } from "./random-stream.ts";
import type { Scheduler } from "./scheduler.ts";
import type { VirtualNetwork } from "./virtual-network.ts";
import type { Owner } from "./wire.ts";

/** How long it takes at most until a write is durable. */
const writeUsMax = 2_000;

/** The largest number below 1, as a source of chance may answer. */
const almostOne = 1 - Number.EPSILON / 2;

export interface KillOptions {
  /** What becomes of bytes that were written and not yet synced. Default `lost`. */
  readonly unsynced?: "lost" | "torn" | "kept";
}

/** What processes share. */
export interface Machine {
  readonly seed: string;
  readonly scheduler: Scheduler;
  readonly network: VirtualNetwork;
  readonly keys: readonly KeyPair[];
  now(): number;
}

/** What a process leaves to the next one of its name. */
interface Legacy {
  readonly disk: MemoryDisk;
  readonly incarnation: number;
  readonly keysTaken: number;
}

/** A program in the virtual world, from its start until it is killed. */
export class VirtualProcess implements Owner {
  readonly name: string;
  /** For the program. */
  readonly world: World;
  /** The process's disk as seen from outside: answers at once, also when the process is dead. */
  readonly disk: MemoryDisk;
  /** Counts the processes of this name, from 1. */
  readonly incarnation: number;
  readonly #machine: Machine;
  readonly #world: ProcessWorld;
  #alive = true;

  constructor(machine: Machine, name: string, previous: Legacy | undefined) {
    this.#machine = machine;
    this.name = name;
    this.disk = previous?.disk ?? new MemoryDisk();
    this.incarnation = (previous?.incarnation ?? 0) + 1;
    this.#world = new ProcessWorld(machine, this, previous?.keysTaken ?? 0);
    this.world = this.#world;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get keysTaken(): number {
    return this.#world.keysTaken;
  }

  /**
   * As `kill -9` followed by a power cut: its timers never fire, its sockets break, its listeners vanish, and nothing it
   * still waits for or calls ever comes back. The disk keeps what was synced; with `unsynced: "torn"` perhaps also the
   * beginning of what was not, and with `"kept"` all of it, as when the power stays on.
   */
  kill(options: KillOptions = {}): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#machine.network.drop(this);
    const torn = new RandomStream(this.#machine.seed, `torn writes of ${this.name} ${this.incarnation}`);
    const kept = { lost: undefined, torn: () => torn.fraction(), kept: () => almostOne };
    this.disk.crash(kept[options.unsynced ?? "lost"]);
  }
}

/** The World of one process. Once the process is dead, it does nothing and its promises stay pending. */
class ProcessWorld implements World {
  readonly kind = "virtual";
  readonly disk: Disk;
  readonly #machine: Machine;
  readonly #process: VirtualProcess;
  readonly #random: RandomStream;
  readonly #diskTimes: RandomStream;
  #keysTaken: number;

  constructor(machine: Machine, process: VirtualProcess, keysTaken: number) {
    this.#machine = machine;
    this.#process = process;
    this.#keysTaken = keysTaken;
    const who = `${process.name} ${process.incarnation}`;
    this.#random = new RandomStream(machine.seed, `chance of ${who}`);
    this.#diskTimes = new RandomStream(machine.seed, `disk of ${who}`);
    this.disk = new MemoryDisk({ of: process.disk, timing: this.#diskTiming() });
  }

  get keysTaken(): number {
    return this.#keysTaken;
  }

  now(): number {
    return this.#machine.now();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#process.alive) return;
      if (signal?.aborted) return resolve();
      const wake = () => {
        timer.cancel();
        signal?.removeEventListener("abort", wake);
        if (this.#process.alive) resolve();
      };
      const timer = this.after(delayMs, wake);
      signal?.addEventListener("abort", wake);
    });
  }

  after(delayMs: number, task: () => void): Timer {
    const { scheduler } = this.#machine;
    // Rounded up: a timer is never early.
    const atUs = scheduler.nowUs + Math.ceil(Math.max(0, delayMs) * 1_000);
    if (!this.#process.alive || !Number.isFinite(atUs)) return { cancel: () => undefined };
    return scheduler.at(atUs, () => {
      if (this.#process.alive) task();
    });
  }

  random(): number {
    return this.#random.fraction();
  }

  randomBytes(length: number): Buffer {
    return this.#random.bytes(length);
  }

  uuid(): string {
    return this.#random.uuid();
  }

  generateKeyPair(): Promise<KeyPair> {
    const { keys, seed } = this.#machine;
    const first = new RandomStream(seed, `keys of ${this.#process.name}`).uint32();
    const pair = keys[(first + this.#keysTaken) % keys.length];
    this.#keysTaken += 1;
    if (!pair) throw new Error("The virtual world was given no keys.");
    return this.#later(0, () => pair);
  }

  request(url: string, init?: HttpRequest): Promise<HttpResponse> {
    return this.#whileAlive(() => this.#machine.network.request(this.#process, url, init));
  }

  serve(options: ServeOptions): Promise<Listener> {
    return this.#whileAlive(() => this.#machine.network.serve(this.#process, options));
  }

  connect(url: string, options: ConnectOptions, handlers: ChannelHandlers): Promise<Channel> {
    return this.#whileAlive(() => this.#machine.network.connect(this.#process, url, options, handlers));
  }

  #diskTiming(): DiskTiming {
    return {
      read: (work) => this.#later(0, work),
      write: (work) => this.#later(this.#diskTimes.between(0, writeUsMax), work),
    };
  }

  /** Does `work` after so long, unless the process is dead by then. */
  #later<T>(delayUs: number, work: () => T): Promise<T> {
    return this.#whileAlive(
      () =>
        new Promise<T>((resolve, reject) => {
          this.#machine.scheduler.at(this.#machine.scheduler.nowUs + delayUs, () => {
            if (!this.#process.alive) return;
            try {
              resolve(work());
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          });
        }),
    );
  }

  #whileAlive<T>(call: () => Promise<T>): Promise<T> {
    return this.#process.alive ? call() : new Promise<T>(() => undefined);
  }
}
