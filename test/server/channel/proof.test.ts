import { beforeEach, describe, expect, it } from "vitest";
import { proofBytesMax, proofTimeoutMs } from "../../../shared/channel.ts";
import { readCertificate } from "../../../shared/certificates.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import { testKeyPair } from "../fake-world.ts";
import { udidOf } from "../test-server.ts";
import { Harness, testAuthority, type FakePhone, type Identity } from "./harness.ts";

const udid = udidOf(1);
let server: Harness;
let identity: Identity;

beforeEach(async () => {
  server = new Harness();
  identity = await server.issue(udid);
});

/** Refused with this code and reason, on record, with nothing but the challenge said. */
async function expectRefusal(phone: FakePhone, code: number, reason: string): Promise<void> {
  expect(await phone.ending()).toBe(code);
  expect(phone.closed?.reason).toBe(reason);
  expect(phone.inbox).toEqual([]);
  expect(server.named("connection.refused")).toMatchObject([{ code, reason, address: "127.0.0.1" }]);
  expect(server.named("connection.opened")).toEqual([]);
  expect(server.channel.refusedCount).toBe(1);
  // The right proof is still welcome afterwards.
  await server.connect(await server.issue(udidOf(2)));
}

describe("proving an identity", () => {
  it.each(["mdm.plist.binary", "mdm.plist.xml"] as const)("opens the channel (%s)", async (protocol) => {
    const phone = await server.connect(identity, protocol);
    expect(phone.closed).toBeUndefined();
    expect(server.named("connection.opened")).toHaveLength(1);
    expect(server.channel.refusedCount).toBe(0);
  });

  it("asks each connection something else", () => {
    const nonces = [server.call(identity), server.call(identity)].map((phone) =>
      Buffer.from(phone.challenge.Nonce).toString("hex"),
    );
    expect(new Set(nonces).size).toBe(2);
    expect(nonces[0]).toHaveLength(64);
  });

  it.each<[string, (phone: FakePhone) => void | Promise<void>, string]>([
    ["a signature by another key", (phone) => phone.prove({ keys: testKeyPair(2) }), "signature wrong"],
    [
      "a signature over another nonce",
      (phone) => phone.prove({ nonce: Buffer.alloc(32) }),
      "signature wrong",
    ],
    [
      "a signature for another server",
      (phone) => phone.prove({ audience: "ws://elsewhere/mdm/channel" }),
      "signature wrong",
    ],
    ["a signature of nothing", (phone) => phone.prove({ signature: Buffer.alloc(0) }), "signature wrong"],
    ["another message", (phone) => phone.idle(), "expected a Proof"],
    ["no property list", (phone) => phone.sendBytes(Buffer.from("hello")), "expected a Proof"],
    ["an empty message", (phone) => phone.sendBytes(Buffer.alloc(0)), "expected a Proof"],
    [
      "bytes that are no certificate",
      (phone) => phone.send({ MessageType: "Proof", Certificate: Buffer.from("?"), Signature: phone.sign() }),
      "certificate unreadable",
    ],
    [
      "a proof that is too long",
      (phone) => phone.prove({ signature: Buffer.alloc(proofBytesMax) }),
      "proof too long",
    ],
    [
      "a text frame on the binary protocol",
      (phone) => phone.sendBytes(Buffer.from("x"), true),
      "wrong kind of frame",
    ],
    ["silence", () => server.world.advance(proofTimeoutMs), "proof too late"],
    [
      "two messages before Welcome",
      (phone) => {
        phone.prove();
        phone.idle();
      },
      "more than one message before Welcome",
    ],
  ])("refuses %s", async (_, act, reason) => {
    const phone = server.call(identity);
    await act(phone);
    await expectRefusal(phone, 4401, reason);
  });

  it("refuses a proof that was right on an earlier connection", async () => {
    const earlier = server.call(identity);
    const signature = earlier.sign();
    earlier.prove({ signature });
    expect(await earlier.next()).toEqual({ MessageType: "Welcome" });
    const replay = server.call(identity);
    replay.prove({ signature });
    expect(await replay.ending()).toBe(4401);
    expect(earlier.closed).toBeUndefined();
  });

  it("takes a proof at the last moment", async () => {
    const phone = server.call(identity);
    await server.world.advance(proofTimeoutMs - 1);
    phone.prove();
    expect(await phone.next()).toEqual({ MessageType: "Welcome" });
    await server.world.advance(proofTimeoutMs);
    expect(phone.closed).toBeUndefined();
  });

  it("refuses a certificate of another authority", async () => {
    const authority = testAuthority(server.world.now(), testKeyPair(2));
    const phone = server.call(await server.issue(udid, { authority }));
    phone.prove();
    await expectRefusal(phone, 4401, "certificate untrusted");
  });

  it("refuses a certificate that has expired", async () => {
    const brief = await server.issue(udid, { lifetimeMs: 60_000 });
    await server.world.advance(61_000);
    const phone = server.call(brief);
    phone.prove();
    await expectRefusal(phone, 4401, "certificate expired");
  });

  it("refuses an identity that was revoked while its enrolment stands", async () => {
    const phone = await server.connect(identity);
    await phone.checkIn();
    await server.store.transaction(async (tx) => {
      const record = await tx.get("identities", readCertificate(identity.certificate).fingerprint);
      if (record) await tx.put("identities", { ...record, revokedAt: server.world.now() });
    });
    const again = server.call(identity);
    again.prove();
    expect(await again.ending()).toBe(4401);
  });

  it("tells a phone that it doesn't know to enrol again", async () => {
    const phone = server.call(await server.issue(udid, { recorded: false }));
    phone.prove();
    await expectRefusal(phone, 4404, "identity not known");
  });

  it("tells a phone that has left to enrol again", async () => {
    const phone = await server.connect(identity);
    await phone.checkIn();
    phone.send({ MessageType: "CheckOut", Topic: "com.apple.mgmt.test", UDID: udid });
    await phone.next();
    const again = server.call(identity);
    again.prove();
    expect(await again.ending()).toBe(4404);
  });

  it("tells nobody who is enrolled without the key", async () => {
    const phone = server.call(await server.issue(udid, { recorded: false }));
    phone.prove({ keys: testKeyPair(2) });
    await expectRefusal(phone, 4401, "signature wrong");
  });

  it("asks for another try when the store can't be read", async () => {
    const store = openMemoryStore();
    await store.close();
    const broken = new Harness({ store });
    const phone = broken.call(identity);
    phone.prove();
    expect(await phone.ending()).toBe(1013);
    expect(broken.named("invariant.violated")).toEqual([]);
  });

  it("leaves no timer behind when the phone goes away", async () => {
    const before = server.world.timerCount;
    const phone = server.call(identity);
    expect(server.world.timerCount).toBe(before + 1);
    phone.hangUp();
    await phone.ending();
    expect(server.world.timerCount).toBe(before);
  });
});
