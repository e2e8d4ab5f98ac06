import { beforeEach, describe, expect, it } from "vitest";
import type { AssignmentRecord, LedgerRecord } from "../../../server/store/records.ts";
import { app, device, installation, openHarness, startOfTime, type Harness } from "./harness.ts";

const hourMs = 3_600_000;
let harness: Harness;

beforeEach(async () => {
  harness = await openHarness();
});

const seat = (userId: string, adamId: string, change: Partial<AssignmentRecord> = {}): AssignmentRecord => ({
  ...{ id: `${userId} ${adamId}`, userId, adamId, state: "held", since: startOfTime },
  ...{ installationId: null, returnReason: null },
  ...change,
});
const seats = [
  seat("anna", "1"),
  seat("anna", "2", { state: "disassociating", returnReason: "revoked", actId: "act-1" }),
  seat("bert", "1", { stranded: { reason: "unenrolled", at: startOfTime } }),
  seat("cleo", "1", { state: "associating" }),
];

async function putSeats(): Promise<void> {
  await harness.store.transaction(async (tx) => {
    for (const one of seats) await tx.put("assignments", one);
    for (const adamId of ["1", "2"]) await tx.put("apps", app(adamId));
    await tx.put("devices", device("phone-1", { userId: "anna" }));
    await tx.put("installations", installation("phone-1", "1", { userId: "anna", state: "installed" }));
  });
}

interface Item {
  userId: string;
  adamId: string;
}
const names = (body: Record<string, unknown>) =>
  (body["items"] as Item[]).map((i) => `${i.userId} ${i.adamId}`);

describe("GET /api/v1/licenses", () => {
  it.each([
    ["", ["anna 1", "anna 2", "bert 1", "cleo 1"]],
    ["?userId=anna", ["anna 1", "anna 2"]],
    ["?adamId=1", ["anna 1", "bert 1", "cleo 1"]],
    ["?userId=anna&adamId=2", ["anna 2"]],
    ["?state=held", ["anna 1", "bert 1"]],
    ["?adamId=1&state=associating", ["cleo 1"]],
    ["?stranded=true", ["bert 1"]],
    ["?stranded=false&state=held", ["anna 1"]],
    ["?userId=nobody", []],
  ])("R4: lists who holds what: %s", async (query, expected) => {
    await putSeats();
    const { status, body } = await harness.call("GET", `/api/v1/licenses${query}`);
    expect(status).toBe(200);
    expect(names(body)).toEqual(expected);
  });

  it("is paged", async () => {
    await putSeats();
    const found: string[] = [];
    let cursor = "";
    do {
      const { body } = await harness.call("GET", `/api/v1/licenses?limit=1${cursor}`);
      found.push(...names(body));
      cursor = body["nextCursor"] === null ? "" : `&cursor=${String(body["nextCursor"])}`;
    } while (cursor !== "");
    expect(found).toEqual(seats.map(({ id }) => id));
  });

  it("tells the phones behind a licence, and why one is kept without any", async () => {
    await putSeats();
    const { body } = await harness.call("GET", "/api/v1/licenses?adamId=1");
    expect(body["items"]).toMatchObject([
      { userId: "anna", stranded: null, phones: [{ udid: "phone-1", enrolled: true, state: "installed" }] },
      { userId: "bert", stranded: { reason: "unenrolled", at: "2016-07-01T08:00:00.000Z" }, phones: [] },
      { userId: "cleo", stranded: null, phones: [] },
    ]);
  });

  it("says of every licence that nobody can return it once the token was deleted", async () => {
    await putSeats();
    await harness.store.transaction((tx) =>
      tx.put("accounts", {
        ...{
          id: "vpp",
          tokenName: "Orchard",
          appleId: "a@b.c",
          organisation: "Orchard",
          accountHash: "hash",
        },
        ...{ countryCode: "IT", sealedToken: "", contextGuid: "guid", state: "deleted", claimedBy: null },
        ...{ uploadedAt: 0, updatedAt: startOfTime, expiresAt: 0, lastSyncAt: null, lastSyncResult: null },
        ...{ usersSinceToken: null, licensesSinceToken: null, nextSyncAt: 0, deletedAt: startOfTime },
      }),
    );
    const { body } = await harness.call("GET", "/api/v1/licenses");
    for (const item of body["items"] as { stranded: { reason: string } }[])
      expect(item.stranded.reason).toBe("token-deleted");
    expect(names((await harness.call("GET", "/api/v1/licenses?stranded=true")).body)).toHaveLength(4);
    expect(names((await harness.call("GET", "/api/v1/licenses?stranded=false")).body)).toEqual([]);
  });
});

