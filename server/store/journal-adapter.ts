import { join } from "node:path";
import type { Adapter } from "lowdb";
import { PippinError } from "../../shared/errors.ts";
import type { AppendFile, Disk } from "../../shared/world.ts";
import { checkpointFailure, isPassing, unreliable, writeFailure } from "./disk-failures.ts";
import { corrupt, formatDocument, parseDocument } from "./document.ts";
import { formatContinuation, formatJournalLine } from "./journal-line.ts";
import { replayJournals } from "./journal-replay.ts";
import type { JournalFile } from "./journal-replay.ts";
import { migrate, formatVersion } from "./migrations.ts";
import { createEmptyState } from "./tables.ts";
import type { Change, StoreState } from "./tables.ts";

const documentName = "store.json";
const journalName = /^journal-(\d{1,16})\.ndjson$/;
const numberDigits = 12;
/** At most about so much goes into one append, so that the first of many does not wait for all. */
const batchBytesMax = 4 * 1024 * 1024;

/** What goes to disk with one write and one sync. */
interface Batch {
  /** Begin a new journal file, for transactions from this number on, before writing the lines. */
  readonly startsFileAt: number | undefined;
  readonly lines: Buffer[];
  /** Takes each of them back in memory. */
  readonly undos: (() => void)[];
  bytes: number;
  /** Resolves when all of it is durable, with the failure when it never will be. */
  readonly durability: Promise<PippinError | undefined>;
  readonly settle: (failure: PippinError | undefined) => void;
}

export interface JournalAdapterOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly checkpointBytesMin: number;
  /** Told when writing begins to fail, and, without an error, when it works again. */
  trouble(error: PippinError | undefined): void;
}

/**
 * A lowdb adapter that pairs the JSON document with an append-only journal.
 *
 * `read` and `write` are lowdb's: load everything, and write the document anew (a checkpoint). Between checkpoints `append` adds one
 * line for each transaction; lines that come while a write is under way share the next one. `store.json` plus the journal lines
 * past its `lastTransaction` are the state at any instant, also in the middle of a checkpoint. Both are there from the first moment.
 *
 * When an append fails, everything that was on its way is lost together: it is undone in memory, cut off the journal, and its
 * callers are told. Then, unless the disk itself failed, the next append is tried as ever.
 */
export class JournalAdapter implements Adapter<StoreState> {
  readonly #options: JournalAdapterOptions;
  /** The number in the name of each journal file there is, ascending; the last is the one written to. */
  #journals: number[] = [];
  #file: AppendFile | undefined;
  /** How much of the file holds whole transactions that are durable. */
  #goodBytes = 0;
  /** There may be more in the file than that. */
  #isTorn = false;
  #queue: Batch[] = [];
  #underWay: Batch | undefined;
  #isDraining = false;
  /** The number in the name of the file that new lines will end up in. */
  #nextLinesFile = 0;
  /** `lastTransaction` of the document on disk. */
  #documentTransaction = 0;
  #documentBytes = 0;
  #bytesSinceCheckpoint = 0;
  #failure: PippinError | undefined;
  #isTroubled = false;
  /** Called before what was lost is undone. */
  onLoss: (failure: PippinError) => void = () => {};

  constructor(options: JournalAdapterOptions) {
    this.#options = options;
  }

  /** Set once nothing more can be written until a restart. */
  get failure(): PippinError | undefined {
    return this.#failure;
  }

  /** The last write succeeded. */
  get healthy(): boolean {
    return !this.#isTroubled;
  }

  /** The journal has grown enough for a new document to be worth its price. */
  get isCheckpointDue(): boolean {
    return this.#bytesSinceCheckpoint > Math.max(this.#options.checkpointBytesMin, 2 * this.#documentBytes);
  }

