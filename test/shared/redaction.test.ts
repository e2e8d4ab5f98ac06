import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePlist, encodePlist, type PlistDictionary } from "../../shared/plist.ts";
import { redactWire, secretKeys } from "../../shared/redaction.ts";

const formats = ["json", "plist-xml", "plist-binary"] as const;
type Format = (typeof formats)[number];

function written(format: Format, value: object): Buffer {
  return format === "json" ? Buffer.from(JSON.stringify(value)) : encodePlist(value, format);
}
function read(format: Format, bytes: Buffer): Record<string, unknown> {
  return format === "json"
    ? (JSON.parse(bytes.toString()) as Record<string, unknown>)
    : decodePlist(bytes, format);
}
const shown = (format: Format, value: object) => read(format, redactWire(format, written(format, value)));

/** Every way in which a secret could still stand in the bytes. */
function spellings(secret: string): Buffer[] {
  const xml = secret.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const texts = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    xml,
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  ];
  return [...texts.map((text) => Buffer.from(text)), Buffer.from(secret, "utf16le").swap16()];
}
function expectHidden(secret: string, bytes: Buffer): void {
  for (const spelling of spellings(secret)) expect(bytes.includes(spelling), spelling.toString()).toBe(false);
}
/** Where two messages of one length differ, as the text that stood there. */
function overwritten(before: Buffer, after: Buffer): string {
  expect(after.length).toBe(before.length);
  return Buffer.from(before.filter((byte, index) => byte !== after[index])).toString("latin1");
}

