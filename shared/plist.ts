/**
 * Property lists, the wire's own language. The `plist` package writes XML; the rest is ours (see plist-binary.ts, plist-xml.ts
 * and plist-binary-writer.ts for why), strict, and bounded before anything is built.
 *
 * What both formats and both directions agree on:
 * - A whole number is an integer and any other a real; JavaScript can't tell 1 from 1.0, so `<real>1.0</real>` comes back as
 *   `<integer>1</integer>`. Whole numbers outside ±(2^53 - 1) are refused: storage, which is JSON, couldn't keep them.
 * - Dates have milliseconds in the binary format and whole seconds (the fraction is dropped) in XML, where Apple has no fraction.
 * - Strings are well-formed Unicode; control characters that XML can't carry are refused in XML alone.
 */
import { build, type PlistValue as PackageValue } from "plist";
import { writeBinaryPlist } from "./plist-binary-writer.ts";
import { isBinaryPlist, readBinaryPlist } from "./plist-binary.ts";
import {
  Budget,
  addMember,
  checkedDate,
  checkedNumber,
  checkedString,
  defaultPlistLimits,
  isDictionary,
  malformed,
  type PlistDictionary,
  type PlistFormat,
  type PlistLimits,
} from "./plist-value.ts";
import { notXml, readXmlPlist } from "./plist-xml.ts";

export { plistFromJson, plistToJson } from "./plist-json.ts";
export { defaultPlistLimits } from "./plist-value.ts";
export type { PlistDictionary, PlistFormat, PlistLimits, PlistValue } from "./plist-value.ts";

/**
 * Reads a property list whose top is a dictionary. Without `format`, `bplist00` at the beginning tells. Data in the answer are
 * copies. Throws PippinError `malformed_plist` for anything else, whatever it is.
 */
export function decodePlist(
  bytes: Uint8Array,
  format?: PlistFormat,
  limits: PlistLimits = defaultPlistLimits,
): PlistDictionary {
  const isBinary = format === undefined ? isBinaryPlist(bytes) : format === "plist-binary";
  return isBinary ? readBinaryPlist(bytes, limits) : readXmlPlist(bytes, limits);
}

/**
 * Writes a dictionary; the same value gives the same bytes. Members that are undefined are left out. Throws PippinError
 * `malformed_plist` for what a property list can't hold, and for what `decodePlist` would refuse by its default limits.
 */
export function encodePlist(value: object, format: PlistFormat): Buffer {
  if (!isDictionary(value)) throw malformed("A property list must have a dictionary at its top.");
  const bytes = format === "plist-binary" ? writeBinaryPlist(value, defaultPlistLimits) : xmlBytes(value);
  if (bytes.length > defaultPlistLimits.bytesMax)
    throw malformed("The property list has more bytes than the limit allows.");
  return bytes;
}

function xmlBytes(dictionary: object): Buffer {
  const writable = prepare(dictionary, new Budget(defaultPlistLimits), 1);
  // Readers that go by XML 1.1 take these three for line ends unless they are escaped.
  const xml = build(writable).replace(
    /[\u0085\u2028\u2029]/g,
    (character) => `&#x${character.charCodeAt(0).toString(16)};`,
  );
  return Buffer.from(`${xml}\n`);
}

/** A checked copy in the shape that the package writes correctly. */
function prepare(value: unknown, budget: Budget, depth: number): PackageValue {
  budget.takeObjects(1);
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return prepareString(value);
    case "number":
    case "bigint":
      return checkedNumber(Number(value));
    case "object":
      break;
    case "undefined":
    case "function":
    case "symbol":
      throw malformed(`A property list holds no ${typeof value}.`);
  }
  if (value instanceof Date) return checkedDate(value);
  if (value instanceof Uint8Array) {
    budget.takeBytes(value.length);
    return value;
  }
  budget.checkDepth(depth);
  // Not `map`, which passes over the holes of an array.
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => prepare(item, budget, depth + 1));
  if (!isDictionary(value)) throw malformed("A property list holds no null and no object of a class.");
  const dictionary: Record<string, PackageValue> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    budget.takeObjects(1);
    addMember(dictionary, prepareString(key), prepare(member, budget, depth + 1));
  }
  return dictionary;
}

function prepareString(value: string): string {
  if (notXml.test(value)) throw malformed("A string has a control character that XML can't carry.");
  return checkedString(value);
}