  /**
   * Loads the document and what the journals hold past it, brings both to the present format, and gets ready to append. Throws
   * `store_corrupt`, `store_too_new`.
   */
  async read(): Promise<StoreState> {
    const document = await this.#readDocument();
    const { state, version } = document ?? { state: createEmptyState(), version: 1 };
    const documentTransaction = state.lastTransaction;
    const files = await this.#readJournals();
    if (files.length === 0 && version > 1)
      throw corrupt(this.#path(documentName), "the journal that belongs to it is missing");
    // Journals that the document has overtaken: a checkpoint was interrupted before it removed them.
    let overtaken = 0;
    while ((files[overtaken + 1]?.first ?? Infinity) <= documentTransaction + 1) overtaken += 1;
    const replayed = replayJournals(files.slice(overtaken), state);
    // Cut off from its end, as in a copy, the last one may be overtaken as well.
    const { lastTransaction } = state;
    const last = files.at(-1);
    const goesOn = last !== undefined && replayed.lastTransaction === lastTransaction;
    this.#journals = files.map((file) => file.first);
    const isOld = document === undefined || version < formatVersion;
    if (isOld) migrate(state, version);
    this.#nextLinesFile = goesOn && !isOld ? last.first : lastTransaction + 1;
    await this.#openJournal(this.#nextLinesFile, goesOn ? replayed.goodBytes : 0);
    this.#bytesSinceCheckpoint = files.slice(overtaken).reduce((sum, file) => sum + file.content.length, 0);
    this.#documentTransaction = documentTransaction;
    if (isOld) await this.#writeDocument(state);
    await this.#removeOvertaken();
    return state;
  }

  /**
   * A checkpoint. The document holds exactly the transactions appended before this returns to its caller. Later ones may be
   * appended while it is being written: they go to a new journal file, and the older ones are removed at the end.
   * Throws what kept it from being written; the journal has it all then.
   */
  async write(state: StoreState): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (state.lastTransaction === this.#documentTransaction) return;
    try {
      await this.#writeDocument(state);
      await this.#removeOvertaken();
    } catch (error) {
      const cause = error instanceof PippinError ? error.cause : error;
      const failure = checkpointFailure(cause);
      this.#troubled(failure, isPassing(cause));
      throw failure;
    }
  }

  async #writeDocument(state: StoreState): Promise<void> {
    const { lastTransaction } = state;
    const document = formatDocument(state);
    this.#bytesSinceCheckpoint = 0;
    const durability = this.durability();
    const start =
      this.#nextLinesFile === lastTransaction + 1 ? undefined : this.#enqueue(lastTransaction + 1);
    // All that the document holds must be durable before it is: what is lost must not come back with it.
    const failure = await durability;
    if (failure) throw failure;
    // Whether the lines behind it arrive is not the document's business.
    await start?.durability;
    if (this.#failure) throw this.#failure;
    let bytes = 0;
    await this.#options.disk.writeFileAtomic(
      this.#path(documentName),
      passing(document, (piece) => (bytes += piece.length)),
    );
    this.#documentBytes = bytes;
    this.#documentTransaction = lastTransaction;
  }

