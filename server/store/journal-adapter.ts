import { join } from "node:path";
import type { Adapter } from "lowdb";
import { PippinError } from "../../shared/errors.ts";
import type { AppendFile, Disk } from "../../shared/world.ts";
import { formatDocument, parseDocument } from "./document.ts";
import { formatJournalLine } from "./journal-line.ts";
import { replayJournals } from "./journal-replay.ts";
import type { JournalFile } from "./journal-replay.ts";
import { createEmptyState } from "./tables.ts";
import type { Change, StoreState } from "./tables.ts";

const documentName = "store.json";
const journalName = /^journal-(\d{1,16})\.ndjson$/;
const numberDigits = 12;
/** At most about so much goes into one append, so that the first of many does not wait for all. */
const batchCharsMax = 4 * 1024 * 1024;

/** What goes to disk with one write and one sync. */
interface Batch {
  /** Begin a new journal file, for transactions from this number on, before writing the lines. */
  readonly startsFileAt: number | undefined;
  readonly lines: string[];
  chars: number;
  /** Resolves when all of it is durable, with the failure when it never will be. */
  readonly durability: Promise<PippinError | undefined>;
  readonly settle: (failure: PippinError | undefined) => void;
}

/**
 * A lowdb adapter that pairs the JSON document with an append-only journal.
 *
 * `read` and `write` are lowdb's: load everything, and write the document anew (a checkpoint). Between checkpoints `append` adds one
 * line for each transaction; lines that come while a write is under way share the next one. `store.json` plus the journal lines
 * past its `lastTransaction` are the state at any instant, also in the middle of a checkpoint.
 */
export class JournalAdapter implements Adapter<StoreState> {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #checkpointBytesMin: number;
  /** The number in the name of each journal file there is, ascending; the last is the one written to. */
  #journals: number[] = [];
  #file: AppendFile | undefined;
  #queue: Batch[] = [];
  #underWay: Batch | undefined;
  /** The number in the name of the file that new lines will end up in. */
  #nextLinesFile = 0;
  /** `lastTransaction` of the document on disk; undefined when there is none. */
  #documentTransaction: number | undefined;
  #documentChars = 0;
  #charsSinceCheckpoint = 0;
  #failure: PippinError | undefined;

