import { PippinError } from "../../shared/errors.ts";
import type { Reader, Store, Transaction } from "./store.ts";
import { TableReader, TableTransaction } from "./tables.ts";
import type { Change, Tables } from "./tables.ts";

/** Past so many calls that wait for their turn or for the disk, more are refused. */
const waitingMax = 100_000;

/** Where committed changes go. */
export interface CommitLog {
  /** Takes a change in, in commit order, without waiting. Throws when it can't: then the change must not happen. */
  append(change: Change): void;
  /** Resolves when all that was taken in so far is durable, with the failure when it never will be. */
  durability(): Promise<PippinError | undefined>;
  /** Set once something could not be written. */
  readonly failure: PippinError | undefined;
  close(): Promise<void>;
}

/** Runs transactions one after another over tables in memory. It does not wait for the log between them. */
export class SerialStore implements Store {
  readonly #tables: Tables;
  readonly #log: CommitLog;
  /** Resolves when the last transaction that was let in has run. */
  #lastTurn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed: Promise<void> | undefined;

  constructor(tables: Tables, log: CommitLog) {
    this.#tables = tables;
    this.#log = log;
  }

  get healthy(): boolean {
    return this.#log.failure === undefined;
  }

  read<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const reader = new TableReader(this.#tables);
      try {
        return await run(reader);
      } finally {
        reader.end();
      }
    });
  }

  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const transaction = new TableTransaction(this.#tables);
      try {
        const result = await run(transaction);
        const change = transaction.change();
        if (change !== undefined) {
          this.#tables.state.lastTransaction = change.transaction;
          this.#log.append(change);
        }
        return result;
      } catch (error) {
        transaction.rollBack();
        throw error;
      } finally {
        transaction.end();
      }
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#lastTurn.then(() => this.#log.close());
    return this.#closed;
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new PippinError("unavailable", "The store is closed.");
    this.#refuseAfterFailure();
    if (this.#waiting >= waitingMax)
      throw new PippinError(
        "unavailable",
        `The store is overloaded: ${waitingMax} transactions are waiting.`,
      );
    this.#waiting += 1;
    try {
      const turn = this.#lastTurn.then(async () => {
        this.#refuseAfterFailure();
        // Asked for at the end of the turn: later commits go into later writes, and need not be waited for.
        return run().then(
          (value) => ({ value, durability: this.#log.durability() }),
          (error: unknown) => ({ error, durability: this.#log.durability() }),
        );
      });
      this.#lastTurn = turn.catch(() => "refused");
      const outcome = await turn;
      // A refusal also tells what was read: it must not be about something that a crash makes undone.
      const failure = await outcome.durability;
      if (failure) throw failure;
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    } finally {
      this.#waiting -= 1;
    }
  }

  #refuseAfterFailure(): void {
    const { failure } = this.#log;
    if (failure === undefined) return;
    throw new PippinError("store_failed", "The store accepts nothing since a write failed. Restart it.", {
      cause: failure,
    });
  }
}
