/** The state in memory: records by id and ordered indexes over them. Both back ends stand on it. */
import { cloneData } from "../../shared/json.ts";
import type { PippinError } from "../../shared/errors.ts";
import { changedMembers, copyOver, hasMembers } from "./changed-members.ts";
import { OrderedList } from "./ordered-list.ts";
import { indexes } from "./records.ts";
import type { CollectionName, Collections, IndexEntry, IndexName } from "./records.ts";
import type { IndexQuery, Reader, Transaction } from "./store.ts";

const listLimitMax = 1000;

/** Any record, where its collection does not matter. */
export interface StoredRecord {
  readonly id: string;
}

/** Everything that is kept. */
export interface StoreState {
  /** The last number that `sequence()` handed out. */
  sequence: number;
  /** How many transactions made this state. */
  lastTransaction: number;
  readonly collections: ReadonlyMap<CollectionName, Map<string, StoredRecord>>;
}

/** A record's final content, null when it was deleted; or what is new in a record that was there before. */
export type Write =
  | readonly [collection: CollectionName, id: string, record: StoredRecord | null, isPart?: undefined]
  | readonly [collection: CollectionName, id: string, members: object, isPart: "members"];

/** What one transaction did to the state. */
export interface Change {
  readonly transaction: number;
  readonly sequence: number;
  /** One for each record that is not as it was. */
  readonly writes: readonly Write[];
}

// Maps, not objects: a collection, index or id of "constructor" must find nothing.
type IndexFunction = (record: StoredRecord) => IndexEntry | readonly IndexEntry[] | undefined;
const indexFunctions: ReadonlyMap<string, ReadonlyMap<string, IndexFunction>> = new Map(
  Object.entries(indexes).map(([collection, functions]) => [
    collection,
    // An index function only ever meets records of its own collection; the table by name can't say so.
    new Map(Object.entries(functions as unknown as Record<string, IndexFunction>)),
  ]),
);
export const collectionNames = [...indexFunctions.keys()] as readonly CollectionName[];

export function isCollectionName(name: unknown): name is CollectionName {
  return typeof name === "string" && indexFunctions.has(name);
}

export function createEmptyState(): StoreState {
  return {
    sequence: 0,
    lastTransaction: 0,
    collections: new Map(collectionNames.map((name) => [name, new Map<string, StoredRecord>()])),
  };
}

const none: readonly IndexEntry[] = [];

/** Where a record is in an index: nowhere, at one place or at several. */
type Entries = ReturnType<IndexFunction>;

class Index {
  readonly name: string;
  readonly #entriesOf: IndexFunction;
  readonly #partitions = new Map<string, OrderedList>();

  constructor(name: string, entriesOf: IndexFunction) {
    this.name = name;
    this.#entriesOf = entriesOf;
  }

  partition(partition: string): OrderedList | undefined {
    return this.#partitions.get(partition);
  }

  entriesOf(record: StoredRecord | undefined): Entries {
    const entries = record && this.#entriesOf(record);
    if (entries === undefined) return undefined;
    if (isSingle(entries)) this.#check(entries);
    else for (const entry of entries) this.#check(entry);
    return entries;
  }

  replace(id: string, before: Entries, after: Entries): void {
    for (const [partition, sort] of places(before)) {
      const list = this.#partitions.get(partition);
      list?.remove([sort, id]);
      if (list?.size === 0) this.#partitions.delete(partition);
    }
    for (const [partition, sort] of places(after)) {
      let list = this.#partitions.get(partition);
      if (list === undefined) this.#partitions.set(partition, (list = new OrderedList()));
      list.insert([sort, id]);
    }
  }

  #check(entry: IndexEntry): void {
    const [partition, sort] = entry;
    const isSortable = typeof sort === "string" || (typeof sort === "number" && !Number.isNaN(sort));
    if (typeof partition !== "string" || !isSortable)
      throw new Error(`The index ${this.name} needs a partition (text) and a sort value (text or number).`);
  }
}

