import { beforeEach, describe, expect, it } from "vitest";
import type { VppUser } from "../../../server/store/records.ts";
import { device, openHarness, startOfTime, type Answered, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const items = (answer: Answered) => answer.body["items"] as Record<string, unknown>[];
const ids = (answer: Answered) => items(answer).map(({ id }) => id);
const code = (answer: Answered) => [answer.status, answer.body["code"]];
const post = (path: string, json: unknown) => harness.call("POST", path, { json });
const addUser = (id: string, more: object = {}) =>
  post("/api/v1/users", { id, name: id, email: `${id}@orchard.example`, ...more });

/** As if Apple had told. */
async function setStanding(id: string, standing: Partial<VppUser>): Promise<void> {
  await harness.store.transaction(async (tx) => {
    const user = await tx.get("users", id);
    if (user) await tx.put("users", { ...user, vpp: { ...user.vpp, ...standing } });
  });
}

describe("the list of users", () => {
  beforeEach(async () => {
    await post("/api/v1/groups", { id: "sales", name: "Sales" });
    await addUser("anna", { name: "Anna Bianchi", groupIds: ["sales"] });
    await addUser("bruno", { name: "Bruno Rossi", email: "bruno@hill.example", groupIds: ["sales"] });
    await addUser("carla", { name: "Carla Bianchi" });
  });

  it.each([
    ["search=bianchi", ["anna", "carla"]],
    ["search=HILL", ["bruno"]],
    ["search=bianchi&groupId=sales", ["anna"]],
    ["groupId=sales", ["anna", "bruno"]],
    ["search=nobody", []],
    ["termsStatus=accepted", ["bruno"]],
    ["termsStatus=notInvited&search=bianchi", ["anna", "carla"]],
    ["email=BRUNO@hill.example", ["bruno"]],
  ])("is filtered by %s", async (query, expected) => {
    await setStanding("bruno", { status: "Associated", itsIdHash: "hash" });
    expect(ids(await harness.call("GET", `/api/v1/users?${query}`))).toEqual(expected);
  });

  it("comes in pages that stay whole under a search", async () => {
    const seen: unknown[] = [];
    let cursor = "";
    do {
      const page = await harness.call("GET", `/api/v1/users?search=orchard&limit=1${cursor}`);
      seen.push(...ids(page));
      const next = page.body["nextCursor"];
      cursor = typeof next === "string" ? `&cursor=${next}` : "";
    } while (cursor !== "");
    expect(seen).toEqual(["anna", "carla"]);
  });

  it.each([
    "search=",
    `search=${"x".repeat(101)}`,
    "termsStatus=declined",
    "terms=accepted",
    "groupId=a%20b",
  ])("refuses %s", async (query) => {
    expect(code(await harness.call("GET", `/api/v1/users?${query}`))).toEqual([400, "invalid_request"]);
  });
});

describe("a user", () => {
  beforeEach(async () => {
    await addUser("anna");
    await addUser("bruno");
  });
  const conflictOf = async (id: string) =>
    (await harness.call("GET", `/api/v1/users/${id}`)).body["conflict"] as Record<string, unknown> | null;

  it("is shown with licences, phones and the store account on each of them", async () => {
    await setStanding("anna", { status: "Associated", itsIdHash: "hers", checkedAt: startOfTime });
    const at = startOfTime;
    await harness.store.transaction(async (tx) => {
      await tx.put("devices", device("p1", { userId: "anna", storeAccount: { hash: "hers", at } }));
      await tx.put("devices", device("p2", { userId: "anna", storeAccount: { hash: "another's", at } }));
      await tx.put("devices", device("p3", { userId: "anna", state: "unenrolled" }));
      const seat = { userId: "anna", since: at, installationId: null, returnReason: null };
      await tx.put("assignments", { id: "anna 1", adamId: "1", state: "held", ...seat });
    });
    const { body } = await harness.call("GET", "/api/v1/users/anna");
    expect(body).toMatchObject({
      deviceCount: 2,
      seatCount: 1,
      seats: [{ adamId: "1", state: "held" }],
      storeAccounts: [
        { udid: "p1", account: "matches" },
        { udid: "p2", account: "differs" },
        { udid: "p3", account: "unknown" },
      ],
      terms: { status: "accepted", stale: false },
    });
    expect(JSON.stringify(body)).not.toContain("hers");
    await harness.world.advance(25 * 3_600_000);
    expect((await harness.call("GET", "/api/v1/users/anna")).body["terms"]).toMatchObject({ stale: true });
  });

  it("whose Apple ID another user has too names the other, and no more once that one is gone from it", async () => {
    await setStanding("anna", { status: "Associated", itsIdHash: "same" });
    expect(await conflictOf("anna")).toBeNull();
    await setStanding("bruno", { status: "Associated", itsIdHash: "same" });
    expect(await conflictOf("anna")).toMatchObject({ kind: "shared-apple-id", userIds: ["bruno"] });
    expect(await conflictOf("bruno")).toMatchObject({ kind: "shared-apple-id", userIds: ["anna"] });
    await setStanding("bruno", { status: "Retired", itsIdHash: null });
    expect(await conflictOf("anna")).toBeNull();
  });

  it.each([
    [9605, "other-store"],
    [9616, "shared-apple-id"],
    [9635, "other-organisation"],
  ])("whom Apple refused a licence with %i has the conflict %s", async (errorNumber, kind) => {
    await setStanding("anna", {
      status: "Associated",
      refusal: { errorNumber, adamId: "1", at: startOfTime },
    });
    expect(await conflictOf("anna")).toMatchObject({ kind, userIds: [] });
    expect(await conflictOf("bruno")).toBeNull();
  });

  it("is retired, reinstated, asked about and deleted by the people's service", async () => {
    const acts: [string, string, string, number][] = [
      ["POST", "/api/v1/users/anna/retire", "retire", 202],
      ["POST", "/api/v1/users/anna/reinstate", "reinstate", 202],
      ["POST", "/api/v1/users/anna/refresh", "refresh", 200],
      ["DELETE", "/api/v1/users/anna?confirm=true", "removeUser", 202],
    ];
    for (const [method, path, name, status] of acts) {
      expect((await harness.call(method, path)).status).toBe(status);
      expect(harness.calls.at(-1)).toMatchObject({ name, args: expect.arrayContaining(["anna"]) as unknown });
      expect(code(await harness.call(method, path.replace("anna", "nobody")))).toEqual([404, "not_found"]);
      expect((await harness.call(method, `${path.split("?")[0]}?force=1`)).body["code"]).toBe(
        "invalid_request",
      );
    }
    expect((await harness.call("DELETE", "/api/v1/users/anna?confirm=yes")).body["code"]).toBe(
      "invalid_request",
    );
  });
});

describe("a group", () => {
  beforeEach(async () => {
    await post("/api/v1/groups", { id: "sales", name: "Sales" });
    await post("/api/v1/groups", { id: "field", name: "Field" });
  });
  const patch = (path: string, json: unknown) => harness.call("PATCH", path, { json });
  const put = (path: string, json: unknown) => harness.call("PUT", path, { json });

  it("is renamed, also in case alone, but not to another's name", async () => {
    expect((await patch("/api/v1/groups/sales", { name: "SALES" })).body["name"]).toBe("SALES");
    expect((await patch("/api/v1/groups/sales", { name: "Night" })).body["name"]).toBe("Night");
    expect(code(await patch("/api/v1/groups/sales", { name: "field" }))).toEqual([409, "already_exists"]);
    expect(code(await patch("/api/v1/groups/none", { name: "None" }))).toEqual([404, "not_found"]);
    for (const json of [{}, { name: "" }, { name: "a;b" }, { name: "Day", id: "day" }]) {
      expect(code(await patch("/api/v1/groups/sales", json))).toEqual([400, "invalid_request"]);
    }
    expect((await post("/api/v1/groups", { name: "sales" })).status).toBe(201);
  });

  it("has its members replaced as a whole, all or nothing, and the deployments hear of those who moved", async () => {
    for (const id of ["anna", "bruno", "carla"]) await addUser(id);
    const members = async () => ids(await harness.call("GET", "/api/v1/users?groupId=sales"));
    const moved = () =>
      harness.calls.filter(({ name }) => name === "membershipChanged").map(({ args }) => args[0]);
    const path = "/api/v1/groups/sales/members";
    expect((await put(path, { userIds: ["anna", "bruno", "anna"] })).body).toEqual({
      added: 2,
      removed: 0,
      unchanged: 0,
    });
    expect((await put(path, { userIds: ["bruno", "carla"] })).body).toEqual({
      added: 1,
      removed: 1,
      unchanged: 1,
    });
    expect([await members(), moved()]).toEqual([
      ["bruno", "carla"],
      ["anna", "bruno", "carla", "anna"],
    ]);
    const refused = await put(path, { userIds: ["anna", "nobody", "noone"] });
    expect([refused.status, refused.body["code"], refused.body["userIds"]]).toEqual([
      404,
      "not_found",
      ["nobody", "noone"],
    ]);
    expect([await members(), moved().length]).toEqual([["bruno", "carla"], 4]);
    expect((await put(path, { userIds: ["bruno", "carla"] })).body).toEqual({
      added: 0,
      removed: 0,
      unchanged: 2,
    });
    expect((await put(path, { userIds: [] })).body).toEqual({ added: 0, removed: 2, unchanged: 0 });
    expect(code(await put("/api/v1/groups/none/members", { userIds: [] }))).toEqual([404, "not_found"]);
    for (const json of [{}, { userIds: "anna" }, { userIds: ["a b"] }, { userIds: [], name: "x" }]) {
      expect(code(await put(path, json))).toEqual([400, "invalid_request"]);
    }
  });

  it("that is on its way out can't be seen, joined or renamed, and leaves its name", async () => {
    await addUser("anna");
    await harness.store.transaction(async (tx) => {
      const group = await tx.get("groups", "sales");
      if (group) await tx.put("groups", { ...group, removedAt: startOfTime });
    });
    expect(ids(await harness.call("GET", "/api/v1/groups"))).toEqual(["field"]);
    const acts: [string, string, unknown][] = [
      ["GET", "/api/v1/groups/sales", undefined],
      ["PATCH", "/api/v1/groups/sales", { name: "Night" }],
      ["PUT", "/api/v1/groups/sales/members", { userIds: ["anna"] }],
      ["PUT", "/api/v1/groups/sales/members/anna", undefined],
      ["PATCH", "/api/v1/users/anna", { groupIds: ["sales"] }],
    ];
    for (const [method, path, json] of acts) {
      const refused = await harness.call(method, path, json === undefined ? {} : { json });
      expect([path, ...code(refused)]).toEqual([path, 404, "not_found"]);
    }
    expect((await post("/api/v1/groups", { name: "Sales" })).status).toBe(201);
  });

  it("is deleted by the people's service, which is told whether the admin is sure", async () => {
    expect((await harness.call("DELETE", "/api/v1/groups/sales")).status).toBe(204);
    expect((await harness.call("DELETE", "/api/v1/groups/sales?confirm=true")).status).toBe(204);
    expect(harness.calls.map(({ name, args }) => [name, args[0], args[1]])).toEqual([
      ["removeGroup", "sales", { confirm: false }],
      ["removeGroup", "sales", { confirm: true }],
    ]);
    expect((await harness.call("DELETE", "/api/v1/groups/sales?confirm=1")).body["code"]).toBe(
      "invalid_request",
    );
  });
});
