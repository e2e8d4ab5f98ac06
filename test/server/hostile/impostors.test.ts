import { beforeEach, describe, expect, it } from "vitest";
import { readCertificate } from "../../../shared/certificates.ts";
import { channelProtocols, closeCodes } from "../../../shared/channel.ts";
import { Harness, testAuthority, type FakePhone, type Identity } from "../channel/harness.ts";
import { settle, testKeyPair } from "../fake-world.ts";
import { udidOf } from "../test-server.ts";
import { messages } from "./messages.ts";

const mine = udidOf(1);
const theirs = udidOf(2);

let server: Harness;
beforeEach(() => {
  server = new Harness();
});

describe.each(channelProtocols)("a phone that speaks for another one (%s)", (protocol) => {
  let me: FakePhone;
  let them: FakePhone;
  beforeEach(async () => {
    me = await server.enrol(mine, protocol);
    them = await server.enrol(theirs, protocol);
  });

  it.each<[string, object]>([
    ["polls", { ...messages.idle, UDID: theirs }],
    ["sends a result", { ...messages.acknowledged, UDID: theirs }],
    ["says NotNow", { ...messages.notNow, UDID: theirs }],
    ["enrols", { ...messages.authenticate, UDID: theirs }],
    ["updates its token", { ...messages.tokenUpdate, UDID: theirs, PushMagic: "forged" }],
    ["checks out", { ...messages.checkOut, UDID: theirs }],
    ["asks for its apps", { ...messages.portalApps, UDID: theirs }],
    ["wants an app for it", { ...messages.portalInstall, UDID: theirs }],
  ])(
    "is closed and on record when it %s for it, and the other one notices nothing",
    async (_what, message) => {
      const before = await server.device(theirs);
      const own = await server.device(mine);
      const id = await server.queue(theirs);
      them.idle();
      expect(await them.nextCommand()).toBe(id);
      me.send({ ...message, ...("CommandUUID" in message ? { CommandUUID: id } : {}) });
      expect(await me.ending()).toBe(closeCodes.malformed);
      expect(me.closed?.reason).toContain("UDID");
      expect(server.named("connection.refused")).toMatchObject([{ udid: mine, claimed: theirs }]);
      expect(await server.device(theirs)).toEqual(before);
      expect(await server.device(mine)).toEqual(own);
      expect(await server.command(id)).toMatchObject({ state: "sent", duplicateResults: 0 });
      // The right phone's answer still counts, and the wrong one may come back as itself.
      them.answer(id);
      expect(await them.next()).toEqual({});
      expect((await server.command(id)).state).toBe("acknowledged");
      const again = await server.connect(me.identity, protocol);
      again.idle();
      expect(await again.next()).toEqual({});
    },
  );

  it("can't answer another's command under its own UDID either", async () => {
    const id = await server.queue(theirs);
    them.idle();
    expect(await them.nextCommand()).toBe(id);
    me.answer(id);
    expect(await me.next()).toEqual({});
    expect(await server.command(id)).toMatchObject({ state: "sent", duplicateResults: 0 });
  });
});