describe.each(formats)("a wire message as %s", (format) => {
  it("stays byte for byte when it holds no secret", () => {
    const bytes = written(format, { UDID: "0000-1", Status: "Idle", List: [1, 2.5, { a: true, é: "😀" }] });
    expect(redactWire(format, bytes)).toEqual(bytes);
  });

  it("is a copy, and leaves the original alone", () => {
    const bytes = written(format, { password: "pa55word", a: 1 });
    const before = Buffer.from(bytes);
    redactWire(format, bytes).fill(1);
    expect(bytes).toEqual(before);
  });

  it.each([...secretKeys])("hides what lies under %s, at any depth", (key) => {
    const secret = "Tr0ub4dor&3 <☃>\"'\\/\n";
    const value = (hidden: string) => ({ a: "b", list: [{ deep: { [key]: hidden, other: "kept" } }] });
    const bytes = written(format, value(secret));
    const after = redactWire(format, bytes);
    expectHidden(secret, after);
    expect(read(format, after)).toEqual({
      a: "b",
      list: [{ deep: { [key]: expect.stringMatching(/^\*+$/) as unknown, other: "kept" } }],
    });
  });

  it("overwrites the secret and nothing else", () => {
    const secret = "s3cretS3cret";
    const bytes = written(format, { UDID: "0000-1", PushMagic: secret, Topic: "com.apple.mgmt" });
    expect(overwritten(bytes, redactWire(format, bytes))).toBe(secret);
  });

  it("hides everything inside a secret, each by its own type", () => {
    expect(shown(format, { secret: { a: ["one", 42, -7.5], b: true }, c: 43 })).toEqual({
      secret: { a: [expect.stringMatching(/^\*+$/), expect.any(Number), expect.any(Number)], b: true },
      c: 43,
    });
    expect(shown(format, { secret: [4711] })).not.toEqual({ secret: [4711] });
  });

  it("finds a secret that is repeated under another name", () => {
    const value = {
      sToken: "abcdefgh",
      message: "the token abcdefgh is wrong",
      list: ["abcdefgh"],
      abcdefgh: 1,
    };
    const bytes = written(format, value);
    const after = redactWire(format, bytes);
    expectHidden("abcdefgh", after);
    expect(read(format, after)).toMatchObject({ message: "the token ******** is wrong", list: ["********"] });
  });

  it("finds a repeated secret among letters of other scripts, and when escaped", () => {
    const secret = '☃"secret<&';
    const after = redactWire(format, written(format, { password: secret, message: `😀${secret}😀` }));
    expectHidden(secret, after);
    expect(read(format, after)).toHaveProperty("message");
  });

  it("doesn't take every short text for a repeated secret", () => {
    const value = { password: "a", name: "anna", PIN: "1", count: 1 };
    expect(shown(format, value)).toEqual({ password: "*", name: "anna", PIN: "*", count: 1 });
  });

  it("keeps the key when the password is the key", () => {
    const value = format === "plist-binary" ? { password: "Password" } : { password: "password" };
    expect(shown(format, value)).toEqual({ password: "********" });
  });

  it("finds many secrets, each in many places, and gives up on more than there can be", () => {
    const secrets = (count: number) => Array.from({ length: count }, (_, index) => `secret-${index}-`);
    const message = (count: number) => ({
      secret: secrets(count),
      notes: secrets(count).map((secret) => `${secret}é${secret}`),
    });
    expect(shown(format, message(256)).notes).toEqual(
      secrets(256).map((secret) => `${"*".repeat(secret.length)}é${"*".repeat(secret.length)}`),
    );
    const bytes = written(format, message(257));
    expect(redactWire(format, bytes)).toEqual(Buffer.alloc(bytes.length));
  });

  it("isn't misled by values that only together spell a secret", () => {
    const value = { password: "abcdefgh", list: ["xabcd", "efgh", "abcdefgh", "abcd", "efghabcdefgh"] };
    expect(shown(format, value).list).toEqual(["xabcd", "efgh", "********", "abcd", "efgh********"]);
  });

  it("tells Apple's push token from a secret one, and keeps batch tokens", () => {
    expect(shown(format, { Token: "push", batchToken: "b1", token: "secret" })).toEqual({
      Token: "push",
      batchToken: "b1",
      token: "******",
    });
  });

  it("hides the token of an enrolment link wherever it stands", () => {
    const token = "dGhpcy1pcy1hLXRva2Vu_w";
    const bytes = written(format, {
      a: `http://h/enroll/${token}/identity`,
      b: [`see http://h:80/enroll/${token}`],
      c: "/enroll/help",
    });
    const after = redactWire(format, bytes);
    expectHidden(token, after);
    const stars = "*".repeat(token.length);
    expect(read(format, after)).toEqual({
      a: `http://h/enroll/${stars}/identity`,
      b: [`see http://h:80/enroll/${stars}`],
      c: "/enroll/help",
    });
    expect(overwritten(bytes, after)).toBe(token + token);
  });

  it("hides the token of an enrolment link among letters of other scripts", () => {
    const after = redactWire(format, written(format, { a: "日本 http://h/enroll/abcdefghij/x" }));
    expect(read(format, after)).toEqual({ a: "日本 http://h/enroll/**********/x" });
  });

  it("hides the token of an enrolment link that begins with a secret", () => {
    const value = { password: "abcd", a: "/enroll/abcdefghijkl" };
    expect(shown(format, value)).toEqual({ password: "****", a: "/enroll/************" });
  });

  it("is all zeros when it can't be read", () => {
    const bytes = written(format, { password: "pa55word" });
    for (const broken of [
      bytes.subarray(0, bytes.length - 3),
      Buffer.concat([bytes, Buffer.from("x")]),
      Buffer.from("password=pa55word"),
    ])
      expect(redactWire(format, broken)).toEqual(Buffer.alloc(broken.length));
  });

  it("is empty when it was", () => {
    expect(redactWire(format, Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  it("never shows a secret and always reads, whatever surrounds it", () => {
    const names = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.constantFrom("password", "a", "token"),
    );
    const name = names
      .map((text) => text.replace(/[\0-\x1f\ufffe\uffff]/g, ""))
      .filter((text) => text !== "__proto__");
    // Distinct from all else, so that a find is the secret's.
    const secrets = fc
      .tuple(fc.string({ unit: "grapheme", maxLength: 10 }), fc.string({ maxLength: 10 }))
      .map(([a, b]) => `§${a}‽${b}§`.replace(/[\0-\x1f\ufffe\uffff]/g, ""));
    fc.assert(
      fc.property(
        secrets,
        fc.dictionary(name, name, { noNullPrototype: true, maxKeys: 4 }),
        (secret, others) => {
          const value = { ...others, nested: [{ ...others, PushMagic: secret, note: `>${secret}<` }] };
          const bytes = written(format, value);
          const after = redactWire(format, bytes);
          expect(after.length).toBe(bytes.length);
          expectHidden(secret, after);
          expect(Object.keys(read(format, after)).length).toBe(Object.keys(value).length);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe.each(["plist-xml", "plist-binary"] as const)("data in a wire message as %s", (format) => {
  const secret = Buffer.from("unlock me, please: 0123456789");
  it("is zeros when it is a secret, as long as before", () => {
    const value: PlistDictionary = { UnlockToken: new Uint8Array(secret), Token: new Uint8Array([1, 2, 3]) };
    const after = redactWire(format, encodePlist(value, format));
    expectHidden(secret.toString(), after);
    expect(decodePlist(after, format)).toEqual({ ...value, UnlockToken: new Uint8Array(secret.length) });
  });

  it("shows no secret that is repeated in it, nor an enrolment link", () => {
    const payload = Buffer.from(`<string>http://h/enroll/abcdefghij/identity</string>`);
    const value = {
      sToken: secret.toString(),
      A: new Uint8Array(Buffer.concat([Buffer.from("x"), secret])),
      Payload: new Uint8Array(payload),
    };
    const after = redactWire(format, encodePlist(value, format));
    expectHidden(secret.toString(), after);
    const read = decodePlist(after, format);
    expect(Buffer.from(read.A as Uint8Array).includes(secret)).toBe(false);
    expect(Buffer.from(read.Payload as Uint8Array).includes("abcdefghij")).toBe(false);
    expect((read.Payload as Uint8Array).length).toBe(payload.length);
  });
});

describe("a wire message spelled in unusual ways", () => {
  const text = (format: Format, message: string) => redactWire(format, Buffer.from(message)).toString();

  it("hides secrets in JSON that is escaped, spaced and repeated", () => {
    expect(text("json", '{ "pass\\u0077ord" : "p\\u0061ss\\"" , "a":"p\\u0061ss\\"!" }')).toBe(
      '{ "pass\\u0077ord" : "***********" , "a":"************" }',
    );
    expect(text("json", '{"token":"one111","token":"two222","t":["one111"]}')).toBe(
      '{"token":"******","token":"******","t":["******"]}',
    );
    expect(text("json", '{"password":-12.5e3,"key":null,"secret":[true,{}]}')).toBe(
      '{"password":-11.1e1,"key":null,"secret":[true,{}]}',
    );
    expect(text("json", '{"a":"http:\\/\\/h\\/enroll\\/abcdefghij"}')).not.toContain("abcdefghij");
    expect(text("json", '"plain"')).toBe('"plain"');
    expect(text("json", "[]")).toBe("[]");
  });

  it("takes JSON nested beyond reason for unreadable", () => {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    expect(redactWire("json", Buffer.from(deep))).toEqual(Buffer.alloc(deep.length));
    const fair = `${"[".repeat(50)}"a"${"]".repeat(50)}`;
    expect(text("json", fair)).toBe(fair);
  });

  it("takes JSON that isn't UTF-8 for unreadable", () => {
    const bytes = Buffer.from('{"password":"\xe9"}', "latin1");
    expect(redactWire("json", bytes)).toEqual(Buffer.alloc(bytes.length));
  });

  it("hides secrets in XML that are escaped, in CDATA or in comments", () => {
    const plist = (inside: string) =>
      `\ufeff<?xml version="1.0"?><!-- <key>PIN</key> --><plist><dict >${inside}</dict></plist>`;
    expect(text("plist-xml", plist("<key>P&#73;N</key><string>12&#51;4</string>"))).toBe(
      plist("<key>P&#73;N</key><string>********</string>"),
    );
    expect(text("plist-xml", plist("<key>PIN</key> <!-- 12345 --><string><![CDATA[12345<]]></string>"))).toBe(
      plist("<key>PIN</key> <!-- 12345 --><string>******************</string>"),
    );
    expect(
      text(
        "plist-xml",
        plist(
          "<key>PIN</key><string>12345</string><!-- was 12345 --><key>a</key><string>12345<![CDATA[]]></string>",
        ),
      ),
    ).toBe(
      plist(
        "<key>PIN</key><string>*****</string><!-- was ***** --><key>a</key><string>*****************</string>",
      ),
    );
    expect(
      text("plist-xml", plist("<key>PIN</key><integer>1234</integer><key>b</key><integer>1234</integer>")),
    ).toBe(plist("<key>PIN</key><integer>1111</integer><key>b</key><integer>1234</integer>"));
    expect(text("plist-xml", plist("<key>PIN</key><data>\n AQID\n BA==\n</data><key>b</key><data/>"))).toBe(
      plist("<key>PIN</key><data>\n AAAA\n AA==\n</data><key>b</key><data/>"),
    );
    expect(
      text(
        "plist-xml",
        plist(
          "<key>a</key><array/><key>PIN</key><string/><key>b</key><dict><key>c</key><string>kept</string></dict>",
        ),
      ),
    ).toBe(
      plist(
        "<key>a</key><array/><key>PIN</key><string/><key>b</key><dict><key>c</key><string>kept</string></dict>",
      ),
    );
  });

  it("hides a secret in bytes of a binary plist that nothing refers to", () => {
    const secret = "topsecret!";
    const bytes = encodePlist({ PushMagic: secret, a: "b" }, "plist-binary");
    const tableAt = bytes.readUInt32BE(bytes.length - 4);
    const stuffed = Buffer.concat([bytes.subarray(0, tableAt), Buffer.from(secret), bytes.subarray(tableAt)]);
    stuffed.writeUInt32BE(tableAt + secret.length, stuffed.length - 4);
    expect(decodePlist(stuffed)).toEqual({ PushMagic: secret, a: "b" });
    const after = redactWire("plist-binary", stuffed);
    expectHidden(secret, after);
    expect(decodePlist(after)).toEqual({ PushMagic: "**********", a: "b" });
  });

  it("hides both where a binary plist keeps equal values in one place", () => {
    const value = { PIN: "12", other: "12", secret: 7, count: 7 };
    const after = redactWire("plist-binary", encodePlist(value, "plist-binary"));
    expect(decodePlist(after)).toEqual({ PIN: "**", other: "**", secret: 0, count: 0 });
  });
});

describe("a signed message", () => {
  it("keeps every byte but the tokens of enrolment links", () => {
    const der = (token: string) =>
      Buffer.concat([
        Buffer.from([0x30, 0x80, 0xff, 0]),
        Buffer.from(`<string>https://h/enroll/${token}/identity</string>`),
        Buffer.from([0, 0xfe]),
      ]);
    expect(redactWire("cms", der("abcdefgh_-123"))).toEqual(der("*".repeat(13)));
    expect(redactWire("cms", Buffer.from([1, 2, 255]))).toEqual(Buffer.from([1, 2, 255]));
    expect(redactWire("empty", Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });
});
