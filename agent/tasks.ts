import { DiskError, type World } from "../shared/world.ts";

/** The phone is stopping, was switched off, or what a task worked for was withdrawn: the task ends here, without an error. */
export class Halted extends Error {
  constructor() {
    super("the phone stopped");
    this.name = "Halted";
  }
}

/** The reason of an abort that leaves no time for a farewell. */
export const batteryPulled = "battery pulled";

export function throwIfHalted(signal: AbortSignal): void {
  if (signal.aborted) throw new Halted();
}

/** Settles as `promise` does, or rejects with Halted as soon as `signal` aborts; what comes of `promise` then is dropped. */
export function untilHalted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(new Halted());
  }
  return new Promise((resolve, reject) => {
    const halt = (): void => reject(new Halted());
    signal.addEventListener("abort", halt, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", halt));
  });
}

/** Waits; throws Halted when `signal` aborts meanwhile. */
export async function pause(world: World, delayMs: number, signal: AbortSignal): Promise<void> {
  throwIfHalted(signal);
  await world.sleep(delayMs, signal);
  throwIfHalted(signal);
}

/** Exponential backoff with full jitter: uniform between 0 and `firstMs` · 2^attempt, at most `capMs`. */
export function jitteredDelayMs(
  world: World,
  attempt: number,
  limits: { firstMs: number; capMs: number },
): number {
  const ceilingMs = Math.min(limits.capMs, limits.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(world.random() * ceilingMs);
}

/** Background work of the phone. Whoever starts it need not wait for it, and nothing it throws gets lost. */
export interface Tasks {
  run(task: () => Promise<void>): void;
  /** Resolves when nothing is running any more. */
  settled(): Promise<void>;
}

/** `diskFailed` hears of a disk that doesn't store; any other error is a bug and ends the program. */
export function createTasks(world: World, diskFailed: (error: DiskError) => void): Tasks {
  const running = new Set<Promise<void>>();
  return {
    run(task) {
      const guarded = task().catch((error: unknown) => {
        if (error instanceof Halted) return;
        if (error instanceof DiskError) diskFailed(error);
        else
          world.after(0, () => {
            throw error;
          });
      });
      running.add(guarded);
      void guarded.then(() => running.delete(guarded));
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
