import { beforeEach, describe, expect, it } from "vitest";
import { openHarness, sToken, startOfTime, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const tokenPath = "/api/v1/vpp/token";
const upload = { sToken, tokenName: "Orchard", appleId: "vpp@orchard.example", acknowledged: true };

describe("the routes of the volume-purchase account", () => {
  it.each([
    ["DELETE", `${tokenPath}?confirm=yes`, undefined, "query.confirm"],
    ["DELETE", `${tokenPath}?force=true`, undefined, "query"],
    ["POST", `${tokenPath}/take-control`, { confirm: "true" }, "body.confirm"],
    ["POST", `${tokenPath}/take-control`, { confirm: true, sToken: "" }, "body.sToken"],
    ["POST", `${tokenPath}/take-control`, { confirm: true, force: true }, "body"],
    ["GET", "/api/v1/vpp?all=true", undefined, "query"],
    ["GET", "/api/v1/vpp/syncs?limit=0", undefined, "query.limit"],
    ["GET", "/api/v1/vpp/syncs/a%20b", undefined, "path.syncId"],
    ["GET", "/api/v1/vpp/losses?syncId=a%20b", undefined, "query.syncId"],
    ["GET", "/api/v1/vpp/foreign?kind=device", undefined, "query.kind"],
  ])("refuse %s %s %o and say what is wrong: %s", async (method, path, json, where) => {
    const refused = await harness.call(method, path, json === undefined ? {} : { json });
    expect([refused.status, refused.body["code"]]).toEqual([400, "invalid_request"]);
    expect(refused.text).toContain(where);
    expect(harness.calls).toEqual([]);
  });

  it("hand a deletion and a taking of control on only as they were confirmed, and to nobody below an admin", async () => {
    for (const key of [harness.keys.operator, harness.keys["read-only"]]) {
      expect((await harness.call("DELETE", `${tokenPath}?confirm=true`, { key })).status).toBe(403);
      const body = { key, json: { confirm: true } };
      expect((await harness.call("POST", `${tokenPath}/take-control`, body)).status).toBe(403);
    }
    const asked = await harness.call("DELETE", tokenPath);
    expect(asked.body).toMatchObject({ status: 409, code: "confirmation_required", strandedLicenses: 3 });
    expect((await harness.call("POST", `${tokenPath}/take-control`, { json: {} })).status).toBe(409);
    const deleted = await harness.call("DELETE", `${tokenPath}?confirm=true`);
    expect(deleted.body).toMatchObject({ strandedLicenses: 3 });
    await harness.call("POST", `${tokenPath}/take-control`, { json: { confirm: true, sToken } });
    expect(harness.calls.map(({ name, args }) => [name, args[0]])).toEqual([
      ["deleteToken", false],
      ["takeControl", { confirm: false }],
      ["deleteToken", true],
      ["takeControl", { confirm: true, sToken }],
    ]);
    expect(JSON.stringify(harness.events)).not.toContain(sToken);
  });

  it("show the account without its token, and a page before there is one", async () => {
    expect((await harness.call("GET", tokenPath)).body).toMatchObject({ status: 409, code: "token_missing" });
    expect((await harness.call("GET", "/api/v1/vpp")).body).toMatchObject({ account: null });
    const put = await harness.call("PUT", tokenPath, { json: upload });
    expect(put.body).toMatchObject({ state: "valid", warning: null, strandedLicenses: null });
    expect((await harness.call("GET", "/api/v1/vpp")).body).toMatchObject({
      appleWebsite: "https://vpp.test",
      account: put.body,
    });
    expect(put.text).not.toContain(sToken);
  });

  it("page through what was lost and what is foreign", async () => {
    await harness.store.transaction(async (tx) => {
      for (let at = 1; at <= 3; at += 1) {
        const loss = { at: startOfTime, userId: `u${at}`, clientUserIdStr: `c${at}`, adamId: null } as const;
        const syncId = at === 3 ? "8" : "7";
        await tx.put("losses", {
          id: `${at}`,
          sequence: at,
          syncId,
          kind: "user",
          reason: "user-retired",
          ...loss,
        });
        const foreign = { clientUserIdStr: `f${at}`, serialNumber: null, adamId: null, syncId } as const;
        await tx.put("foreign", { id: `user f${at}`, kind: "user", ...foreign });
      }
    });
    const first = await harness.call("GET", "/api/v1/vpp/losses?limit=2");
    const names = (answer: typeof first, field: string) =>
      (answer.body["items"] as Record<string, unknown>[]).map((item) => item[field]);
    expect(names(first, "userId")).toEqual(["u3", "u2"]);
    const rest = await harness.call("GET", `/api/v1/vpp/losses?cursor=${String(first.body["nextCursor"])}`);
    expect([names(rest, "userId"), rest.body["nextCursor"]]).toEqual([["u1"], null]);
    expect(names(await harness.call("GET", "/api/v1/vpp/losses?syncId=7"), "userId")).toEqual(["u2", "u1"]);
    expect(names(await harness.call("GET", "/api/v1/vpp/foreign"), "clientUserIdStr")).toEqual([
      "f1",
      "f2",
      "f3",
    ]);
    expect((await harness.call("GET", "/api/v1/vpp/foreign?kind=license")).body["items"]).toEqual([]);
  });
});
