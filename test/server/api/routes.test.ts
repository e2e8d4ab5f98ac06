import { beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "../../../server/api/installation-view.ts";
import { ensureFirstKey, ensureKnownKey, revokeKnownKey } from "../../../server/api-keys.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import type { InstallationReason, InstallationRecord } from "../../../server/store/records.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { FakeWorld } from "../fake-world.ts";
import { device, installation, openHarness, startOfTime, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const command = { RequestType: "ProfileList" };
const items = (answer: { body: Record<string, unknown> }) =>
  answer.body["items"] as Record<string, unknown>[];

describe("API keys", () => {
  it("can't lose the last admin", async () => {
    const admin = items(await harness.call("GET", "/api/v1/keys")).find(({ role }) => role === "admin");
    const path = `/api/v1/keys/${String(admin?.["id"])}`;
    const refused = await harness.call("DELETE", path);
    expect([refused.status, refused.body["code"]]).toEqual([409, "conflict"]);
    const second = await harness.call("POST", "/api/v1/keys", { json: { name: "second", role: "admin" } });
    expect((await harness.call("DELETE", path)).status).toBe(204);
    const key = String(second.body["key"]);
    expect((await harness.call("DELETE", path, { key })).status).toBe(204);
    expect((await harness.call("DELETE", `/api/v1/keys/${String(second.body["id"])}`, { key })).status).toBe(
      409,
    );
    expect((await harness.call("DELETE", "/api/v1/keys/none", { key })).body["code"]).toBe("not_found");
  });

  it("begin with one generated admin key, once, and the well-known one can be shut off again", async () => {
    const world = new FakeWorld(startOfTime);
    const store = openMemoryStore();
    const context = { world, store, recorder: createRecorder({ now: () => 0, run: "", keepsWire: false }) };
    await ensureKnownKey(context, "pippin-dev");
    const first = await ensureFirstKey(context);
    expect(first).toMatch(/^pk_[\w-]{43}$/);
    expect(await ensureFirstKey(context)).toBeUndefined();
    const known = async () =>
      (await store.read((reader) => reader.get("apiKeys", "insecure-dev-key")))?.revokedAt;
    expect(await known()).toBeNull();
    await revokeKnownKey(context);
    expect(await known()).toBe(startOfTime);
    await ensureKnownKey(context, "pippin-dev");
    expect(await known()).toBeNull();
  });
});

describe("commands", () => {
  beforeEach(async () => {
    await harness.store.transaction(async (tx) => {
      await tx.put("devices", device("phone-1", { userId: "anna" }));
      await tx.put("devices", device("phone-2", { userId: "anna" }));
      await tx.put("devices", device("phone-3", { state: "unenrolled" }));
    });
    await harness.call("POST", "/api/v1/groups", { json: { id: "sales", name: "Sales" } });
    await harness.call("POST", "/api/v1/users", {
      json: { id: "anna", name: "Anna", email: "a@b", groupIds: ["sales"] },
    });
  });

  it("are queued, listed newest first, shown and cancelled", async () => {
    const uuids: unknown[] = [];
    for (const RequestType of ["ProfileList", "SecurityInfo"]) {
      const { body } = await harness.call("POST", "/api/v1/devices/phone-1/commands", {
        json: { command: { RequestType } },
      });
      uuids.unshift(body["commandUUID"]);
    }
    const list = await harness.call("GET", "/api/v1/devices/phone-1/commands");
    expect(items(list).map((item) => item["commandUUID"])).toEqual(uuids);
    const path = `/api/v1/commands/${String(uuids[0])}`;
    const { body } = await harness.call("GET", path);
    expect(body).toMatchObject({ state: "queued", command: { RequestType: "SecurityInfo" }, result: null });
    expect((await harness.call("DELETE", path)).body["state"]).toBe("cancelled");
    expect((await harness.call("DELETE", path)).body["code"]).toBe("conflict");
    expect(items(await harness.call("GET", "/api/v1/devices/phone-1/commands?open=true"))).toHaveLength(1);
    expect(items(await harness.call("GET", "/api/v1/devices/phone-1/commands?open=false"))).toHaveLength(1);
  });

  it("reach many phones at once, and those that can't take one are named", async () => {
    const udids = ["phone-1", "phone-3", "phone-9", "phone-1"];
    const { body } = await harness.call("POST", "/api/v1/commands", { json: { udids, command } });
    expect((body["commands"] as { udid: string }[]).map(({ udid }) => udid)).toEqual(["phone-1"]);
    const refused = (body["refused"] as { udid: string; code: string }[]).map(({ udid, code }) => [
      udid,
      code,
    ]);
    expect(refused).toEqual([
      ["phone-3", "conflict"],
      ["phone-9", "not_found"],
    ]);
  });

  it("reach the phones of a group's users", async () => {
    const { body } = await harness.call("POST", "/api/v1/commands", { json: { groupId: "sales", command } });
    expect((body["commands"] as { udid: string }[]).map(({ udid }) => udid)).toEqual(["phone-1", "phone-2"]);
    const refused = await harness.call("POST", "/api/v1/commands", { json: { groupId: "none", command } });
    expect(refused.body["code"]).toBe("not_found");
  });
});

describe("a user", () => {
  it("is shown with phones and installations", async () => {
    await harness.store.transaction(async (tx) => {
      await tx.put("devices", device("phone-1", { userId: "anna" }));
      await tx.put(
        "installations",
        installation("phone-1", "1", { userId: "anna", state: "waitingForTerms" }),
      );
    });
    await harness.call("POST", "/api/v1/users", { json: { id: "anna", name: "Anna", email: "A@b" } });
    const { body } = await harness.call("GET", "/api/v1/users/anna");
    expect(body["devices"]).toMatchObject([{ udid: "phone-1", connected: true }]);
    expect(body["installations"]).toMatchObject([{ id: "phone-1:1", label: "Install Pending" }]);
    expect(items(await harness.call("GET", "/api/v1/users?email=a@B&termsStatus=notInvited"))).toHaveLength(
      1,
    );
    expect(items(await harness.call("GET", "/api/v1/users?termsStatus=accepted"))).toHaveLength(0);
  });

  it("is invited again by the licensing service", async () => {
    expect((await harness.call("POST", "/api/v1/users/anna/invitation")).status).toBe(204);
    expect((await harness.call("POST", "/api/v1/users/nobody/invitation")).body["code"]).toBe("not_found");
    expect(harness.calls.map(({ name, args }) => [name, args[0]])).toEqual([
      ["resendInvitation", "anna"],
      ["resendInvitation", "nobody"],
    ]);
  });
});

describe("enrolment tokens", () => {
  it("show their link once, alone or in a batch, all or none", async () => {
    const one = await harness.call("POST", "/api/v1/enrollment-tokens", {
      json: { kind: "device", expiresInHours: 2 },
    });
    expect(one.body["url"]).toMatch(/^http:\/\/pippin\.test\/enroll\/[\w-]{43}$/);
    expect(one.body["expiresAt"]).toBe("2016-07-01T10:00:00.000Z");
    const batch = (tokens: unknown[]) =>
      harness.call("POST", "/api/v1/enrollment-tokens/batch", { json: { tokens } });
    expect(
      ((await batch([{ kind: "device" }, { kind: "dep", uses: 5 }])).body["tokens"] as unknown[]).length,
    ).toBe(2);
    expect((await batch([{ kind: "device" }, { kind: "user", userId: "nobody" }])).body["code"]).toBe(
      "not_found",
    );
    const list = items(await harness.call("GET", "/api/v1/enrollment-tokens"));
    expect(list).toHaveLength(3);
    expect(list.flatMap((token) => Object.keys(token))).not.toContain("tokenHash");
  });
});

describe("deployments", () => {
  it("pass times as milliseconds to the service, and show them in ISO 8601", async () => {
    const json = { adamId: "1", groupId: "sales", action: "required", deadline: "2016-08-01T02:00:00+02:00" };
    const { body } = await harness.call("POST", "/api/v1/deployments", { json });
    expect(body["deadline"]).toBe("2016-08-01T00:00:00.000Z");
    expect(harness.calls[0]?.args[0]).toEqual({ ...json, deadline: Date.parse("2016-08-01T00:00:00Z") });
    await harness.call("PATCH", "/api/v1/deployments/deployment-1", { json: { deadline: null } });
    expect(harness.calls[1]?.args.slice(0, 2)).toEqual(["deployment-1", { deadline: null }]);
    expect((await harness.call("DELETE", "/api/v1/deployments/deployment-1")).status).toBe(204);
    expect((await harness.call("DELETE", "/api/v1/deployments/none")).body["code"]).toBe("not_found");
  });

  it("that are withdrawn can't be seen while phones are still being told", async () => {
    const record = {
      adamId: "1",
      groupId: "sales",
      action: "required" as const,
      deadline: null,
      createdAt: 1,
      updatedAt: 1,
      expandAfter: "",
      cause: 0,
    };
    await harness.store.transaction(async (tx) => {
      await tx.put("deployments", { ...record, id: "d1", removed: false });
      await tx.put("deployments", { ...record, id: "d2", removed: true });
    });
    expect(items(await harness.call("GET", "/api/v1/deployments")).map(({ id }) => id)).toEqual(["d1"]);
    expect((await harness.call("GET", "/api/v1/deployments/d1")).status).toBe(200);
    expect((await harness.call("GET", "/api/v1/deployments/d2")).status).toBe(404);
  });
});

describe("installations", () => {
  it("are addressed by phone and app", async () => {
    await harness.store.transaction((tx) => tx.put("installations", installation("phone-1", "1")));
    expect((await harness.call("GET", "/api/v1/installations/phone-1:1")).body).toMatchObject({
      id: "phone-1:1",
      // Neither is known here.
      appName: null,
      userName: null,
    });
    expect((await harness.call("GET", "/api/v1/installations/phone-1:2")).body["code"]).toBe("not_found");
    await harness.call("POST", "/api/v1/installations/phone-1:1/retry");
    expect(harness.calls).toMatchObject([{ name: "retry", args: ["phone-1 1", expect.any(Number)] }]);
  });

  const cases: [
    InstallationRecord["state"],
    InstallationReason | null,
    InstallationRecord["appState"],
    string | null,
  ][] = [
    ["failed", "no-license", null, "0x87D13B7E"],
    ["failed", "license-refused", null, "0x87D13B95"],
    ["failed", "user-rejected", "UserRejected", "0x87D13B62"],
    ["failed", "install-failed", "Failed", "0x87D13B64"],
    ["pending", "user-removed", "ManagedButUninstalled", "0x87D13B66"],
    ["notApplicable", "dep-enrolled", null, "0x87D13B6B"],
    ["failed", "cancelled", "ManagementRejected", "0x87D13B68"],
    ["failed", "cancelled", "absent", null],
    ["installed", null, "Managed", null],
    ["installed", "user-removed", "UpdateRejected", "0x87D13B63"],
  ];
  it.each(cases)("R44: carry the code that admins know: %s, %s, %s → %s", (state, reason, appState, code) => {
    expect(errorCode({ state, reason, appState })).toBe(code);
  });
});

describe("policies", () => {
  it("are set whole: what is left out takes its default", async () => {
    await harness.call("PUT", "/api/v1/policies", { json: { licenseOnUnenroll: "reclaim" } });
    expect((await harness.call("GET", "/api/v1/policies")).body).toMatchObject({
      licenseOnUnenroll: "reclaim",
      syncIntervalHours: 12,
    });
    await harness.call("PUT", "/api/v1/policies", { json: { syncIntervalHours: 6 } });
    expect((await harness.call("GET", "/api/v1/policies")).body).toMatchObject({
      licenseOnUnenroll: "keep",
      syncIntervalHours: 6,
    });
  });
});
