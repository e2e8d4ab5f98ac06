/** Events and wake-ups that a transaction gives rise to: they happen after it has committed, or not at all. */
import type { EventIds, EventName } from "../shared/trace.ts";
import type { ServerContext } from "./context.ts";
import type { Transaction } from "./store/store.ts";

export interface Outbox {
  record(event: EventName, details: EventIds & Record<string, unknown>): void;
  /** Tells the companions of an event that the caller itself records after the commit. */
  announce(event: EventName, details: EventIds & Record<string, unknown>): void;
  /** Runs once after the commit, in the order of the calls, after the events recorded so far. */
  after(action: () => void): void;
}

/** Something that a transaction makes true. */
export interface Fact {
  readonly event: EventName;
  readonly details: EventIds & Record<string, unknown>;
}

/** Writes what belongs to the facts of a transaction and must not be missing when they are there: an audit record, a notice. */
export interface Companion {
  /** Called at the end of a transaction, in it. What it answers with runs after the commit. */
  join(tx: Transaction, facts: readonly Fact[]): Promise<(() => void) | undefined>;
}

/** Runs a transaction; what it put into its outbox happens when it is durable. */
export async function transact<T>(
  context: ServerContext,
  run: (tx: Transaction, outbox: Outbox) => Promise<T>,
): Promise<T> {
  let actions: (() => void)[] = [];
  const result = await context.store.transaction(async (tx) => {
    // Fresh lists each time: the store may run the transaction again.
    actions = [];
    const facts: Fact[] = [];
    const value = await run(tx, {
      record: (event, details) => {
        facts.push({ event, details });
        actions.push(() => telling(() => context.recorder.record(event, details)));
      },
      announce: (event, details) => facts.push({ event, details }),
      after: (action) => actions.push(action),
    });
    if (facts.length > 0) {
      for (const companion of context.companions ?? []) {
        const action = await companion.join(tx, facts);
        if (action) actions.push(action);
      }
    }
    return value;
  });
  for (const action of actions) action();
  return result;
}

let tellingCount = 0;

/** Whether the event that is being recorded right now is one that the companions were told of. */
export function isToldToCompanions(): boolean {
  return tellingCount > 0;
}

function telling(record: () => void): void {
  tellingCount += 1;
  try {
    record();
  } finally {
    tellingCount -= 1;
  }
}
