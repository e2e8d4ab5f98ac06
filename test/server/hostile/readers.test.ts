import { describe, expect, it } from "vitest";
import {
  createSigningRequest,
  issueCertificate,
  readIssuedCertificate,
  signCms,
  verifyCms,
} from "../../../shared/certificates.ts";
import { PippinError } from "../../../shared/errors.ts";
import { decodePlist, encodePlist, type PlistFormat } from "../../../shared/plist.ts";
import { heapInUse } from "../../support/heap.ts";
import { Mutator } from "../../support/mutator.ts";
import { testAuthority } from "../channel/harness.ts";
import { testKeyPair } from "../fake-world.ts";
import { heapGrowthMax, hostileCounts, hostileTotal } from "./counts.ts";
import { messages } from "./messages.ts";

/** Reads so many; what is refused must be refused by this code and no other way. */
async function readAll(
  count: number,
  code: string,
  next: () => Buffer,
  read: (bytes: Buffer) => unknown,
): Promise<{ refused: number; taken: number }> {
  const outcome = { refused: 0, taken: 0 };
  const before = await heapInUse();
  for (let times = 0; times < count; times += 1) {
    const bytes = next();
    try {
      read(bytes);
      outcome.taken += 1;
    } catch (error) {
      const found = error instanceof PippinError ? error.code : error;
      if (found !== code) expect(found, bytes.toString("base64")).toBe(code);
      outcome.refused += 1;
    }
  }
  expect((await heapInUse()) - before).toBeLessThan(heapGrowthMax);
  return outcome;
}

describe("the hostile tests", () => {
  it("send a hundred thousand wrong messages", () => {
    expect(hostileTotal).toBeGreaterThanOrEqual(100_000);
  });
});

describe.each(["plist-xml", "plist-binary"] as const)("the reader of %s", (format: PlistFormat) => {
  it("takes what it can and refuses the rest as malformed", async () => {
    const corpus = Object.values(messages).map((message) => encodePlist(message, format));
    const mutator = new Mutator(`readers ${format}`, corpus);
    const { refused, taken } = await readAll(
      hostileCounts.propertyLists,
      "malformed_plist",
      () => mutator.bytes(),
      (bytes) => decodePlist(bytes, format),
    );
    // Both happen, or the messages are not wrong in the right way.
    expect(refused).toBeGreaterThan(hostileCounts.propertyLists / 2);
    expect(taken).toBeGreaterThan(100);
  });
});

describe("the readers of what is signed", () => {
  const now = Date.UTC(2026, 0, 1);
  const authority = testAuthority(now, testKeyPair(0));
  const { publicKeyPem } = testKeyPair(1);

  it("take a CMS message that is whole and refuse every other", async () => {
    const content = encodePlist(messages.authenticate, "plist-xml");
    const good = signCms(content, authority, now);
    expect(verifyCms(good).content.equals(content)).toBe(true);
    const mutator = new Mutator("signed messages", [good, signCms(Buffer.alloc(0), authority, now)]);
    const { refused } = await readAll(
      hostileCounts.signed,
      "malformed_certificate",
      () => mutator.bytes(),
      (bytes) => {
        // Whatever is taken says what was signed.
        const read = verifyCms(bytes).content;
        if (read.length > 0 && !read.equals(content)) throw new Error("another content was taken for signed");
      },
    );
    expect(refused).toBeGreaterThan(hostileCounts.signed / 2);
  });

  it("take a certificate of the authority and refuse every other", async () => {
    const issue = (serial: number) =>
      issueCertificate({
        authority,
        commonName: "00008030-0000000000000001",
        publicKeyPem,
        serial: Buffer.from([0x41, serial]),
        notBefore: now - 1_000,
        notAfter: now + 86_400_000,
      });
    const good = [issue(1), issue(2)];
    const request = createSigningRequest({ commonName: "x", keys: testKeyPair(1) });
    const mutator = new Mutator("certificates", [...good, request]);
    const { refused, taken } = await readAll(
      hostileCounts.signed,
      "malformed_certificate",
      () => mutator.bytes(),
      (bytes) => {
        const read = readIssuedCertificate(bytes, authority, now);
        const isGood = good.some((certificate) => certificate.equals(bytes));
        if (typeof read !== "string" && !isGood) throw new Error("a forged certificate was trusted");
      },
    );
    expect(refused + taken).toBe(hostileCounts.signed);
    expect(refused).toBeGreaterThan(hostileCounts.signed / 4);
  });
});
