import { describe, expect, it } from "vitest";
import { createSecretBox, loadMasterKey, openSecretBox } from "../../server/secrets.ts";
import { PippinError } from "../../shared/errors.ts";
import { FaultyDisk } from "../support/faulty-disk.ts";

const secret = "eyJvcmdOYW1lIjoiRXhhbXBsZSJ9";
const context = "accounts/vpp";

/** Other bytes at each call, the same in each test. */
function createRandomBytes() {
  let calls = 0;
  return (length: number) => Buffer.alloc(length, (calls += 1));
}

function createBox(fill = 7) {
  return createSecretBox(Buffer.alloc(32, fill), createRandomBytes());
}

function refusal(open: () => string): PippinError {
  try {
    open();
  } catch (error) {
    if (error instanceof PippinError) return error;
    throw error;
  }
  throw new Error("It opened.");
}

describe("a secret box", () => {
  it.each([
    ["a token", secret],
    ["nothing", ""],
    ["any text", "pässwörd 🍏 \u0000"],
    ["a long one", "x".repeat(65536)],
  ])("opens what it sealed: %s", (_name, plain) => {
    const box = createBox();
    const sealed = box.seal(plain, context);
    expect(sealed).toMatch(/^v1\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/);
    expect(box.open(sealed, context)).toBe(plain);
    expect(createBox().open(sealed, context)).toBe(plain);
  });

  it("shows nothing of the secret and seals it differently each time", () => {
    const box = createBox();
    const sealed = box.seal(secret, context);
    expect(sealed).not.toContain(secret);
    expect(Buffer.from(sealed.split(".")[2] ?? "", "base64url").toString()).not.toBe(secret);
    expect(box.seal(secret, context)).not.toBe(sealed);
  });

  it("opens nothing under another key or in another place", () => {
    const sealed = createBox().seal(secret, context);
    for (const open of [
      () => createBox(8).open(sealed, context),
      () => createBox().open(sealed, "accounts/other"),
      () => createBox().open(sealed, ""),
    ]) {
      const error = refusal(open);
      expect(error.code).toBe("store_corrupt");
      expect(error.message).not.toContain(secret);
      expect(error.message).not.toContain(sealed);
    }
    expect(createBox().open(sealed, context)).toBe(secret);
  });

  it("opens nothing that was altered, at any character", () => {
    const box = createBox();
    const sealed = box.seal(secret, context);
    for (let at = 0; at < sealed.length; at += 1)
      for (const other of ["A", "B", "w", "_", "."]) {
        if (sealed[at] === other) continue;
        const altered = sealed.slice(0, at) + other + sealed.slice(at + 1);
        expect(refusal(() => box.open(altered, context)).code, altered).toBe("store_corrupt");
      }
  });

  it.each([
    ["plain text", secret],
    ["nothing", ""],
    ["a short tag", "v1.AQEBAQEBAQEBAQEB.AA.AAAA"],
    ["a later version", "v2.AQEBAQEBAQEBAQEB.AA.AAAAAAAAAAAAAAAAAAAAAA"],
    ["a part more", "v1.AQEBAQEBAQEBAQEB.AA.AAAAAAAAAAAAAAAAAAAAAA.AA"],
  ])("opens no %s", (_name, sealed) => {
    expect(refusal(() => createBox().open(sealed, context)).code).toBe("store_corrupt");
  });

  it("takes no key of another length, and no secret without end", () => {
    expect(() => createSecretBox(Buffer.alloc(16), createRandomBytes())).toThrow("32 bytes");
    expect(() => createBox().seal("x".repeat(65537), context)).toThrow("at most");
  });
});

describe("the master key", () => {
  const createWorld = () => ({ disk: new FaultyDisk(), randomBytes: createRandomBytes() });

  it("is made at the first start and the same from then on", async () => {
    const world = createWorld();
    const key = await loadMasterKey(world, "/data");
    expect(key).toHaveLength(32);
    expect(world.disk.content("secret.key").toString()).toBe(`${key.toString("hex")}\n`);
    expect(await loadMasterKey(world, "/data")).toEqual(key);
    expect(world.disk.count("writeFileAtomic")).toBe(1);

    const sealed = (await openSecretBox(world, "/data")).seal(secret, context);
    expect((await openSecretBox(world, "/data")).open(sealed, context)).toBe(secret);
    expect(
      await loadMasterKey({ ...createWorld(), randomBytes: (n) => Buffer.alloc(n, 9) }, "/data"),
    ).not.toEqual(key);
  });

  it("may have been written by a person", async () => {
    const world = createWorld();
    world.disk.change("secret.key", `  ${"AB".repeat(32)}\r\n`);
    expect(await loadMasterKey(world, "/data")).toEqual(Buffer.alloc(32, 0xab));
  });

  it.each([
    ["empty", ""],
    ["too short", "ab".repeat(31)],
    ["too long", "ab".repeat(33)],
    ["not hexadecimal", "zz".repeat(32)],
  ])("is refused, not replaced, when it is %s", async (_name, content) => {
    const world = createWorld();
    world.disk.change("secret.key", content);
    const error = await loadMasterKey(world, "/data").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "configuration_invalid" });
    expect(String(error)).toContain("/data/secret.key");
    if (content !== "") expect(String(error)).not.toContain(content);
    expect(world.disk.content("secret.key").toString()).toBe(content);
  });
});
