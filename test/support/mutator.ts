/** Makes wrong input of right input: the same from the same seed. */
import { RandomStream } from "../../simulator/virtual/random-stream.ts";

/** What readers trip over: ends of ranges, offsets and counts of a binary plist, escapes, names that JavaScript knows. */
const tokens = [
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "\u0000",
    "\ufffd",
    "\u2028",
    "%00",
    "../../etc/passwd",
  ],
  ...[
    "<dict>",
    "</dict>",
    "<key>",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>",
    "&a;",
    "&#0;",
    "<?x?>",
    "<!--",
  ],
  ...["{", "}", "[", "]", '"', "\\", "\\u0000", "null", "1e999", "-0", "9007199254740993", "NaN", "true"],
  ...[
    "bplist00",
    "bplist15",
    "\u00d1\u0001",
    "\u00af\u0010\u00ff",
    "\u0030\u0082\u00ff\u00ff",
    "\u0030\u0080",
    "\u0002\u0001\u0000",
  ],
].map((token) => Buffer.from(token, /^[\0-\xff]*$/.test(token) ? "latin1" : "utf8"));
const bytes = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
const odd: readonly unknown[] = [
  ...["", "x".repeat(300), "\ud800", "__proto__", "../x", "0", "-1", "é".repeat(70), "\u0000", "a\nb"],
  ...[0, -1, 1.5, 2 ** 31, 2 ** 53 - 1, -(2 ** 53), 1e308, true, false],
];

export class Mutator {
  readonly #chance: RandomStream;
  readonly #corpus: readonly Buffer[];

  constructor(purpose: string, corpus: readonly Buffer[]) {
    this.#chance = new RandomStream("hostile devices", purpose);
    this.#corpus = corpus;
  }

  between(least: number, most: number): number {
    return this.#chance.between(least, most);
  }

  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T {
    const picked = from[this.#chance.between(0, from.length - 1)];
    if (picked === undefined) throw new Error("There is nothing to pick from.");
    return picked;
  }

  /** One of the corpus with a few things wrong in it. */
  bytes(): Buffer {
    let data: Buffer = Buffer.from(this.pick(this.#corpus));
    for (let times = this.between(1, 4); times > 0; times -= 1) data = this.#change(data);
    return data;
  }

  #change(data: Buffer): Buffer {
    const at = this.between(0, Math.max(0, data.length - 1));
    const end = Math.min(data.length, at + this.between(1, 40));
    const replace = (piece: Buffer) => Buffer.concat([data.subarray(0, at), piece, data.subarray(end)]);
    const insert = (piece: Buffer) => Buffer.concat([data.subarray(0, at), piece, data.subarray(at)]);
    switch (this.between(0, 11)) {
      case 0:
        if (data.length > 0) data.writeUInt8(data.readUInt8(at) ^ (1 << this.between(0, 7)), at);
        return data;
      case 1:
        if (data.length > 0) data.writeUInt8(this.pick(bytes), at);
        return data;
      case 2:
        return replace(Buffer.alloc(0));
      case 3:
        return insert(data.subarray(at, end));
      case 4:
        return insert(this.pick(tokens));
      case 5:
        return replace(this.pick(tokens));
      case 6:
        return data.subarray(0, at);
      case 7: {
        const other = this.pick(this.#corpus);
        return Buffer.concat([data.subarray(0, at), other.subarray(this.between(0, other.length))]);
      }
      case 8:
        return insert(this.#chance.bytes(this.between(1, 16)));
      case 9:
        return replace(Buffer.alloc(end - at, this.pick(bytes)));
      case 10:
        return Buffer.from(data.toString("latin1").replace(/\d+/, String(this.pick(odd))), "latin1");
      default:
        // The same thing again and again, as far as a reader's patience goes.
        return insert(Buffer.alloc(this.between(64, 4_096), this.pick(tokens)));
    }
  }

  /** A copy of `value` with a few members missing, too many, or of another kind. Only what a property list or JSON can hold. */
  value<T>(value: T, makeOdd: () => unknown = () => this.#odd()): T {
    let copy = structuredClone(value) as unknown;
    for (let times = this.between(1, 3); times > 0; times -= 1) copy = this.#bend(copy, makeOdd, 0);
    return copy as T;
  }

  #bend(value: unknown, makeOdd: () => unknown, depth: number): unknown {
    const goDeeper = this.between(0, 2) > 0 && depth < 6;
    if (Array.isArray(value) && value.length > 0 && goDeeper) {
      const index = this.between(0, value.length - 1);
      const items = value as unknown[];
      if (this.between(0, 3) === 0)
        return [...items, ...Array.from({ length: this.between(1, 50) }, () => items[0])];
      return items.map((item, at) => (at === index ? this.#bend(item, makeOdd, depth + 1) : item));
    }
    const isDictionary =
      typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    if (!isDictionary || Array.isArray(value)) return makeOdd();
    const entries = Object.entries(value);
    const at = this.between(0, Math.max(0, entries.length - 1));
    const [name, member] = entries[at] ?? ["x", 0];
    switch (this.between(0, 4)) {
      case 0:
        return Object.fromEntries(entries.filter((_, index) => index !== at));
      case 1:
        return Object.fromEntries([...entries, [String(this.pick(odd)), makeOdd()]]);
      case 2:
        return Object.fromEntries(entries.map(([key, one], index) => [index === at ? `${key}x` : key, one]));
      default:
        return { ...value, [name]: goDeeper ? this.#bend(member, makeOdd, depth + 1) : makeOdd() };
    }
  }

  #odd(): unknown {
    switch (this.between(0, 6)) {
      case 0:
        return Array.from({ length: this.between(0, 20) }, () => this.pick(odd));
      case 1:
        return { [String(this.pick(odd))]: this.pick(odd) };
      case 2:
        return this.#nested(this.between(1, 40));
      case 3:
        return new Uint8Array(this.#chance.bytes(this.between(0, 64)));
      default:
        return this.pick(odd);
    }
  }

  #nested(depth: number): unknown {
    return depth === 0 ? this.pick(odd) : [this.#nested(depth - 1)];
  }
}
