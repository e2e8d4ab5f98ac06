import { beforeEach, describe, expect, it } from "vitest";
import { drawApiKey, mayActAs, revokeApiKey } from "../../../server/api-keys.ts";
import type { Role } from "../../../server/store/records.ts";
import { openHarness, startOfTime, type Harness } from "./harness.ts";

interface Operation {
  readonly "x-role"?: Role;
  readonly security: readonly object[];
}

const roles = ["read-only", "operator", "admin"] as const;

/** What the server says of itself, to somebody who asks it: no list that could be forgotten. */
async function describedRoutes() {
  const { body } = await (await openHarness()).call("GET", "/openapi.json");
  const paths = body["paths"] as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([name, operation]) => ({
      method: name.toUpperCase(),
      path,
      role: operation["x-role"],
      asksForKey: operation.security.length > 0,
    })),
  );
}
const described = await describedRoutes();
const guarded = described.flatMap(({ role, ...route }) => (role === undefined ? [] : [{ ...route, role }]));

/** What only an admin may do: it opens a door, or changes how the whole house works. */
const adminOnly: readonly RegExp[] = [
  /^\w+ \/api\/v1\/keys/,
  /^(?!GET )\w+ \/api\/v1\/enrollment-tokens/,
  /^(?!GET )\w+ \/api\/v1\/vpp\/token/,
  /^(?!GET )\w+ \/api\/v1\/policies/,
  /^\w+ \/api\/v1\/webhooks/,
  /^\w+ \/api\/v1\/audit/,
];
/** Routes without a key: for everybody, or for who holds the token in the path or the key in the body. */
const keyless = ["GET /enroll/{token}", "GET /healthz", "GET /readyz", "POST /api/v1/sessions"];
/** Everybody may sign out. Which sessions of others one may end, the route itself knows. */
const ownThings = /^DELETE \/api\/v1\/sessions\//;

function lowestRole(method: string, path: string): Role {
  if (adminOnly.some((pattern) => pattern.test(`${method} ${path}`))) return "admin";
  return method === "GET" || ownThings.test(`${method} ${path}`) ? "read-only" : "operator";
}

/** A path that fits the pattern, about nothing that is there. */
const concrete = (path: string) =>
  path
    .replaceAll("{installationId}", "x:1")
    .replaceAll("{adamId}", "1")
    .replaceAll(/\{\w+\}/g, "x");

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

