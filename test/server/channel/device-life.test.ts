import { beforeEach, describe, expect, it } from "vitest";
import { newInstallation } from "../../../server/deployments/installations.ts";
import { writePolicies, defaultPolicies } from "../../../server/policies.ts";
import { PippinError } from "../../../shared/errors.ts";
import { udidOf } from "../test-server.ts";
import { Harness, type FakePhone } from "./harness.ts";

const udid = udidOf(1);
const token = Buffer.from("an unlock token that nobody may see");
let server: Harness;

beforeEach(() => {
  server = new Harness({ keepsWire: true });
});

async function enrolWith(details: object, kind: "user" | "dep" = "user"): Promise<FakePhone> {
  const phone = await server.connect(await server.issue(udid, { kind }));
  phone.authenticate({ SerialNumber: "SN1", DeviceName: "Ann's iPhone" });
  phone.updateToken(details);
  await phone.next();
  await phone.next();
  return phone;
}

describe("an unlock token", () => {
  it("is kept sealed, and goes into ClearPasscode on the way to the phone, and nowhere else", async () => {
    const phone = await enrolWith({ UnlockToken: token });
    const device = await server.device(udid);
    expect(server.box.open(device?.unlockToken ?? "", `devices/${udid} unlockToken`)).toBe(
      token.toString("base64"),
    );
    phone.idle();
    await phone.silence();
    const { id } = await server.service.enqueue({
      udid,
      command: { RequestType: "ClearPasscode" },
      origin: "test",
    });
    expect(await phone.next()).toEqual({
      CommandUUID: id,
      Command: { RequestType: "ClearPasscode", UnlockToken: new Uint8Array(token) },
    });
    phone.answer(id);
    expect(await phone.next()).toEqual({});
    expect(await server.command(id)).toMatchObject({
      state: "acknowledged",
      command: { RequestType: "ClearPasscode" },
    });

    const wires = server
      .named("wire")
      .map(({ bytes }) => Buffer.from(String(bytes), "base64").toString("latin1"));
    expect(wires.some((text) => text.includes("ClearPasscode"))).toBe(true);
    const stored = await server.store.read(async (reader) => [
      await reader.list("devices", { index: "all", partition: "", limit: 10 }),
      await reader.list("commands", { index: "all", partition: "", limit: 10 }),
    ]);
    const everything = [JSON.stringify([stored, server.events]), ...wires].join("\n");
    for (const form of [token.toString("latin1"), token.toString("base64"), token.toString("hex")])
      expect(everything).not.toContain(form);
  });

  it("goes into it as well when the phone is handed it in answer to a poll", async () => {
    const phone = await enrolWith({ UnlockToken: token });
    await server.queue(udid, "ClearPasscode");
    phone.idle();
    expect((await phone.next()).Command).toEqual({
      RequestType: "ClearPasscode",
      UnlockToken: new Uint8Array(token),
    });
  });

  it("stays good when a later TokenUpdate has none, and is replaced by another", async () => {
    const phone = await enrolWith({ UnlockToken: token });
    const first = (await server.device(udid))?.unlockToken;
    phone.updateToken();
    await phone.next();
    expect((await server.device(udid))?.unlockToken).toBe(first);
    phone.updateToken({ UnlockToken: Buffer.from("another") });
    await phone.next();
    const sealed = (await server.device(udid))?.unlockToken ?? "";
    expect(server.box.open(sealed, `devices/${udid} unlockToken`)).toBe(
      Buffer.from("another").toString("base64"),
    );
  });

  it("goes with the enrolment", async () => {
    const phone = await enrolWith({ UnlockToken: token });
    phone.send({ MessageType: "CheckOut", Topic: "com.apple.mgmt.test", UDID: udid });
    await phone.next();
    expect((await server.device(udid))?.unlockToken).toBeNull();
    await enrolWith({});
    expect((await server.device(udid))?.unlockToken).toBeNull();
  });

  it("that the phone never gave can't be used: ClearPasscode is refused", async () => {
    await enrolWith({});
    await expect(server.queue(udid, "ClearPasscode")).rejects.toMatchObject({ code: "conflict" });
    await expect(
      server.queue(udid, "ClearPasscode", { command: { RequestType: "ClearPasscode", UnlockToken: token } }),
    ).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("that is larger than any phone's is no check-in message", async () => {
    const phone = await server.connect(await server.issue(udid));
    phone.authenticate();
    await phone.next();
    phone.updateToken({ UnlockToken: Buffer.alloc(32 * 1024 + 1) });
    expect(await phone.ending()).toBe(4400);
    expect((await server.device(udid))?.state).toBe("enrolling");
  });

  it("that can't be read when it is needed ends the connection, and the command comes again on the next", async () => {
    const phone = await enrolWith({ UnlockToken: token });
    const id = await server.queue(udid, "ClearPasscode");
    const { open } = server.box;
    server.box.open = () => {
      throw new PippinError("store_corrupt", "altered");
    };
    phone.idle();
    expect(await phone.ending()).toBe(1013);
    server.box.open = open;
    const again = await server.connect(phone.identity);
    again.idle();
    expect(await again.next()).toMatchObject({
      CommandUUID: id,
      Command: { UnlockToken: new Uint8Array(token) },
    });
  });
});

describe("a phone in Setup Assistant", () => {
  it("is let go on as soon as it has enrolled, by default", async () => {
    const phone = await enrolWith({ AwaitingConfiguration: true }, "dep");
    expect(await server.device(udid)).toMatchObject({ awaitingConfiguration: true });
    phone.idle();
    const message = await phone.next();
    expect(message.Command).toEqual({ RequestType: "DeviceConfigured" });
    phone.answer(String(message.CommandUUID));
    phone.updateToken();
    expect(await phone.silence()).toEqual([{}, { MessageType: "Receipt", Received: "TokenUpdate" }]);
    expect(await server.device(udid)).toMatchObject({ awaitingConfiguration: false, state: "enrolled" });
    expect(await server.store.read((reader) => reader.count("commands", "all", ""))).toBe(1);
  });

  it("waits for an admin where policy says so", async () => {
    await server.store.transaction((tx) => writePolicies(tx, { ...defaultPolicies, setupAssistant: "hold" }));
    const phone = await enrolWith({ AwaitingConfiguration: true }, "dep");
    phone.idle();
    expect(await phone.next()).toEqual({});
    const { id } = await server.service.enqueue({
      udid,
      command: { RequestType: "DeviceConfigured" },
      origin: "test",
    });
    expect(await phone.nextCommand()).toBe(id);
  });

  it("is told once however often it says that it waits", async () => {
    const phone = await enrolWith({ AwaitingConfiguration: true }, "dep");
    phone.updateToken({ AwaitingConfiguration: true });
    await phone.silence();
    expect(await server.store.read((reader) => reader.count("commands", "all", ""))).toBe(1);
  });

  it("gets what it put off as soon as it says that it is through, although something else was its last word", async () => {
    const phone = await enrolWith({ AwaitingConfiguration: true }, "dep");
    const later = await server.queue(udid, "InviteToProgram");
    phone.idle();
    const configured = await phone.nextCommand();
    phone.answer(configured);
    expect(await phone.nextCommand()).toBe(later);
    phone.answer(later, "NotNow");
    const other = await server.service.enqueue({
      udid,
      command: { RequestType: "ProfileList" },
      origin: "test",
    });
    await phone.silence();
    phone.answer(other.id);
    expect(await phone.silence()).toEqual([{}]);
    phone.updateToken();
    expect(await phone.silence()).toMatchObject([{ Received: "TokenUpdate" }, { CommandUUID: later }]);
  });
});

describe("what a phone tells of itself", () => {
  async function tell(QueryResponses: unknown, status = "Acknowledged"): Promise<void> {
    const phone = await enrolWith({});
    const id = await server.queue(udid, "DeviceInformation");
    phone.idle();
    await phone.next();
    phone.answer(id, status, { QueryResponses });
    await phone.next();
  }

  it("is known from check-in, and after DeviceInformation as it is then", async () => {
    await enrolWith({});
    expect(await server.device(udid)).toMatchObject({
      deviceName: "Ann's iPhone",
      serialNumber: "SN1",
      osVersion: null,
    });
    const told = {
      DeviceName: "Till 4",
      OSVersion: "9.3.3",
      BuildVersion: "13G34",
      ProductName: "iPhone8,1",
    };
    await tell({ ...told, SerialNumber: "SN2" });
    expect(await server.device(udid)).toMatchObject({
      ...{ deviceName: "Till 4", osVersion: "9.3.3", buildVersion: "13G34", productName: "iPhone8,1" },
      ...{ serialNumber: "SN2", state: "enrolled" },
    });
    const found = await server.store.read((reader) =>
      reader.list("devices", { index: "bySerial", partition: "SN2", limit: 10 }),
    );
    expect(found).toHaveLength(1);
  });

  it("keeps the serial number that licences of the phone go by, and takes none of another phone's", async () => {
    await enrolWith({});
    const other = await server.connect(await server.issue(udidOf(2)));
    other.authenticate({ SerialNumber: "SN2" });
    other.updateToken();
    await other.silence();
    await tell({ SerialNumber: "SN2" });
    expect(await server.device(udid)).toMatchObject({ serialNumber: "SN1" });
    await server.store.transaction((tx) =>
      tx.put("assignments", {
        ...{ id: "serial:SN1 1", userId: null, serialNumber: "SN1", adamId: "1", state: "held", since: 0 },
        ...{ installationId: null, returnReason: null },
      }),
    );
    await tell({ SerialNumber: "SN3", DeviceName: "Till 5" });
    expect(await server.device(udid)).toMatchObject({ serialNumber: "SN1", deviceName: "Till 5" });
    await server.store.transaction((tx) => tx.delete("assignments", "serial:SN1 1"));
    await tell({ SerialNumber: "SN3" });
    expect(await server.device(udid)).toMatchObject({ serialNumber: "SN3" });
  });

  it("that it can hold licences itself has what failed for want of it looked at again", async () => {
    await enrolWith({});
    const installations = { old: "ios-too-old", nameless: "no-serial-number", other: "no-license" } as const;
    await server.store.transaction(async (tx) => {
      for (const [adamId, reason] of Object.entries(installations))
        await tx.put("installations", {
          ...newInstallation(udid, adamId, "anna", 0, 0),
          ...{ state: "failed", reason, dueAt: null, licenseType: "device" },
        });
    });
    await tell({ DeviceName: "Till 4" });
    const due = () =>
      server.store.read(async (reader) =>
        (await reader.list("installations", { index: "byDevice", partition: udid, limit: 10 }))
          .filter(({ dueAt }) => dueAt !== null)
          .map(({ adamId }) => adamId),
      );
    expect(await due()).toEqual([]);
    await tell({ OSVersion: "9.0" });
    expect(await due()).toEqual(["nameless", "old"]);
  });

  it.each([
    ["something else than a dictionary", "x", "Acknowledged"],
    ["values of the wrong types", { DeviceName: 5, OSVersion: ["9"], SerialNumber: true }, "Acknowledged"],
    ["values without end", { DeviceName: "x".repeat(256), SerialNumber: "" }, "Acknowledged"],
    ["an error", { DeviceName: "Till 4" }, "Error"],
  ])("changes nothing when it is %s", async (_name, told, status) => {
    await tell(told, status);
    expect(await server.device(udid)).toMatchObject({ deviceName: "Ann's iPhone", serialNumber: "SN1" });
  });
});

describe("a phone that was erased", () => {
  it("gets its word back, and is managed no more: what was queued for it is cancelled", async () => {
    const phone = await enrolWith({ UnlockToken: token });
    const erase = await server.queue(udid, "EraseDevice");
    const other = await server.queue(udid, "ProfileList");
    phone.idle();
    expect(await phone.nextCommand()).toBe(erase);
    phone.answer(erase);
    expect(await phone.next()).toEqual({});
    expect(await server.device(udid)).toMatchObject({
      state: "unenrolled",
      unlockToken: null,
      pushMagic: null,
    });
    expect((await server.command(erase)).state).toBe("acknowledged");
    expect((await server.command(other)).state).toBe("cancelled");
    expect(server.unenrolled).toMatchObject([{ id: udid }]);
    phone.idle();
    expect(await phone.ending()).toBe(4404);
    await expect(server.queue(udid)).rejects.toMatchObject({ code: "conflict" });
  });

  it("stays managed when it refused", async () => {
    const phone = await enrolWith({});
    const erase = await server.queue(udid, "EraseDevice");
    phone.idle();
    await phone.next();
    phone.answer(erase, "Error");
    await phone.next();
    expect(await server.device(udid)).toMatchObject({ state: "enrolled" });
  });

  it.each([
    ["with its word", true],
    ["without a word", false],
  ])(
    "comes back %s under the same UDID and serial: one record, the old identity is worth nothing",
    async (_name, says) => {
      const phone = await enrolWith({ UnlockToken: token });
      const erase = await server.queue(udid, "EraseDevice");
      const other = await server.queue(udid, "ProfileList");
      phone.idle();
      await phone.next();
      if (says) phone.answer(erase);
      await phone.silence();
      phone.hangUp();
      const again = await enrolWith({});
      again.idle();
      expect(await again.next()).toEqual({});
      expect((await server.command(erase)).state).toBe(says ? "acknowledged" : "cancelled");
      expect((await server.command(other)).state).toBe("cancelled");
      const devices = await server.store.read((reader) =>
        reader.list("devices", { index: "all", partition: "", limit: 9 }),
      );
      expect(devices).toMatchObject([
        { id: udid, state: "enrolled", serialNumber: "SN1", unlockToken: null },
      ]);
      expect(server.unenrolled).toHaveLength(1);
      expect(server.enrolled).toHaveLength(2);

      const thief = server.call(phone.identity);
      thief.prove();
      expect([4401, 4404]).toContain(await thief.ending());
      expect(again.closed).toBeUndefined();
      expect(server.channel.push.isConnected(udid)).toBe(true);
    },
  );

  it("that comes back under another UDID takes the place of the old record by its serial", async () => {
    const phone = await enrolWith({});
    const waiting = await server.queue(udid, "ProfileList");
    const other = await server.connect(await server.issue(udidOf(2)));
    other.authenticate({ SerialNumber: "SN1" });
    other.updateToken();
    await other.silence();
    expect(await phone.ending()).toBe(4404);
    expect(await server.device(udid)).toMatchObject({ state: "unenrolled" });
    expect(await server.device(udidOf(2))).toMatchObject({ state: "enrolled", serialNumber: "SN1" });
    expect((await server.command(waiting)).state).toBe("cancelled");
  });
});
