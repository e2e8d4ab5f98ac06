/**
 * Writes `bplist00`, byte for byte as the `plist` package does, checked and written in one pass: every command and every result
 * goes through here, and the package takes four times as long. Format: CFBinaryPList.c of Apple's CoreFoundation.
 */
import {
  Budget,
  checkedDate,
  checkedNumber,
  checkedKey,
  checkedString,
  epochMs,
  isDictionary,
  malformed,
  type PlistLimits,
} from "./plist-value.ts";

const header = Buffer.from("bplist00");
const trailerBytes = 32;
/** Where messages are written before their length is known; a longer one gets a place of its own. */
const scratch = Buffer.allocUnsafe(64 * 1024);
/** So many objects can be referred to by one byte; by two, more than the limits allow. */
const shortReferences = 256;

/** Throws PippinError `malformed_plist` for what a property list can't hold. */
export function writeBinaryPlist(dictionary: object, limits: PlistLimits): Buffer {
  return (new BinaryWriter(limits, 1).document(dictionary) ??
    new BinaryWriter(limits, 2).document(dictionary)) as Buffer;
}

/** One use, one document. */
class BinaryWriter {
  private bytes = scratch;
  private at = 0;
  /** Of each object, in the order they were met. */
  private readonly offsets: number[] = [];
  /** Equal strings, numbers and booleans are one object. */
  private readonly known = new Map<string | number | boolean, number>();
  private readonly budget: Budget;
  private readonly refSize: 1 | 2;

  constructor(limits: PlistLimits, refSize: 1 | 2) {
    this.budget = new Budget(limits);
    this.refSize = refSize;
  }

  /** Undefined when there are more objects than the references can tell apart. */
  document(top: object): Buffer | undefined {
    this.at = header.copy(this.bytes, 0);
    this.budget.takeObjects(1);
    this.object(top, 1);
    const count = this.offsets.length;
    if (this.refSize === 1 && count > shortReferences) return undefined;
    const tableAt = this.at;
    const offsetSize = tableAt <= 0xff ? 1 : tableAt <= 0xffff ? 2 : 4;
    const trailerAt = tableAt + count * offsetSize;
    const document = Buffer.alloc(trailerAt + trailerBytes);
    this.bytes.copy(document, 0, 0, tableAt);
    let entryAt = tableAt;
    for (const offset of this.offsets) entryAt = document.writeUIntBE(offset, entryAt, offsetSize);
    document[trailerAt + 6] = offsetSize;
    document[trailerAt + 7] = this.refSize;
    document.writeUInt32BE(count, trailerAt + 12);
    // The object at the top is the first.
    document.writeUInt32BE(tableAt, trailerAt + 28);
    return document;
  }

