import { beforeEach, describe, expect, it } from "vitest";
import { revokeApiKey } from "../../../server/api-keys.ts";
import type { Role } from "../../../server/store/records.ts";
import { openHarness, type Harness } from "./harness.ts";

/** Every route of the server with the lowest role that may. A route that is missing here, or too many, fails the test below. */
const routes: [method: string, path: string, role: Role | "open" | "enrollment"][] = [
  ["PUT", "/api/v1/vpp/token", "admin"],
  ["GET", "/api/v1/vpp/token", "read-only"],
  ["POST", "/api/v1/vpp/sync", "operator"],
  ["GET", "/api/v1/vpp/syncs", "read-only"],
  ["GET", "/api/v1/apps", "read-only"],
  ["GET", "/api/v1/apps/{adamId}", "read-only"],
  ["GET", "/api/v1/users", "read-only"],
  ["POST", "/api/v1/users", "operator"],
  ["POST", "/api/v1/users/import", "operator"],
  ["GET", "/api/v1/users/{userId}", "read-only"],
  ["PATCH", "/api/v1/users/{userId}", "operator"],
  ["POST", "/api/v1/users/{userId}/invitation", "operator"],
  ["GET", "/api/v1/groups", "read-only"],
  ["POST", "/api/v1/groups", "operator"],
  ["GET", "/api/v1/groups/{groupId}", "read-only"],
  ["PUT", "/api/v1/groups/{groupId}/members/{userId}", "operator"],
  ["DELETE", "/api/v1/groups/{groupId}/members/{userId}", "operator"],
  ["GET", "/api/v1/devices", "read-only"],
  ["GET", "/api/v1/devices/{udid}", "read-only"],
  ["GET", "/api/v1/devices/{udid}/commands", "read-only"],
  ["POST", "/api/v1/devices/{udid}/commands", "operator"],
  ["POST", "/api/v1/commands", "operator"],
  ["GET", "/api/v1/commands/{commandUUID}", "read-only"],
  ["DELETE", "/api/v1/commands/{commandUUID}", "operator"],
  ["GET", "/api/v1/enrollment-tokens", "read-only"],
  ["POST", "/api/v1/enrollment-tokens", "admin"],
  ["POST", "/api/v1/enrollment-tokens/batch", "admin"],
  ["GET", "/api/v1/deployments", "read-only"],
  ["POST", "/api/v1/deployments", "operator"],
  ["GET", "/api/v1/deployments/{deploymentId}", "read-only"],
  ["PATCH", "/api/v1/deployments/{deploymentId}", "operator"],
  ["DELETE", "/api/v1/deployments/{deploymentId}", "operator"],
  ["GET", "/api/v1/installations", "read-only"],
  ["GET", "/api/v1/installations/{installationId}", "read-only"],
  ["POST", "/api/v1/installations/{installationId}/retry", "operator"],
  ["GET", "/api/v1/ledger", "read-only"],
  ["GET", "/api/v1/ledger/check", "read-only"],
  ["GET", "/api/v1/summary", "read-only"],
  ["GET", "/api/v1/keys", "admin"],
  ["POST", "/api/v1/keys", "admin"],
  ["DELETE", "/api/v1/keys/{id}", "admin"],
  ["GET", "/api/v1/events", "read-only"],
  ["GET", "/api/v1/policies", "read-only"],
  ["PUT", "/api/v1/policies", "admin"],
  ["GET", "/metrics", "read-only"],
  ["GET", "/openapi.json", "read-only"],
  ["GET", "/healthz", "open"],
  ["GET", "/readyz", "open"],
  ["GET", "/enroll/{token}", "enrollment"],
];
const guarded = routes.flatMap(([method, path, role]) =>
  role === "open" || role === "enrollment" ? [] : [{ method, path, role }],
);
const lowerThan: Record<Role, Role[]> = {
  "read-only": [],
  operator: ["read-only"],
  admin: ["read-only", "operator"],
};
const enough: Record<Role, Role[]> = {
  "read-only": ["read-only", "operator", "admin"],
  operator: ["operator", "admin"],
  admin: ["admin"],
};
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
  const line = (method: string, path: string) => `${method} ${path}`;

  it("is the one that this test walks, with the same roles", () => {
    const table = harness.api.routeTable.map(({ method, path, role }) => [method, path, role]);
    expect(table.map(String).sort()).toEqual(routes.map(String).sort());
  });

  it("holds everything that the router answers", () => {
    const routed = harness.api.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => line(method, path.replaceAll(/:([^/]+)/g, "{$1}")));
    expect([...new Set(routed)].sort()).toEqual(routes.map(([method, path]) => line(method, path)).sort());
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

  it("is refused with a revoked key", async () => {
    const [record] = await harness.store.read((reader) =>
      reader
        .list("apiKeys", { index: "all", partition: "", limit: 10 })
        .then((keys) => keys.filter((key) => key.role === "operator")),
    );
    await harness.store.transaction((tx) => revokeApiKey(tx, record?.id ?? "", harness.world.now()));
    const refused = await harness.call(method, target, { key: harness.keys.operator });
    expect([refused.status, refused.body["code"]]).toEqual([401, "unauthorized"]);
  });

  it(`is refused to roles lower than ${role}, and let through from there up`, async () => {
    for (const low of lowerThan[role]) {
      const refused = await harness.call(method, target, { key: harness.keys[low] });
      expect([low, refused.status, refused.body["code"]]).toEqual([low, 403, "forbidden"]);
    }
    expect(harness.calls).toEqual([]);
    for (const high of enough[role]) {
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
