import fc from "fast-check";
import { build, buildBinary, parse, parseBinary } from "plist";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PippinError } from "../../shared/errors.ts";
import {
  decodePlist,
  defaultPlistLimits,
  encodePlist,
  plistFromJson,
  plistToJson,
  type PlistDictionary,
  type PlistFormat,
  type PlistValue,
} from "../../shared/plist.ts";

const formats: readonly PlistFormat[] = ["plist-xml", "plist-binary"];

const outputs = ["log", "info", "warn", "error", "debug"] as const;
beforeEach(() => {
  for (const output of outputs) vi.spyOn(console, output).mockImplementation(() => undefined);
});
afterEach(() => {
  const said = outputs.flatMap((output) => vi.mocked(console[output]).mock.calls);
  vi.restoreAllMocks();
  expect(said).toEqual([]);
});

const document = (inside: string) => Buffer.from(`<plist version="1.0">${inside}</plist>`);
const xml = (members: string) => document(`<dict>${members}</dict>`);

/** The code of the refusal, or the value; any other error goes on and fails the test. */
function outcome(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    if (error instanceof PippinError && error.message.endsWith(".")) return error.code;
    throw error;
  }
}
const refused = "malformed_plist";

// ---------------------------------------------------------------------------------------------------------------- binary, by hand

interface Layout {
  objects: number[][];
  top?: number;
  refSize?: number;
  offsetSize?: number;
  count?: number;
  tableAt?: number;
  offsets?: number[];
}

function bigEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) % 256);
}

/** A binary plist of raw objects, with a trailer that may lie. */
function binary(layout: Layout): Buffer {
  const { objects, top = 0, refSize = 1, offsetSize = 1 } = layout;
  const starts: number[] = [];
  let at = 8;
  for (const object of objects) {
    starts.push(at);
    at += object.length;
  }
  return Buffer.from([
    ...Buffer.from("bplist00"),
    ...objects.flat(),
    ...(layout.offsets ?? starts).flatMap((offset) => bigEndian(offset, offsetSize)),
    ...[0, 0, 0, 0, 0, 0, offsetSize, refSize],
    ...bigEndian(layout.count ?? objects.length, 8),
    ...bigEndian(top, 8),
    ...bigEndian(layout.tableAt ?? at, 8),
  ]);
}
const dict = (...refs: number[]) => [0xd0 | (refs.length / 2), ...refs];
const array = (...refs: number[]) => [0xa0 | refs.length, ...refs];
const ascii = (text: string) => [0x50 | text.length, ...Buffer.from(text)];
/** `{a: value}` with the value's bytes given. */
const holding = (...value: number[]) => binary({ objects: [dict(1, 2), ascii("a"), value] });

// ------------------------------------------------------------------------------------------------------------------------- values

const wellFormed = fc.string({ unit: "binary", maxLength: 40 });
const xmlText = wellFormed.map((text) => text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd"));
const dateFrom = Date.UTC(1900, 0, 1);
const dateTo = Date.UTC(2100, 0, 1);

function values(text: fc.Arbitrary<string>, stepMs: number): fc.Arbitrary<PlistDictionary> {
  const key = text.filter((name) => name !== "__proto__");
  const { top } = fc.letrec<{ value: PlistValue; top: PlistDictionary }>((tie) => ({
    top: fc.dictionary(key, tie("value"), { noNullPrototype: true, maxKeys: 6 }),
    value: fc.oneof(
      { depthSize: "small" },
      text,
      fc.boolean(),
      fc.maxSafeInteger().map((number) => number + 0),
      fc.integer({ min: -2, max: 2 }).map((step) => 2 ** 32 + step),
      fc.integer({ min: -2, max: 2 }).map((step) => -(2 ** 31) + step),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter((number) => !Number.isInteger(number))
        .map((number) => number + 0),
      fc
        .integer({ min: dateFrom / stepMs, max: dateTo / stepMs })
        .map((step): PlistValue => new Date(step * stepMs)),
      fc.uint8Array({ maxLength: 60 }),
      fc.array(tie("value"), { maxLength: 5 }),
      tie("top"),
    ),
  }));
  return top;
}

/**
 * What the package must be given to write the same: it takes a wide integer for a real unless it is a bigint.
 */
function packaged(value: PlistValue): unknown {
  if (typeof value === "number") {
    const isWide = Number.isInteger(value) && (value > 0xffff_ffff || value < -0x8000_0000);
    return isWide ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(packaged);
  if (typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, packaged(member)]));
}

