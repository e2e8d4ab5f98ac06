import { beforeEach, describe, expect, it, vi } from "vitest";
import { createFailureBrake } from "../../../server/api/failure-brake.ts";
import { createKeyWatch } from "../../../server/key-watch.ts";
import type { ApiKeyRecord } from "../../../server/store/records.ts";
import { FakeWorld } from "../fake-world.ts";
import { openHarness, startOfTime, type Answered, type Harness } from "./harness.ts";

const path = "/api/v1/users";
const minuteMs = 60_000;
let harness: Harness;

beforeEach(async () => {
  harness = await openHarness();
});

async function create(details: object = {}): Promise<{ id: string; key: string }> {
  const json = { name: "CI", role: "operator", ...details };
  const { status, body, text } = await harness.call("POST", "/api/v1/keys", { json });
  expect(status, text).toBe(201);
  return { id: String(body["id"]), key: String(body["key"]) };
}

const rotate = (id: string, json: object = {}, options: object = {}): Promise<Answered> =>
  harness.call("POST", `/api/v1/keys/${id}/rotate`, { json, ...options });
const statusWith = async (key: string) => (await harness.call("GET", path, { key })).status;
const stored = (id: string): Promise<ApiKeyRecord | undefined> =>
  harness.store.read((reader) => reader.get("apiKeys", id));

describe("a key at rest", () => {
  it("is a hash: neither it nor a rotated one is anywhere in the store", async () => {
    const { id, key } = await create();
    const rotated = String((await rotate(id, { graceSeconds: 60 })).body["key"]);
    const record = JSON.stringify(await stored(id));
    expect(record).toMatch(/"keyHash":"[0-9a-f]{64}"/);
    for (const secret of [key, rotated]) {
      expect(record).not.toContain(secret);
      expect(record).not.toContain(secret.slice(3));
      expect(record).not.toContain(Buffer.from(secret.slice(3), "base64url").toString("hex"));
    }
  });

  it("is shown without its hashes", async () => {
    const { id } = await create();
    await rotate(id, { graceSeconds: 60 });
    const { text } = await harness.call("GET", "/api/v1/keys");
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });
});

describe("rotation", () => {
  it("gives a new secret once and shuts the old one out at the next request", async () => {
    const { id, key } = await create();
    const answer = await rotate(id);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, role: "operator", formerSecretUntil: null });
    const rotated = String(answer.body["key"]);
    expect(rotated).toMatch(/^pk_[\w-]{43}$/);
    expect(rotated).not.toBe(key);
    expect([await statusWith(key), await statusWith(rotated)]).toEqual([401, 200]);
    expect((await harness.call("GET", "/api/v1/keys")).text).not.toContain(rotated);
    expect(harness.events).toContainEqual(
      expect.objectContaining({ event: "admin.changed", what: "key.rotated", keyId: id }),
    );
  });

  it("leaves the old secret its grace, to the millisecond", async () => {
    const { id, key } = await create();
    const answer = await rotate(id, { graceSeconds: 600 });
    const rotated = String(answer.body["key"]);
    expect(answer.body["formerSecretUntil"]).toBe(new Date(startOfTime + 10 * minuteMs).toISOString());
    await harness.world.advance(10 * minuteMs - 1);
    expect([await statusWith(key), await statusWith(rotated)]).toEqual([200, 200]);
    await harness.world.advance(1);
    expect([await statusWith(key), await statusWith(rotated)]).toEqual([401, 200]);
  });

  it("ends a secret that still had its grace from the rotation before", async () => {
    const { id, key } = await create();
    const second = String((await rotate(id, { graceSeconds: 600 })).body["key"]);
    const third = String((await rotate(id, { graceSeconds: 600 })).body["key"]);
    expect(await Promise.all([key, second, third].map(statusWith))).toEqual([401, 200, 200]);
  });

  it("works on the key that asks, also the last admin's", async () => {
    const { body } = await harness.call("GET", "/api/v1/keys");
    const [own] = (body["items"] as { id: string; role: string }[]).filter(({ role }) => role === "admin");
    const rotated = String((await rotate(own?.id ?? "")).body["key"]);
    expect([await statusWith(harness.keys.admin), await statusWith(rotated)]).toEqual([401, 200]);
  });

  it.each([
    ["is not known", () => Promise.resolve("nothing"), 404, "not_found"],
    [
      "is revoked",
      async () => {
        const { id } = await create();
        await harness.call("DELETE", `/api/v1/keys/${id}`);
        return id;
      },
      409,
      "conflict",
    ],
    [
      "has expired",
      async () => {
        const { id } = await create({ expiresAt: new Date(startOfTime + 1_000).toISOString() });
        await harness.world.advance(1_000);
        return id;
      },
      409,
      "conflict",
    ],
  ] as const)("is refused for a key that %s", async (_what, make, status, code) => {
    const refused = await rotate(await make());
    expect([refused.status, refused.body["code"]]).toEqual([status, code]);
  });

  it.each([{ graceSeconds: -1 }, { graceSeconds: 604_801 }, { graceSeconds: 1.5 }, { grace: 1 }])(
    "refuses %o, and takes the longest grace there is",
    async (json) => {
      const { id, key } = await create();
      expect((await rotate(id, json)).body["code"]).toBe("invalid_request");
      expect(await statusWith(key)).toBe(200);
      expect((await rotate(id, { graceSeconds: 604_800 })).status).toBe(200);
    },
  );

  it("happens once under one Idempotency-Key, and shows the same secret again", async () => {
    const { id } = await create();
    const headers = { "idempotency-key": "rotate-1" };
    const [first, again] = [await rotate(id, {}, { headers }), await rotate(id, {}, { headers })];
    expect(again.text).toBe(first.text);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await statusWith(String(first.body["key"]))).toBe(200);
  });

  it("of the asking key makes earlier answers unreadable to its new secret, and says so", async () => {
    const admin = await create({ role: "admin" });
    const headers = { "idempotency-key": "once" };
    const json = { id: "sales", name: "Sales" };
    const group = await harness.call("POST", "/api/v1/groups", { key: admin.key, headers, json });
    expect(group.status).toBe(201);
    const rotated = String((await rotate(admin.id)).body["key"]);
    const replay = await harness.call("POST", "/api/v1/groups", { key: rotated, headers, json });
    expect([replay.status, replay.body["code"]]).toEqual([409, "request_interrupted"]);
  });
});

