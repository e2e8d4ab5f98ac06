import { PippinError } from "../../shared/errors.ts";
import type { Reader, Store, Transaction } from "./store.ts";
import { Lost, TableReader, TableTransaction } from "./tables.ts";
import type { Change, Tables } from "./tables.ts";

/** Past so many calls that wait for their turn or for the disk, more are refused. */
const waitingMax = 100_000;
/** What was read may turn out to be lost; then it is read again, so often at most. */
const readTriesMax = 5;

/** Where committed changes go. */
export interface CommitLog {
  /**
   * Takes a change in, in commit order, without waiting. Throws when it can't: then the change must not happen. Should it be lost on
   * its way, `undo` is called, after those of all later changes.
   */
  append(change: Change, undo: () => void): void;
  /** Resolves when all that was taken in so far is durable, with the failure when it was lost. */
  durability(): Promise<PippinError | undefined>;
  /** Called before what was lost is undone. */
  onLoss: (failure: PippinError) => void;
  /** Set once nothing more can be written. */
  readonly failure: PippinError | undefined;
  /** The last write succeeded. */
  readonly healthy: boolean;
  close(): Promise<void>;
}

/** How a turn ended; `lost`: what it read or wrote turned out never to become durable. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown } | { readonly lost: PippinError };

/**
 * Runs transactions one after another over tables in memory. It does not wait for the log between them: what the log loses is
 * undone, together with the transaction that is running on top of it.
 */
export class SerialStore implements Store {
  readonly #tables: Tables;
  readonly #log: CommitLog;
  /** Resolves when the last transaction that was let in has run. */
  #lastTurn: Promise<unknown> = Promise.resolve();
  #running: TableReader | undefined;
  #waiting = 0;
  #closed: Promise<void> | undefined;

  constructor(tables: Tables, log: CommitLog) {
    this.#tables = tables;
    this.#log = log;
    log.onLoss = (failure) => this.#running?.abort(failure);
  }

  get healthy(): boolean {
    return this.#log.healthy;
  }

  async read<T>(run: (reader: Reader) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#inTurn(() => this.#carryOut(new TableReader(this.#tables), run));
      if ("lost" in outcome && tries < readTriesMax) continue;
      return valueOf(outcome);
    }
  }

  async transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T> {
    const outcome = await this.#inTurn(async () => {
      if (this.#log.failure) throw this.#log.failure;
      const transaction = new TableTransaction(this.#tables);
      try {
        return await this.#carryOut(transaction, run, () => {
          const change = transaction.change();
          if (change === undefined) return;
          this.#tables.state.lastTransaction = change.transaction;
          this.#log.append(change, () => transaction.rollBack());
        });
      } catch (error) {
        transaction.rollBack();
        throw error;
      }
    });
    return valueOf(outcome);
  }

  close(): Promise<void> {
    this.#closed ??= this.#lastTurn.then(() => this.#log.close());
    return this.#closed;
  }

  /** Lets `run` work on the tables, and then `commit`, unless the ground was taken from under it meanwhile. */
  async #carryOut<R extends TableReader, T>(
    reader: R,
    run: (reader: R) => Promise<T>,
    commit: () => void = () => {},
  ): Promise<T> {
    this.#running = reader;
    try {
      const result = await run(reader);
      if (reader.lost) throw reader.lost;
      commit();
      return result;
    } catch (error) {
      throw reader.lost ?? error;
    } finally {
      reader.end();
      this.#running = undefined;
    }
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<Outcome<T>> {
    if (this.#closed) throw new PippinError("unavailable", "The store is closed.");
    if (this.#waiting >= waitingMax)
      throw new PippinError(
        "unavailable",
        `The store is overloaded: ${waitingMax} transactions are waiting.`,
      );
    this.#waiting += 1;
    try {
      const turn = this.#lastTurn.then(async () => {
        // Asked for at the end of the turn: later commits go into later writes, and need not be waited for.
        const outcome = await run().then(
          (value): Outcome<T> => ({ value }),
          (error: unknown): Outcome<T> => (error instanceof Lost ? { lost: error.failure } : { error }),
        );
        return { outcome, durability: this.#log.durability() };
      });
      this.#lastTurn = turn;
      const { outcome, durability } = await turn;
      // A refusal also tells what was read: it must not be about something that was lost.
      const lost = await durability;
      return lost && !("lost" in outcome) ? { lost } : outcome;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function valueOf<T>(outcome: Outcome<T>): T {
  if ("lost" in outcome) throw outcome.lost;
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}
