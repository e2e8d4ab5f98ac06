import { beforeEach, describe, expect, it } from "vitest";
import { bounded } from "../../../server/audit/bounded.ts";
import { createAuditLog, startAuditPruning } from "../../../server/audit/audit-log.ts";
import { transact } from "../../../server/outbox.ts";
import type { AuditRecord } from "../../../server/store/records.ts";
import { PippinError } from "../../../shared/errors.ts";
import { settle } from "../fake-world.ts";
import { TestServer } from "../test-server.ts";
import { openHarness, sToken, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

type Body = Record<string, unknown>;

async function audit(query = ""): Promise<Body[]> {
  return (await harness.call("GET", `/api/v1/audit${query}`)).body["items"] as Body[];
}

const nina = { id: "nina", name: "Nina", email: "nina@orchard.example" };

describe("the audit log", () => {
  it("says who did what, when, on what, and how it was before and after", async () => {
    await harness.call("POST", "/api/v1/users", { json: nina, key: harness.keys.operator });
    await harness.world.advance(60_000);
    await harness.call("PATCH", "/api/v1/users/nina", { json: { name: "Nina B" }, peer: "10.0.0.9" });
    const [changed, created] = await audit();
    const operator = (await harness.call("GET", "/api/v1/keys")).body["items"] as Body[];
    expect(created).toMatchObject({
      at: "2016-07-01T08:00:00.000Z",
      keyId: operator.find(({ role }) => role === "operator")?.["id"],
      keyName: "operator",
      role: "operator",
      address: "127.0.0.1",
      operation: "POST /api/v1/users",
      target: "users/nina",
      before: null,
      after: { name: "Nina", email: "nina@orchard.example", groupIds: [], terms: "notInvited" },
      result: "done",
      code: null,
    });
    expect(changed).toMatchObject({
      at: "2016-07-01T08:01:00.000Z",
      keyName: "admin",
      address: "10.0.0.9",
      operation: "PATCH /api/v1/users/{userId}",
      target: "users/nina",
      request: { body: { name: "Nina B" } },
      before: { name: "Nina" },
      after: { name: "Nina B" },
    });
    const seqs = harness.events.filter(({ event }) => event === "api.request").map(({ seq }) => seq);
    expect(seqs).toContain(changed?.["event"]);
  });

  it("is written in the transaction of the act, where there is one that says what it is", async () => {
    // The first use of a key is noted with the key.
    await harness.call("GET", "/api/v1/users");
    let writes = 0;
    const before = harness.store.transaction.bind(harness.store);
    harness.store.transaction = (run) => {
      writes += 1;
      return before(run);
    };
    await harness.call("POST", "/api/v1/users", { json: nina });
    expect(writes).toBe(1);
    expect(await audit()).toHaveLength(1);
    // This one is faked here, and records nothing in a transaction: then the log is written right after.
    await harness.call("POST", "/api/v1/installations/phone-1:1/retry");
    expect((await audit())[0]).toMatchObject({
      operation: "POST /api/v1/installations/{installationId}/retry",
      target: "installations/phone-1:1",
      result: "done",
    });
  });

  it("keeps refusals: of the request, for want of a role, and failed logins", async () => {
    await harness.call("POST", "/api/v1/users", { json: { ...nina, email: 7 } });
    await harness.call("GET", "/api/v1/keys", { key: harness.keys["read-only"] });
    await harness.call("POST", "/api/v1/users", { json: nina, key: harness.keys["read-only"] });
    await harness.call("DELETE", "/api/v1/deployments/none");
    await harness.call("GET", "/api/v1/users", { key: "pk_wrong", peer: "10.9.9.9" });
    const all = await audit();
    expect(
      all.map(({ operation, target, result, code }) => [operation, target, result, code]).reverse(),
    ).toEqual([
      ["POST /api/v1/users", "users", "refused", "invalid_request"],
      ["GET /api/v1/keys", "keys", "refused", "forbidden"],
      ["POST /api/v1/users", "users", "refused", "forbidden"],
      ["DELETE /api/v1/deployments/{deploymentId}", "deployments/none", "refused", "not_found"],
      ["authenticate", "users", "refused", "unauthorized"],
    ]);
    expect(all[0]).toMatchObject({ keyId: null, keyName: null, role: null, address: "10.9.9.9" });
    expect(all[2]).toMatchObject({ keyName: "read-only", role: "read-only" });
    expect(await harness.store.read((reader) => reader.get("users", "nina"))).toBeUndefined();
  });

  it("holds no secret: no key, no token, no password, no enrolment link", async () => {
    await harness.call("PUT", "/api/v1/vpp/token", {
      json: { sToken, tokenName: "Orchard", appleId: "it@orchard.example", acknowledged: true },
    });
    const made = await harness.call("POST", "/api/v1/keys", { json: { name: "ci", role: "operator" } });
    const link = await harness.call("POST", "/api/v1/enrollment-tokens", { json: { kind: "device" } });
    const hook = await harness.call("POST", "/api/v1/webhooks", {
      json: { url: "http://127.0.0.1:9/x", secret: "a-webhook-secret-of-mine" },
    });
    await harness.call("POST", "/api/v1/devices/phone-1/commands", {
      json: { command: { RequestType: "DeviceLock", PIN: "493817" } },
    });
    const text = JSON.stringify(await audit());
    expect(await audit()).toHaveLength(5);
    const url = String(link.body["url"]);
    for (const secret of [
      sToken,
      String(made.body["key"]),
      url.slice(url.lastIndexOf("/") + 1),
      String(hook.body["secret"]),
      "493817",
      ...Object.values(harness.keys),
    ]) {
      expect(secret.length).toBeGreaterThan(5);
      expect(text).not.toContain(secret);
    }
    const stored = await harness.store.read((reader) =>
      reader.list("audit", { index: "all", partition: "", limit: 10 }),
    );
    for (const key of Object.values(harness.keys)) expect(JSON.stringify(stored)).not.toContain(key);
  });

  it("has an act that is answered again under its Idempotency-Key once", async () => {
    for (let time = 0; time < 3; time += 1)
      await harness.call("POST", "/api/v1/users", { json: nina, headers: { "idempotency-key": "one" } });
    expect(await audit()).toHaveLength(1);
  });

  it("is filtered by key, operation, target, result and time, and paged", async () => {
    for (let index = 0; index < 12; index += 1) {
      const key = index % 3 === 0 ? harness.keys.operator : harness.keys.admin;
      await harness.call("POST", "/api/v1/users", { json: { ...nina, id: `u${index}` }, key });
      await harness.world.advance(1_000);
    }
    await harness.call("PATCH", "/api/v1/users/u3", { json: { name: "X" } });
    await harness.call("PATCH", "/api/v1/users/u33", { json: { name: "X" } });
    const operatorId = (await audit("?target=users/u0"))[0]?.["keyId"];
    expect(await audit(`?keyId=${String(operatorId)}`)).toHaveLength(4);
    const patch = encodeURIComponent("PATCH /api/v1/users/{userId}");
    expect(await audit(`?operation=${patch}`)).toHaveLength(2);
    expect(await audit(`?operation=${patch}&result=done`)).toHaveLength(1);
    expect((await audit("?target=users/u3")).map(({ operation }) => operation)).toEqual([
      "PATCH /api/v1/users/{userId}",
      "POST /api/v1/users",
    ]);
    expect(await audit("?target=users")).toHaveLength(14);
    expect(await audit("?target=user")).toHaveLength(0);
    const window = "?from=2016-07-01T08:00:03Z&to=2016-07-01T08:00:05Z";
    expect((await audit(window)).map(({ target }) => target)).toEqual(["users/u5", "users/u4", "users/u3"]);
    const pages: unknown[] = [];
    for (let cursor: unknown = ""; cursor !== null;) {
      const { body } = await harness.call(
        "GET",
        `/api/v1/audit${window}&limit=2${cursor === "" ? "" : `&cursor=${String(cursor)}`}`,
      );
      pages.push(...(body["items"] as Body[]).map(({ target }) => target));
      cursor = body["nextCursor"];
    }
    expect(pages).toEqual(["users/u5", "users/u4", "users/u3"]);
  });

  it("is for admins, and can't be changed", async () => {
    for (const role of ["read-only", "operator"] as const)
      expect((await harness.call("GET", "/api/v1/audit", { key: harness.keys[role] })).status).toBe(403);
    expect((await harness.call("GET", "/api/v1/audit")).status).toBe(200);
    for (const method of ["DELETE", "PUT", "POST", "PATCH"])
      expect((await harness.call(method, "/api/v1/audit", { json: {} })).body["code"]).toBe(
        "method_not_allowed",
      );
  });

  it("writes a bounded number of refusals in a minute, and then says how many there were", async () => {
    for (let index = 0; index < 305; index += 1)
      await harness.call("GET", "/api/v1/keys", { key: harness.keys["read-only"] });
    expect(await harness.store.read((reader) => reader.count("audit", "all", ""))).toBe(300);
    await harness.call("POST", "/api/v1/users", { json: nina });
    expect((await audit())[0]).toMatchObject({ result: "done", suppressed: 5 });
    await harness.world.advance(60_000);
    await harness.call("GET", "/api/v1/keys", { key: harness.keys["read-only"] });
    expect((await audit())[0]).toMatchObject({ code: "forbidden", suppressed: 0 });
  });
});

const description = { keyId: "k", role: "admin", address: "127.0.0.1", operation: "POST /x" } as const;
const nothing = () => ({ target: "x", snapshot: undefined });

describe("an act", () => {
  it("that fails after a part of it was stored has a record for each", async () => {
    const server = new TestServer();
    const log = createAuditLog(server.context);
    const context = { ...server.context, companions: [log] };
    const act = log.begin({ ...description, cause: 41 }, nothing);
    const record = (cause: number) =>
      transact(context, async (tx, outbox) => {
        await tx.put("settings", { id: "x", value: cause });
        outbox.record("admin.changed", { what: "x", cause });
      });
    await record(41);
    await record(41);
    await record(40);
    await act.refused(new PippinError("apple_unavailable", "Apple is away."));
    const all = await server.store.read((reader) =>
      reader.list("audit", { index: "all", partition: "", limit: 10 }),
    );
    expect(all.map(({ result, code }) => [result, code])).toEqual([
      ["done", null],
      ["failed", "apple_unavailable"],
    ]);
  });

  it("whose transaction is rolled back leaves no record but its refusal", async () => {
    const server = new TestServer();
    const log = createAuditLog(server.context);
    const context = {
      ...server.context,
      companions: [log, { join: () => Promise.reject(new Error("full")) }],
    };
    const act = log.begin({ ...description, cause: 7 }, nothing);
    const failing = transact(context, async (_tx, outbox) => outbox.record("admin.changed", { cause: 7 }));
    await expect(failing).rejects.toThrow("full");
    await act.refused(new Error("full"));
    const all = await server.store.read((reader) =>
      reader.list("audit", { index: "all", partition: "", limit: 10 }),
    );
    expect(all.map(({ result, code }) => [result, code])).toEqual([["failed", "internal"]]);
  });
});

describe("the length of the log", () => {
  const recordAt = (at: number): AuditRecord => ({
    ...description,
    id: String(at).padStart(15, "0"),
    at,
    keyName: null,
    target: "x",
    request: null,
    before: null,
    after: null,
    result: "done",
    code: null,
    cause: 1,
    suppressed: 0,
  });
  const dayMs = 86_400_000;

  it("is cut by the policy, in steps, and keeps what is younger", async () => {
    const server = new TestServer();
    const now = server.world.now();
    await server.store.transaction(async (tx) => {
      for (let index = 0; index < 450; index += 1) await tx.put("audit", recordAt(now - 365 * dayMs - index));
      await tx.put("audit", recordAt(now - 364 * dayMs));
    });
    const loop = startAuditPruning(server.context, (error) => expect.unreachable(String(error)));
    for (let turn = 0; turn < 40; turn += 1) await settle();
    const count = () => server.store.read((reader) => reader.count("audit", "all", ""));
    expect(await count()).toBe(1);
    const pruned = server.named("housekeeping.pruned").map(({ count: removed }) => removed);
    expect(pruned).toEqual([200, 200, 50]);
    await server.world.advance(dayMs + 3_600_000);
    expect(await count()).toBe(0);
    await loop.stop();
  });

  it("has an end however much is done", async () => {
    const server = new TestServer();
    const log = createAuditLog(server.context, { recordsMax: 20 });
    for (let cause = 1; cause <= 60; cause += 1) {
      await log.begin({ ...description, cause }, nothing).done();
      await server.world.advance(1);
    }
    const all = await server.store.read((reader) =>
      reader.list("audit", { index: "all", partition: "", limit: 100 }),
    );
    expect(all.length).toBeLessThanOrEqual(20);
    expect(all.at(-1)?.cause).toBe(60);
  });

  it.each<[string, unknown, unknown]>([
    ["a text", "x".repeat(400), `${"x".repeat(300)}…`],
    ["a list", Array.from({ length: 60 }, () => 1), [...Array.from({ length: 50 }, () => 1), "… 10 more"]],
    ["nothing", undefined, null],
    [
      "depth",
      { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } },
      { a: { b: { c: { d: { e: { f: "…" } } } } } },
    ],
    ["plain values", { a: 1, b: null, c: true }, { a: 1, b: null, c: true }],
  ])("has bounded records: %s", (_name, value, shown) => {
    expect(bounded(value, 4_096)).toEqual(shown);
  });

  it("leaves out what is still too long", () => {
    const long = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, "x".repeat(200)]));
    expect(bounded(long, 4_096)).toEqual({ leftOut: expect.stringMatching(/^\d+ bytes$/) as string });
  });
});
