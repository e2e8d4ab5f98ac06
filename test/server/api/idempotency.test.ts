import { beforeEach, describe, expect, it } from "vitest";
import { openHarness, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const dayMs = 24 * 60 * 60 * 1_000;
const newKey = (key: string, json: unknown = { name: "CI", role: "operator" }) => ({
  json,
  headers: { "idempotency-key": key },
});
const countKeys = () => harness.store.read((reader) => reader.count("apiKeys", "all", ""));

describe("a create with an Idempotency-Key", () => {
  it("happens once and is answered twice alike, also where the answer holds a secret", async () => {
    const before = await countKeys();
    const first = await harness.call("POST", "/api/v1/keys", newKey("k1"));
    const second = await harness.call("POST", "/api/v1/keys", newKey("k1"));
    expect([second.status, second.text]).toEqual([201, first.text]);
    expect([first, second].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
    expect(await countKeys()).toBe(before + 1);
  });

  it("happens twice under two keys, or when another caller uses the same one", async () => {
    const group = (name: string, key: string) => ({
      json: { name },
      headers: { "idempotency-key": "k1" },
      key,
    });
    expect((await harness.call("POST", "/api/v1/groups", group("A", harness.keys.admin))).status).toBe(201);
    expect((await harness.call("POST", "/api/v1/groups", group("B", harness.keys.operator))).status).toBe(
      201,
    );
    const again = await harness.call("POST", "/api/v1/keys", newKey("k2"));
    const other = await harness.call("POST", "/api/v1/keys", newKey("k3"));
    expect(again.body["id"]).not.toBe(other.body["id"]);
  });

  it("is refused with another body, or on another route", async () => {
    await harness.call("POST", "/api/v1/keys", newKey("k1"));
    const body = await harness.call("POST", "/api/v1/keys", newKey("k1", { name: "CI", role: "admin" }));
    const route = await harness.call("POST", "/api/v1/groups", newKey("k1", { name: "CI" }));
    for (const refused of [body, route]) {
      expect([refused.status, refused.body["code"]]).toEqual([409, "idempotency_mismatch"]);
    }
  });

  it("is done by only one of two requests at the same time", async () => {
    const before = await countKeys();
    const answers = await Promise.all([1, 2].map(() => harness.call("POST", "/api/v1/keys", newKey("k1"))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.map(({ body }) => body["code"]).filter((code) => code !== undefined)).toEqual([
      "request_under_way",
    ]);
    expect(await countKeys()).toBe(before + 1);
  });

  it("is not repeated when the server was stopped in the middle of it, and says so", async () => {
    await harness.call("POST", "/api/v1/keys", newKey("k1"));
    const before = await countKeys();
    // As a crash between the beginning and the answer leaves it.
    await harness.store.transaction(async (tx) => {
      const [record] = await tx.list("idempotency", { index: "byAge", partition: "", limit: 1 });
      if (record) await tx.put("idempotency", { ...record, status: 0, body: null });
    });
    const again = await harness.call("POST", "/api/v1/keys", newKey("k1"));
    expect([again.status, again.body["code"]]).toEqual([409, "request_interrupted"]);
    expect(await countKeys()).toBe(before);
    expect((await harness.call("POST", "/api/v1/keys", newKey("k2"))).status).toBe(201);
  });

  it("may be tried again after a refusal", async () => {
    const user = {
      json: { id: "anna", name: "A", email: "a@b", groupIds: ["sales"] },
      headers: { "idempotency-key": "k" },
    };
    expect((await harness.call("POST", "/api/v1/users", user)).status).toBe(404);
    await harness.call("POST", "/api/v1/groups", { json: { id: "sales", name: "Sales" } });
    expect((await harness.call("POST", "/api/v1/users", user)).status).toBe(201);
  });

  it("is forgotten after a day", async () => {
    const first = await harness.call("POST", "/api/v1/keys", newKey("k1"));
    await harness.world.advance(dayMs - 1);
    expect((await harness.call("POST", "/api/v1/keys", newKey("k1"))).body["id"]).toBe(first.body["id"]);
    await harness.world.advance(1);
    expect((await harness.call("POST", "/api/v1/keys", newKey("k1"))).body["id"]).not.toBe(first.body["id"]);
    await harness.world.advance(dayMs);
    await harness.call("POST", "/api/v1/keys", newKey("k9"));
    const kept = await harness.store.read((reader) => reader.count("idempotency", "byAge", ""));
    expect(kept).toBe(1);
  });

  it("leaves no secret in the store", async () => {
    const { body } = await harness.call("POST", "/api/v1/keys", newKey("k1"));
    const stored = await harness.store.read(async (reader) => [
      await reader.list("idempotency", { index: "byAge", partition: "", limit: 10 }),
      await reader.list("apiKeys", { index: "all", partition: "", limit: 10 }),
    ]);
    expect(JSON.stringify(stored)).not.toContain(String(body["key"]));
    expect(String(body["key"])).toMatch(/^pk_[\w-]{43}$/);
  });
});