function isSingle(entries: IndexEntry | readonly IndexEntry[]): entries is IndexEntry {
  return entries.length > 0 && !Array.isArray(entries[0]);
}

/** Twice in the same place is once there: a list would show the record twice otherwise. */
function places(entries: Entries): readonly IndexEntry[] {
  if (entries === undefined) return none;
  if (isSingle(entries)) return [entries];
  return entries.filter((entry, at) => entries.findIndex((other) => isSameEntry(entry, other)) === at);
}

function isSameEntries(a: Entries, b: Entries): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (isSingle(a)) return isSingle(b) && isSameEntry(a, b);
  return a.length === b.length && !isSingle(b) && a.every((entry, at) => isSameEntry(entry, b[at]));
}

function isSameEntry(a: IndexEntry, b: IndexEntry | undefined): boolean {
  return b !== undefined && a[0] === b[0] && a[1] === b[1];
}

class Table {
  readonly records: Map<string, StoredRecord>;
  readonly #byName: ReadonlyMap<string, Index>;
  readonly #indexes: readonly Index[];
  readonly #name: string;

  constructor(name: string, records: Map<string, StoredRecord>) {
    this.#name = name;
    this.records = records;
    this.#byName = new Map(
      [...(indexFunctions.get(name) ?? [])].map(([index, entriesOf]) => [
        index,
        new Index(`${name}.${index}`, entriesOf),
      ]),
    );
    this.#indexes = [...this.#byName.values()];
    for (const record of records.values())
      for (const index of this.#indexes) index.replace(record.id, undefined, index.entriesOf(record));
  }

  index(name: string): Index {
    const index = this.#byName.get(name);
    if (index === undefined) throw new Error(`The collection ${this.#name} has no index "${name}".`);
    return index;
  }

  /** Puts the record in place of the one with this id, or takes that away. Throws before it changed anything. */
  set(id: string, record: StoredRecord | undefined): void {
    const before = this.records.get(id);
    const moves: [Index, before: Entries, after: Entries][] = [];
    for (const index of this.#indexes) {
      const [from, to] = [index.entriesOf(before), index.entriesOf(record)];
      if (!isSameEntries(from, to)) moves.push([index, from, to]);
    }
    if (record === undefined) this.records.delete(id);
    else this.records.set(id, record);
    for (const [index, from, to] of moves) index.replace(id, from, to);
  }
}

export class Tables {
  readonly state: StoreState;
  readonly #tables: ReadonlyMap<string, Table>;

  /** Takes the state over, and changes it from now on. Throws when a record lacks what an index needs. */
  constructor(state: StoreState) {
    this.state = state;
    this.#tables = new Map([...state.collections].map(([name, records]) => [name, new Table(name, records)]));
  }

  table(collection: string): Table {
    const table = this.#tables.get(collection);
    if (table === undefined) throw new Error(`There is no collection "${collection}".`);
    return table;
  }
}

/** What a transaction stands on never became durable. */
export class Lost extends Error {
  readonly failure: PippinError;
  constructor(failure: PippinError) {
    super("What this transaction read was lost.");
    this.name = "Lost";
    this.failure = failure;
  }
}

export class TableReader implements Reader {
  protected readonly tables: Tables;
  #isOver = false;
  #lost: Lost | undefined;

  constructor(tables: Tables) {
    this.tables = tables;
  }

  /** From now on every call throws. */
  end(): void {
    this.#isOver = true;
  }

  /** What it read is about to be undone: it can't go on. */
  abort(failure: PippinError): void {
    this.#lost = new Lost(failure);
  }

  /** Set once it was aborted. */
  get lost(): Lost | undefined {
    return this.#lost;
  }

  async get<C extends CollectionName>(collection: C, id: string): Promise<Collections[C] | undefined> {
    return cloneData(this.table(collection).records.get(id)) as Collections[C] | undefined;
  }

