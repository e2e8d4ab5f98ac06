import type { KeyPair } from "../../shared/world.ts";
import fixtures from "./keys.json" with { type: "json" };
import { RandomStream } from "./random-stream.ts";
import { Scheduler } from "./scheduler.ts";
import { VirtualNetwork } from "./virtual-network.ts";
import { VirtualProcess, type Machine } from "./virtual-process.ts";
import { Wire } from "./wire.ts";

/** A morning on which nothing happened that a certificate or a calendar could stumble over. */
const defaultStartAt = Date.UTC(2016, 5, 15, 8);
const defaultLatency = { latencyMsMin: 1, latencyMsMax: 20 } as const;

export interface VirtualWorldOptions {
  readonly seed: number | string;
  /** What the clock says at first, in milliseconds since 1970. Default 2016-06-15T08:00:00Z. */
  readonly startAt?: number;
  /** How long a message takes from one process to another. Default 1 to 20 ms. */
  readonly network?: { readonly latencyMsMin: number; readonly latencyMsMax: number };
  /** Handed out in turn by `generateKeyPair`. Default: twelve test keys. */
  readonly keys?: readonly KeyPair[];
}

/**
 * A whole world in one program: what happens in it is a function of what is run in it and of the seed. Programs live in it
 * as processes, each with its own World. Nothing goes on in it unless `run`, `advance` or `runUntilQuiet` is under way.
 */
export class VirtualWorld {
  readonly seed: string;
  /** What tests and faults can do to the network. */
  readonly network: VirtualNetwork;
  readonly #startAt: number;
  readonly #scheduler: Scheduler;
  readonly #machine: Machine;
  readonly #processes = new Map<string, VirtualProcess>();

  constructor(options: VirtualWorldOptions) {
    this.seed = String(options.seed);
    this.#startAt = options.startAt ?? defaultStartAt;
    this.#scheduler = new Scheduler(new RandomStream(this.seed, "order of events"));
    const latencies = new RandomStream(this.seed, "network latency");
    this.network = new VirtualNetwork(
      new Wire(this.#scheduler, latencies, options.network ?? defaultLatency),
    );
    this.#machine = {
      seed: this.seed,
      scheduler: this.#scheduler,
      network: this.network,
      keys: options.keys ?? fixtures.keyPairs,
      now: () => this.now(),
    };
  }

  /** Starts a process. After a kill, one of the same name finds the disk as it was left. */
  process(name: string): VirtualProcess {
    const previous = this.#processes.get(name);
    if (previous?.alive) throw new Error(`A process named ${name} is already running: kill it first.`);
    const process = new VirtualProcess(this.#machine, name, previous);
    this.#processes.set(name, process);
    return process;
  }

  /** Milliseconds since 1970, by the virtual clock. */
  now(): number {
    return this.#startAt + Math.floor(this.#scheduler.nowUs / 1_000);
  }

  /** Tells the histories of two runs apart: which events ran, when and in which order. */
  get fingerprint(): string {
    return this.#scheduler.fingerprint;
  }

  /**
   * Lets the world go on until `main` is done, and gives its result. What else is going on then stays where it is until
   * the next call. Throws when nothing is left that could ever wake `main`.
   */
  async run<T>(main: () => Promise<T>): Promise<T> {
    let finished = false;
    const result = main().finally(() => (finished = true));
    // Whoever fails, `main` or the world, is reported below; this keeps the other from counting as unhandled.
    result.catch(() => undefined);
    await this.runUntil(() => finished);
    return result;
  }

  /** Lets the world go on until it is so. Throws when nothing is left that could make it so. */
  async runUntil(isSo: () => boolean): Promise<void> {
    const outcome = await this.#scheduler.drive(isSo);
    if (outcome === "finished") return;
    throw new Error(
      `Nothing is left to happen in the virtual world at ${new Date(this.now()).toISOString()} (seed ${this.seed}), ` +
        "and what was run still waits: for something that nobody will do, or that is not part of this world.",
    );
  }

  /** Lets `virtualMs` pass. */
  async advance(virtualMs: number): Promise<void> {
    const untilUs = this.#scheduler.nowUs + Math.round(virtualMs * 1_000);
    await this.#scheduler.drive(() => false, untilUs);
    this.#scheduler.moveTo(untilUs);
  }

  /** Lets the world go on until nothing more is going to happen (true) or `virtualMsMax` have passed (false). */
  async runUntilQuiet(options: { readonly virtualMsMax: number }): Promise<boolean> {
    const untilUs = this.#scheduler.nowUs + Math.round(options.virtualMsMax * 1_000);
    const outcome = await this.#scheduler.drive(() => false, untilUs);
    if (outcome === "time_limit") this.#scheduler.moveTo(untilUs);
    return outcome === "quiet";
  }
}

export function createVirtualWorld(options: VirtualWorldOptions): VirtualWorld {
  return new VirtualWorld(options);
}
