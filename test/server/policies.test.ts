import { beforeEach, describe, expect, it } from "vitest";
import { newInstallation } from "../../server/deployments/installations.ts";
import { changePolicies, sweepInstallations } from "../../server/deployments/policy-change.ts";
import { transact } from "../../server/outbox.ts";
import { defaultPolicies, PolicyChange, readPolicies, type Policies } from "../../server/policies.ts";
import { openHarness, type Harness } from "./api/harness.ts";
import { TestServer } from "./test-server.ts";

const path = "/api/v1/policies";
let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

async function inForce(): Promise<Policies> {
  return (await harness.call("GET", path)).body as unknown as Policies;
}

describe("policies by API", () => {
  it("begin as the seed has them", async () => {
    expect(await inForce()).toEqual(defaultPolicies);
    expect(defaultPolicies).toMatchObject({
      syncIntervalHours: 12,
      conflictRules: "2016",
      dep: "refuse",
      licenseOnUnenroll: "keep",
      inventoryIntervalDays: 7,
    });
  });

  it("keep by PATCH what is left out, and reset it by PUT", async () => {
    const changed = await harness.call("PATCH", path, { json: { conflictRules: "2017", dep: "documented" } });
    expect(changed.body).toEqual({ ...defaultPolicies, conflictRules: "2017", dep: "documented" });
    await harness.call("PATCH", path, { json: { syncIntervalHours: 6 } });
    expect(await inForce()).toEqual({
      ...defaultPolicies,
      conflictRules: "2017",
      dep: "documented",
      syncIntervalHours: 6,
    });
    await harness.call("PUT", path, { json: { syncIntervalHours: 8 } });
    expect(await inForce()).toEqual({ ...defaultPolicies, syncIntervalHours: 8 });
  });

  it.each<[name: string, json: unknown]>([
    ["an unknown name", { conflictRule: "2017" }],
    ["an unknown value", { conflictRules: "2018" }],
    ["a value of another type", { conflictRules: 2017 }],
    ["a value below its bound", { inventoryIntervalDays: 0 }],
    ["a value above its bound", { syncIntervalHours: 169 }],
    ["a fraction where whole ones are meant", { installAttemptsMax: 1.5 }],
    ["half a group of values", { verify: { firstSeconds: 1 } }],
    ["a group with a member too many", { verify: { ...defaultPolicies.verify, jitter: 1 } }],
    ["one good and one bad value", { dep: "documented", syncIntervalHours: 0 }],
    ["something else than an object", ["dep"]],
  ])("are refused with %s, and nothing changes", async (_name, json) => {
    for (const method of ["PATCH", "PUT"]) {
      const refused = await harness.call(method, path, { json });
      expect([refused.status, refused.body["code"]]).toEqual([400, "invalid_request"]);
    }
    expect(await inForce()).toEqual(defaultPolicies);
  });

  it("want at least one name in a PATCH", async () => {
    expect((await harness.call("PATCH", path, { json: {} })).status).toBe(400);
    expect((await harness.call("PATCH", path, { json: { dep: "refuse" } })).status).toBe(200);
  });

  it("wake the services and say which changed, once they did", async () => {
    const wakes = () => harness.calls.filter(({ name }) => name === "wake").length;
    const before = wakes();
    await harness.call("PATCH", path, { json: { dep: "refuse", syncIntervalHours: 6 } });
    const events = harness.events.filter(
      ({ event, what }) => event === "admin.changed" && what === "policies.set",
    );
    expect(events).toMatchObject([{ changed: ["syncIntervalHours"] }]);
    expect(wakes()).toBeGreaterThanOrEqual(before);
  });

  it.each(Object.entries(defaultPolicies))("take %s alone", (name, value) => {
    expect(PolicyChange.parse({ [name]: value })).toEqual({ [name]: value });
  });
});

describe("a change of the policies", () => {
  async function change(server: TestServer, policies: Partial<Policies>): Promise<string[]> {
    const { world } = server;
    return await transact(server.context, async (tx, outbox) =>
      changePolicies(tx, outbox, { ...(await readPolicies(tx)), ...policies }, world.now(), 1),
    );
  }

  it("looks at every installation again, some at a time, and knows its place after a crash", async () => {
    const server = new TestServer();
    const { world, store } = server;
    await store.transaction(async (tx) => {
      for (let n = 0; n < 120; n += 1) {
        const udid = `phone-${String(n).padStart(3, "0")}`;
        await tx.put("installations", { ...newInstallation(udid, "1", null, 0, 0), dueAt: null });
      }
    });
    expect(await change(server, { dep: "refuse" })).toEqual([]);
    const sweep = () => transact(server.context, (tx, outbox) => sweepInstallations(tx, outbox, world.now()));
    expect(await sweep()).toBe(false);
    expect(await change(server, { dep: "documented" })).toEqual(["dep"]);
    const due = () => store.read((reader) => reader.count("installations", "due", ""));
    const counts: number[] = [];
    while (await sweep()) counts.push(await due());
    expect(counts).toEqual([50, 100, 120]);
    // A second change in the middle begins again at the beginning.
    await change(server, { dep: "refuse" });
    await sweep();
    await change(server, { dep: "userless-only" });
    let turns = 0;
    while (await sweep()) turns += 1;
    expect(turns).toBe(3);
  });

  it("moves the next sync and the next questions about terms", async () => {
    const server = new TestServer();
    const { world, store } = server;
    const now = world.now();
    const hour = 3_600_000;
    await store.transaction(async (tx) => {
      await tx.put("accounts", { id: "vpp", nextSyncAt: now + 10 * hour } as never);
      const vpp = {
        ...{ clientUserIdStr: "c", status: "Registered", inviteUrl: null, itsIdHash: null, invitedAt: now },
        ...{ inviteCount: 1, inviteUdid: null, inviteCommandUUID: null, acceptedAt: null, checkedAt: null },
        ...{ pollAt: now + hour, pollCount: 30 },
      };
      await tx.put("users", {
        id: "anna",
        name: "Anna",
        email: "a@b.example",
        groupIds: [],
        createdAt: now,
        vpp,
      } as never);
    });
    const nextSync = async () => (await store.read((reader) => reader.get("accounts", "vpp")))?.nextSyncAt;
    const nextPoll = async () => (await store.read((reader) => reader.get("users", "anna")))?.vpp.pollAt;
    await change(server, { syncIntervalHours: 6 });
    expect(await nextSync()).toBe(now + 4 * hour);
    await change(server, { syncIntervalHours: 1 });
    expect(await nextSync()).toBe(now);
    await change(server, { termsPoll: { firstSeconds: 1, factor: 1, maxSeconds: 60 } });
    expect(await nextPoll()).toBe(now + 1_000);
    // Nobody waits longer than before.
    await change(server, { termsPoll: { firstSeconds: 3_600, factor: 1, maxSeconds: 7_200 } });
    expect(await nextPoll()).toBe(now + 1_000);
  });
});
