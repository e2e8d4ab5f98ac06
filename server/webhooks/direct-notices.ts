/**
 * Events that no transaction tells of (a sync has begun, a write failed) reach the webhooks too, as soon as they are noticed. A crash
 * at that moment may lose one; what belongs to a stored fact is never lost.
 */
import type { TraceEvent } from "../../shared/trace.ts";
import { startLoop, type Loop } from "../background.ts";
import type { ServerContext } from "../context.ts";
import { isToldToCompanions, type Companion, type Fact } from "../outbox.ts";

const heldMax = 1_000;

export interface DirectNotices {
  start(): void;
  stop(): void;
  /** Resolves when what was under way has ended. */
  finished(): Promise<void>;
}

export function createDirectNotices(
  { world, store, recorder }: ServerContext,
  companion: Companion,
  onFailure: (error: unknown) => void,
): DirectNotices {
  let held: Fact[] = [];
  let loop: Loop | undefined;
  let unsubscribe = () => {};
  let ended: Promise<void> = Promise.resolve();

  function note(entry: TraceEvent): void {
    // What is about a phone and told beside the transactions would overtake what they tell of it.
    if (entry.udid !== undefined || isToldToCompanions()) return;
    const { event, seq: _seq, time: _time, run: _run, ...details } = entry;
    if (event.startsWith("api.") || event === "wire") return;
    if (held.length < heldMax) held.push({ event, details });
    loop?.wake();
  }

  async function turn(): Promise<number | null> {
    const facts = held;
    if (facts.length === 0) return null;
    held = [];
    const action = await store.transaction((tx) => companion.join(tx, facts));
    action?.();
    return null;
  }

  return {
    start() {
      loop = startLoop(world, turn, onFailure);
      unsubscribe = recorder.subscribe(note);
    },
    stop() {
      unsubscribe();
      ended = loop?.stop() ?? Promise.resolve();
    },
    finished: () => ended,
  };
}
