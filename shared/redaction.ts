/**
 * Takes secrets out of what is written to a trace. The bytes stay those that were sent, except that a secret's own bytes are
 * overwritten by a placeholder of the same type and length, so that the message still reads and every offset in it holds.
 */
import type { WireFormat } from "./trace.ts";
import { wireValues, type WireValue } from "./wire-values.ts";

/** Whatever lies under one of these keys, at any depth, is a secret. Spelled as on the wire: `Token`, Apple's push token, is none. */
export const secretKeys: ReadonlySet<string> = new Set([
  // Apple's service and shop
  "sToken",
  "token",
  "password",
  "sessionToken",
  "ticket",
  // the device channel and its profiles
  "PushMagic",
  "UnlockToken",
  "BootstrapToken",
  "EscrowKeybagData",
  "Password",
  "Passcode",
  "PIN",
  "Challenge",
  // our own API and files
  "key",
  "apiKey",
  "adminKey",
  "controlKey",
  "privateKey",
  "privateKeyPem",
  "secret",
  "csrfToken",
  "enrollmentToken",
  "enrollmentUrl",
]);

/** The token of an enrolment link opens the door wherever the link stands. */
const enrollmentLink = /\/enroll\/([\w.~%-]{8,})/g;
/** A secret that is repeated elsewhere is found there too, unless it is so short that it would be found everywhere. */
const echoLengthMin = 4;
/** More different secrets than any message of ours holds: it counts as unreadable. */
const echoesMax = 256;
const asterisk = 0x2a;

/**
 * A copy of what was sent, without its secrets. Bytes that can't be read in their format come back as zeros: nobody can tell what
 * is in them. A signature over what is overwritten no longer holds, and where a binary plist keeps equal values in one place,
 * what equals a secret is overwritten with it.
 */
export function redactWire(format: WireFormat, bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return copy;
  if (format === "cms" || format === "empty") {
    for (const { start, end } of linkTokens(copy.toString("latin1"))) copy.fill(asterisk, start, end);
    return copy;
  }
  // Read from the original, so that no overwriting changes a meaning.
  const original = Buffer.from(bytes);
  const values = wireValues(format, original, secretKeys);
  if (!values) return copy.fill(0);
  const secrets = values.filter((value) => value.isSecret);
  for (const secret of secrets) blank(copy, secret);
  const echoes = echoesOf(secrets);
  if (echoes.length > echoesMax) return copy.fill(0);
  if (echoes.length > 0) blankEchoes(copy, values, echoes);
  for (const value of values) if (!value.isSecret) blankLinks(copy, original, value);
  // A binary plist may have bytes that nothing refers to.
  if (format === "plist-binary") for (const echo of echoes) blankIn(copy, echo, asterisk);
  return copy;
}

/** Where the tokens of enrolment links are in a text. */
function linkTokens(text: string): { start: number; end: number }[] {
  if (!text.includes("/enroll/")) return [];
  return Array.from(text.matchAll(enrollmentLink), ({ index, 0: whole, 1: token = "" }) => {
    const end = index + whole.length;
    return { start: end - token.length, end };
  });
}

function blankLinks(copy: Buffer, original: Buffer, value: WireValue): void {
  const { meaning, spelling, start } = value;
  const tokens = linkTokens(typeof meaning === "string" ? meaning : meaning.toString("latin1"));
  if (tokens.length === 0) return;
  if (spelling === "utf16") {
    for (const token of tokens) copy.fill(utf16("*"), start + 2 * token.start, start + 2 * token.end);
  } else if (isPlain(value)) {
    for (const token of linkTokens(original.toString("latin1", start, value.end)))
      copy.fill(asterisk, start + token.start, start + token.end);
  } else {
    blank(copy, value);
  }
}

/** Each once, and the longest first, so that none is found half overwritten. */
function echoesOf(secrets: readonly WireValue[]): Buffer[] {
  const texts = secrets
    .filter(({ spelling }) => spelling !== "digits")
    .map(({ meaning }) => Buffer.from(meaning));
  const distinct = new Set(
    texts.filter(({ length }) => length >= echoLengthMin).map((text) => text.toString("latin1")),
  );
  return Array.from(distinct, (text) => Buffer.from(text, "latin1")).sort((a, b) => b.length - a.length);
}

/** Searches all that isn't secret by its name in one go: value by value, many secrets in a large message would take minutes. */
function blankEchoes(copy: Buffer, values: readonly WireValue[], echoes: readonly Buffer[]): void {
  const open = values.filter(
    ({ isSecret, spelling, isKey, meaning }) =>
      // A password may be "password": that key says nothing.
      !isSecret && spelling !== "digits" && !(isKey && secretKeys.has(meaning.toString())),
  );
  const meanings = open.map(({ meaning }) => Buffer.from(meaning));
  const all = Buffer.concat(meanings);
  const ends: number[] = [];
  for (const { length } of meanings) ends.push((ends.at(-1) ?? 0) + length);
  for (const echo of echoes) {
    let at = all.indexOf(echo);
    while (at >= 0) {
      const index = firstAbove(ends, at);
      const [value, end] = [open[index], ends[index]];
      if (!value || end === undefined) throw new Error("text was found behind the last value");
      const isInside = at + echo.length <= end; // and not half in the next value
      if (isInside) blankPart(copy, value, echo);
      at = all.indexOf(echo, isInside ? end : at + 1);
    }
  }
}

/** Index of the first number greater than `limit`; the numbers never fall. */
function firstAbove(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Overwrites the whole value. */
function blank(copy: Buffer, { start, end, spelling }: WireValue): void {
  switch (spelling) {
    case "text":
      copy.fill(asterisk, start, end);
      return;
    case "utf16":
      copy.fill(utf16("*"), start, end);
      return;
    case "bytes":
      copy.fill(0, start, end);
      return;
    case "digits":
      copy.write(copy.toString("latin1", start, end).replace(/\d/g, "1"), start, "latin1");
      return;
    case "base64":
      // Padding and line ends stay where they are: as many zero bytes as before.
      copy.write(copy.toString("latin1", start, end).replace(/[^=\s]/g, "A"), start, "latin1");
      return;
  }
}

/** Overwrites a part of the value where it is spelled as it reads, and otherwise all of it. */
function blankPart(copy: Buffer, value: WireValue, part: Buffer): void {
  const range = copy.subarray(value.start, value.end);
  if (value.spelling === "utf16") blankIn(range, utf16(part.toString()), utf16("*"));
  else if (isPlain(value)) blankIn(range, part, asterisk);
  else blank(copy, value);
}

/** Whether the value is spelled as it reads: every escape, and base64, is longer than what it stands for. */
function isPlain({ start, end, meaning }: WireValue): boolean {
  return end - start === Buffer.byteLength(meaning);
}

function blankIn(range: Buffer, part: Buffer, filler: number | Buffer): void {
  const step = typeof filler === "number" ? 1 : filler.length;
  for (let at = range.indexOf(part); at >= 0; at = range.indexOf(part, at + 1))
    if (at % step === 0) range.fill(filler, at, at + part.length);
}

function utf16(text: string): Buffer {
  return Buffer.from(text, "utf16le").swap16();
}
