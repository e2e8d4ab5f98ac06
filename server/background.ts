/** Work that goes on beside requests: one loop per kind, woken early by events, stopped in good order. */
import type { World } from "../shared/world.ts";

export interface Loop {
  /** Look at once; a wake during a turn leads to another turn, unless the turn fails: then that one is tried again after a while. */
  wake(): void;
  /** Resolves when the turn under way has ended. No turn begins after. */
  stop(): Promise<void>;
}

/** A turn that throws is tried again after this long. */
const afterFailureMs = 5_000;
/** Even with nothing due, look now and then. */
const idleMsMax = 60 * 60_000;

/**
 * Calls `turn` again and again. It answers with the time (by the world's clock) of its next work, or null when only a wake can
 * bring any.
 */
export function startLoop(
  world: World,
  turn: () => Promise<number | null>,
  onFailure: (error: unknown) => void,
): Loop {
  let stopped = false;
  let woken = false;
  let interrupt: (() => void) | undefined;

  async function run(): Promise<void> {
    while (!stopped) {
      woken = false;
      let nextAt: number | null;
      try {
        nextAt = await turn();
      } catch (error) {
        onFailure(error);
        nextAt = world.now() + afterFailureMs;
        // Many a turn wakes its own loop when it ends: one that fails and fails again would leave nobody else any time.
        woken = false;
      }
      // Both may have changed while the turn was under way.
      if (isSet(stopped) || isSet(woken)) continue;
      const waitMs = Math.min(Math.max(0, (nextAt ?? Infinity) - world.now()), idleMsMax);
      if (waitMs === 0) continue;
      await new Promise<void>((resolve) => {
        const timer = world.after(waitMs, resolve);
        interrupt = () => {
          timer.cancel();
          resolve();
        };
      });
      interrupt = undefined;
    }
  }

  const running = run();
  return {
    wake() {
      woken = true;
      interrupt?.();
    },
    async stop() {
      stopped = true;
      interrupt?.();
      await running;
    },
  };
}

/** Keeps the compiler from assuming that a variable of the enclosing scope can't change across an await. */
function isSet(flag: boolean): boolean {
  return flag;
}

/** Runs `task` over all items, at most `width` at a time, in order of their start. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    for (;;) {
      const item = items[next];
      next += 1;
      if (item === undefined) return;
      await task(item);
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
