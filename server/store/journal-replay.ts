import { corrupt } from "./document.ts";
import { parseJournalLine } from "./journal-line.ts";
import type { Change, StoreState } from "./tables.ts";

const lineFeed = 0x0a;

export interface JournalFile {
  readonly path: string;
  /** The number of the transaction in its first line, by its name. */
  readonly first: number;
  readonly content: Buffer;
}

export interface Replayed {
  /** The transaction in the last line; one less than `first` of the last file when that is empty. */
  readonly lastTransaction: number;
  /** How much of the last file is good: what follows is a line that was torn when the machine stopped. */
  readonly goodBytes: number;
}

/**
 * Brings the state up to what the journals say past it. Transactions that the state already has are passed over.
 *
 * Throws `store_corrupt`, naming file and line, rather than start on a history that lacks something: only the very last line may
 * be damaged, because it alone can have been under way when the machine stopped. (A batch that stopped half way ends in one torn
 * line: it was appended in order.) A journal that is followed by another may end in a damaged line too if the other goes on with
 * the very next transaction: then that line was none.
 */
export function replayJournals(files: readonly JournalFile[], state: StoreState): Replayed {
  const documentTransaction = state.lastTransaction;
  let last: number | undefined;
  let goodBytes = 0;
  /** What the file before said comes next. */
  let promised: number | undefined;
  for (const [at, file] of files.entries()) {
    const expected = last === undefined ? undefined : last + 1;
    const isGap = expected === undefined ? file.first > documentTransaction + 1 : file.first !== expected;
    if (isGap)
      throw corrupt(
        file.path,
        `transaction ${expected ?? documentTransaction + 1} should come next, and it starts at ${file.first}`,
      );
    const read = replayFile(file, state, documentTransaction, files[at + 1]?.first);
    last = read.lastTransaction;
    goodBytes = read.goodBytes;
    promised = read.next;
  }
  if (promised !== undefined)
    throw corrupt(
      files.at(-1)?.path ?? "",
      `another journal follows it, from transaction ${promised} on, and that is missing`,
    );
  return { lastTransaction: last ?? documentTransaction, goodBytes };
}

function replayFile(
  file: JournalFile,
  state: StoreState,
  documentTransaction: number,
  following: number | undefined,
): Replayed & { readonly next: number | undefined } {
  let last = file.first - 1;
  let goodBytes = 0;
  let next: number | undefined;
  for (const { bytes, end, line } of linesOf(file.content)) {
    const read = parseJournalLine(bytes);
    if (read === undefined || end === undefined) {
      const isLastLine = (end ?? file.content.length) === file.content.length;
      if (isLastLine && (following === undefined ? isTorn(bytes, end) : following === last + 1)) break;
      throw corrupt(file.path, `this line is damaged${isLastLine ? "" : " and more follow it"}`, { line });
    }
    if (read === "misshapen") throw corrupt(file.path, "this line is not a transaction", { line });
    if (next !== undefined)
      throw corrupt(file.path, "the line before says that another journal follows", { line });
    goodBytes = end;
    if ("next" in read) {
      if (read.next !== last + 1)
        throw corrupt(file.path, `it names ${read.next} as the next transaction, not ${last + 1}`, { line });
      next = read.next;
      continue;
    }
    if (read.transaction !== last + 1)
      throw corrupt(
        file.path,
        `transaction ${last + 1} should be here, not transaction ${read.transaction}`,
        {
          line,
        },
      );
    last = read.transaction;
    if (read.transaction > documentTransaction && !apply(read, state))
      throw corrupt(file.path, "it changes a record that is not there", { line });
  }
  return { lastTransaction: last, goodBytes, next };
}

/**
 * Whether a line that can't be read is one that was being written when the machine stopped. One that has its end is that only if the
 * disk left a hole in it: zeros, which we never write. Neither is one of which nothing but the end is wrong.
 */
function isTorn(bytes: Buffer, end: number | undefined): boolean {
  if (bytes.includes(0)) return true;
  return end === undefined && !isLine(parseJournalLine(bytes.subarray(0, -1)));
}

function isLine(read: ReturnType<typeof parseJournalLine>): boolean {
  return read !== undefined && read !== "misshapen";
}

interface Line {
  readonly bytes: Buffer;
  /** Where the next line starts; undefined when the line feed is missing. */
  readonly end: number | undefined;
  /** Counted from 1. */
  readonly line: number;
}

function* linesOf(content: Buffer): Generator<Line> {
  for (let start = 0, line = 1; start < content.length; line += 1) {
    const at = content.indexOf(lineFeed, start);
    const end = at === -1 ? undefined : at + 1;
    yield { bytes: content.subarray(start, at === -1 ? content.length : at), end, line };
    start = end ?? content.length;
  }
}

/** False when the change is to a record that isn't there. */
function apply(change: Change, state: StoreState): boolean {
  state.lastTransaction = change.transaction;
  state.sequence = change.sequence;
  return change.writes.every(([collection, id, content, isPart]) => {
    const records = state.collections.get(collection);
    const before = records?.get(id);
    if (content === null) records?.delete(id);
    else if (isPart === undefined) records?.set(id, content);
    else if (before !== undefined) records?.set(id, { ...before, ...content });
    return isPart === undefined || before !== undefined;
  });
}
