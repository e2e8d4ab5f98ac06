import { describe, expect, it } from "vitest";
import { wellBehaved } from "../../../simulator/apple/behaviour.ts";
import { buy, controlKey, counts, expectSound, give, openBench, pages, password, slack } from "./bench.ts";

describe("the control API", () => {
  it.each([
    ["no key", {}],
    ["another key", { authorization: "Bearer wrong" }],
    ["the key without its scheme", { authorization: controlKey }],
    ["a longer key", { authorization: `Bearer ${controlKey}x` }],
  ])("answers 401 to %s", async (_what, headers) => {
    const bench = await openBench();
    const reply = await bench.send("GET", "/control/v1/organisations", undefined, headers);
    expect([reply.status, reply.json]).toMatchObject([401, { error: { code: "unauthorized" } }]);
    expect(reply.text).not.toContain(controlKey);
    expect((await bench.control("GET", "/organisations")).status).toBe(200);
  });

  it("makes an organisation and shows it with what it owns", async () => {
    const bench = await openBench({ isEmpty: true });
    const made = await bench.control("POST", "/organisations", {
      name: "Contoso",
      appleId: "vpp@contoso.com",
    });
    expect(made.status).toBe(201);
    const id = Number(made.json.organisationId);
    expect(made.json).toMatchObject({ name: "Contoso", appleId: "vpp@contoso.com" });
    bench.organisationId = id;
    const bought = await bench.control("POST", `/organisations/${id}/licenses`, {
      adamId: pages,
      quantity: 7,
    });
    expect([bought.status, bought.json]).toMatchObject([
      201,
      { adamId: pages, name: "Pages", availableCount: 7 },
    ]);
    await buy(bench, pages, 3);
    const token = await bench.control("POST", `/organisations/${id}/tokens`, { lifetimeDays: -1 });
    expect(token.json).toMatchObject({ tokenId: "token-1", expDate: "2016-05-31T08:00:00+0000" });
    const shown = await bench.control("GET", `/organisations/${id}`);
    expect(shown.json).toMatchObject({
      organizationIdHash: made.json.organizationIdHash,
      countryCode: "us",
      assets: [{ adamId: pages, ownedCount: 10, assignedCount: 0, availableCount: 10, retiredCount: 0 }],
      tokens: [{ tokenId: "token-1", revoked: false }],
      userCounts: { Registered: 0 },
    });
    expect(shown.text).not.toContain(String(token.json.sToken));
    expect((await bench.control("GET", "/organisations")).json).toEqual({ organisations: [shown.json] });
  });

  it("makes Apple IDs one by one and a thousand at once, all or none", async () => {
    const bench = await openBench({ isEmpty: true });
    const one = await bench.control("POST", "/apple-ids", { appleId: "Zoe@Example.com", password });
    expect([one.status, one.json]).toMatchObject([201, { appleId: "zoe@example.com" }]);
    expect(String(one.json.itsIdHash)).toHaveLength(28);
    const many = (start: number, count: number) => ({
      appleIds: Array.from({ length: count }, (_, index) => ({
        appleId: `p${start + index}@x.com`,
        password,
      })),
    });
    expect((await bench.control("POST", "/apple-ids", many(0, 1000))).json.appleIds).toHaveLength(1000);
    expect((await bench.control("POST", "/apple-ids", many(2000, 1001))).status).toBe(400);
    const clash = await bench.control("POST", "/apple-ids", many(999, 3));
    expect([clash.status, clash.json]).toMatchObject([409, { error: { code: "already_exists" } }]);
    expect(bench.apple.model.appleIds.accounts.size).toBe(1001);
    const twice = await bench.control("POST", "/apple-ids", {
      appleIds: ["a@x.com", "A@x.com"].map((appleId) => ({ appleId, password })),
    });
    expect(twice.status).toBe(409);
  });

  it("refunds free licences only", async () => {
    const bench = await openBench();
    await bench.register("u1");
    await give(bench, pages, ["u1"]);
    const refund = (quantity: number) =>
      bench.control("POST", `/organisations/${bench.organisationId}/refunds`, { adamId: pages, quantity });
    expect(await refund(10)).toMatchObject({ status: 409, json: { error: { code: "conflict" } } });
    expect(await counts(bench, pages)).toBe("1/9/0");
    expect((await refund(9)).json).toMatchObject({
      retiredCount: 9,
      availableCount: 0,
      ownedCount: 10,
      totalCount: 1,
    });
    expect(await counts(bench, pages)).toBe("1/0/9");
    await expectSound(bench);
  });

  it("adds an item to the catalogue, with defaults, once", async () => {
    const bench = await openBench();
    const item = { adamId: "999", bundleId: "com.contoso.app", name: "In-house" };
    const made = await bench.control("POST", "/catalogue", item);
    expect([made.status, made.json]).toMatchObject([201, { ...item, productTypeId: 8, priceCents: 0 }]);
    expect((await bench.control("POST", "/catalogue", { ...item, bundleId: "other" })).status).toBe(409);
    expect((await bench.control("POST", "/catalogue", { ...item, adamId: "998" })).status).toBe(409);
    await buy(bench, "999", 1);
    expect(await counts(bench, "999")).toBe("0/1/0");
  });

  it("shows every seat with its holder", async () => {
    const bench = await openBench();
    await bench.join("u1", "ann@example.com");
    await bench.register("u2");
    await give(bench, pages, ["u2", "u1"]);
    const { json } = await bench.control("GET", `/organisations/${bench.organisationId}/licenses`);
    expect(json.licenses).toMatchObject([
      { adamId: pages, clientUserIdStr: "u2", userStatus: "Registered" },
      { adamId: pages, clientUserIdStr: "u1", userStatus: "Associated", devices: [] },
    ]);
  });

  it("lets a person accept elsewhere", async () => {
    const bench = await openBench();
    const { inviteCode } = await bench.register("u1");
    const accept = (code: unknown, appleId: string) =>
      bench.control("POST", "/users/accept", { inviteCode: code, appleId });
    expect((await accept(inviteCode, "nobody@example.com")).status).toBe(404);
    expect((await accept("0", "ann@example.com")).status).toBe(404);
    expect((await accept(inviteCode, "ann@example.com")).json).toMatchObject({
      organisationId: bench.organisationId,
      clientUserIdStr: "u1",
      status: "Associated",
    });
    expect((await accept(inviteCode, "bob@example.com")).json).toMatchObject({ error: { code: "conflict" } });
  });

  it("changes the behaviour field by field and shows it", async () => {
    const bench = await openBench({ behaviour: { latencyMs: 5 } });
    await bench.control("PUT", "/behaviour", { associationDelayMs: 7 });
    expect((await bench.control("GET", "/behaviour")).json).toEqual({
      ...wellBehaved,
      latencyMs: 5,
      associationDelayMs: 7,
    });
  });

  const organisation = "/organisations/100001";
  it.each([
    ["POST", "/organisations", {}, 400, "name"],
    ["POST", "/organisations", { name: "", appleId: "a" }, 400, "name"],
    [
      "POST",
      "/organisations",
      { name: "n", appleId: "a", countryCode: "usa" },
      400,
      "country code of two letters",
    ],
    ["POST", "/organisations", { name: "n", appleId: "a", colour: "red" }, 400, "colour"],
    ["POST", "/organisations", "{", 400, "JSON"],
    ["POST", "/organisations", [], 400, "object"],
    ["GET", "/organisations/5", undefined, 404, "organisation 5"],
    ["GET", "/organisations/x", undefined, 404, "number"],
    ["POST", `${organisation}/licenses`, { adamId: Number(pages), quantity: 1 }, 400, "adamId"],
    ["POST", `${organisation}/licenses`, { adamId: pages, quantity: 0 }, 400, "quantity"],
    ["POST", `${organisation}/licenses`, { adamId: pages, quantity: 100_001 }, 400, "quantity"],
    ["POST", `${organisation}/licenses`, { adamId: pages, quantity: 1.5 }, 400, "quantity"],
    ["POST", `${organisation}/licenses`, { adamId: pages, quantity: 1, pricingParam: "GOLD" }, 400, "STDQ"],
    ["POST", `${organisation}/licenses`, { adamId: "123", quantity: 1 }, 404, "123"],
    ["POST", `${organisation}/refunds`, { adamId: slack, quantity: 1 }, 404, slack],
    ["POST", `${organisation}/tokens`, { lifetimeDays: "long" }, 400, "lifetimeDays"],
    ["POST", "/tokens/token-99/revoke", undefined, 404, "token-99"],
    ["POST", "/apple-ids", { appleId: "a@x.com" }, 400, "password"],
    ["POST", "/apple-ids", { appleId: "a@x.com", password: "p", organisationId: 5 }, 404, "organisation 5"],
    ["POST", "/apple-ids", { appleIds: [] }, 400, "appleIds"],
    ["POST", "/catalogue", { adamId: "0", bundleId: "b", name: "n" }, 400, "adamId"],
    ["POST", "/catalogue", { adamId: "9", bundleId: "b", name: "n", productTypeId: 9 }, 400, "productTypeId"],
    ["POST", "/users/accept", { inviteCode: "x" }, 400, "appleId"],
    ["PUT", "/behaviour", { latencyMs: -1 }, 400, "latencyMs"],
    ["PUT", "/behaviour", { unavailable: true }, 400, "unavailable"],
    ["PUT", "/behaviour", { mood: "bad" }, 400, "mood"],
    ["GET", "/nothing", undefined, 404, "no such route"],
  ])(
    "%s %s with %j is refused with %i and says what was expected",
    async (method, path, body, status, says) => {
      const bench = await openBench();
      const before = bench.apple.model.revision;
      const reply = await bench.control(method, path, body);
      expect({ status: reply.status, text: reply.text }).toEqual({
        status,
        text: expect.stringContaining(says),
      });
      expect(reply.json).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
      expect(bench.apple.model.revision).toBe(before);
    },
  );

  it("doesn't repeat a password in its refusals", async () => {
    const bench = await openBench();
    const reply = await bench.control("POST", "/apple-ids", {
      appleId: "a@x.com",
      password: 12345678,
      x: "secret",
    });
    expect(reply.status).toBe(400);
    expect(reply.text).not.toMatch(/12345678|secret/);
  });

  it("stops at a hundred tokens and at a million licences of one item", async () => {
    const bench = await openBench();
    const path = `/organisations/${bench.organisationId}`;
    for (let count = 2; count <= 100; count += 1) {
      expect((await bench.control("POST", `${path}/tokens`, {})).status).toBe(201);
    }
    expect((await bench.control("POST", `${path}/tokens`, {})).json).toMatchObject({
      error: { code: "limit_exceeded" },
    });
    for (let count = 1; count <= 9; count += 1) await buy(bench, slack, 100_000);
    await buy(bench, slack, 99_999);
    const over = await bench.control("POST", `${path}/licenses`, { adamId: slack, quantity: 2 });
    expect(over.json).toMatchObject({ error: { code: "limit_exceeded" } });
    await buy(bench, slack, 1);
  });
});
