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
 * line: it was appended in order.)
 */
export function replayJournals(files: readonly JournalFile[], state: StoreState): Replayed {
  const documentTransaction = state.lastTransaction;
  let last: number | undefined;
  let goodBytes = 0;
  files.forEach((file, at) => {
    const expected = last === undefined ? undefined : last + 1;
    const isGap = expected === undefined ? file.first > documentTransaction + 1 : file.first !== expected;
    if (isGap)
      throw corrupt(
        file.path,
        `transaction ${expected ?? documentTransaction + 1} should come next, and it starts at ${file.first}`,
      );
    const isLastFile = at === files.length - 1;
    last = file.first - 1;
    goodBytes = 0;
    for (const { bytes, end, line } of linesOf(file.content)) {
      const change = parseJournalLine(bytes);
      if (change === undefined || end === undefined) {
        const isLastLine = (end ?? file.content.length) === file.content.length;
        if (isLastFile && isLastLine) return;
        throw corrupt(file.path, "this line is damaged and more follow it", { line });
      }
      if (change === "misshapen") throw corrupt(file.path, "this line is not a transaction", { line });
      if (change.transaction !== last + 1)
        throw corrupt(
          file.path,
          `transaction ${last + 1} should be here, not transaction ${change.transaction}`,
          { line },
        );
      last = change.transaction;
      goodBytes = end;
      if (change.transaction > documentTransaction && !apply(change, state))
        throw corrupt(file.path, "it changes a record that is not there", { line });
    }
  });
  return { lastTransaction: last ?? documentTransaction, goodBytes };
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