  /** Takes one transaction in, in order. Throws when nothing more can be written. */
  append(change: Change, undo: () => void): void {
    if (this.#failure) throw this.#failure;
    const line = formatJournalLine(change);
    let batch = this.#queue.at(-1);
    if (batch === undefined || batch.bytes >= batchBytesMax) batch = this.#enqueue();
    batch.lines.push(line);
    batch.undos.push(undo);
    batch.bytes += line.length;
    this.#bytesSinceCheckpoint += line.length;
  }

  /** Resolves when all that was appended so far is durable, with the failure when it was lost. */
  durability(): Promise<PippinError | undefined> {
    const batches = [...(this.#underWay ? [this.#underWay] : []), ...this.#queue];
    const last = batches.findLast(({ lines }) => lines.length > 0);
    return last?.durability ?? Promise.resolve(undefined);
  }

  /** Closes the journal once everything appended is written. */
  async close(): Promise<void> {
    await this.durability();
    await this.#file?.close();
    this.#file = undefined;
  }

  #enqueue(startsFileAt?: number): Batch {
    let settle: Batch["settle"] = () => {};
    const durability = new Promise<PippinError | undefined>((resolve) => (settle = resolve));
    const batch: Batch = { startsFileAt, lines: [], undos: [], bytes: 0, durability, settle };
    if (startsFileAt !== undefined) this.#nextLinesFile = startsFileAt;
    this.#queue.push(batch);
    if (!this.#isDraining) {
      this.#isDraining = true;
      // Whoever enqueues fills the batch before the next microtask.
      queueMicrotask(() => void this.#drain());
    }
    return batch;
  }

  /** Writes batch after batch until none is left. Only one runs at a time; it never rejects. */
  async #drain(): Promise<void> {
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      this.#underWay = batch;
      try {
        await this.#writeBatch(batch);
        this.#underWay = undefined;
        if (batch.lines.length > 0) this.#recovered();
        batch.settle(undefined);
      } catch (error) {
        await this.#lose(batch, error);
      }
    }
    this.#isDraining = false;
  }

  async #writeBatch({ startsFileAt, lines }: Batch): Promise<void> {
    if (this.#isTorn) await this.#cutOff();
    if (startsFileAt !== undefined) await this.#startJournal(startsFileAt);
    if (lines.length > 0) await this.#append(Buffer.concat(lines));
  }

  async #append(bytes: Buffer): Promise<void> {
    if (this.#file === undefined) throw new Error("The journal is not open.");
    this.#isTorn = true;
    await this.#file.append(bytes);
    this.#isTorn = false;
    this.#goodBytes += bytes.length;
  }

  /** This batch and all behind it, which stand on it, are not going to happen. */
  async #lose(batch: Batch, cause: unknown): Promise<void> {
    const failure = writeFailure(cause);
    this.#underWay = undefined;
    const lost = [batch, ...this.#queue.splice(0)];
    this.onLoss(failure);
    for (const one of lost.toReversed()) for (const undo of one.undos.toReversed()) undo();
    this.#nextLinesFile = this.#journals.at(-1) ?? this.#nextLinesFile;
    let isPassingTrouble = isPassing(cause);
    try {
      // At once, so that no start takes it for stored.
      if (this.#isTorn) await this.#cutOff();
    } catch (error) {
      isPassingTrouble &&= isPassing(error);
    }
    this.#troubled(failure, isPassingTrouble);
    for (const one of lost) one.settle(failure);
  }

  async #cutOff(): Promise<void> {
    await this.#file?.truncate(this.#goodBytes);
    this.#isTorn = false;
  }

  /** When there is no room for another file, the present one goes on. */
  async #startJournal(first: number): Promise<void> {
    const { disk } = this.#options;
    const before = this.#file;
    let file: AppendFile;
    try {
      file = await disk.openAppend(this.#journalPath(first));
    } catch (error) {
      // A file of this name would contradict the lines that now go into the one before.
      if (!isPassing(error)) throw error;
      if ((await disk.readFile(this.#journalPath(first))) !== undefined) throw unreliable(error);
      this.#nextLinesFile = this.#journals.at(-1) ?? first;
      return;
    }
    try {
      await this.#append(formatContinuation(first));
    } catch (error) {
      // The name of the new file says as much; only should that file get lost would it not be noticed.
      if (!isPassing(error)) throw error;
      this.#isTorn = false;
    }
    await before?.close();
    this.#file = file;
    this.#goodBytes = 0;
    this.#journals.push(first);
  }

  /** Opens the journal to go on with, at the start. */
  async #openJournal(first: number, goodBytes: number): Promise<void> {
    this.#file = await this.#options.disk.openAppend(this.#journalPath(first));
    if (this.#journals.at(-1) !== first) this.#journals.push(first);
    this.#goodBytes = Math.min(goodBytes, this.#file.bytes);
    if (this.#file.bytes > this.#goodBytes) await this.#cutOff();
  }

  /** Removes the journals of which the document has everything. */
  async #removeOvertaken(): Promise<void> {
    for (;;) {
      const [oldest, following] = this.#journals;
      if (oldest === undefined || following === undefined || following > this.#documentTransaction + 1)
        return;
      await this.#options.disk.remove(this.#journalPath(oldest));
      this.#journals.shift();
    }
  }

  #troubled(failure: PippinError, isPassingTrouble: boolean): void {
    if (!isPassingTrouble) this.#failure ??= writeFailure(failure.cause);
    if (this.#isTroubled) return;
    this.#isTroubled = true;
    this.#options.trouble(failure);
  }

  #recovered(): void {
    if (!this.#isTroubled || this.#failure) return;
    this.#isTroubled = false;
    this.#options.trouble(undefined);
  }

  async #readDocument(): Promise<{ state: StoreState; version: number } | undefined> {
    const path = this.#path(documentName);
    const content = await this.#options.disk.readFile(path);
    if (content === undefined) return undefined;
    this.#documentBytes = content.length;
    return parseDocument(content.toString("utf8"), path);
  }

  async #readJournals(): Promise<JournalFile[]> {
    const { disk, directory } = this.#options;
    const files: JournalFile[] = [];
    for (const name of await disk.list(directory)) {
      const number = journalName.exec(name)?.[1];
      if (number === undefined) continue;
      const path = this.#path(name);
      const content = await disk.readFile(path);
      if (content !== undefined) files.push({ path, first: Number(number), content });
    }
    return files.sort((a, b) => a.first - b.first);
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }

  #journalPath(first: number): string {
    return this.#path(`journal-${String(first).padStart(numberDigits, "0")}.ndjson`);
  }
}

/** The same pieces; `see` is told of each. */
function* passing(pieces: Iterable<Buffer>, see: (piece: Buffer) => void): Generator<Buffer> {
  for (const piece of pieces) {
    see(piece);
    yield piece;
  }
}
