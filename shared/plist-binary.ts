/**
 * Reads `bplist00`. The `plist` package's own reader trusts every offset and count, follows cycles, hands out views of the input
 * and loses integers past 2^53, so that each object would have to be checked before it is let loose; checking and reading in one
 * pass is shorter and takes half the time. Format: CFBinaryPList.c of Apple's CoreFoundation.
 */
import {
  Budget,
  checkedDate,
  checkedKey,
  checkedNumber,
  checkedString,
  epochMs,
  keyTwice,
  malformed,
  type PlistDictionary,
  type PlistLimits,
  type PlistValue,
} from "./plist-value.ts";

const headerBytes = 8;
const trailerBytes = 32;
/** Below this length reading characters one by one beats the call into native code. */
const shortString = 24;

export function isBinaryPlist(bytes: Uint8Array): boolean {
  return bytes.length >= headerBytes && magic.every((byte, index) => bytes[index] === byte);
}
const magic = [...Buffer.from("bplist00")];

/** Where things are in a binary plist; every position it answers with lies inside the object area. */
export class BinaryLayout {
  readonly bytes: Buffer;
  readonly top: number;
  readonly refSize: number;
  private readonly offsetSize: number;
  private readonly tableAt: number;
  private readonly objectCount: number;

  constructor(input: Uint8Array, limits: PlistLimits) {
    if (input.length > limits.bytesMax)
      throw malformed("The property list has more bytes than the limit allows.");
    if (!isBinaryPlist(input)) throw malformed("A binary property list begins with bplist00.");
    if (input.length < headerBytes + 1 + 1 + trailerBytes)
      throw malformed("The binary property list is cut short.");
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    const trailer = bytes.length - trailerBytes;
    this.bytes = bytes;
    this.offsetSize = bytes.readUInt8(trailer + 6);
    this.refSize = bytes.readUInt8(trailer + 7);
    this.objectCount = unsigned(bytes, trailer + 8, 8);
    this.top = unsigned(bytes, trailer + 16, 8);
    this.tableAt = unsigned(bytes, trailer + 24, 8);
    if (!isSize(this.offsetSize) || !isSize(this.refSize))
      throw malformed("Offsets and references of a binary property list take 1, 2, 4 or 8 bytes.");
    if (this.objectCount > limits.objectsMax)
      throw malformed("The property list has more values than the limit allows.");
    if (this.tableAt <= headerBytes || this.tableAt + this.objectCount * this.offsetSize !== trailer)
      throw malformed(
        "The offset table of a binary property list must reach from the last object to the trailer.",
      );
  }

  /** Position of an object's marker byte. */
  at(index: number): number {
    if (index >= this.objectCount)
      throw malformed("The binary property list refers to an object it doesn't have.");
    const position = unsigned(this.bytes, this.tableAt + index * this.offsetSize, this.offsetSize);
    if (position < headerBytes || position >= this.tableAt)
      throw malformed("The binary property list has an object outside its object area.");
    return position;
  }

  /** Refuses a stretch that runs past the objects. */
  within(start: number, length: number): void {
    if (start + length > this.tableAt) throw malformed("An object of the binary property list is cut short.");
  }

  /** The number of things (bytes, characters, members) that an object says it has, and where they begin. */
  extent(position: number): { count: number; start: number } {
    const low = (this.bytes[position] ?? 0) & 0x0f;
    if (low !== 0x0f) return { count: low, start: position + 1 };
    this.within(position + 1, 2);
    const marker = this.bytes[position + 1] ?? 0;
    const size = 1 << (marker & 0x0f);
    if (marker >> 4 !== 1 || size > 8)
      throw malformed("The length of an object in a binary property list must be an integer.");
    this.within(position + 2, size);
    return { count: unsigned(this.bytes, position + 2, size), start: position + 2 + size };
  }

  reference(start: number, index: number): number {
    return unsigned(this.bytes, start + index * this.refSize, this.refSize);
  }
}

/** Throws PippinError `malformed_plist`, and nothing else. */
export function readBinaryPlist(bytes: Uint8Array, limits: PlistLimits): PlistDictionary {
  const layout = new BinaryLayout(bytes, limits);
  if ((layout.bytes[layout.at(layout.top)] ?? 0) >> 4 !== 0xd)
    throw malformed("A property list must have a dictionary at its top.");
  const budget = new Budget(limits);
  budget.takeObjects(1);
  return readDictionary(layout, budget, layout.at(layout.top), 1);
}