const example: PlistDictionary = {
  UDID: "00008030-001A2B3C4D5E6F70",
  Status: "Acknowledged",
  Count: 3,
  Ratio: 0.25,
  Done: true,
  At: new Date("2016-06-01T12:00:00Z"),
  Token: new Uint8Array([1, 2, 3, 255]),
  List: ["a", { b: false }, []],
  Nothing: {},
};

describe("a property list that is written and read again", () => {
  it("is the same in XML", () => {
    fc.assert(
      fc.property(values(xmlText, 1000), (value) => {
        expect(decodePlist(encodePlist(value, "plist-xml"))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it("is the same in binary", () => {
    fc.assert(
      fc.property(values(wellFormed, 1), (value) => {
        expect(decodePlist(encodePlist(value, "plist-binary"))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it("has in binary the bytes that the package writes", () => {
    fc.assert(
      fc.property(values(wellFormed, 1), (value) => {
        expect(encodePlist(value, "plist-binary")).toEqual(
          Buffer.from(buildBinary(packaged(value) as never)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each([14, 15, 120, 128, 129, 255, 256, 257, 5_000])(
    "has in binary the bytes that the package writes, with a list of %d",
    (length) => {
      const value = {
        list: Array.from({ length }, (_item, index) => `item ${index}`),
        text: "é".repeat(length),
      };
      const bytes = encodePlist(value, "plist-binary");
      expect(bytes).toEqual(Buffer.from(buildBinary(value)));
      expect(decodePlist(bytes)).toEqual(value);
    },
  );

  it("reads as the package reads it", () => {
    // Not asked of what the package gets wrong (U+2028 and its like, empty names) or complains of (U+FFFD).
    const text = xmlText.map((part) => `x${part.replace(/[\r\u0085\u2028\u2029\ufffd]/g, "")}`);
    fc.assert(
      fc.property(values(text, 1000), (value) => {
        expect(decodePlist(Buffer.from(build(value as never)))).toEqual(parse(build(value as never)));
        expect(decodePlist(buildBinary(value as never))).toEqual(parseBinary(buildBinary(value as never)));
      }),
      { numRuns: 100 },
    );
  });

  describe.each(formats)("as %s", (format) => {
    const sizes = "x".repeat(70_000);
    it.each<[string, PlistDictionary]>([
      ["nothing", {}],
      ["empty parts", { a: {}, b: [], c: "", d: new Uint8Array(0), "": 1 }],
      ["emoji and accents", { "😀": "naïve 👩‍👩‍👧‍👦 ﷽", é: "日本語" }],
      ["markup", { "<key>": "a & b < c > d \" ' ]]> &amp;" }],
      ["spaces and line ends", { " a\n": " \t\r\n x \r" }],
      ["line ends of XML 1.1", { a: "\u0085\u2028\u2029" }],
      [
        "integers at every width",
        { a: [0, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1] },
      ],
      ["negative integers", { a: [-1, -128, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 32), -(2 ** 53) + 1] }],
      ["reals", { a: [0.1, -2.5, 5e-324, 1.5e-7, 123456.789] }],
      [
        "dates",
        {
          a: [0, -1000, Date.parse("0000-01-01T00:00:00Z"), Date.parse("9999-12-31T23:59:59Z")].map(
            (time) => new Date(time),
          ),
        },
      ],
      [
        "a long string, a long name and long data",
        {
          [sizes]: sizes,
          a: Buffer.from(sizes)
            .subarray(0)
            .map((byte) => byte),
        },
      ],
      ["more than 256 objects", { a: Array.from({ length: 3000 }, (_, index) => `item ${index}`) }],
      [
        "names of an object's own machinery",
        { constructor: 1, prototype: "b", toString: {}, hasOwnProperty: [] },
      ],
      ["a dictionary that looks like an archiver's reference", { a: { UID: 5 }, UID: 1 }],
      ["only an archiver's reference", { UID: 7 }],
    ])("keeps %s", (_name, value) => {
      const bytes = { ...value };
      for (const key of Object.keys(bytes)) {
        const member = bytes[key];
        if (member instanceof Uint8Array) bytes[key] = new Uint8Array(member);
      }
      expect(decodePlist(encodePlist(value, format), format)).toEqual(bytes);
    });

    it("is written to the same bytes each time, and leaves out what is undefined", () => {
      expect(encodePlist({ ...example, Gone: undefined }, format)).toEqual(encodePlist(example, format));
    });

    it("takes minus zero for zero and a bigint for the number it is", () => {
      expect(decodePlist(encodePlist({ a: -0, b: 2n ** 40n }, format))).toEqual({ a: 0, b: 2 ** 40 });
    });

    it("hands out data that are copies", () => {
      const bytes = encodePlist({ a: new Uint8Array([1, 2, 3]) }, format);
      const value = decodePlist(bytes);
      bytes.fill(0x20);
      expect(value).toEqual({ a: new Uint8Array([1, 2, 3]) });
    });

    it.each<[string, unknown]>([
      ["null", { a: null }],
      ["NaN", { a: NaN }],
      ["Infinity", { a: Infinity }],
      ["an integer past 2^53", { a: 2 ** 53 }],
      ["a bigint past 2^53", { a: -(2n ** 53n) }],
      ["a function", { a: () => 1 }],
      ["a symbol", { a: Symbol("a") }],
      ["undefined in an array", { a: [undefined] }],
      ["a hole in an array", { a: new Array(2) }],
      ["an invalid date", { a: new Date(NaN) }],
      ["a date past year 9999", { a: new Date(Date.UTC(10_000, 0, 1)) }],
      ["a date before year 0", { a: new Date("-000001-12-31T23:59:59Z") }],
      ["a lone surrogate", { a: "\ud83d" }],
      ["a lone surrogate in a name", { "\udc00": 1 }],
      ["a Map", { a: new Map() }],
      ["other kinds of array", { a: new Float64Array(2) }],
      ["an own __proto__", JSON.parse('{"__proto__": 1}')],
      ["an array at the top", [1]],
      ["a date at the top", new Date(0)],
      ["data at the top", new Uint8Array(3)],
    ])("refuses to write %s", (_name, value) => {
      expect(outcome(() => encodePlist(value as object, format))).toBe(refused);
    });

    it("refuses to write a value that holds itself, or more than a reader takes", () => {
      const loop: Record<string, unknown> = {};
      loop.loop = loop;
      expect(outcome(() => encodePlist(loop, format))).toBe(refused);
      const many = { a: new Array<number>(defaultPlistLimits.objectsMax).fill(1) };
      expect(outcome(() => encodePlist(many, format))).toBe(refused);
      expect(outcome(() => encodePlist({ a: new Uint8Array(defaultPlistLimits.bytesMax) }, format))).toBe(
        refused,
      );
      expect(outcome(() => encodePlist({ a: "x".repeat(defaultPlistLimits.bytesMax) }, format))).toBe(
        refused,
      );
    });

    it("is read up to its limits and refused past them", () => {
      const bytes = encodePlist({ a: [[1, 2]] }, format);
      const enough = { bytesMax: bytes.length, depthMax: 3, objectsMax: 6 };
      expect(decodePlist(bytes, format, enough)).toEqual({ a: [[1, 2]] });
      for (const limit of ["bytesMax", "depthMax", "objectsMax"] as const)
        expect(
          outcome(() => decodePlist(bytes, format, { ...enough, [limit]: enough[limit] - 1 })),
          limit,
        ).toBe(refused);
    });

    it("is refused when cut anywhere", () => {
      const bytes = encodePlist(example, format);
      const whole = format === "plist-xml" ? bytes.length - 1 : bytes.length;
      for (let length = 0; length < whole; length += 1)
        expect(
          outcome(() => decodePlist(bytes.subarray(0, length), format)),
          `${length} bytes`,
        ).toBe(refused);
    });

    it("is refused with anything behind it, and in the other format's name", () => {
      const bytes = encodePlist(example, format);
      expect(outcome(() => decodePlist(Buffer.concat([bytes, Buffer.from("x")]), format))).toBe(refused);
      expect(outcome(() => decodePlist(Buffer.concat([bytes, bytes]), format))).toBe(refused);
      const other = formats.find((name) => name !== format);
      expect(outcome(() => decodePlist(bytes, other))).toBe(refused);
      expect(decodePlist(bytes)).toEqual(example);
    });
  });

  it("refuses a control character in XML, and keeps it in binary", () => {
    expect(outcome(() => encodePlist({ a: "\u0007" }, "plist-xml"))).toBe(refused);
    expect(outcome(() => encodePlist({ "\uffff": 1 }, "plist-xml"))).toBe(refused);
    expect(decodePlist(encodePlist({ a: "\u0007\0", "\uffff": 1 }, "plist-binary"))).toEqual({
      a: "\u0007\0",
      "\uffff": 1,
    });
  });

  it("loses a date's fraction of a second in XML alone", () => {
    const value = { a: new Date("2016-06-01T12:00:00.789Z") };
    expect(decodePlist(encodePlist(value, "plist-xml"))).toEqual({ a: new Date("2016-06-01T12:00:00Z") });
    expect(decodePlist(encodePlist(value, "plist-binary"))).toEqual(value);
  });

  it("has integers as integers and reals as reals on the wire", () => {
    const text = encodePlist({ a: 1, b: 0.5, c: 2 ** 40 }, "plist-xml").toString();
    expect(text).toContain("<integer>1</integer>");
    expect(text).toContain("<real>0.5</real>");
    expect(text).toContain("<integer>1099511627776</integer>");
    const bytes = encodePlist({ c: 2 ** 40 }, "plist-binary");
    expect(bytes.includes(Buffer.from([0x13, 0, 0, 1, 0, 0, 0, 0, 0]))).toBe(true);
  });
});

describe("an XML property list", () => {
  const rest = '<plist version="1.0"><dict><key>a</key><string>b</string></dict></plist>';
  it.each([
    ["bare", rest],
    ["with a declaration", `<?xml version="1.0" encoding="UTF-8"?>\n${rest}`],
    [
      "with Apple's document type",
      `<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">${rest}`,
    ],
    ["with a system document type", `<!DOCTYPE plist SYSTEM "file://localhost/PropertyList.dtd">${rest}`],
    ["with a byte order mark", `\ufeff<?xml version='1.0' encoding='utf-8' standalone='yes'?>${rest}`],
    [
      "with comments and blanks",
      `<!-- one -->\r\n\t<plist ><!----><dict > <key>a</key ><!-- - > --> <string>b</string> </dict>\n</plist>\n<!-- two -->`,
    ],
    [
      "with a CDATA section",
      '<plist version="1.0"><dict><key>a</key><string><![CDATA[b]]></string></dict></plist>',
    ],
    ["with references", "<plist><dict><key>&#97;</key><string>&#x62;</string></dict></plist>"],
  ])("is read %s", (_name, text) => {
    expect(decodePlist(Buffer.from(text))).toEqual({ a: "b" });
  });

  it.each<[string, string, PlistValue]>([
    ["CDATA between text", "<string>a&lt;<![CDATA[<&]]>b</string>", "a<<&b"],
    ["astral references", "<string>&#128512;&#x1F600;</string>", "😀😀"],
    ["all named entities", "<string>&amp;&lt;&gt;&quot;&apos;</string>", "&<>\"'"],
    ["text that looks escaped twice", "<string>&amp;lt;</string>", "&lt;"],
    ["line ends", "<string>a\r\nb\rc&#13;</string>", "a\nb\nc\r"],
    ["an empty string in either spelling", "<array><string/><string></string></array>", ["", ""]],
    ["booleans in either spelling", "<array><true/><false></false></array>", [true, false]],
    [
      "signed integers",
      "<array><integer>-7</integer><integer>+7</integer><integer> 007 </integer><integer>-0</integer></array>",
      [-7, 7, 7, 0],
    ],
    [
      "reals",
      "<array><real>1</real><real>-1.5e3</real><real>.5</real><real>2.</real></array>",
      [1, -1500, 0.5, 2],
    ],
    ["wrapped base64", "<data>\n\tAQID\n\t/w==\n</data>", new Uint8Array([1, 2, 3, 255])],
    ["empty data", "<data/>", new Uint8Array(0)],
    ["a leap day", "<date>2016-02-29T23:59:59Z</date>", new Date("2016-02-29T23:59:59Z")],
  ])("reads %s", (_name, text, value) => {
    expect(decodePlist(xml(`<key>a</key>${text}`))).toEqual({ a: value });
  });

  const laughs = `<!DOCTYPE plist [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`;
  it.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["blanks", " \n"],
    ["words", "hello"],
    ["JSON", '{"a": 1}'],
    ["the old format with braces", "{ a = b; }"],
    ["the old format with brackets", "( a, b )"],
    ["HTML", "<html><body></body></html>"],
    ["UTF-16", Buffer.from(`\ufeff${rest}`, "utf16le")],
    ["bytes that aren't UTF-8", Buffer.from(rest.replace("b</", "\xe9</"), "latin1")],
    ["another encoding", `<?xml version="1.0" encoding="UTF-16"?>${rest}`],
    ["another version of XML", `<?xml version="1.1"?>${rest}`],
    ["a declaration that comes late", ` <?xml version="1.0"?>${rest}`],
    ["two declarations", `<?xml version="1.0"?><?xml version="1.0"?>${rest}`],
    ["a processing instruction", `<?php echo ?>${rest}`],
    ["a NUL", rest.replace(">b<", ">\0<")],
    ["an array at the top", "<plist><array/></plist>"],
    ["a string at the top", "<plist><string>a</string></plist>"],
    ["nothing at the top", "<plist></plist>"],
    ["nothing at the top, briefly", "<plist/>"],
    ["two dictionaries at the top", "<plist><dict/><dict/></plist>"],
    ["no plist around it", "<dict/>"],
    ["a plist in a plist", "<plist><plist><dict/></plist></plist>"],
    ["another document element", "<Plist><dict/></Plist>"],
    ["another attribute", '<plist version="1.0" onload="x"><dict/></plist>'],
    ["another version of plist", '<plist version="2.0"><dict/></plist>'],
    ["a namespace", '<p:plist xmlns:p="x"><dict/></p:plist>'],
    ["text after the end", `${rest}x`],
    ["an element after the end", `${rest}<dict/>`],
    ["an unfinished comment", `${rest}<!-- `],
    ["a double hyphen in a comment", `<!-- a -- b -->${rest}`],
    ["a document type with entities", `${laughs}${rest.replace(">b<", ">&b;<")}`],
    ["an internal subset, even unused", `<!DOCTYPE plist []>${rest}`],
    [
      "an external entity",
      `<!DOCTYPE plist [<!ENTITY a SYSTEM "file:///etc/passwd">]>${rest.replace(">b<", ">&a;<")}`,
    ],
    ["a parameter entity", `<!DOCTYPE plist [<!ENTITY % a SYSTEM "http://127.0.0.1/a"> %a;]>${rest}`],
    ["another document type", `<!DOCTYPE html>${rest}`],
    ["two document types", `<!DOCTYPE plist><!DOCTYPE plist>${rest}`],
  ])("is refused when it is %s", (_name, text) => {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    expect(outcome(() => decodePlist(bytes))).toBe(refused);
    expect(outcome(() => decodePlist(bytes, "plist-xml"))).toBe(refused);
  });

  it.each([
    ["a value without a key", "<string>a</string>"],
    ["a key without a value", "<key>a</key>"],
    ["two keys in a row", "<key>a</key><key>b</key>"],
    ["two values in a row", "<key>a</key><true/><true/>"],
    ["text between", "<key>a</key>x<true/>"],
    ["CDATA between", "<key>a</key><![CDATA[ ]]><true/>"],
    ["a key twice", "<key>a</key><true/><key>a</key><true/>"],
    ["a key twice, once escaped", "<key>a</key><true/><key>&#97;</key><true/>"],
    ["__proto__", "<key>__proto__</key><dict><key>polluted</key><true/></dict>"],
    ["__proto__ in disguise", "<key>&#95;_proto__</key><dict/>"],
    ["null", "<key>a</key><null/>"],
    ["an unknown tag", "<key>a</key><uid>1</uid>"],
    ["tags in capitals", "<KEY>a</KEY><TRUE/>"],
    ["an attribute", '<key>a</key><string id="1">b</string>'],
    ["crossed tags", "<key>a</key><array><true></array></true>"],
    ["an end tag too many", "<key>a</key><true/></true>"],
    ["an end tag that closes itself", "<key>a</key><string>b</string/>"],
    ["a tag in a string", "<key>a</key><string>b<true/></string>"],
    ["a comment in a string", "<key>a</key><string>b<!-- c --></string>"],
    ["a comment in a key", "<key>a<!-- c -->b</key><true/>"],
    ["CDATA in a key", "<key><![CDATA[a]]></key><true/>"],
    ["CDATA in an integer", "<key>a</key><integer><![CDATA[1]]></integer>"],
    ["CDATA that doesn't end", "<key>a</key><string><![CDATA[b]]</string>"],
    ["the end of CDATA without its beginning", "<key>a</key><string>b]]></string>"],
    ["a bare ampersand", "<key>a</key><string>a & b</string>"],
    ["an unknown entity", "<key>a</key><string>&nbsp;</string>"],
    ["an entity of an object's own machinery", "<key>a</key><string>&constructor;</string>"],
    ["an unfinished entity", "<key>a</key><string>&amp</string>"],
    ["a NUL reference", "<key>a</key><string>&#0;</string>"],
    ["a surrogate reference", "<key>a</key><string>&#xD83D;&#xDE00;</string>"],
    ["a reference past Unicode", "<key>a</key><string>&#x110000;</string>"],
    ["a negative reference", "<key>a</key><string>&#-1;</string>"],
    ["an empty integer", "<key>a</key><integer/>"],
    ["a word as integer", "<key>a</key><integer>one</integer>"],
    ["a fraction as integer", "<key>a</key><integer>1.5</integer>"],
    ["junk behind an integer", "<key>a</key><integer>1x</integer>"],
    ["a hexadecimal integer", "<key>a</key><integer>0x10</integer>"],
    ["an integer past 2^53", "<key>a</key><integer>9007199254740993</integer>"],
    ["an integer below -2^53", "<key>a</key><integer>-9007199254740992</integer>"],
    ["a huge integer", `<key>a</key><integer>${"9".repeat(5000)}</integer>`],
    ["an empty real", "<key>a</key><real></real>"],
    ["not a number", "<key>a</key><real>nan</real>"],
    ["infinity", "<key>a</key><real>+infinity</real>"],
    ["a real past all bounds", "<key>a</key><real>1e999</real>"],
    ["a real that is a whole number past 2^53", "<key>a</key><real>1e300</real>"],
    ["an empty date", "<key>a</key><date/>"],
    ["a date that isn't one", "<key>a</key><date>2016-02-30T00:00:00Z</date>"],
    ["a thirteenth month", "<key>a</key><date>2016-13-01T00:00:00Z</date>"],
    ["hour 24", "<key>a</key><date>2016-01-01T24:00:00Z</date>"],
    ["a date without a time", "<key>a</key><date>2016-02-03</date>"],
    ["a date in a time zone", "<key>a</key><date>2016-02-03T00:00:00+01:00</date>"],
    ["a date in words", "<key>a</key><date>June 1, 2016</date>"],
    ["base64 with a strange character", "<key>a</key><data>AQ!D</data>"],
    ["base64 of a wrong length", "<key>a</key><data>AQI</data>"],
    ["base64 padded in the middle", "<key>a</key><data>AQ==AQ==</data>"],
    ["text in true", "<key>a</key><true>yes</true>"],
  ])("is refused when it holds %s", (_name, members) => {
    expect(outcome(() => decodePlist(xml(members)))).toBe(refused);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("is refused for its depth before it is built, however deep", () => {
    const deep = (count: number) => xml(`<key>a</key>${"<array>".repeat(count)}${"</array>".repeat(count)}`);
    expect(decodePlist(deep(31))).toBeTypeOf("object");
    expect(outcome(() => decodePlist(deep(32)))).toBe(refused);
    expect(outcome(() => decodePlist(deep(200_000)))).toBe(refused);
    expect(outcome(() => decodePlist(xml("<key>a</key><dict>".repeat(100_000))))).toBe(refused);
  });
});

describe("a binary property list", () => {
  it("is read as laid out by hand", () => {
    expect(decodePlist(holding(0x09))).toEqual({ a: true });
    expect(decodePlist(holding(0x12, 0xff, 0xff, 0xff, 0xff))).toEqual({ a: 2 ** 32 - 1 });
    expect(decodePlist(holding(0x13, 255, 255, 255, 255, 255, 255, 255, 255))).toEqual({ a: -1 });
    expect(decodePlist(holding(0x22, 0x3f, 0, 0, 0))).toEqual({ a: 0.5 });
    expect(decodePlist(holding(0x62, 0xd8, 0x3d, 0xde, 0x00))).toEqual({ a: "😀" });
    expect(decodePlist(holding(0x5f, 0x10, 1, 0x62))).toEqual({ a: "b" });
    expect(
      decodePlist(binary({ objects: [dict(1, 2), ascii("a"), [0x08]], refSize: 1, offsetSize: 8 })),
    ).toEqual({ a: false });
  });

  it.each<[string, Uint8Array]>([
    ["null", holding(0x00)],
    ["fill", holding(0x0f)],
    ["a URL", holding(0x0c)],
    ["a UUID", holding(0x0e)],
    ["an archiver's reference", holding(0x80, 5)],
    ["a set", holding(0xc0)],
    ["an ordered set", holding(0xb0)],
    ["an unknown type", holding(0x70)],
    ["an integer of 16 bytes", holding(0x14, ...new Array<number>(16).fill(0))],
    ["an integer of 2^15 bytes", holding(0x1f, ...new Array<number>(16).fill(0))],
    ["an integer of 2^53", holding(0x13, 0, 0x20, 0, 0, 0, 0, 0, 0)],
    ["an integer of -2^53", holding(0x13, 0xff, 0xe0, 0, 0, 0, 0, 0, 0)],
    ["NaN", holding(0x23, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)],
    ["infinity", holding(0x22, 0x7f, 0x80, 0, 0)],
    ["a real of 2 bytes", holding(0x21, 0, 0)],
    ["a date of NaN", holding(0x33, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)],
    ["a date past all years", holding(0x33, 0x7f, 0xe0, 0, 0, 0, 0, 0, 0)],
    ["a date of 4 bytes", holding(0x32, 0, 0, 0, 0)],
    ["a lone surrogate", holding(0x61, 0xd8, 0x3d)],
    ["an ASCII string that isn't", holding(0x51, 0xe9)],
    ["a long ASCII string that isn't", holding(0x5f, 0x10, 40, ...new Array<number>(40).fill(0xe9))],
    ["a string past the end", holding(0x5e, 0x61)],
    ["a UTF-16 string past the end", holding(0x62, 0, 0x61)],
    ["data past the end", holding(0x4f, 0x12, 0x7f, 0xff, 0xff, 0xff)],
    ["data of 2^63 bytes", holding(0x4f, 0x13, 0x7f, 255, 255, 255, 255, 255, 255, 255)],
    ["a length that isn't an integer", holding(0x5f, 0x51, 0x61)],
    ["a length of 16 bytes", holding(0x4f, 0x14, ...new Array<number>(16).fill(0))],
    ["a length past the end", holding(0x5f)],
    ["an integer past the end", holding(0x13, 0)],
    ["an array past the end", holding(0xae, 1)],
    ["an array of 2^63 items", holding(0xaf, 0x13, 0x7f, 255, 255, 255, 255, 255, 255, 255)],
    ["a dictionary past the end", holding(0xde, 1)],
    ["a key that is a number", binary({ objects: [dict(1, 1), [0x10, 1]] })],
    ["a key that is a dictionary", binary({ objects: [dict(1, 1), dict()] })],
    ["a key twice", binary({ objects: [dict(1, 1, 2, 2), ascii("a"), [0x09]] })],
    ["a key twice, in two objects", binary({ objects: [dict(1, 2, 3, 3), ascii("a"), ascii("a"), [0x09]] })],
    ["__proto__", binary({ objects: [dict(1, 2), ascii("__proto__"), dict()] })],
    ["a reference to no object", binary({ objects: [dict(1, 9), ascii("a")] })],
    ["itself", binary({ objects: [dict(1, 0), ascii("a")] })],
    ["an array that holds itself", binary({ objects: [dict(1, 2), ascii("a"), array(2, 2, 2, 2)] })],
    ["no dictionary at its top", binary({ objects: [array()] })],
    ["a string at its top", binary({ objects: [dict(), ascii("a")], top: 1 })],
    ["a top that isn't there", binary({ objects: [dict()], top: 1 })],
    ["no objects", binary({ objects: [dict()], count: 0 })],
    ["more objects than offsets", binary({ objects: [dict()], count: 2 })],
    ["2^56 objects", binary({ objects: [dict()], count: 2 ** 56 })],
    ["references of 0 bytes", binary({ objects: [dict(1, 2), ascii("a"), [9]], refSize: 0 })],
    ["references of 3 bytes", binary({ objects: [[0xd1, 0, 0, 1, 0, 0, 2], ascii("a"), [9]], refSize: 3 })],
    ["offsets of 0 bytes", binary({ objects: [dict()], offsetSize: 0 })],
    ["offsets of 3 bytes", binary({ objects: [dict()], offsetSize: 3 })],
    ["offsets of 255 bytes", binary({ objects: [dict()], offsetSize: 255 })],
    ["an offset table past the end", binary({ objects: [dict()], tableAt: 4000 })],
    ["an offset table at 2^60", binary({ objects: [dict()], tableAt: 2 ** 60 })],
    ["an offset table in the header", binary({ objects: [dict()], tableAt: 0 })],
    ["an object in the header", binary({ objects: [dict()], offsets: [4] })],
    ["an object in the offset table", binary({ objects: [dict()], offsets: [9] })],
    ["an object past the end", binary({ objects: [dict()], offsets: [255] })],
    ["only the magic", Buffer.from("bplist00")],
    ["the magic and a trailer of zeros", Buffer.concat([Buffer.from("bplist00"), Buffer.alloc(40)])],
  ])("is refused when it has %s", (_name, bytes) => {
    expect(outcome(() => decodePlist(bytes))).toBe(refused);
    expect(outcome(() => decodePlist(bytes, "plist-binary"))).toBe(refused);
  });

  it("of another version is refused", () => {
    const bytes = holding(0x09);
    bytes.write("bplist15");
    expect(outcome(() => decodePlist(bytes))).toBe(refused);
    expect(outcome(() => decodePlist(bytes, "plist-binary"))).toBe(refused);
  });

  it("is refused when shared objects would make it large", () => {
    // Each array holds the next one fifteen times: 15^20 values in some 400 bytes.
    const levels = 20;
    const bomb = Array.from({ length: levels }, (_, index) => [
      0xae,
      ...new Array<number>(14).fill(index + 3),
    ]);
    expect(outcome(() => decodePlist(binary({ objects: [dict(1, 2), ascii("a"), ...bomb, [9]] })))).toBe(
      refused,
    );
    // A string of 64 KiB, a thousand times over.
    const long = [0x5f, 0x12, 0, 1, 0, 0, ...new Array<number>(65_536).fill(0x61)];
    const thousand = [0xaf, 0x11, 3, 232, ...new Array<number>(1000).fill(3)];
    const echo = { objects: [dict(1, 2), ascii("a"), thousand, long], offsetSize: 4 };
    expect(outcome(() => decodePlist(binary(echo)))).toBe(refused);
  });
});

describe("a damaged property list", () => {
  it.each(formats)(
    "as %s is a dictionary or refused, quickly and quietly",
    (format) => {
      const samples = [
        example,
        { ...example, More: Array.from({ length: 20 }, (_, index) => ({ index, é: "😀" })) },
        {},
      ];
      const seeds = samples.map((sample) => encodePlist(sample, format));
      const pieces = [
        "<",
        ">",
        "&",
        "&#",
        ";",
        "<!--",
        "]]>",
        "<![CDATA[",
        "</dict>",
        "<key>",
        "__proto__",
        "\0",
        "\xff",
        "9".repeat(30),
      ];
      const damage = fc.record({
        at: fc.nat(),
        length: fc.nat({ max: 12 }),
        put: fc.oneof(
          fc.uint8Array({ maxLength: 4 }),
          fc.constantFrom(...pieces).map((text) => Buffer.from(text, "latin1")),
        ),
      });
      let read = 0;
      let told = 0;
      fc.assert(
        fc.property(
          fc.constantFrom(...seeds),
          fc.array(damage, { minLength: 1, maxLength: 4 }),
          (seed, damages) => {
            let bytes: Buffer = seed;
            for (const { at, length, put } of damages) {
              const start = at % (bytes.length + 1);
              bytes = Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + length)]);
            }
            const result = outcome(() => decodePlist(bytes));
            if (result === refused) {
              told += 1;
              return;
            }
            read += 1;
            expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
            // What is read can be written and read again.
            expect(decodePlist(encodePlist(result as object, "plist-binary"))).toEqual(result);
          },
        ),
        { numRuns: 3000 },
      );
      expect(told).toBeGreaterThan(500);
      expect(read).toBeGreaterThan(5);
    },
    30_000,
  );

  it("of random bytes is refused", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom("", "bplist00", "<plist><dict>"),
        (bytes, start) => {
          expect(outcome(() => decodePlist(Buffer.concat([Buffer.from(start), bytes])))).toBe(refused);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("a property list kept as JSON", () => {
  it("comes back the same", () => {
    const text = fc.oneof(wellFormed, fc.constantFrom("$date", "$data", "$$date", "$", "$x"));
    fc.assert(
      fc.property(values(text, 1), (value) => {
        const stored: unknown = JSON.parse(JSON.stringify(plistToJson(value)));
        expect(plistFromJson(stored as never)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it("marks what JSON lacks, and a key that looks like a mark", () => {
    expect(plistToJson({ At: new Date(0), Token: new Uint8Array([1]), $date: "x" })).toEqual({
      At: { $date: "1970-01-01T00:00:00.000Z" },
      Token: { $data: "AQ==" },
      $$date: "x",
    });
    expect(plistToJson({ a: 5n })).toEqual({ a: 5 });
  });

  it.each<[string, string]>([
    ["null", "null"],
    ["null inside", '{"a": [null]}'],
    ["an unknown mark", '{"$uid": 1}'],
    ["a mark beside others", '{"$date": "1970-01-01T00:00:00.000Z", "a": 1}'],
    ["a mark of another type", '{"$data": 1}'],
    ["a date in words", '{"$date": "June 1, 2016"}'],
    ["bad base64", '{"$data": "A"}'],
    ["__proto__", '{"__proto__": {}}'],
    ["an integer past 2^53", "[9007199254740992]"],
    ["a lone surrogate", '["\\ud83d"]'],
  ])("is refused with %s", (_name, text) => {
    expect(outcome(() => plistFromJson(JSON.parse(text) as never))).toBe(refused);
  });

  it.each<[string, PlistValue]>([
    ["NaN", NaN],
    ["an invalid date", new Date(NaN)],
    ["a bigint past 2^53", 2n ** 60n],
  ])("refuses to keep %s", (_name, value) => {
    expect(outcome(() => plistToJson(value))).toBe(refused);
  });
});
