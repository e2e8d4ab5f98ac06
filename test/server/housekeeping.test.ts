import { beforeEach, describe, expect, it, vi } from "vitest";
import { keptMs, startHousekeeping, tidyUp } from "../../server/housekeeping.ts";
import type { EnrollmentTokenRecord, IdentityRecord } from "../../server/store/records.ts";
import { settle } from "./fake-world.ts";
import { TestServer, udidOf } from "./test-server.ts";

const dayMs = 24 * 60 * 60_000;
let server: TestServer;
let now: number;

beforeEach(() => {
  server = new TestServer();
  now = server.world.now();
});

async function putToken(id: string, expiresAt: number): Promise<void> {
  const token: EnrollmentTokenRecord = {
    id,
    tokenHash: `hash of ${id}`,
    kind: "user",
    userId: null,
    createdAt: expiresAt - dayMs,
    expiresAt,
    usesLeft: 1,
  };
  await server.store.transaction((tx) => tx.put("enrollmentTokens", token));
}

async function putIdentity(id: string, details: Partial<IdentityRecord>): Promise<void> {
  const identity: IdentityRecord = {
    id,
    serial: "40",
    enrollmentTokenId: "token",
    kind: "user",
    userId: null,
    udid: null,
    issuedAt: 0,
    expiresAt: now + dayMs,
    revokedAt: null,
    ...details,
  };
  await server.store.transaction((tx) => tx.put("identities", identity));
}

const has = async (collection: "enrollmentTokens" | "identities" | "idempotency", id: string) =>
  (await server.store.read((reader) => reader.get(collection, id))) !== undefined;

describe("enrolment tokens", () => {
  it("go a month after they expired, and not before", async () => {
    await putToken("long gone", now - keptMs);
    await putToken("lately", now - keptMs + 1);
    await putToken("good", now + dayMs);
    expect(await tidyUp(server.context)).toEqual([{ what: "enrollmentTokens", count: 1 }]);
    expect(await has("enrollmentTokens", "long gone")).toBe(false);
    expect(await has("enrollmentTokens", "lately")).toBe(true);
    expect(await has("enrollmentTokens", "good")).toBe(true);
  });

  it("go in steps, however many there are", async () => {
    for (let n = 0; n < 350; n += 1) await putToken(`t${n}`, now - keptMs - n);
    const writes = vi.spyOn(server.store, "transaction");
    expect(await tidyUp(server.context)).toEqual([{ what: "enrollmentTokens", count: 350 }]);
    expect(writes.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(await server.store.read((reader) => reader.count("enrollmentTokens", "all", ""))).toBe(0);
  });
});

describe("identities", () => {
  const longAgo = () => now - keptMs;

  it.each<[string, Partial<IdentityRecord>, boolean]>([
    ["that never became a phone's and expired", { expiresAt: 0 }, false],
    ["that never became a phone's and is still good", {}, true],
    ["that expired lately", { expiresAt: 1 - keptMs, udid: udidOf(9) }, true],
    ["that was revoked long ago, of a phone that is gone", { revokedAt: 0, udid: udidOf(9) }, false],
    ["that was replaced by a newer one of the same phone", { revokedAt: 0, udid: udidOf(1) }, false],
    ["of a phone that left", { revokedAt: 0, udid: udidOf(2) }, false],
  ])("%s: kept is %s", async (_what, details, kept) => {
    await server.putDevice(udidOf(1), { identity: "newer" });
    await server.putDevice(udidOf(2), { identity: "this", state: "unenrolled" });
    // Times in the table are counted from a month ago.
    const { expiresAt, revokedAt } = details;
    await putIdentity("this", {
      ...details,
      ...(expiresAt === undefined ? {} : { expiresAt: longAgo() + (expiresAt < 0 ? keptMs + expiresAt : 0) }),
      ...(typeof revokedAt === "number" ? { revokedAt: longAgo() } : {}),
    });
    await tidyUp(server.context);
    expect(await has("identities", "this")).toBe(kept);
  });

  it("of enrolled phones stay, expired or revoked, and don't hide the others behind them", async () => {
    for (let n = 1; n <= 120; n += 1) {
      await server.putDevice(udidOf(n), { identity: `i${n}` });
      await putIdentity(`i${n}`, { udid: udidOf(n), expiresAt: now - keptMs - dayMs });
    }
    await putIdentity("useless", { expiresAt: now - keptMs });
    expect(await tidyUp(server.context)).toEqual([{ what: "identities", count: 1 }]);
    expect(await has("identities", "useless")).toBe(false);
    expect(await has("identities", "i120")).toBe(true);
  });
});

describe("answers kept for a repeat", () => {
  it("go after their day", async () => {
    const put = (id: string, createdAt: number) =>
      server.store.transaction((tx) =>
        tx.put("idempotency", { id, requestHash: "", status: 201, body: null, createdAt }),
      );
    await put("old", now - dayMs);
    await put("new", now - dayMs + 1);
    await tidyUp(server.context);
    expect([await has("idempotency", "old"), await has("idempotency", "new")]).toEqual([false, true]);
  });
});

describe("the housekeeping", () => {
  it("comes round every hour, tells what it took away, and stops", async () => {
    await putToken("t", now - keptMs + 90 * 60_000);
    const housekeeping = startHousekeeping(server.context, (error) => {
      throw error;
    });
    await server.world.advance(61 * 60_000);
    await settle();
    expect(server.named("housekeeping.pruned")).toEqual([]);
    await server.world.advance(60 * 60_000);
    expect(server.named("housekeeping.pruned")).toMatchObject([{ what: "enrollmentTokens", count: 1 }]);
    await housekeeping.stop();
    expect(server.world.timerCount).toBe(0);
  });
});
