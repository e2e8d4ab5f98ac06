import { describe, expect, it } from "vitest";
import type { License, LicensePool } from "../../../simulator/apple/license-pool.ts";
import type { Organisation } from "../../../simulator/apple/organisation.ts";
import type { ProgramUser } from "../../../simulator/apple/program-users.ts";
import { Operations } from "../../../simulator/apple/operations.ts";
import { expectSound, give, openBench, pages, type Bench } from "./bench.ts";

interface Parts {
  organisation: Organisation;
  pool: LicensePool;
  user: ProgramUser;
  license: License;
}

/** One user holds one licence; the parts of the model behind it, to be broken. */
async function openBroken(): Promise<{ bench: Bench; parts: Parts }> {
  const bench = await openBench();
  await bench.join("u1", "ann@example.com");
  await bench.register("u2");
  await give(bench, pages, ["u1"]);
  const organisation = bench.apple.model.organisation(bench.organisationId);
  const pool = organisation.pool(pages, "STDQ");
  const user = organisation.users.activeByClientId.get("u1");
  const license = user && pool?.heldBy(user);
  if (!pool || !user || !license) throw new Error("the bench isn't as expected");
  return { bench, parts: { organisation, pool, user, license } };
}

const breaks: [string, (parts: Parts) => void, RegExp][] = [
  ["a licence that vanished", ({ pool }) => void pool.licenses.pop(), /9 licences are kept, 10 were bought/],
  ["a free one that is lost", ({ pool }) => pool.free.clear(), /is not 10 owned/],
  ["one too many refunded", ({ pool }) => (pool.refundedCount += 1), /is not 10 owned/],
  ["a negative count", ({ pool }) => (pool.refundedCount = -1), /out of range/],
  [
    "a seat that is counted as free too",
    ({ pool, license }) => {
      pool.free.add(license);
      pool.refundedCount -= 1;
    },
    /is assigned, but filed otherwise/,
  ],
  [
    "two seats of one user",
    ({ pool, user }) => {
      const [free] = pool.free;
      if (free) Object.assign(free, { state: "assigned", holder: { userId: user.userId } });
    },
    /somebody holds two licences|one of two that its holder has/,
  ],
  [
    "two seats of one device",
    ({ pool }) => {
      for (const free of [...pool.free].slice(0, 2))
        Object.assign(free, { state: "assigned", holder: { serialNumber: "S1" } });
    },
    /somebody holds two licences|one of two that its holder has/,
  ],
  [
    "a device's seat that others use",
    ({ license }) => Object.assign(license, { holder: { serialNumber: "S1" }, devices: ["phone-1"] }),
    /held by device S1, which can't be or shares it/,
  ],
  ["a seat of somebody unknown", ({ license }) => (license.holder = { userId: 5 }), /user 5, who is unknown/],
  [
    "a seat of a retired user",
    ({ user }) => (user.status = "Retired"),
    /still holds a licence that can be revoked/,
  ],
  ["a sixth device", ({ license }) => (license.devices = [..."abcdef"]), /used by 6 devices/],
  [
    "two active users of one name",
    ({ organisation, user }) =>
      organisation.users.insert({ ...user, userId: 5, status: "Registered", appleId: undefined }),
    /another record is the active one of that name/,
  ],
  ["a link to nobody", ({ user }) => (user.appleId = "nobody@example.com"), /an Apple ID that doesn't exist/],
  [
    "a joined user without an Apple ID",
    ({ user }) => (user.appleId = undefined),
    /is Associated without an Apple ID/,
  ],
];

describe("the invariants", () => {
  it.each(breaks)("are told by a full check: %s", async (_what, damage, expected) => {
    const { bench, parts } = await openBroken();
    await expectSound(bench);
    damage(parts);
    const { status, json } = await bench.control("GET", "/invariants");
    expect(status).toBe(200);
    expect(Number(json.checks)).toBeGreaterThan(10);
    expect((json.violations as string[]).join("\n")).toMatch(expected);
    expect(bench.apple.violations().join("\n")).toMatch(expected);
    expect(bench.events).toContainEqual(
      expect.objectContaining({ event: "invariant.violated", side: "apple" }),
    );
  });

  it("fail the very call that touches what is broken, loudly and with HTTP 500", async () => {
    const { bench, parts } = await openBroken();
    parts.pool.refundedCount += 1;
    const body = { sToken: bench.sToken, adamIdStr: pages, associateClientUserIdStrs: ["u2"] };
    const reply = await bench.send("POST", "/mdm/manageVPPLicensesByAdamIdSrv", body);
    expect(reply.status).toBe(500);
    expect(bench.apple.violations()[0]).toMatch(/is not 10 owned/);
    const seen = bench.events.filter(({ event }) => event === "invariant.violated");
    expect(seen.length).toBeGreaterThan(0);
    // Calls that have nothing to do with it go on.
    expect(await bench.vpp("registerVPPUserSrv", { clientUserIdStr: "u9" })).toMatchObject({ status: 0 });
  });

  it("are all checked every so many calls, touched or not", async () => {
    const { bench, parts } = await openBroken();
    parts.pool.refundedCount += 1;
    let failed = 0;
    for (let call = 1; call <= Operations.fullCheckEvery; call += 1) {
      await bench.apple.perform(() => undefined).catch(() => (failed += 1));
    }
    expect(failed).toBe(1);
  });

  it("are told once, however often they are found", async () => {
    const { bench, parts } = await openBroken();
    parts.user.appleId = undefined;
    for (let round = 1; round <= 3; round += 1) await bench.control("GET", "/invariants");
    expect(new Set(bench.apple.violations()).size).toBe(bench.apple.violations().length);
    expect(bench.events.filter(({ event }) => event === "invariant.violated")).toHaveLength(
      bench.apple.violations().length,
    );
  });

  it("hold after a bug was thrown, which is told too", async () => {
    const bench = await openBench();
    bench.apple.model.downloads.item = () => {
      throw new TypeError("a bug");
    };
    const reply = await bench.send("GET", `/store/v1/lookup?adamId=${pages}`);
    expect([reply.status, reply.json]).toMatchObject([500, { error: { code: "internal" } }]);
    expect(reply.text).not.toContain("a bug");
    expect(bench.apple.violations()).toEqual(["TypeError: a bug"]);
  });
});
