/** What a property list can hold here, and the rules that hold for each value in either format and direction. */
import { PippinError } from "./errors.ts";

export type PlistFormat = "plist-xml" | "plist-binary";
export type PlistValue =
  string | number | bigint | boolean | Date | Uint8Array | PlistValue[] | PlistDictionary;
export interface PlistDictionary {
  [key: string]: PlistValue;
}
export interface PlistLimits {
  bytesMax: number;
  /** The dictionary at the top is at depth 1. */
  depthMax: number;
  /** Values and keys together; one that a binary plist refers to twice counts twice. */
  objectsMax: number;
}
export const defaultPlistLimits: PlistLimits = {
  bytesMax: 4 * 1024 * 1024,
  depthMax: 32,
  objectsMax: 20_000,
};

const loneSurrogate = /\p{Surrogate}/u;
const beyondLatin1 = /[^\0-\xff]/;
/** Dates of a binary plist count seconds from 2001-01-01T00:00:00Z. */
export const epochMs = 978_307_200_000;
/** What `YYYY` can say. */
const dateMin = Date.parse("0000-01-01T00:00:00Z");
const dateMax = Date.parse("9999-12-31T23:59:59.999Z");

export function malformed(sentence: string): PippinError {
  return new PippinError("malformed_plist", sentence);
}

/**
 * Refuses what can't be carried through both formats and JSON: whole numbers outside ±(2^53 - 1), NaN and infinities. Minus zero
 * becomes zero.
 */
export function checkedNumber(value: number): number {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    throw malformed("A number of a property list must be finite and, when whole, within ±(2^53 - 1).");
  return value + 0;
}

export function checkedDate(value: Date): Date {
  const time = value.getTime();
  if (!(time >= dateMin && time <= dateMax))
    throw malformed("A date of a property list must be a valid one from year 0 to year 9999.");
  return value;
}

export function checkedString(value: string): string {
  if (beyondLatin1.test(value) && loneSurrogate.test(value))
    throw malformed("A string of a property list must be well-formed Unicode, without lone surrogates.");
  return value;
}

/** Setting `__proto__` would set no member, and the value would be lost without a word. */
export function checkedKey(key: string): string {
  if (key === "__proto__")
    throw malformed("A dictionary of a property list must not have the key __proto__.");
  return key;
}

export const keyTwice = "Each key of a dictionary must appear once.";

/** Sets an own member, once. */
export function addMember<T>(dictionary: Record<string, T>, key: string, value: T): void {
  checkedKey(key);
  if (Object.hasOwn(dictionary, key)) throw malformed(keyTwice);
  dictionary[key] = value;
}

/** A plain object: no null, and of no class. */
export function isDictionary(value: object | null): value is Record<string, unknown> {
  if (value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Counts what is read or written, so that a small input can't become a large value. */
export class Budget {
  private objectsLeft: number;
  private bytesLeft: number;
  private readonly depthMax: number;
  constructor(limits: PlistLimits) {
    this.objectsLeft = limits.objectsMax;
    this.bytesLeft = limits.bytesMax;
    this.depthMax = limits.depthMax;
  }
  takeObjects(count: number): void {
    this.objectsLeft -= count;
    if (!(this.objectsLeft >= 0)) throw malformed("The property list has more values than the limit allows.");
  }
  takeBytes(count: number): void {
    this.bytesLeft -= count;
    if (!(this.bytesLeft >= 0)) throw malformed("The property list holds more bytes than the limit allows.");
  }
  checkDepth(depth: number): void {
    if (depth > this.depthMax) throw malformed("The property list is nested deeper than the limit allows.");
  }
}
