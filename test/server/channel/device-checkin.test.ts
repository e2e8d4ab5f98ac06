import { beforeEach, describe, expect, it } from "vitest";
import { PippinError } from "../../../shared/errors.ts";
import { readCertificate } from "../../../shared/certificates.ts";
import type { EnrollmentKind } from "../../../server/store/records.ts";
import { udidOf } from "../test-server.ts";
import { Harness } from "./harness.ts";

const udid = udidOf(1);
let server: Harness;

beforeEach(() => {
  server = new Harness();
});

describe("enrolling", () => {
  it.each<[EnrollmentKind, boolean]>([
    ["user", false],
    ["device", false],
    ["configurator", true],
    ["dep", true],
  ])("as %s: supervised %s", async (kind, supervised) => {
    const phone = await server.connect(await server.issue(udid, { kind, userId: "ann" }));
    phone.authenticate({ SerialNumber: "SN1", ProductName: "iPhone14,2", OSVersion: "17.4" });
    expect(await phone.next()).toEqual({ MessageType: "Receipt", Received: "Authenticate" });
    expect(await server.device(udid)).toMatchObject({
      state: "enrolling",
      kind,
      supervised,
      userId: "ann",
      serialNumber: "SN1",
      productName: "iPhone14,2",
      osVersion: "17.4",
      enrolledAt: null,
    });
    expect(server.enrolled).toEqual([]);

    phone.updateToken({ AwaitingConfiguration: true });
    expect(await phone.next()).toEqual({ MessageType: "Receipt", Received: "TokenUpdate" });
    expect(await server.device(udid)).toMatchObject({
      state: "enrolled",
      awaitingConfiguration: true,
      pushToken: Buffer.from("push token").toString("base64"),
      enrolledAt: server.world.now(),
    });
    expect(server.enrolled).toMatchObject([{ id: udid, state: "enrolled" }]);
    expect(server.hookWakes).toBe(1);
    expect(server.events.map((event) => event.event)).toEqual([
      "connection.opened",
      "checkin.authenticate",
      "checkin.tokenUpdate",
      "enrollment.completed",
      "command.queued", // DeviceConfigured
    ]);
    expect(server.channel.push.isConnected(udid)).toBe(true);
    expect(server.channel.push.connectedCount).toBe(1);
  });

  it("leaves a phone to nobody when its user was deleted before it came", async () => {
    const identity = await server.issue(udid, { userId: "ann" });
    await server.store.transaction((tx) => tx.delete("users", "ann"));
    const phone = await server.connect(identity);
    await phone.checkIn();
    expect(await server.device(udid)).toMatchObject({ state: "enrolled", userId: null });
  });

  it("keeps PushMagic sealed and out of the events", async () => {
    await server.enrol(udid);
    const device = await server.device(udid);
    expect(device?.pushMagic).not.toContain("very secret");
    expect(server.box.open(device?.pushMagic ?? "", `devices/${udid} pushMagic`)).toBe("very secret");
    expect(JSON.stringify(server.events)).not.toContain("very secret");
  });

  it("takes a later TokenUpdate without enrolling again", async () => {
    const phone = await server.enrol(udid);
    await server.world.advance(1_000);
    const { enrolledAt } = (await server.device(udid)) ?? {};
    phone.updateToken({ Token: Buffer.from("another") });
    await phone.next();
    expect(await server.device(udid)).toMatchObject({
      pushToken: Buffer.from("another").toString("base64"),
      enrolledAt,
    });
    expect(server.enrolled).toHaveLength(1);
  });

  it("takes Authenticate again when its receipt was lost", async () => {
    const identity = await server.issue(udid);
    const phone = await server.connect(identity);
    phone.authenticate();
    await phone.next();
    phone.hangUp();
    const again = await server.connect(identity);
    await again.checkIn();
    expect((await server.device(udid))?.state).toBe("enrolled");
    expect(server.unenrolled).toEqual([]);
  });

  it("says Receipt only once the message is stored", async () => {
    const phone = await server.connect(await server.issue(udid));
    let commit = () => {};
    server.afterCommit = () => new Promise((resolve) => (commit = resolve));
    phone.authenticate();
    expect(await phone.silence()).toEqual([]);
    commit();
    expect(await phone.next()).toEqual({ MessageType: "Receipt", Received: "Authenticate" });
  });
});

describe("what is out of turn", () => {
  it.each<[string, object]>([
    [
      "TokenUpdate",
      { MessageType: "TokenUpdate", Topic: "t", UDID: udid, Token: Buffer.alloc(1), PushMagic: "m" },
    ],
    ["CheckOut", { MessageType: "CheckOut", Topic: "t", UDID: udid }],
    ["Idle", { Status: "Idle", UDID: udid }],
    ["an unknown message", { MessageType: "GetToken", UDID: udid }],
    ["Authenticate without a topic", { MessageType: "Authenticate", UDID: udid }],
  ])("closes the connection of a phone that hasn't enrolled: %s", async (_, message) => {
    const phone = await server.connect(await server.issue(udid));
    phone.send(message);
    expect(await phone.ending()).toBe(4400);
    expect(await server.device(udid)).toBeUndefined();
  });

  it("refuses to enrol another phone than the certificate names", async () => {
    const phone = await server.connect(await server.issue(udid));
    phone.authenticate({ UDID: udidOf(2) });
    expect(await phone.ending()).toBe(4400);
    expect(await server.device(udidOf(2))).toBeUndefined();
    expect(server.named("connection.refused")).toMatchObject([{ udid, claimed: udidOf(2) }]);
  });

  it.each<[string, object]>([
    ["check-in", { MessageType: "CheckOut", Topic: "t", UDID: udidOf(2) }],
    ["Idle", { Status: "Idle", UDID: udidOf(2) }],
    ["result", { Status: "Acknowledged", UDID: udidOf(2), CommandUUID: "C" }],
  ])("closes on a phone that answers for another phone: %s", async (_, message) => {
    const victim = await server.enrol(udidOf(2));
    const phone = await server.enrol(udid);
    phone.send(message);
    expect(await phone.ending()).toBe(4400);
    expect(server.named("connection.refused")).toMatchObject([{ udid, claimed: udidOf(2) }]);
    expect((await server.device(udidOf(2)))?.state).toBe("enrolled");
    expect(victim.closed).toBeUndefined();
  });
});