describe("an expiry date", () => {
  it("ends the key at its time", async () => {
    const { id, key } = await create({ expiresAt: new Date(startOfTime + minuteMs).toISOString() });
    await harness.world.advance(minuteMs - 1);
    expect(await statusWith(key)).toBe(200);
    await harness.world.advance(1);
    const refused = await harness.call("GET", path, { key });
    expect([refused.status, refused.body["code"]]).toEqual([401, "unauthorized"]);
    const { body } = await harness.call("GET", "/api/v1/keys");
    expect(body["items"]).toContainEqual(
      expect.objectContaining({ id, expiresAt: new Date(startOfTime + minuteMs).toISOString() }),
    );
  });

  it.each(["2016-07-01T07:59:59Z", "2016-07-01T08:00:00Z", "tomorrow"])("can't be %s", async (expiresAt) => {
    const json = { name: "CI", role: "operator", expiresAt };
    const refused = await harness.call("POST", "/api/v1/keys", { json });
    expect(refused.body).toMatchObject({ code: "invalid_request", errors: [{ path: "body.expiresAt" }] });
    await create({ expiresAt: "2016-07-01T08:00:01Z" });
  });

  it("doesn't count as a lasting admin: the last other one can't be revoked", async () => {
    const brief = await create({ role: "admin", expiresAt: "2016-08-01T00:00:00Z" });
    const { body } = await harness.call("GET", "/api/v1/keys");
    const own = (body["items"] as { id: string; role: string }[]).find(
      ({ id, role }) => role === "admin" && id !== brief.id,
    );
    const refused = await harness.call("DELETE", `/api/v1/keys/${own?.id ?? ""}`);
    expect([refused.status, refused.body["code"]]).toEqual([409, "conflict"]);
    await create({ role: "admin" });
    expect((await harness.call("DELETE", `/api/v1/keys/${own?.id ?? ""}`)).status).toBe(204);
  });
});

