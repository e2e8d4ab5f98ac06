import { describe, expect, it } from "vitest";
import { counts, expectSound, give, openBench, pages, type Json } from "./bench.ts";

const dayMs = 86_400_000;

describe("another product that takes the account", () => {
  it("shows in every answer, and leaves users and licences alone unless it is to wipe them out", async () => {
    const bench = await openBench();
    await bench.register("u1");
    await give(bench, pages, ["u1"]);
    const path = `/organisations/${bench.organisationId}/take-over`;
    const taken = await bench.control("POST", path, { hostname: "them.example" });
    expect(taken.json).toMatchObject({ retiredUsers: 0, returnedLicenses: 0 });
    const { clientContext } = await bench.vpp("getVPPUserSrv", { clientUserIdStr: "u1" });
    expect(clientContext).toBe(taken.json.clientContext);
    expect(JSON.parse(String(clientContext))).toMatchObject({
      hostname: "them.example",
      guid: expect.stringMatching(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/) as string,
    });
    expect(await counts(bench, pages)).toBe("1/9/0");
    const wiped = await bench.control("POST", path, { wipe: true });
    expect(wiped.json).toMatchObject({ retiredUsers: 1, returnedLicenses: 1 });
    expect(wiped.json.clientContext).not.toBe(clientContext);
    expect(await counts(bench, pages)).toBe("0/10/0");
    expect(await bench.vpp("getVPPUserSrv", { clientUserIdStr: "u1" })).toMatchObject({ errorNumber: 9604 });
    await expectSound(bench);
  });

  it("can be told by hand what the account's clientContext is, and that it has none", async () => {
    const bench = await openBench();
    const path = `/organisations/${bench.organisationId}/client-context`;
    await bench.control("PUT", path, { clientContext: "anything" });
    expect(await bench.vpp("VPPClientConfigSrv")).toMatchObject({ clientContext: "anything" });
    await bench.control("PUT", path, { clientContext: null });
    expect(await bench.vpp("VPPClientConfigSrv")).not.toHaveProperty("clientContext");
    for (const body of [{}, { clientContext: "" }, { clientContext: "x".repeat(256) }, { guid: "x" }]) {
      expect((await bench.control("PUT", path, body)).status).toBe(400);
    }
    expect(
      (await bench.control("PUT", "/organisations/1/client-context", { clientContext: "x" })).status,
    ).toBe(404);
  });
});

describe("a token's fate", () => {
  it.each([
    ["expire", 9621],
    ["forget", 9622],
    ["revoke", 9625],
  ])(
    "is decided by %s: the next call is answered %i, and another token of the account works",
    async (act, errorNumber) => {
      const bench = await openBench();
      expect(await bench.vpp("VPPClientConfigSrv")).toMatchObject({ status: 0 });
      expect((await bench.control("POST", `/tokens/token-1/${act}`)).status).toBe(200);
      expect(await bench.vpp("VPPClientConfigSrv")).toMatchObject({ status: -1, errorNumber });
      const { json } = await bench.control("POST", `/organisations/${bench.organisationId}/tokens`, {});
      bench.sToken = String(json.sToken);
      expect(await bench.vpp("VPPClientConfigSrv")).toMatchObject({ status: 0 });
      expect((await bench.control("POST", `/tokens/token-9/${act}`)).status).toBe(404);
    },
  );

  it("does not come back to life when it expires twice", async () => {
    const bench = await openBench();
    await bench.control("POST", "/tokens/token-1/expire");
    bench.world.advance(dayMs);
    await bench.control("POST", "/tokens/token-1/expire");
    expect(await bench.vpp("VPPClientConfigSrv")).toMatchObject({ errorNumber: 9621 });
  });
});

describe("calls that are to be refused", () => {
  it("are, so many times, with the number that was asked for, and change nothing", async () => {
    const bench = await openBench();
    await bench.control("PUT", "/behaviour", { refuseCalls: { errorNumber: 9646, times: 2 } });
    for (const service of ["VPPClientConfigSrv", "registerVPPUserSrv"]) {
      expect(await bench.vpp(service, { clientUserIdStr: "u1" })).toMatchObject({
        status: -1,
        errorNumber: 9646,
      });
    }
    expect(await bench.vpp("getVPPUserSrv", { clientUserIdStr: "u1" })).toMatchObject({ errorNumber: 9604 });
    expect((await bench.control("GET", "/behaviour")).json).toMatchObject({ refuseCalls: false });
  });

  it("can be those of one service alone", async () => {
    const bench = await openBench();
    const refuseCalls = { errorNumber: 9603, times: 1, service: "getVPPUsersSrv" };
    await bench.control("PUT", "/behaviour", { refuseCalls });
    expect(await bench.vpp("getVPPLicensesSrv")).toMatchObject({ status: 0 });
    expect(await bench.vpp("getVPPUsersSrv")).toMatchObject({ errorNumber: 9603 });
    expect(await bench.vpp("getVPPUsersSrv")).toMatchObject({ status: 0 });
    for (const errorNumber of [1, "9603", 9617]) {
      const reply = await bench.control("PUT", "/behaviour", {
        refuseCalls: { ...refuseCalls, errorNumber },
      });
      expect(reply.status).toBe(400);
    }
  });
});

describe("long lists", () => {
  it("have as many records on a page as was said when the read began, to its end", async () => {
    const bench = await openBench();
    for (const name of ["u1", "u2", "u3", "u4", "u5"]) await bench.register(name);
    const lengthOf = ({ users }: Json) => (users as Json[]).length;
    await bench.control("PUT", "/behaviour", { pageSize: 2 });
    const first = await bench.vpp("getVPPUsersSrv");
    await bench.control("PUT", "/behaviour", { pageSize: 4 });
    const second = await bench.vpp("getVPPUsersSrv", { batchToken: first.batchToken });
    const third = await bench.vpp("getVPPUsersSrv", { batchToken: second.batchToken });
    expect([first, second, third].map(lengthOf)).toEqual([2, 2, 1]);
    expect(lengthOf(await bench.vpp("getVPPUsersSrv"))).toBe(4);
  });

  it("get lost on demand: a read that is under way is answered 9633, and one that begins anew is not", async () => {
    const bench = await openBench({ pageSize: 1 });
    for (const name of ["u1", "u2"]) await bench.register(name);
    const { batchToken } = await bench.vpp("getVPPUsersSrv");
    await bench.control("POST", "/lists/forget");
    expect(await bench.vpp("getVPPUsersSrv", { batchToken })).toMatchObject({ errorNumber: 9633 });
    const again = await bench.vpp("getVPPUsersSrv");
    expect(await bench.vpp("getVPPUsersSrv", { batchToken: again.batchToken })).toMatchObject({ status: 0 });
  });
});