  /** Writes the value, which is paid for, unless it was written before. Answers with its index. */
  private object(value: unknown, depth: number): number {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "number":
      case "bigint":
        return this.number(checkedNumber(Number(value)));
      case "boolean":
        return this.known.get(value) ?? this.boolean(value);
      case "object":
        break;
      case "undefined":
      case "function":
      case "symbol":
        throw malformed(`A property list holds no ${typeof value}.`);
    }
    if (value instanceof Date) return this.date(checkedDate(value));
    if (value instanceof Uint8Array) return this.data(value);
    this.budget.checkDepth(depth);
    if (Array.isArray(value)) return this.array(value, depth);
    if (!isDictionary(value)) throw malformed("A property list holds no null and no object of a class.");
    return this.dictionary(value, depth);
  }

  private array(list: readonly unknown[], depth: number): number {
    this.budget.takeObjects(list.length);
    const index = this.begin(0xa0, list.length, list.length * this.refSize);
    let refAt = this.reserve(list.length);
    // Not `for of` over entries: holes count, and are refused.
    for (let item = 0; item < list.length; item += 1)
      refAt = this.refer(refAt, this.object(list[item], depth + 1));
    return index;
  }

  private dictionary(dictionary: Readonly<Record<string, unknown>>, depth: number): number {
    let keys = Object.keys(dictionary);
    if (keys.some((key) => dictionary[key] === undefined))
      keys = keys.filter((key) => dictionary[key] !== undefined);
    this.budget.takeObjects(2 * keys.length);
    const index = this.begin(0xd0, keys.length, 2 * keys.length * this.refSize);
    let refAt = this.reserve(2 * keys.length);
    for (const key of keys) refAt = this.refer(refAt, this.string(checkedKey(key)));
    for (const key of keys) refAt = this.refer(refAt, this.object(dictionary[key], depth + 1));
    return index;
  }

  private string(text: string): number {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const { length } = text;
    this.budget.takeBytes(length);
    // One byte a character, or two: told apart on the way, as nearly every string is ASCII.
    const index = this.begin(0x50, length, 2 * length);
    this.known.set(text, index);
    const start = this.at;
    for (let character = 0; character < length; character += 1) {
      const code = text.charCodeAt(character);
      if (code > 0x7f) return this.wideString(checkedString(text), index);
      this.bytes[start + character] = code;
    }
    this.at = start + length;
    return index;
  }

  /** Over the ASCII string that was begun for it. */
  private wideString(text: string, index: number): number {
    this.budget.takeBytes(text.length);
    this.at = this.offsets[index] ?? 0;
    this.marker(0x60, text.length);
    const end = this.at + this.bytes.write(text, this.at, "utf16le");
    this.bytes.subarray(this.at, end).swap16();
    this.at = end;
    return index;
  }

  private number(value: number): number {
    const known = this.known.get(value);
    if (known !== undefined) return known;
    const isWhole = Number.isInteger(value);
    const size = !isWhole || value < 0 || value > 0xffff_ffff ? 8 : value > 0xffff ? 4 : value > 0xff ? 2 : 1;
    const index = this.place(1 + size);
    this.known.set(value, index);
    this.bytes[this.at] = isWhole ? 0x10 | Math.log2(size) : 0x23;
    this.at += 1;
    if (!isWhole) this.at = this.bytes.writeDoubleBE(value, this.at);
    else if (size < 8) this.at = this.bytes.writeUIntBE(value, this.at, size);
    else this.at = this.bytes.writeBigInt64BE(BigInt(value), this.at);
    return index;
  }

  private boolean(value: boolean): number {
    const index = this.place(1);
    this.known.set(value, index);
    this.bytes[this.at] = value ? 0x09 : 0x08;
    this.at += 1;
    return index;
  }

  private date(value: Date): number {
    const index = this.place(9);
    this.bytes[this.at] = 0x33;
    this.at = this.bytes.writeDoubleBE((value.getTime() - epochMs) / 1000, this.at + 1);
    return index;
  }

  private data(data: Uint8Array): number {
    this.budget.takeBytes(data.length);
    const index = this.begin(0x40, data.length, data.length);
    this.bytes.set(data, this.at);
    this.at += data.length;
    return index;
  }

  /** A new object with a marker, a count and room for so many bytes. Answers with its index. */
  private begin(type: number, count: number, bytes: number): number {
    const index = this.place(6 + bytes);
    this.marker(type, count);
    return index;
  }

  private marker(type: number, count: number): void {
    if (count < 15) {
      this.bytes[this.at] = type | count;
      this.at += 1;
      return;
    }
    const size = count <= 0xff ? 1 : count <= 0xffff ? 2 : 4;
    this.bytes[this.at] = type | 0x0f;
    this.bytes[this.at + 1] = 0x10 | Math.log2(size);
    this.at = this.bytes.writeUIntBE(count, this.at + 2, size);
  }

  /** A new object here, with room for so many bytes. */
  private place(bytes: number): number {
    if (this.at + bytes > this.bytes.length) {
      const larger = Buffer.allocUnsafe(2 * (this.at + bytes));
      this.bytes.copy(larger, 0, 0, this.at);
      this.bytes = larger;
    }
    return this.offsets.push(this.at) - 1;
  }

  /** Leaves room for so many references. Answers with where they begin. */
  private reserve(count: number): number {
    const start = this.at;
    this.at += count * this.refSize;
    return start;
  }

  private refer(at: number, index: number): number {
    if (this.refSize === 2) return this.bytes.writeUInt16BE(index, at);
    // An index that is too large for it: `document` notices.
    this.bytes[at] = index;
    return at + 1;
  }
}
