import { crc32 } from "node:zlib";
import { PippinError } from "../../shared/errors.ts";
import { formatVersion } from "./migrations.ts";
import { createEmptyState, isCollectionName } from "./tables.ts";
import type { StoredRecord, StoreState } from "./tables.ts";

const format = "pippin-store";

/** About so much of a document is made at a time: all else waits meanwhile. */
const pieceCharsMin = 256 * 1024;

/**
 * The state as a JSON document with a line for each record, for a person to read and search. It is the state of this moment, also
 * where a piece is made later.
 *
 * Written by hand, not by one JSON.stringify: that would need an object of the Maps, in which an id of `__proto__` is lost.
 */
export function formatDocument(state: StoreState): Iterable<Buffer> {
  // A record is replaced by another, never changed: lists of them are all that has to be kept.
  const collections = [...state.collections].map(([name, records]) => [name, [...records.values()]] as const);
  return inPieces(documentTexts({ ...state, collections }));
}

interface Snapshot extends Omit<StoreState, "collections"> {
  readonly collections: readonly (readonly [name: string, records: readonly StoredRecord[]])[];
}

function* documentTexts({ sequence, lastTransaction, collections }: Snapshot): Generator<string> {
  yield `{"format": "${format}", "version": ${formatVersion},\n`;
  yield `"sequence": ${sequence}, "lastTransaction": ${lastTransaction},\n`;
  yield '"collections": {\n';
  for (const [at, [name, records]] of collections.entries()) {
    yield `${at === 0 ? "" : ",\n"}${JSON.stringify(name)}: {`;
    let separator = "\n";
    for (const record of records) {
      yield `${separator}${JSON.stringify(record.id)}: ${JSON.stringify(record)}`;
      separator = ",\n";
    }
    yield records.length > 0 ? "\n}" : "}";
  }
  yield "\n},\n";
}

/** With the checksum at the end. */
function* inPieces(texts: Iterable<string>): Generator<Buffer> {
  let checksum = 0;
  let text = "";
  for (const next of texts) {
    text += next;
    if (text.length < pieceCharsMin) continue;
    const piece = Buffer.from(text);
    checksum = crc32(piece, checksum);
    text = "";
    yield piece;
  }
  const last = Buffer.from(text);
  yield last;
  yield Buffer.from(checksumLine(crc32(last, checksum)));
}

/** The last line: the CRC-32 of all before it, in eight hex digits. */
function checksumLine(checksum: number): string {
  return `"checksum": "${checksum.toString(16).padStart(8, "0")}"}\n`;
}

function isWhole(text: string): boolean {
  const at = text.lastIndexOf('\n"checksum"') + 1;
  return at > 0 && text.slice(at) === checksumLine(crc32(text.slice(0, at)));
}

/** The state as it stands there, in the format of that version. Throws `store_corrupt`, `store_too_new`, naming the file. */
export function parseDocument(text: string, path: string): { state: StoreState; version: number } {
  const document = parseJson(text, path);
  if (!isDictionary(document)) throw corrupt(path, "it is not a JSON object");
  if (document.format !== format)
    throw corrupt(path, `its format should be "${format}", not ${JSON.stringify(document.format)}`);
  const { version } = document;
  if (!isCounter(version) || version < 1)
    throw corrupt(path, `its version should be a whole number from 1 up, not ${JSON.stringify(version)}`);
  if (version > formatVersion)
    throw new PippinError(
      "store_too_new",
      `A newer Pippin wrote ${path}: its format version is ${version}, and this one reads up to ${formatVersion}. ` +
        "Start the newer one on it, or this one on a copy from before the upgrade.",
      { details: { file: path, version, versionMax: formatVersion } },
    );
  if (version > 1 && !isWhole(text))
    throw corrupt(path, "it is not as it was written: its checksum is another");
  if (!isCounter(document.sequence) || !isCounter(document.lastTransaction))
    throw corrupt(path, "sequence and lastTransaction should be whole numbers from 0 up");
  if (!isDictionary(document.collections)) throw corrupt(path, "it has no collections");
  const state = createEmptyState();
  state.sequence = document.sequence;
  state.lastTransaction = document.lastTransaction;
  for (const [name, records] of Object.entries(document.collections)) {
    const collection = isCollectionName(name) ? state.collections.get(name) : undefined;
    if (collection === undefined) throw corrupt(path, `it has a collection "${name}" that is not known here`);
    if (!isDictionary(records)) throw corrupt(path, `its collection "${name}" is not an object`);
    for (const [id, record] of Object.entries(records)) {
      if (!isRecordOf(id, record))
        throw corrupt(path, `the record "${id}" of "${name}" does not have that id`);
      collection.set(id, record);
    }
  }
  return { state, version };
}

export function isDictionary(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCounter(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isRecordOf(id: string, value: unknown): value is StoredRecord {
  return isDictionary(value) && id !== "" && value.id === id;
}

export function corrupt(
  path: string,
  what: string,
  options: { line?: number; cause?: unknown } = {},
): PippinError {
  const { line, cause } = options;
  const place = line === undefined ? path : `${path}, line ${line}`;
  return new PippinError(
    "store_corrupt",
    `The store can't be read at ${place}: ${what}. Restore the data folder from a copy.`,
    { cause, details: { file: path, ...(line === undefined ? {} : { line }) } },
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's own error: it may quote what is in the document.
    throw corrupt(path, "it is not JSON");
  }
}
