import type { Collections, CollectionName, IndexName, IndexSort } from "./records.ts";

/** A place in an index: everything after it, in the query's order, is still to come. */
export type IndexPosition = readonly [sort: IndexSort, id: string];

export interface IndexQuery<C extends CollectionName> {
  readonly index: IndexName<C>;
  /** The records whose index entry has this partition. */
  readonly partition: string;
  /** Strictly after this place. */
  readonly after?: IndexPosition;
  /** Only records whose sort value is at most this. */
  readonly sortMax?: IndexSort;
  readonly order?: "ascending" | "descending";
  /** 1 to 1,000. */
  readonly limit: number;
}

/** Reads one consistent state. What it hands out are copies. */
export interface Reader {
  get<C extends CollectionName>(collection: C, id: string): Promise<Collections[C] | undefined>;
  /** By the index's sort value, ties by id. */
  list<C extends CollectionName>(collection: C, query: IndexQuery<C>): Promise<Collections[C][]>;
  /** How many records the partition holds. */
  count<C extends CollectionName>(collection: C, index: IndexName<C>, partition: string): Promise<number>;
}

/** Reads its own writes. What it takes in are copies. */
export interface Transaction extends Reader {
  /** Inserts or replaces. */
  put<C extends CollectionName>(collection: C, record: Collections[C]): Promise<void>;
  /** Does nothing when there is no such record. */
  delete(collection: CollectionName, id: string): Promise<void>;
  /** A number larger than every one handed out before in a transaction that was committed. */
  sequence(): Promise<number>;
}

/**
 * The only place where state lives.
 *
 * Transactions are serializable: their outcome is as if they had run one after another. The function given may be run more than
 * once (a back end may retry a conflict), so it must have no effect outside `tx`, and must await nothing but `tx`.
 */
export interface Store {
  /** Resolves when everything it read is durable. Goes on working when nothing can be written. */
  read<T>(run: (reader: Reader) => Promise<T>): Promise<T>;
  /** Resolves when the change is durable; throws (and changed nothing) when `run` throws or the change could not be stored. */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  /** False while writing fails. Unless the disk itself failed, each transaction tries anew. */
  readonly healthy: boolean;
  /** Finishes what is under way, writes a checkpoint and lets the data folder go. */
  close(): Promise<void>;
}
