import type { RandomStream } from "./random-stream.ts";
import type { Scheduler } from "./scheduler.ts";

/** A program that takes part, as the network knows it. */
export interface Owner {
  readonly name: string;
  /** False once it was killed: nothing reaches it any more. */
  readonly alive: boolean;
}

/** Something on its way from one program to another, as an interceptor sees it. */
export interface NetworkMessage {
  /**
   * `request` and `response` are the halves of an HTTP exchange, `connect` and `accept` those of opening a channel, `message`
   * and `close` go through an open one, and `break` is the news that the other end is gone.
   */
  readonly kind: "request" | "response" | "connect" | "accept" | "message" | "close" | "break";
  /** Name of the sending process. */
  readonly from: string;
  /** Name of the receiving process; empty when nobody listens there. */
  readonly to: string;
  /** Of the exchange or the channel it belongs to. */
  readonly url: string;
  readonly bytes: number;
}

/**
 * `delayMs` comes on top of the usual latency. What follows a delayed message on the same channel waits behind it. A dropped
 * channel message is lost without a trace, which a real connection never does while it lives.
 */
export type Verdict = "deliver" | "drop" | { readonly delayMs: number };

export type Interceptor = (message: NetworkMessage) => Verdict;

/** One direction of a channel: what goes through it arrives in order. */
export interface Direction {
  lastArrivalUs: number;
}

/** Carries messages with a seeded latency. */
export class Wire {
  interceptor: Interceptor | undefined;
  readonly scheduler: Scheduler;
  readonly #latencies: RandomStream;
  readonly #latencyUsMin: number;
  readonly #latencyUsMax: number;

  constructor(
    scheduler: Scheduler,
    latencies: RandomStream,
    range: { readonly latencyMsMin: number; readonly latencyMsMax: number },
  ) {
    this.scheduler = scheduler;
    this.#latencies = latencies;
    this.#latencyUsMin = Math.round(range.latencyMsMin * 1_000);
    this.#latencyUsMax = Math.max(this.#latencyUsMin, Math.round(range.latencyMsMax * 1_000));
  }

  /** Calls `arrive` after a while, or `lost` when the interceptor drops the message. */
  transmit(
    message: NetworkMessage,
    arrive: () => void,
    options: { direction?: Direction; lost?: () => void } = {},
  ): void {
    let latencyUs = this.#latencies.between(this.#latencyUsMin, this.#latencyUsMax);
    const verdict = this.interceptor?.(message) ?? "deliver";
    if (verdict === "drop") {
      options.lost?.();
      return;
    }
    if (verdict !== "deliver") latencyUs += Math.max(0, Math.round(verdict.delayMs * 1_000));
    let atUs = this.scheduler.nowUs + latencyUs;
    const { direction } = options;
    if (direction) {
      atUs = Math.max(atUs, direction.lastArrivalUs + 1);
      direction.lastArrivalUs = atUs;
    }
    this.scheduler.at(atUs, arrive);
  }
}
