import { beforeEach, describe, expect, it } from "vitest";
import { commandSchemas } from "../../../shared/command-schemas.ts";
import { device, openHarness, type Answered, type Harness } from "./harness.ts";

let harness: Harness;

beforeEach(async () => {
  harness = await openHarness();
  await harness.store.transaction(async (tx) => {
    await tx.put("devices", device("phone-1", { unlockToken: "sealed" }));
    await tx.put("devices", device("phone-2"));
    await tx.put("devices", device("phone-3", { state: "unenrolled" }));
  });
});

const send = (command: unknown, more: object = {}): Promise<Answered> =>
  harness.call("POST", "/api/v1/commands", { json: { udids: ["phone-1"], command, ...more } });

/** A good one of each, and what makes it bad. */
const samples: Record<string, { good: object; bad: object }> = {
  ApplyRedemptionCode: { good: { Identifier: "a", RedemptionCode: "b" }, bad: { Identifier: "a" } },
  CertificateList: { good: {}, bad: { Everything: true } },
  ClearPasscode: { good: {}, bad: { UnlockToken: { $data: "AA==" } } },
  DeviceConfigured: { good: {}, bad: { Really: true } },
  DeviceInformation: { good: { Queries: ["UDID"] }, bad: { Queries: "UDID" } },
  DeviceLock: { good: { Message: "Call us" }, bad: { PIN: "123456" } },
  EraseDevice: { good: { PreserveDataPlan: true }, bad: { PreserveDataPlan: "yes" } },
  InstallApplication: { good: { iTunesStoreID: 1 }, bad: { iTunesStoreID: 1, Identifier: "a" } },
  InstallProfile: { good: { Payload: { $data: "AA==" } }, bad: { Payload: "AA==" } },
  InstalledApplicationList: { good: { ManagedAppsOnly: true }, bad: { ManagedAppsOnly: "yes" } },
  InviteToProgram: {
    good: { ProgramID: "com.apple.cloudvpp", InvitationURL: "https://x.example" },
    bad: { ProgramID: "com.apple.cloudvpp" },
  },
  ManagedApplicationAttributes: { good: { Identifiers: ["a"] }, bad: {} },
  ManagedApplicationConfiguration: { good: { Identifiers: ["a"] }, bad: {} },
  ManagedApplicationFeedback: { good: { Identifiers: ["a"] }, bad: {} },
  ManagedApplicationList: { good: { Identifiers: ["a"] }, bad: { Identifiers: "a" } },
  ProfileList: { good: {}, bad: { Identifier: "a" } },
  RemoveApplication: { good: { Identifier: "a" }, bad: { Identifer: "a" } },
  RemoveProfile: { good: { Identifier: "a" }, bad: {} },
  RestartDevice: { good: {}, bad: { NotifyUser: true } },
  SecurityInfo: { good: {}, bad: { Queries: [] } },
  Settings: { good: { Settings: [{ Item: "DeviceName", DeviceName: "x" }] }, bad: { Settings: [{}] } },
  ShutDownDevice: { good: {}, bad: { Now: true } },
  ValidateApplications: { good: {}, bad: { Identifiers: "a" } },
};

describe("a typed command", () => {
  it("is any that is known here", () => {
    expect(Object.keys(samples).sort()).toEqual([...commandSchemas.keys()].sort());
  });

  it.each(Object.entries(samples))(
    "%s is taken as it should be, and refused otherwise",
    async (type, { good, bad }) => {
      const taken = await send({ RequestType: type, ...good });
      expect(taken.text).not.toContain('"code"');
      expect(taken.status).toBe(202);
      expect(taken.body).toMatchObject({ commands: [{ udid: "phone-1" }], refused: [] });
      const refused = await send({ RequestType: type, ...bad });
      expect(refused.status).toBe(400);
      expect(refused.body).toMatchObject({ code: "invalid_request" });
      expect(refused.body["detail"]).toMatch(/^body\.command/);
    },
  );

  it.each(["DeviceInformaton", "constructor", "__proto__", "InstallMedia"])(
    "is none of another name: %s needs raw",
    async (RequestType) => {
      const refused = await send({ RequestType });
      expect(refused.status).toBe(400);
      expect(refused.body).toMatchObject({ code: "invalid_request" });
      expect(refused.body["detail"]).toContain("raw: true");
      expect((await send({ RequestType }, { raw: true })).status).toBe(202);
    },
  );

  it("is checked on the route of one phone as well", async () => {
    const path = "/api/v1/devices/phone-1/commands";
    const wrong = { RequestType: "RemoveProfile" };
    expect((await harness.call("POST", path, { json: { command: wrong } })).status).toBe(400);
    expect((await harness.call("POST", path, { json: { command: wrong, raw: true } })).status).toBe(202);
    const right = { RequestType: "RemoveProfile", Identifier: "a" };
    expect((await harness.call("POST", path, { json: { command: right } })).status).toBe(202);
  });
});

describe("a command for many", () => {
  it("is queued for those who can take it, and says who can't and why", async () => {
    const udids = ["phone-1", "phone-2", "phone-3", "nobody", "phone-1"];
    const answer = await send({ RequestType: "ClearPasscode" }, { udids });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      commands: [{ udid: "phone-1" }],
      refused: [
        { udid: "phone-2", code: "conflict", message: expect.stringContaining("unlock token") },
        { udid: "phone-3", code: "conflict" },
        { udid: "nobody", code: "not_found" },
      ],
    });
  });

  it("happens once under one Idempotency-Key", async () => {
    const json = { udids: ["phone-1", "phone-2"], command: { RequestType: "ProfileList" } };
    const headers = { "idempotency-key": "batch-1" };
    const first = await harness.call("POST", "/api/v1/commands", { json, headers });
    const again = await harness.call("POST", "/api/v1/commands", { json, headers });
    expect(again.text).toBe(first.text);
    const queued = await harness.store.read((reader) => reader.count("commands", "open", "phone-2"));
    expect(queued).toBe(1);
  });

  it.each([
    ["too many phones", { udids: Array.from({ length: 10_001 }, (_, n) => `phone-${n}`) }],
    ["no phones", { udids: [] }],
    ["phones and a group", { groupId: "sales" }],
    ["a field that isn't known", { urgent: true }],
  ])("is refused with %s", async (_name, more) => {
    const answer = await send({ RequestType: "ProfileList" }, more);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: "invalid_request" });
  });

  it("has a size", async () => {
    const payload = (length: number) => ({
      RequestType: "InstallProfile",
      Payload: { $data: Buffer.alloc(length).toString("base64") },
    });
    expect((await send(payload(256 * 1024))).status).toBe(202);
    expect((await send(payload(1024 * 1024))).body).toMatchObject({ code: "body_too_large" });
    expect((await send(payload(2 * 1024 * 1024))).body).toMatchObject({ code: "body_too_large" });
  });

  it.each([
    ["read-only", 403],
    ["operator", 202],
  ] as const)("from a key with the role %s is answered %i", async (role, status) => {
    const json = { udids: ["phone-1"], command: { RequestType: "ProfileList" } };
    const answer = await harness.call("POST", "/api/v1/commands", { json, key: harness.keys[role] });
    expect(answer.status).toBe(status);
  });
});