  async list<C extends CollectionName>(collection: C, query: IndexQuery<C>): Promise<Collections[C][]> {
    const { index, partition, after, sortMax, order, limit } = query;
    if (!Number.isInteger(limit) || limit < 1 || limit > listLimitMax)
      throw new Error(`A list takes a limit of 1 to ${listLimitMax}, not ${limit}.`);
    const table = this.table(collection);
    const ids = table
      .index(index)
      .partition(partition)
      ?.page({ after, sortMax, descending: order === "descending", limit });
    return (ids ?? []).map((id) => cloneData(table.records.get(id)) as Collections[C]);
  }

  async count<C extends CollectionName>(
    collection: C,
    index: IndexName<C>,
    partition: string,
  ): Promise<number> {
    return this.table(collection).index(index).partition(partition)?.size ?? 0;
  }

  protected table(collection: string): Table {
    this.refuseWhenOver();
    return this.tables.table(collection);
  }

  protected refuseWhenOver(): void {
    if (this.#lost) throw this.#lost;
    if (this.#isOver) throw new Error("This transaction is over: await all of its work before it returns.");
  }
}

/** Writes straight into the tables and remembers what was there, so that it can be taken back. */
export class TableTransaction extends TableReader implements Transaction {
  readonly #before = new Map<CollectionName, Map<string, StoredRecord | undefined>>();
  #isRolledBack = false;
  readonly #sequenceBefore: number;
  readonly #lastTransactionBefore: number;

  constructor(tables: Tables) {
    super(tables);
    this.#sequenceBefore = tables.state.sequence;
    this.#lastTransactionBefore = tables.state.lastTransaction;
  }

  async put<C extends CollectionName>(collection: C, record: Collections[C]): Promise<void> {
    if (typeof record.id !== "string" || record.id === "")
      throw new Error(`A record of ${collection} needs an id: a text that is not empty.`);
    this.#set(collection, record.id, copyOver(this.table(collection).records.get(record.id), record));
  }

  async delete(collection: CollectionName, id: string): Promise<void> {
    if (this.table(collection).records.has(id)) this.#set(collection, id, undefined);
  }

  async sequence(): Promise<number> {
    this.refuseWhenOver();
    this.tables.state.sequence += 1;
    return this.tables.state.sequence;
  }

  /** What has been done so far; undefined when nothing was. The records are the tables' own. */
  change(): Change | undefined {
    const { state } = this.tables;
    const writes: Write[] = [];
    for (const [collection, ids] of this.#before) {
      const { records } = this.tables.table(collection);
      for (const [id, before] of ids) {
        const record = records.get(id);
        const members = before && record && changedMembers(before, record);
        if (members !== undefined) {
          if (hasMembers(members)) writes.push([collection, id, members, "members"]);
        } else if (record !== undefined || before !== undefined) {
          writes.push([collection, id, record ?? null]);
        }
      }
    }
    if (writes.length === 0 && state.sequence === this.#sequenceBefore) return undefined;
    return { transaction: this.#lastTransactionBefore + 1, sequence: state.sequence, writes };
  }

  /** Takes back its own writes at once: those of transactions before it are undone next. */
  override abort(failure: PippinError): void {
    super.abort(failure);
    this.rollBack();
  }

  /** Once; a later call does nothing. */
  rollBack(): void {
    if (this.#isRolledBack) return;
    this.#isRolledBack = true;
    for (const [collection, ids] of this.#before) {
      const table = this.tables.table(collection);
      for (const [id, before] of ids) table.set(id, before);
    }
    this.#before.clear();
    this.tables.state.sequence = this.#sequenceBefore;
    this.tables.state.lastTransaction = this.#lastTransactionBefore;
  }

  #set(collection: CollectionName, id: string, record: StoredRecord | undefined): void {
    const table = this.table(collection);
    const before = table.records.get(id);
    table.set(id, record);
    let ids = this.#before.get(collection);
    if (ids === undefined) this.#before.set(collection, (ids = new Map()));
    if (!ids.has(id)) ids.set(id, before);
  }
}