describe("leaving", () => {
  it("unenrols at CheckOut, cancels what waits, and revokes the identity", async () => {
    const phone = await server.enrol(udid);
    const waiting = await server.queue(udid);
    phone.send({ MessageType: "CheckOut", Topic: "com.apple.mgmt.test", UDID: udid });
    expect(await phone.next()).toEqual({ MessageType: "Receipt", Received: "CheckOut" });
    expect(await server.device(udid)).toMatchObject({
      state: "unenrolled",
      pushMagic: null,
      pushToken: null,
    });
    expect((await server.command(waiting)).state).toBe("cancelled");
    expect(server.settled).toMatchObject([{ id: waiting, state: "cancelled" }]);
    expect(server.unenrolled).toMatchObject([{ id: udid, state: "unenrolled" }]);
    const fingerprint = readCertificate(phone.identity.certificate).fingerprint;
    const record = await server.store.read((reader) => reader.get("identities", fingerprint));
    expect(record?.revokedAt).toBe(server.world.now());
    expect(server.channel.push.isConnected(udid)).toBe(false);

    phone.idle();
    expect(await phone.ending()).toBe(4404);
  });

  it("is over for a phone whose record was unenrolled meanwhile", async () => {
    const phone = await server.enrol(udid);
    await server.putDevice(udid, { state: "unenrolled" });
    phone.idle();
    expect(await phone.ending()).toBe(4404);
  });
});

describe("a wiped phone that enrols again", () => {
  it("replaces its record: old commands cancelled, old identity revoked, old connection closed", async () => {
    const old = await server.enrol(udid);
    const waiting = await server.queue(udid);
    const wiped = await server.connect(await server.issue(udid, { userId: "bob" }));
    await wiped.checkIn();
    expect((await server.command(waiting)).state).toBe("cancelled");
    expect(server.unenrolled).toMatchObject([{ id: udid, userId: null }]);
    expect(server.enrolled).toHaveLength(2);
    expect(await server.device(udid)).toMatchObject({ state: "enrolled", userId: "bob" });
    expect(await old.ending()).toBe(4404);
    expect(wiped.closed).toBeUndefined();
    expect(server.channel.push.isConnected(udid)).toBe(true);

    const ghost = server.call(old.identity);
    ghost.prove();
    expect(await ghost.ending()).toBe(4404);
  });

  it("with the same serial number under another UDID leaves no second record behind", async () => {
    const old = await server.connect(await server.issue(udid));
    old.authenticate({ SerialNumber: "SN1" });
    old.updateToken();
    await old.silence();
    const waiting = await server.queue(udid);
    const wiped = await server.connect(await server.issue(udidOf(2)));
    wiped.authenticate({ SerialNumber: "SN1" });
    await wiped.next();
    expect((await server.device(udid))?.state).toBe("unenrolled");
    expect((await server.command(waiting)).state).toBe("cancelled");
    expect(server.unenrolled).toMatchObject([{ id: udid }]);
    expect(await old.ending()).toBe(4404);
    expect(server.named("checkin.authenticate").at(-1)).toMatchObject({ udid: udidOf(2), replaced: [udid] });
  });

  it("leaves phones with other serial numbers alone", async () => {
    const other = await server.enrol(udidOf(2));
    await server.enrol(udid);
    expect((await server.device(udidOf(2)))?.state).toBe("enrolled");
    expect(other.closed).toBeUndefined();
  });
});

describe("what can't be stored", () => {
  it("closes with 1013, and is taken on the next connection", async () => {
    const identity = await server.issue(udid);
    const phone = await server.connect(identity);
    server.beforeTransaction = () => {
      throw new PippinError("store_failed", "The disk is full.");
    };
    phone.authenticate();
    expect(await phone.ending()).toBe(1013);
    expect(await phone.silence()).toEqual([]);
    expect(server.named("checkin.authenticate")).toEqual([]);
    server.beforeTransaction = () => {};
    await (await server.connect(identity)).checkIn();
    expect(server.named("invariant.violated")).toEqual([]);
  });

  it("for a mistake of our own closes with 1011 and records it", async () => {
    const identity = await server.issue(udid);
    const phone = await server.connect(identity);
    server.beforeTransaction = () => {
      throw new TypeError("undefined is not a function");
    };
    phone.authenticate();
    expect(await phone.ending()).toBe(1011);
    expect(server.named("invariant.violated")).toMatchObject([
      { problem: "TypeError: undefined is not a function" },
    ]);
  });
});
