import { crc32 } from "node:zlib";
import { isCounter, isDictionary, isRecordOf } from "./document.ts";
import { isCollectionName } from "./tables.ts";
import type { Change, Write } from "./tables.ts";

/** A transaction that writes more than this is a bug. */
const lineCharsMax = 64 * 1024 * 1024;
const crcDigits = 8;
const lineStart = /^[0-9a-f]{8} \{/;

/** The last line of a journal that another one follows: the first transaction of that one, which is in its name. */
export interface Continuation {
  readonly next: number;
}

/** One transaction as `<crc32 of the JSON, 8 hex digits> <JSON>\n`. Throws when there is too much of it. */
export function formatJournalLine(change: Change): Buffer {
  const json = JSON.stringify({ t: change.transaction, s: change.sequence, w: change.writes });
  if (json.length > lineCharsMax)
    throw new Error(`A transaction writes at most ${lineCharsMax} characters, not ${json.length}.`);
  return withChecksum(json);
}

export function formatContinuation(next: number): Buffer {
  return withChecksum(JSON.stringify({ next }));
}

function withChecksum(json: string): Buffer {
  // The text becomes bytes once, and the checksum is put in front of them in their place.
  const line = Buffer.from(`${" ".repeat(crcDigits + 1)}${json}\n`);
  const checksum = crc32(line.subarray(crcDigits + 1, -1));
  line.write(checksum.toString(16).padStart(crcDigits, "0"), "latin1");
  return line;
}

/**
 * Reads a line, without its line feed.
 *
 * @returns undefined when the line is damaged; "misshapen" when its checksum holds and yet it is no line of ours.
 */
export function parseJournalLine(line: Buffer): Change | Continuation | "misshapen" | undefined {
  if (!lineStart.test(line.toString("latin1", 0, crcDigits + 2))) return undefined;
  const json = line.subarray(crcDigits + 1);
  if (crc32(json) !== Number.parseInt(line.toString("latin1", 0, crcDigits), 16)) return undefined;
  return toLine(parseJson(json.toString("utf8"))) ?? "misshapen";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no line of ours either
  }
}

function toLine(value: unknown): Change | Continuation | undefined {
  if (!isDictionary(value)) return undefined;
  if (isCounter(value.next) && Object.keys(value).length === 1) return { next: value.next };
  if (!isCounter(value.t) || !isCounter(value.s) || !Array.isArray(value.w)) return undefined;
  return value.w.every(isWrite) ? { transaction: value.t, sequence: value.s, writes: value.w } : undefined;
}

function isWrite(value: unknown): value is Write {
  if (!Array.isArray(value)) return false;
  const [collection, id, content, isPart] = value as unknown[];
  if (!isCollectionName(collection) || typeof id !== "string") return false;
  if (value.length === 3) return content === null || isRecordOf(id, content);
  return value.length === 4 && isPart === "members" && isDictionary(content) && (content.id ?? id) === id;
}