  constructor(options: { disk: Disk; directory: string; checkpointBytesMin: number }) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.#checkpointBytesMin = options.checkpointBytesMin;
  }

  get failure(): PippinError | undefined {
    return this.#failure;
  }

  /** The journal has grown enough for a new document to be worth its price. */
  get isCheckpointDue(): boolean {
    return this.#charsSinceCheckpoint > Math.max(this.#checkpointBytesMin, 2 * this.#documentChars);
  }

  /** Loads the document and what the journals hold past it, and gets ready to append. Throws `store_corrupt`. */
  async read(): Promise<StoreState> {
    const names = await this.#disk.list(this.#directory);
    const state = await this.#readDocument();
    const documentTransaction = state.lastTransaction;
    const files = await this.#readJournals(names);
    const replayed = replayJournals(files, state);
    // Journals that the document has overtaken: a checkpoint was interrupted before it removed them.
    const isOvertaken = (at: number) =>
      (files[at + 1]?.first ?? replayed.lastTransaction + 1) <= documentTransaction + 1 &&
      files[at] !== undefined &&
      files[at].first <= documentTransaction;
    let overtaken = 0;
    while (isOvertaken(overtaken)) overtaken += 1;
    for (const file of files.slice(0, overtaken)) await this.#disk.remove(file.path);
    const live = files.slice(overtaken);
    this.#journals = live.map((file) => file.first);
    this.#charsSinceCheckpoint = live.reduce((bytes, file) => bytes + file.content.length, 0);
    this.#nextLinesFile = this.#journals.at(-1) ?? state.lastTransaction + 1;
    await this.#openJournal(this.#nextLinesFile);
    const tornBytes = (live.at(-1)?.content.length ?? 0) - replayed.goodBytes;
    if (live.length > 0 && tornBytes > 0) {
      await this.#file?.truncate(replayed.goodBytes);
      this.#charsSinceCheckpoint -= tornBytes;
    }
    return state;
  }

  /**
   * A checkpoint. The document is made before this returns to its caller: it holds exactly the transactions appended so far. Later
   * ones may be appended while it is being written: they go to a new journal file, and the older ones are removed at the end.
   */
  async write(state: StoreState): Promise<void> {
    if (this.#failure) throw this.#failure;
    const { lastTransaction } = state;
    if (lastTransaction === this.#documentTransaction) return;
    const document = formatDocument(state);
    this.#charsSinceCheckpoint = 0;
    this.#documentChars = document.length;
    if (this.#nextLinesFile !== lastTransaction + 1) this.#enqueue(lastTransaction + 1);
    // The older journals must be whole before a document replaces them: a torn line is only forgiven in the last one.
    const failure = await this.durability();
    if (failure) throw failure;
    await this.#disk.writeFileAtomic(this.#path(documentName), document);
    this.#documentTransaction = lastTransaction;
    while (this.#journals[0] !== undefined && this.#journals[0] <= lastTransaction) {
      await this.#disk.remove(this.#journalPath(this.#journals[0]));
      this.#journals.shift();
    }
  }

  /** Takes one transaction in, in order. Throws when nothing more can be written. */
  append(change: Change): void {
    if (this.#failure) throw this.#failure;
    const line = formatJournalLine(change);
    let batch = this.#queue.at(-1);
    if (batch === undefined || batch.chars >= batchCharsMax) batch = this.#enqueue();
    batch.lines.push(line);
    batch.chars += line.length;
    this.#charsSinceCheckpoint += line.length;
  }

  /** Resolves when all that was appended so far is durable, with the failure when it never will be. */
  durability(): Promise<PippinError | undefined> {
    return (this.#queue.at(-1) ?? this.#underWay)?.durability ?? Promise.resolve(this.#failure);
  }

  /** Gives up: what is not on its way to the disk yet will never get there. */
  fail(cause: unknown): void {
    if (this.#failure) return;
    const failure = new PippinError(
      "store_failed",
      "The store could not write to its data folder. It accepts nothing more until a restart.",
      { cause },
    );
    this.#failure = failure;
    for (const batch of this.#queue.splice(0)) batch.settle(failure);
  }

  /** Closes the journal once everything appended is written; takes it away when the document has all of it. */
  async close(): Promise<void> {
    await this.durability();
    await this.#file?.close();
    this.#file = undefined;
    const [only, ...others] = this.#journals;
    const isOvertaken = only !== undefined && only - 1 === this.#documentTransaction && others.length === 0;
    if (isOvertaken && this.#charsSinceCheckpoint === 0) await this.#disk.remove(this.#journalPath(only));
  }

  #enqueue(startsFileAt?: number): Batch {
    let settle: Batch["settle"] = () => {};
    const durability = new Promise<PippinError | undefined>((resolve) => (settle = resolve));
    const batch: Batch = { startsFileAt, lines: [], chars: 0, durability, settle };
    if (startsFileAt !== undefined) this.#nextLinesFile = startsFileAt;
    this.#queue.push(batch);
    // Whoever enqueues fills the batch before the next microtask.
    if (this.#underWay === undefined && this.#queue.length === 1) queueMicrotask(() => void this.#drain());
    return batch;
  }

  /** Writes batch after batch until none is left. Only one runs at a time; it never rejects. */
  async #drain(): Promise<void> {
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      this.#underWay = batch;
      try {
        if (batch.startsFileAt !== undefined) await this.#openJournal(batch.startsFileAt);
        if (batch.lines.length > 0) await this.#file?.append(batch.lines.join(""));
      } catch (error) {
        this.fail(error);
        batch.settle(this.#failure);
        break;
      }
      batch.settle(undefined);
    }
    this.#underWay = undefined;
  }

  async #openJournal(first: number): Promise<void> {
    await this.#file?.close();
    this.#file = await this.#disk.openAppend(this.#journalPath(first));
    if (this.#journals.at(-1) !== first) this.#journals.push(first);
  }

  async #readDocument(): Promise<StoreState> {
    const path = this.#path(documentName);
    const content = await this.#disk.readFile(path);
    if (content === undefined) return createEmptyState();
    const state = parseDocument(content.toString("utf8"), path);
    this.#documentTransaction = state.lastTransaction;
    this.#documentChars = content.length;
    return state;
  }

  async #readJournals(names: readonly string[]): Promise<JournalFile[]> {
    const files: JournalFile[] = [];
    for (const name of names) {
      const number = journalName.exec(name)?.[1];
      if (number === undefined) continue;
      const path = this.#path(name);
      const content = await this.#disk.readFile(path);
      if (content !== undefined) files.push({ path, first: Number(number), content });
    }
    return files.sort((a, b) => a.first - b.first);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #journalPath(first: number): string {
    return this.#path(`journal-${String(first).padStart(numberDigits, "0")}.ndjson`);
  }
}
