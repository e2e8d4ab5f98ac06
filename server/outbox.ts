/** Events and wake-ups that a transaction gives rise to: they happen after it has committed, or not at all. */
import type { EventIds, EventName } from "../shared/trace.ts";
import type { ServerContext } from "./context.ts";
import type { Transaction } from "./store/store.ts";

export interface Outbox {
  record(event: EventName, details: EventIds & Record<string, unknown>): void;
  /** Runs once after the commit, in the order of the calls, after the events recorded so far. */
  after(action: () => void): void;
}

/** Runs a transaction; what it put into its outbox happens when it is durable. */
export async function transact<T>(
  context: ServerContext,
  run: (tx: Transaction, outbox: Outbox) => Promise<T>,
): Promise<T> {
  let actions: (() => void)[] = [];
  const result = await context.store.transaction((tx) => {
    // A fresh list each time: the store may run the transaction again.
    actions = [];
    return run(tx, {
      record: (event, details) => actions.push(() => context.recorder.record(event, details)),
      after: (action) => actions.push(action),
    });
  });
  for (const action of actions) action();
  return result;
}
