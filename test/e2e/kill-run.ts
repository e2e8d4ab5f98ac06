import type { TraceEvent } from "../../shared/trace.ts";
import { runVirtual, type VirtualLab } from "../../simulator/lab.ts";
import type { KillOptions } from "../../simulator/virtual/virtual-process.ts";

export interface KillPlan {
  readonly seed: string;
  /** The server is killed after so many events, each time. */
  readonly killAfter: readonly number[];
  /** What becomes of what it was writing at that moment. */
  readonly unsynced: NonNullable<KillOptions["unsynced"]>;
  /** The server stays away so long. */
  readonly downMs: number;
  /** Kill it again so long after each restart, perhaps while it is still starting. */
  readonly againAfterMs?: number;
  /** Whether the messages are among the events. */
  readonly keepsWire: boolean;
}

export interface KilledRun<T> {
  readonly outcome: T;
  readonly events: readonly TraceEvent[];
  readonly killCount: number;
}

/** Runs `main` in a virtual lab, killing the server on the way and starting it again on its data. */
export async function runWithKills<T>(
  plan: KillPlan,
  main: (lab: VirtualLab) => Promise<T>,
): Promise<KilledRun<T>> {
  const events: TraceEvent[] = [];
  const waiting = [...plan.killAfter];
  let lab: VirtualLab | undefined;
  let isDown = false;
  let killCount = 0;

  function kill(running: VirtualLab, andAgain: boolean): void {
    isDown = true;
    killCount += 1;
    running.killServer({ unsynced: plan.unsynced });
    running.world.after(plan.downMs, () => {
      // Not waited for: it never ends when the server is killed while it starts.
      void running.restartServer();
      isDown = false;
      if (andAgain && plan.againAfterMs !== undefined) {
        running.world.after(plan.againAfterMs, () => kill(running, false));
      }
    });
  }

  function onEvent(event: TraceEvent): void {
    events.push(event);
    const due = waiting[0];
    if (lab === undefined || isDown || due === undefined || events.length < due) return;
    waiting.shift();
    const running = lab;
    isDown = true;
    // As an event of its own: a process dies between two steps, not in the middle of one.
    running.world.after(0, () => kill(running, true));
  }

  const { seed, keepsWire } = plan;
  const outcome = await runVirtual(
    { seed, progress: () => undefined, onEvent, keepsWire },
    async (started) => {
      lab = started;
      try {
        return await main(started);
      } finally {
        lab = undefined;
      }
    },
  );
  return { outcome, events, killCount };
}

/** Commands that a phone performed more than once: there must be none. */
export function performedTwice(events: readonly TraceEvent[]): string[] {
  const seen = new Set<string>();
  return events.flatMap((event) => {
    if (event.event !== "command.performed") return [];
    const key = `${event.udid ?? ""} ${event.commandUUID ?? ""}`;
    if (seen.has(key)) return [key];
    seen.add(key);
    return [];
  });
}
