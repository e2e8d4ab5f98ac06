import type { RandomStream } from "./random-stream.ts";

/** More events than this at one and the same instant is a program that goes round in circles. */
const eventsPerInstantMaxDefault = 1_000_000;
/** Cancelled events stay queued until they are due, or until there are as many of them as of the others. */
const cancelledCountMin = 1_024;
/** In one turn of the real event loop: a turn costs as much as a small event, since it asks the system what has come in. */
const eventsPerTurn = 32;

/** Something that will happen, unless it is cancelled. */
export interface ScheduledEvent {
  cancel(): void;
}

class QueuedEvent implements ScheduledEvent {
  readonly atUs: number;
  /** Orders the events of one instant: drawn at random, so that each seed explores another order. */
  readonly tie: number;
  readonly sequence: number;
  task: (() => void) | undefined;
  readonly #onCancel: () => void;

  constructor(atUs: number, tie: number, sequence: number, task: () => void, onCancel: () => void) {
    this.atUs = atUs;
    this.tie = tie;
    this.sequence = sequence;
    this.task = task;
    this.#onCancel = onCancel;
  }

  cancel(): void {
    if (!this.task) return;
    this.task = undefined;
    this.#onCancel();
  }
}

/** Why `Scheduler.drive` came back. */
export type DriveOutcome = "finished" | "quiet" | "time_limit";

/**
 * The virtual clock and what is going to happen on it. It counts microseconds, so that the messages of one connection can
 * follow each other without taking up whole milliseconds.
 *
 * Time moves only when nothing is left to run at the present instant. Promise callbacks are such things, and Node gives
 * no way to ask whether any are left; but it runs all of them before it comes to the next `setImmediate` callback. So there
 * is one event per such callback, and that is the only thing here that the real event loop has a part in: what else happens in
 * it can come between two events but not change their order. Reading the body of a Request or Response settles before the next
 * one as well. What does not is work on Node's thread pool (asynchronous crypto, zlib, `crypto.subtle`, files), real timers and
 * `setImmediate`: code that is to run in the virtual world must do without.
 */
export class Scheduler {
  readonly #ties: RandomStream;
  readonly #eventsPerInstantMax: number;
  /** A binary heap: the earliest event is the first. */
  #heap: QueuedEvent[] = [];
  #sequence = 0;
  #nowUs = 0;
  #cancelledCount = 0;
  #eventsAtThisInstant = 0;
  #driving = false;
  #fingerprint = 0x811c9dc5;
  readonly #countCancelled = () => {
    this.#cancelledCount += 1;
    if (this.#cancelledCount > cancelledCountMin && this.#cancelledCount * 2 > this.#heap.length)
      this.#compact();
  };

  constructor(ties: RandomStream, options: { readonly eventsPerInstantMax?: number } = {}) {
    this.#ties = ties;
    this.#eventsPerInstantMax = options.eventsPerInstantMax ?? eventsPerInstantMaxDefault;
  }

  /** Microseconds since the start. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** A number that tells the history of two runs apart: which events ran, when, in which order. */
  get fingerprint(): string {
    return `${this.#sequence}-${(this.#fingerprint >>> 0).toString(16).padStart(8, "0")}`;
  }

  /** Runs `task` at `atUs`, or at the present instant when that has passed. */
  at(atUs: number, task: () => void): ScheduledEvent {
    const event = new QueuedEvent(
      Math.max(atUs, this.#nowUs),
      this.#ties.uint32(),
      this.#sequence++,
      task,
      this.#countCancelled,
    );
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
    return event;
  }

  /**
   * Lets events happen until `isFinished`, until none is left, or until the next one lies past `untilUs`. Throws what an
   * event's task throws.
   */
  drive(isFinished: () => boolean, untilUs = Number.POSITIVE_INFINITY): Promise<DriveOutcome> {
    if (this.#driving) throw new Error("The virtual world is already running: wait for the run under way.");
    this.#driving = true;
    return new Promise<DriveOutcome>((resolve, reject) => {
      let isOver = false;
      const step = () => {
        if (isOver) return;
        try {
          const outcome = this.#letOneHappen(isFinished, untilUs);
          if (outcome === undefined) return;
          isOver = true;
          resolve(outcome);
        } catch (error) {
          isOver = true;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const turn = () => {
        if (isOver) return;
        for (let count = 0; count < eventsPerTurn; count += 1) setImmediate(step);
        setImmediate(turn);
      };
      turn();
    }).finally(() => {
      this.#driving = false;
    });
  }

  /** Moves the clock on to `atUs`. Only to be called when nothing is due before. */
  moveTo(atUs: number): void {
    this.#nowUs = Math.max(this.#nowUs, atUs);
    this.#eventsAtThisInstant = 0;
  }

  /** Answers why there is nothing to go on with, if so. */
  #letOneHappen(isFinished: () => boolean, untilUs: number): DriveOutcome | undefined {
    if (isFinished()) return "finished";
    const task = this.#takeNext(untilUs);
    if (!task) return this.#heap.length === 0 ? "quiet" : "time_limit";
    task();
    return undefined;
  }

  #takeNext(untilUs: number): (() => void) | undefined {
    for (let event = this.#heap[0]; event && event.atUs <= untilUs; event = this.#heap[0]) {
      this.#removeFirst();
      const { task } = event;
      if (!task) {
        this.#cancelledCount -= 1;
        continue;
      }
      // Cancelling it from now on changes nothing and is not to be counted.
      event.task = undefined;
      if (event.atUs > this.#nowUs) this.moveTo(event.atUs);
      this.#eventsAtThisInstant += 1;
      if (this.#eventsAtThisInstant > this.#eventsPerInstantMax) {
        throw new Error(`Virtual time stands still: ${this.#eventsPerInstantMax} events at one instant.`);
      }
      this.#noteInFingerprint(event);
      return task;
    }
    return undefined;
  }

  #noteInFingerprint(event: QueuedEvent): void {
    this.#fingerprint = Math.imul(this.#fingerprint ^ (event.atUs % 0xffffffff), 0x01000193);
    this.#fingerprint = Math.imul(this.#fingerprint ^ event.sequence, 0x01000193);
  }

  #compact(): void {
    const left = this.#heap.filter((event) => event.task !== undefined);
    // A sorted list is a heap too.
    this.#heap = left.sort((one, other) => (isBefore(one, other) ? -1 : 1));
    this.#cancelledCount = 0;
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as QueuedEvent;
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as QueuedEvent;
      if (!isBefore(event, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (!child) break;
      const right = heap[childIndex + 1];
      if (right && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}

function isBefore(one: QueuedEvent, other: QueuedEvent): boolean {
  if (one.atUs !== other.atUs) return one.atUs < other.atUs;
  if (one.tie !== other.tie) return one.tie < other.tie;
  return one.sequence < other.sequence;
}