describe("the time of last use", () => {
  it("is null at first, then known to the hour, at the price of one write an hour", async () => {
    const { id, key } = await create();
    expect((await stored(id))?.lastUsedAt).toBeNull();
    await statusWith(key);
    expect((await stored(id))?.lastUsedAt).toBe(startOfTime);
    await harness.world.advance(59 * minuteMs);
    const writes = vi.spyOn(harness.store, "transaction");
    for (let times = 0; times < 50; times += 1) await statusWith(key);
    expect(writes).not.toHaveBeenCalled();
    expect((await stored(id))?.lastUsedAt).toBe(startOfTime);
    await harness.world.advance(minuteMs);
    await Promise.all([statusWith(key), statusWith(key)]);
    expect((await stored(id))?.lastUsedAt).toBe(startOfTime + 60 * minuteMs);
  });

  it("is not moved by a wrong secret", async () => {
    const { id, key } = await create();
    await rotate(id);
    await statusWith(key);
    expect((await stored(id))?.lastUsedAt).toBeNull();
  });
});

describe("answers that have no end", () => {
  const watch = (id: string, endsAt: number | null = null) => {
    const ended: number[] = [];
    const forget = harness.keyWatch.watch({ keyId: id, endsAt }, () => ended.push(harness.world.now()));
    return { ended, forget };
  };

  it.each([
    ["revoked", (id: string) => harness.call("DELETE", `/api/v1/keys/${id}`)],
    ["rotated", (id: string) => rotate(id)],
  ])("are ended at once when their key is %s, and no others", async (_how, act) => {
    const [mine, other] = [await create(), await create()];
    const [first, second, stranger] = [watch(mine.id), watch(mine.id), watch(other.id)];
    await act(mine.id);
    expect([first.ended.length, second.ended.length, stranger.ended.length]).toEqual([1, 1, 0]);
    expect(harness.keyWatch.count).toBe(1);
    await act(other.id);
    expect(stranger.ended.length).toBe(1);
  });

  it("are ended when the secret's time is over, once", async () => {
    const { id } = await create();
    const { ended } = watch(id, startOfTime + minuteMs);
    await harness.world.advance(minuteMs - 1);
    expect(ended).toEqual([]);
    await harness.world.advance(1);
    expect(ended).toEqual([startOfTime + minuteMs]);
    harness.keyWatch.ended(id);
    expect(ended).toHaveLength(1);
  });

  it("are forgotten when they end by themselves, with their timers", () => {
    const world = new FakeWorld();
    const keyWatch = createKeyWatch(world);
    const ended: string[] = [];
    const forgets = Array.from({ length: 100 }, (_, n) =>
      keyWatch.watch({ keyId: `k${n % 3}`, endsAt: world.now() + 1_000 }, () => ended.push(`k${n}`)),
    );
    expect([keyWatch.count, world.timerCount]).toEqual([100, 100]);
    for (const forget of forgets) forget();
    expect([keyWatch.count, world.timerCount]).toEqual([0, 0]);
    keyWatch.ended("k0");
    expect(ended).toEqual([]);
  });
});

describe("the brake for failed attempts", () => {
  it("remembers a bounded number of addresses, and forgets the oldest first", () => {
    const world = new FakeWorld();
    const brake = createFailureBrake(world, { failuresMax: 2, addressesMax: 1_000 });
    for (let n = 0; n < 50_000; n += 1) brake.failed(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(brake.size).toBe(1_000);
    const last = "10.0.195.79";
    brake.failed(last);
    expect(() => brake.failed(last)).toThrow("Too many failed attempts");
    // The first one was forgotten long ago, and starts anew.
    for (let times = 0; times < 2; times += 1) brake.failed("10.0.0.0");
    expect(() => brake.failed("10.0.0.0")).toThrow("Too many failed attempts");
  });

  it("goes by the clock of the world and tells how long it holds", async () => {
    const world = new FakeWorld();
    const brake = createFailureBrake(world, { failuresMax: 1, windowMs: 30_000 });
    brake.failed("a");
    await world.advance(10_500);
    expect(() => brake.failed("a")).toThrow(
      expect.objectContaining({ code: "limit_exceeded", details: { retryAfterSeconds: 20 } }),
    );
    await world.advance(19_500);
    brake.failed("a");
  });

  it("is not touched by good keys, however many", async () => {
    const peer = "10.0.0.9";
    for (let times = 0; times < 100; times += 1) await harness.call("GET", path, { peer });
    for (let times = 0; times < 20; times += 1) {
      expect((await harness.call("GET", path, { key: "pk_wrong", peer })).status).toBe(401);
      expect((await harness.call("GET", path, { peer })).status).toBe(200);
    }
    const braked = await harness.call("GET", path, { key: "pk_wrong", peer });
    expect([braked.status, braked.headers.get("retry-after")]).toEqual([429, "60"]);
  });
});