/** Its object is already paid for. */
function readObject(layout: BinaryLayout, budget: Budget, index: number, depth: number): PlistValue {
  const position = layout.at(index);
  const marker = layout.bytes[position] ?? 0;
  switch (marker >> 4) {
    case 0x0:
      if (marker === 0x08 || marker === 0x09) return marker === 0x09;
      throw malformed("A property list holds no null, fill or URL.");
    case 0x1:
      return readInteger(layout, position, marker);
    case 0x2:
      if (marker !== 0x22 && marker !== 0x23)
        throw malformed("A real of a binary property list takes 4 or 8 bytes.");
      layout.within(position + 1, marker === 0x22 ? 4 : 8);
      return checkedNumber(
        marker === 0x22 ? layout.bytes.readFloatBE(position + 1) : layout.bytes.readDoubleBE(position + 1),
      );
    case 0x3:
      if (marker !== 0x33) throw malformed("A date of a binary property list takes 8 bytes.");
      layout.within(position + 1, 8);
      return checkedDate(new Date(Math.round(layout.bytes.readDoubleBE(position + 1) * 1000) + epochMs));
    case 0x4: {
      const { count, start } = layout.extent(position);
      layout.within(start, count);
      budget.takeBytes(count);
      // A copy: the input may be a socket's buffer.
      return new Uint8Array(layout.bytes.subarray(start, start + count));
    }
    case 0x5:
    case 0x6:
      return readString(layout, budget, position);
    case 0xa: {
      budget.checkDepth(depth);
      const { count, start } = layout.extent(position);
      layout.within(start, count * layout.refSize);
      budget.takeObjects(count);
      const list: PlistValue[] = [];
      for (let i = 0; i < count; i += 1)
        list.push(readObject(layout, budget, layout.reference(start, i), depth + 1));
      return list;
    }
    case 0xd:
      return readDictionary(layout, budget, position, depth);
    default:
      throw malformed("The binary property list has an object of a type that a property list can't hold.");
  }
}

function readDictionary(
  layout: BinaryLayout,
  budget: Budget,
  position: number,
  depth: number,
): PlistDictionary {
  budget.checkDepth(depth);
  const { count, start } = layout.extent(position);
  layout.within(start, 2 * count * layout.refSize);
  budget.takeObjects(2 * count);
  const dictionary: PlistDictionary = {};
  for (let i = 0; i < count; i += 1) {
    const key = readString(layout, budget, layout.at(layout.reference(start, i)));
    dictionary[checkedKey(key)] = readObject(layout, budget, layout.reference(start, count + i), depth + 1);
  }
  if (Object.keys(dictionary).length !== count) throw malformed(keyTwice);
  return dictionary;
}

function readString(layout: BinaryLayout, budget: Budget, position: number): string {
  const { bytes } = layout;
  const type = (bytes[position] ?? 0) >> 4;
  if (type !== 0x5 && type !== 0x6) throw malformed("A key of a dictionary must be a string.");
  const { count, start } = layout.extent(position);
  const length = type === 0x5 ? count : 2 * count;
  layout.within(start, length);
  budget.takeBytes(length);
  if (type === 0x6) return checkedString(utf16BigEndian(bytes, start, length));
  if (length >= shortString) {
    const text = bytes.toString("latin1", start, start + length);
    if (notAscii.test(text)) throw malformed(asciiOnly);
    return text;
  }
  let text = "";
  for (let i = start; i < start + length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte > 0x7f) throw malformed(asciiOnly);
    text += String.fromCharCode(byte);
  }
  return text;
}
const notAscii = /[^\0-\x7f]/;
const asciiOnly = "An ASCII string of a binary property list must have no byte over 127.";

function utf16BigEndian(bytes: Buffer, start: number, length: number): string {
  return Buffer.from(bytes.subarray(start, start + length))
    .swap16()
    .toString("utf16le");
}

/** 1, 2 and 4 bytes hold what is not negative, 8 bytes hold either. */
function readInteger(layout: BinaryLayout, position: number, marker: number): number {
  const size = 1 << (marker & 0x0f);
  if (size > 8) throw malformed("An integer of a property list must be within ±(2^53 - 1).");
  layout.within(position + 1, size);
  if (size < 8) return unsigned(layout.bytes, position + 1, size);
  const high = layout.bytes.readInt32BE(position + 1);
  return checkedNumber(high * 2 ** 32 + layout.bytes.readUInt32BE(position + 5));
}

function isSize(size: number): boolean {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

/** Past 2^53 it loses its last digits, which is far beyond every limit that it is compared with. */
function unsigned(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) return bytes[at] ?? 0;
  let value = 0;
  for (let i = at; i < at + size; i += 1) value = value * 256 + (bytes[i] ?? 0);
  return value;
}
