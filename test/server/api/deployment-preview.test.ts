import { beforeEach, describe, expect, it } from "vitest";
import { app, device, openHarness, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
  await harness.call("POST", "/api/v1/groups", { json: { id: "sales", name: "Sales" } });
  await harness.call("POST", "/api/v1/users", {
    json: { id: "anna", name: "Anna", email: "anna@b.example", groupIds: ["sales"] },
  });
  await harness.store.transaction(async (tx) => {
    await tx.put("apps", app("1"));
    await tx.put("devices", device("phone-1", { userId: "anna" }));
    await tx.put("devices", device("phone-2", { userId: "anna", state: "unenrolled" }));
  });
});

const ask = (query: string) =>
  harness.call("GET", `/api/v1/deployments/preview?${query}`, { key: harness.keys["read-only"] });

describe("GET /api/v1/deployments/preview", () => {
  it("answers a read-only key, counts managed phones alone, and changes nothing", async () => {
    const before = harness.calls.length;
    const { status, body } = await ask("adamId=1&groupIds=sales&action=required");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      users: { total: 1, withoutPhone: 0 },
      phones: { total: 1, install: 1 },
      // No token was uploaded: it waits, and will take a licence.
      account: "missing",
      licenses: { owned: 10, free: 6, needed: 1 },
    });
    expect(harness.calls).toHaveLength(before);
    const installations = await harness.store.read((reader) => reader.count("installations", "all", ""));
    expect(installations).toBe(0);
  });

  it("counts a group that is named twice once", async () => {
    const { body } = await ask("adamId=1&groupIds=sales,sales&action=required");
    expect(body["groups"]).toHaveLength(1);
    expect(body["users"]).toMatchObject({ total: 1 });
  });

  it.each([
    ["an app that there isn't", "adamId=2&groupIds=sales&action=required", "not_found"],
    ["a group that there isn't", "adamId=1&groupIds=sales,none&action=required", "not_found"],
    ["no group", "adamId=1&groupIds=&action=required", "invalid_request"],
    [
      "a deadline of an uninstall",
      "adamId=1&groupIds=sales&action=uninstall&deadline=2016-07-02T00:00:00Z",
      "invalid_request",
    ],
    ["an unknown action", "adamId=1&groupIds=sales&action=maybe", "invalid_request"],
    [
      "licences of phones against the policy",
      "adamId=1&groupIds=sales&action=required&licenseType=device",
      "device_licensing_off",
    ],
  ])("refuses %s", async (_what, query, code) => {
    const { body } = await ask(query);
    expect(body["code"]).toBe(code);
  });

  it("takes licences of phones where the policy has them, and a deadline of a required install", async () => {
    await harness.call("PATCH", "/api/v1/policies", { json: { licensing: "user-and-device" } });
    await harness.store.transaction((tx) =>
      tx.put("devices", device("phone-1", { userId: "anna", serialNumber: "S1", osVersion: "10.3" })),
    );
    const query = "adamId=1&groupIds=sales&action=required&licenseType=device&deadline=2016-07-02T00:00:00Z";
    const { status, body } = await ask(query);
    expect(status).toBe(200);
    // This app's developer lets no phone hold a licence.
    expect(body["phones"]).toMatchObject({
      install: 0,
      refused: [{ reason: "not-device-assignable", count: 1 }],
    });
    await harness.store.transaction((tx) => tx.put("apps", app("1", { deviceAssignable: true })));
    expect((await ask(query)).body["phones"]).toMatchObject({ install: 1, refused: [] });
  });
});