describe.each(["revoke", "reclaim"])("POST /api/v1/licenses/%s", (verb) => {
  const path = `/api/v1/licenses/${verb}`;

  it("hands the choice on with who asked, and answers with what was done and what was not", async () => {
    await putSeats();
    const key = harness.keys.operator;
    const { status, body } = await harness.call("POST", path, { key, json: { userId: "anna", adamId: "2" } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verb,
      userId: "anna",
      adamId: "2",
      asked: 3,
      done: 1,
      failed: 1,
      pending: 1,
    });
    expect(body["items"]).toMatchObject([
      { userId: "anna", outcome: "failed", code: "9607" },
      { userId: "anna", adamId: "2", outcome: "pending", code: null },
    ]);
    const [called] = harness.calls;
    expect(called).toMatchObject({ name: verb, args: [{ userId: "anna", adamId: "2", confirm: false }] });
    const one = await harness.call("GET", "/api/v1/licenses/acts/act-1", { key: harness.keys["read-only"] });
    expect(one.body).toEqual(body);
    const list = await harness.call("GET", "/api/v1/licenses/acts");
    expect(list.body["items"]).toEqual([body]);
  });

  it.each([
    ["nothing chosen", {}],
    ["everything and something", { all: true, userId: "anna" }],
    ["all: false", { all: false }],
    ["an app id that is none", { adamId: "x" }],
    ["an unknown field", { userId: "anna", force: true }],
  ])("refuses %s", async (_name, json) => {
    const { status, body } = await harness.call("POST", path, { json });
    expect([status, body["code"]]).toEqual([400, "invalid_request"]);
    expect(harness.calls).toEqual([]);
  });

  it("of everything is for admins, and asks for confirmation with the number", async () => {
    const all = { all: true, confirm: true };
    const refused = await harness.call("POST", path, { key: harness.keys.operator, json: all });
    expect([refused.status, refused.body["code"]]).toEqual([403, "forbidden"]);
    expect(harness.calls).toEqual([]);
    const asked = await harness.call("POST", path, { json: { all: true } });
    expect([asked.status, asked.body["code"], asked.body["licenses"]]).toEqual([
      409,
      "confirmation_required",
      3,
    ]);
    expect((await harness.call("POST", path, { json: all })).status).toBe(200);
  });

  it("is answered once for one idempotency key", async () => {
    const headers = { "idempotency-key": "once" };
    const first = await harness.call("POST", path, { json: { userId: "anna" }, headers });
    const second = await harness.call("POST", path, { json: { userId: "anna" }, headers });
    expect(second.text).toBe(first.text);
    expect(harness.calls).toHaveLength(1);
  });

  it("answers not_found for a user who isn't there", async () => {
    expect((await harness.call("POST", path, { json: { userId: "nobody" } })).status).toBe(404);
    expect((await harness.call("GET", "/api/v1/licenses/acts/none")).status).toBe(404);
  });
});

describe("GET /api/v1/ledger", () => {
  beforeEach(async () => {
    const line = (sequence: number, change: Partial<LedgerRecord>): LedgerRecord => ({
      ...{ id: String(sequence), sequence, at: startOfTime + sequence * hourMs, kind: "taken", adamId: "1" },
      ...{ userId: "anna", installationId: null, reason: "licensed" },
      ...change,
    });
    await harness.store.transaction(async (tx) => {
      await tx.put("ledger", line(1, {}));
      await tx.put("ledger", line(2, { userId: "bert", kind: "refused", reason: "no-license" }));
      await tx.put("ledger", line(3, { kind: "returned", reason: "revoked", actId: "act-1" }));
      await tx.put("ledger", line(4, { adamId: "2", kind: "kept", reason: "unenrolled" }));
    });
  });

  it.each([
    ["", ["4", "3", "2", "1"]],
    ["?userId=anna", ["4", "3", "1"]],
    ["?adamId=1", ["3", "2", "1"]],
    ["?userId=anna&adamId=1", ["3", "1"]],
    ["?kind=returned", ["3"]],
    ["?kind=kept&adamId=1", []],
    ["?from=2016-07-01T10:00:00Z", ["4", "3", "2"]],
    ["?to=2016-07-01T10:00:00Z", ["1"]],
    ["?from=2016-07-01T12:00:00%2B02:00&to=2016-07-01T11:00:00Z", ["2"]],
  ])("lists the movements: %s", async (query, expected) => {
    const { status, body } = await harness.call("GET", `/api/v1/ledger${query}`);
    expect(status).toBe(200);
    expect((body["items"] as { id: string }[]).map(({ id }) => id)).toEqual(expected);
  });

  it.each(["?kind=lost", "?from=yesterday", "?since=2016-07-01T10:00:00Z"])("refuses %s", async (query) => {
    const { status, body } = await harness.call("GET", `/api/v1/ledger${query}`);
    expect([status, body["code"]]).toEqual([400, "invalid_request"]);
  });
});

describe.each(["retry", "resend", "cancel"])("POST /api/v1/installations/{installationId}/%s", (verb) => {
  it("hands the installation on, and answers with what has become of it", async () => {
    const path = `/api/v1/installations/phone-1:1/${verb}`;
    const { status, body } = await harness.call("POST", path, { key: harness.keys.operator });
    expect([status, body["id"]]).toEqual([200, "phone-1:1"]);
    expect(harness.calls).toMatchObject([{ name: verb, args: ["phone-1 1", expect.any(Number)] }]);
    const refused = await harness.call("POST", `/api/v1/installations/phone-1/${verb}`);
    expect([refused.status, refused.body["code"]]).toEqual([400, "invalid_request"]);
  });
});