describe.each(channelProtocols)("an identity that doesn't hold (%s)", (protocol) => {
  const yearMs = 365 * 24 * 60 * 60_000;

  it.each<[string, () => Promise<Identity>, number, string]>([
    [
      "expired",
      async () => {
        const identity = await server.issue(mine, { lifetimeMs: 60_000 });
        await server.world.advance(62_000);
        return identity;
      },
      closeCodes.unauthorized,
      "certificate expired",
    ],
    [
      "not valid yet",
      async () => {
        const ahead = new Harness();
        await ahead.world.advance(yearMs);
        return ahead.issue(mine, { authority: server.authority });
      },
      closeCodes.unauthorized,
      "certificate not-yet-valid",
    ],
    [
      "revoked",
      async () => {
        const phone = await server.enrol(mine, protocol);
        phone.hangUp();
        await server.store.transaction(async (tx) => {
          const record = await tx.get("identities", readCertificate(phone.identity.certificate).fingerprint);
          if (record) await tx.put("identities", { ...record, revokedAt: server.world.now() });
        });
        return phone.identity;
      },
      closeCodes.unauthorized,
      "identity revoked",
    ],
    [
      "of another authority by another name",
      () => server.issue(mine, { authority: testAuthority(server.world.now(), testKeyPair(3)) }),
      closeCodes.unauthorized,
      "certificate untrusted",
    ],
    [
      "replaced by a newer one of the same phone",
      async () => {
        const old = await server.enrol(mine, protocol);
        old.hangUp();
        const newer = await server.enrol(mine, protocol);
        newer.hangUp();
        return old.identity;
      },
      closeCodes.unknownEnrollment,
      "not enrolled any more",
    ],
    [
      "issued and on no record",
      () => server.issue(mine, { recorded: false }),
      closeCodes.unknownEnrollment,
      "identity not known",
    ],
  ])("%s: is refused with a code, a reason and an event", async (_what, make, code, reason) => {
    const identity = await make();
    await settle();
    const phone = server.call(identity, protocol);
    phone.prove();
    expect(await phone.ending()).toBe(code);
    expect(phone.closed?.reason).toBe(reason);
    expect(phone.inbox).toEqual([]);
    expect(server.named("connection.refused").at(-1)).toMatchObject({ code, reason });
    const good = await server.enrol(udidOf(9), protocol);
    expect(good.closed).toBeUndefined();
  });

  it("doesn't take a proof that was made for another connection, by the same phone or another", async () => {
    const [one, two] = [await server.issue(mine), await server.issue(theirs, { keys: testKeyPair(2) })];
    const first = server.call(one, protocol);
    const signature = first.sign();
    first.prove({ signature });
    expect(await first.next()).toEqual({ MessageType: "Welcome" });
    for (const identity of [one, two]) {
      const replay = server.call(identity, protocol);
      replay.prove({ signature });
      expect(await replay.ending()).toBe(closeCodes.unauthorized);
    }
    // Nor the challenge of one connection answered on another that is open at the same time.
    const [left, right] = [server.call(two, protocol), server.call(two, protocol)];
    left.prove({ signature: right.sign() });
    right.prove({ signature: right.sign() });
    expect(await left.ending()).toBe(closeCodes.unauthorized);
    expect(await right.next()).toEqual({ MessageType: "Welcome" });
    expect(first.closed).toBeUndefined();
  });
});

describe.each(channelProtocols)("a cloned identity (%s)", (protocol) => {
  it("is at home on the newest connection; the older is closed with a reason, and an event tells", async () => {
    const first = await server.enrol(mine, protocol);
    const id = await server.queue(mine);
    first.idle();
    expect(await first.nextCommand()).toBe(id);
    const clone = server.call(first.identity, protocol, "10.9.8.7");
    clone.prove();
    expect(await clone.next()).toEqual({ MessageType: "Welcome" });
    expect(first.closed).toEqual({ code: closeCodes.replaced, reason: "replaced by a newer connection" });
    expect(server.named("connection.replaced")).toMatchObject([
      { udid: mine, address: "10.9.8.7", formerAddress: "127.0.0.1" },
    ]);
    expect(server.channel.push.connectedCount).toBe(1);
    // The command that was in flight goes to the newest, and is settled once.
    clone.idle();
    expect(await clone.nextCommand()).toBe(id);
    first.answer(id);
    clone.answer(id);
    expect(await clone.next()).toEqual({});
    expect(await server.command(id)).toMatchObject({ state: "acknowledged", duplicateResults: 0 });
  });

  it("can't be on two connections however often the two take turns", async () => {
    const first = await server.enrol(mine, protocol);
    let latest = first;
    for (let turn = 0; turn < 20; turn += 1) {
      const next = await server.connect(first.identity, protocol);
      expect(latest.closed?.code).toBe(closeCodes.replaced);
      expect(server.channel.push.connectedCount).toBe(1);
      latest = next;
    }
    expect(server.named("connection.replaced")).toHaveLength(20);
    latest.hangUp();
    await settle();
    expect(server.channel.push.connectedCount).toBe(0);
  });

  it("raises no event for a phone that comes back after it left", async () => {
    const phone = await server.enrol(mine, protocol);
    phone.hangUp();
    await settle();
    await server.connect(phone.identity, protocol);
    expect(server.named("connection.replaced")).toEqual([]);
  });
});