describe("the list of routes", () => {
  it("holds everything that the router answers", () => {
    const routed = harness.api.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, "{$1}")}`);
    const listed = described.map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(routed)].sort()).toEqual([...listed].sort());
  });

  it("has a key on every route but those that are known to be open", () => {
    const open = described.filter(({ asksForKey, role }) => !asksForKey || role === undefined);
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(keyless);
  });

  it.each(guarded)("asks enough of who calls $method $path", ({ method, path, role }) => {
    expect(mayActAs(role, lowestRole(method, path)), `${role} is too low`).toBe(true);
  });

  it("lets no admin's route go by another name", () => {
    const held = guarded
      .filter(({ role }) => role === "admin")
      .map(({ method, path }) => `${method} ${path}`);
    for (const pattern of adminOnly.slice(0, 4)) expect(held.some((route) => pattern.test(route))).toBe(true);
  });
});

describe.each(guarded)("$method $path", ({ method, path, role }) => {
  const target = concrete(path);

  it("is refused without a key, with a wrong one and with another scheme, and changes nothing", async () => {
    for (const headers of [
      undefined,
      { authorization: "Bearer pk_wrong" },
      { authorization: "Basic YTpi" },
    ]) {
      const refused = await harness.call(method, target, { key: null, ...(headers ? { headers } : {}) });
      expect(refused.status).toBe(401);
      expect(refused.body["code"]).toBe("unauthorized");
      expect(refused.headers.get("www-authenticate")).toContain("Bearer");
    }
    expect(harness.calls).toEqual([]);
  });

  it("is refused with a key that is revoked or has expired, whatever its role", async () => {
    const { world, store } = harness;
    for (const keyRole of roles) {
      const revoked = drawApiKey(world, { name: "revoked", role: keyRole });
      const brief = drawApiKey(world, { name: "brief", role: keyRole, expiresAt: startOfTime + 1_000 });
      await store.transaction(async (tx) => {
        await tx.put("apiKeys", revoked.record);
        await tx.put("apiKeys", brief.record);
        await revokeApiKey(tx, revoked.record.id, world.now());
      });
      await world.advance(1_000);
      for (const { key } of [revoked, brief]) {
        const refused = await harness.call(method, target, { key });
        expect([refused.status, refused.body["code"]]).toEqual([401, "unauthorized"]);
      }
    }
    expect(harness.calls).toEqual([]);
  });

  it(`is refused to roles lower than ${role}, and let through from there up`, async () => {
    for (const low of roles.filter((other) => !mayActAs(other, role))) {
      const refused = await harness.call(method, target, { key: harness.keys[low] });
      expect([low, refused.status, refused.body["code"]]).toEqual([low, 403, "forbidden"]);
    }
    expect(harness.calls).toEqual([]);
    for (const high of roles.filter((other) => mayActAs(other, role))) {
      const passed = await harness.call(method, target, { key: harness.keys[high] });
      expect([high, passed.body["code"]]).not.toEqual([high, "forbidden"]);
      expect([401, 403, 405, 500], `${high} ${passed.text}`).not.toContain(passed.status);
    }
  });
});

describe("routes without a key", () => {
  it("tell no more than that the server is up and ready", async () => {
    expect((await harness.call("GET", "/healthz", { key: null })).body).toEqual({ status: "ok" });
    expect((await harness.call("GET", "/readyz", { key: null })).body).toEqual({
      status: "ready",
      failing: [],
    });
  });

  it("of enrolment ask their own tokens", async () => {
    expect((await harness.call("GET", "/enroll/good", { key: null })).text).toBe("profile");
    const refused = await harness.call("GET", "/enroll/bad", { key: null });
    expect([refused.status, refused.body["code"]]).toEqual([403, "enrollment_token_invalid"]);
  });

  it("say nothing of a bug, which is recorded", async () => {
    const failed = await harness.call("GET", "/enroll/crash", { key: null });
    expect([failed.status, failed.body["code"]]).toEqual([500, "internal"]);
    expect(failed.text).not.toContain("secret");
    expect(harness.events.map(({ event }) => event)).toContain("internal.error");
  });
});

describe("paths that are none", () => {
  it("ask for a key below /api and then say so", async () => {
    expect((await harness.call("GET", "/api/v1/nothing", { key: null })).status).toBe(401);
    const refused = await harness.call("GET", "/api/v1/nothing");
    expect([refused.status, refused.body["code"]]).toEqual([404, "route_not_found"]);
    expect((await harness.call("GET", "/nothing", { key: null })).body["code"]).toBe("route_not_found");
  });

  it("are told from a wrong method", async () => {
    const refused = await harness.call("DELETE", "/api/v1/users");
    expect([refused.status, refused.body["code"], refused.headers.get("allow")]).toEqual([
      405,
      "method_not_allowed",
      "GET, POST",
    ]);
  });
});

describe("failed authentication", () => {
  const wrong = { key: "pk_wrong", peer: "10.0.0.1" };
  const path = "/api/v1/apps";

  it("is braked after 20 failures a minute from one address, and not from another", async () => {
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      expect((await harness.call("GET", path, wrong)).status, `attempt ${attempt}`).toBe(401);
    }
    await harness.world.advance(10_000);
    const braked = await harness.call("GET", path, wrong);
    expect([braked.status, braked.body["code"], braked.headers.get("retry-after")]).toEqual([
      429,
      "limit_exceeded",
      "50",
    ]);
    expect((await harness.call("GET", path, { ...wrong, peer: "10.0.0.2" })).status).toBe(401);
    await harness.world.advance(50_000);
    expect((await harness.call("GET", path, wrong)).status).toBe(401);
  });

  it("never shuts out a valid key", async () => {
    for (let attempt = 1; attempt <= 30; attempt += 1) await harness.call("GET", path, wrong);
    expect((await harness.call("GET", path, { peer: wrong.peer })).status).toBe(200);
  });
});
