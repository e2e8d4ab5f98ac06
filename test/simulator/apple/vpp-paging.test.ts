import { describe, expect, it } from "vitest";
import { LicensesAnswer, UsersAnswer } from "../../../shared/vpp.ts";
import { buy, give, openBench, pages, slack, take, type Bench, type Json } from "./bench.ts";

const assigned = { assignedOnly: true };

/** Fills the organisation through the model: faster than six hundred calls. */
async function fill(bench: Bench, count: number): Promise<void> {
  await buy(bench, pages, count - 10);
  const organisation = bench.apple.model.organisation(bench.organisationId);
  const pool = organisation.pool(pages, "STDQ");
  await bench.apple.perform(() => {
    for (let index = 1; index <= count; index += 1) {
      const user = organisation.register(`u${String(index).padStart(3, "0")}`, undefined, undefined);
      organisation.assignToUser(pool, user, undefined);
    }
  });
}

async function readAll(bench: Bench, service: string, args: Json): Promise<{ pages: Json[]; since: string }> {
  const found: Json[] = [];
  let batchToken: unknown;
  for (;;) {
    const answer = await bench.vpp(service, { ...args, batchToken });
    expect(answer.status).toBe(0);
    found.push(answer);
    // Exactly one of the two.
    expect("batchToken" in answer).toBe(!("sinceModifiedToken" in answer));
    if (answer.sinceModifiedToken !== undefined)
      return { pages: found, since: String(answer.sinceModifiedToken) };
    ({ batchToken } = answer);
  }
}
const ids = (pages: Json[]): unknown[] =>
  pages.flatMap((page) => (page.licenses as Json[]).map((one) => one.licenseId));
const clients = (answer: Json, list: "users" | "licenses"): string[] =>
  (answer[list] as Json[]).map((one) => `${String(one.clientUserIdStr)} ${String(one.status)}`).sort();

describe("reading 600 licences", () => {
  it("takes three pages of 200, each licence once, ended by sinceModifiedToken", async () => {
    const bench = await openBench();
    await fill(bench, 600);
    const read = await readAll(bench, "getVPPLicensesSrv", assigned);
    expect(read.pages).toHaveLength(3);
    expect(new Set(ids(read.pages)).size).toBe(600);
    const [first, second] = read.pages.map((page) => LicensesAnswer.parse(page));
    expect(first).toMatchObject({ totalCount: 600, totalBatchCount: 3, batchCount: 200 });
    expect(second).not.toHaveProperty("totalCount");
    expect(second).not.toHaveProperty("totalBatchCount");
  });

  it("neither skips nor repeats while licences come and go, and brings what changed with the next read", async () => {
    const bench = await openBench();
    await fill(bench, 600);
    const first = await bench.vpp("getVPPLicensesSrv", assigned);
    // On the first page, which is read already, and on the last, which isn't.
    await take(bench, pages, ["u001", "u599"]);
    await bench.register("late");
    await give(bench, pages, ["late"]);
    const second = await bench.vpp("getVPPLicensesSrv", { batchToken: first.batchToken });
    const third = await bench.vpp("getVPPLicensesSrv", { batchToken: second.batchToken });
    // Shown as they are now: u599 has none any more.
    expect([first.batchCount, second.batchCount, third.batchCount]).toEqual([200, 200, 199]);
    const changes = await bench.vpp("getVPPLicensesSrv", {
      ...assigned,
      sinceModifiedToken: third.sinceModifiedToken,
    });
    expect(clients(changes, "licenses")).toEqual(["late Associated", "undefined Available"]);
    expect(changes).not.toHaveProperty("totalCount");
    const quiet = await bench.vpp("getVPPLicensesSrv", { sinceModifiedToken: changes.sinceModifiedToken });
    expect(quiet).toMatchObject({ licenses: [], batchCount: 0 });
    expect(quiet.sinceModifiedToken).toBeDefined();
  });

  it("can be done in parallel by overrideIndex; the last index ends it", async () => {
    const bench = await openBench();
    await fill(bench, 600);
    const { batchToken } = await bench.vpp("getVPPLicensesSrv", assigned);
    const answers = await Promise.all(
      [1, 2, 3].map((overrideIndex) => bench.vpp("getVPPLicensesSrv", { batchToken, overrideIndex })),
    );
    expect(new Set(ids(answers)).size).toBe(600);
    expect(answers.map((answer) => "sinceModifiedToken" in answer)).toEqual([false, false, true]);
    for (const overrideIndex of [0, 4]) {
      expect(await bench.vpp("getVPPLicensesSrv", { batchToken, overrideIndex })).toMatchObject({
        errorNumber: 9602,
      });
    }
    expect(await bench.vpp("getVPPLicensesSrv", { overrideIndex: 1 })).toMatchObject({ errorNumber: 9602 });
  });

  it("gives the same page again when its answer was lost", async () => {
    const bench = await openBench();
    await fill(bench, 300);
    const { batchToken } = await bench.vpp("getVPPLicensesSrv");
    const once = await bench.vpp("getVPPLicensesSrv", { batchToken });
    expect(await bench.vpp("getVPPLicensesSrv", { batchToken })).toEqual(once);
  });

  it("remembers the filter of its beginning", async () => {
    const bench = await openBench({ pageSize: 3 });
    await buy(bench, slack, 5);
    const first = await bench.vpp("getVPPLicensesSrv", { adamId: slack, pricingParam: "STDQ" });
    expect(first.totalCount).toBe(5);
    const second = await bench.vpp("getVPPLicensesSrv", { batchToken: first.batchToken, adamId: pages });
    const adamIds = (second.licenses as Json[]).map((one) => one.adamIdStr);
    expect(adamIds).toEqual([slack, slack]);
    await bench.register("u");
    await give(bench, slack, ["u"]);
    await give(bench, pages, ["u"]);
    const changes = await bench.vpp("getVPPLicensesSrv", {
      sinceModifiedToken: second.sinceModifiedToken,
      adamId: pages,
    });
    expect((changes.licenses as Json[]).map((one) => one.adamIdStr)).toEqual([slack]);
  });

  it("ignores an item named for the first time with a sinceModifiedToken", async () => {
    const bench = await openBench();
    const { sinceModifiedToken } = await bench.vpp("getVPPLicensesSrv");
    await bench.register("u");
    await give(bench, pages, ["u"]);
    const changes = await bench.vpp("getVPPLicensesSrv", { sinceModifiedToken, adamId: slack });
    expect(clients(changes, "licenses")).toEqual(["u Associated"]);
  });

  it("tells a reader of assigned licences of changes only to those that somebody has or had", async () => {
    const bench = await openBench();
    const start = await bench.vpp("getVPPLicensesSrv", assigned);
    await buy(bench, slack, 4);
    const since = { sinceModifiedToken: start.sinceModifiedToken };
    expect(await bench.vpp("getVPPLicensesSrv", { ...since, ...assigned })).toMatchObject({ licenses: [] });
    expect(((await bench.vpp("getVPPLicensesSrv", since)).licenses as Json[]).length).toBe(4);
  });
});

describe("tokens of lists", () => {
  async function openTwo(): Promise<{ bench: Bench; otherToken: unknown }> {
    const bench = await openBench({ pageSize: 4 });
    const other = await bench.control("POST", "/organisations", {
      name: "Fabrikam",
      appleId: "vpp@fabrikam.com",
    });
    const id = Number(other.json.organisationId);
    await bench.control("POST", `/organisations/${id}/licenses`, { adamId: pages, quantity: 10 });
    const token = await bench.control("POST", `/organisations/${id}/tokens`, {});
    return { bench, otherToken: token.json.sToken };
  }

  it("belong to one account: 9629 for a batchToken, 9602 for a sinceModifiedToken", async () => {
    const { bench, otherToken } = await openTwo();
    const { batchToken } = await bench.vpp("getVPPLicensesSrv");
    const asOther = { sToken: otherToken };
    expect(await bench.vpp("getVPPLicensesSrv", { ...asOther, batchToken })).toMatchObject({
      errorNumber: 9629,
    });
    const { sinceModifiedToken } = await bench.vpp("getVPPUsersSrv");
    expect(await bench.vpp("getVPPUsersSrv", { ...asOther, sinceModifiedToken })).toMatchObject({
      errorNumber: 9602,
    });
    expect(await bench.vpp("getVPPLicensesSrv", { batchToken })).toMatchObject({ status: 0 });
  });

  it("belong to one service", async () => {
    const { bench } = await openTwo();
    const { batchToken } = await bench.vpp("getVPPLicensesSrv");
    expect(await bench.vpp("getVPPUsersSrv", { batchToken })).toMatchObject({ errorNumber: 9602 });
    const { sinceModifiedToken } = await bench.vpp("getVPPUsersSrv");
    expect(await bench.vpp("getVPPLicensesSrv", { sinceModifiedToken })).toMatchObject({ errorNumber: 9602 });
  });

  it("are lost after half an hour, or when too many reads were begun since (9633)", async () => {
    const { bench } = await openTwo();
    const begin = async (): Promise<unknown> => (await bench.vpp("getVPPLicensesSrv")).batchToken;
    const first = await begin();
    bench.world.advance(30 * 60_000);
    expect(await bench.vpp("getVPPLicensesSrv", { batchToken: first })).toMatchObject({ status: 0 });
    bench.world.advance(1);
    expect(await bench.vpp("getVPPLicensesSrv", { batchToken: first })).toMatchObject({ errorNumber: 9633 });
    const second = await begin();
    for (let index = 0; index < 31; index += 1) await begin();
    expect(await bench.vpp("getVPPLicensesSrv", { batchToken: second })).toMatchObject({ status: 0 });
    await begin();
    expect(await bench.vpp("getVPPLicensesSrv", { batchToken: second })).toMatchObject({ errorNumber: 9633 });
  });

  it.each([["batchToken"], ["sinceModifiedToken"]])(
    "that are made up are refused (%s, 9602)",
    async (name) => {
      const { bench } = await openTwo();
      for (const value of [
        "x",
        "e30",
        Buffer.from('{"read":1,"page":"1"}').toString("base64url"),
        "x".repeat(4097),
      ]) {
        expect(await bench.vpp("getVPPLicensesSrv", { [name]: value })).toMatchObject({
          status: -1,
          errorNumber: 9602,
        });
      }
    },
  );
});

describe("getVPPUsersSrv", () => {
  async function openFour(): Promise<{ bench: Bench; since: unknown }> {
    const bench = await openBench();
    const since = (await bench.vpp("getVPPUsersSrv")).sinceModifiedToken;
    await bench.register("registered");
    await bench.join("associated", "ann@example.com");
    await bench.join("retired", "bob@example.com");
    await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "retired" });
    return { bench, since };
  }
  const active = ["associated Associated", "registered Registered"];
  const retired = ["retired Retired"];

  it.each([
    [{}, active],
    [{ includeRetired: 0 }, active],
    [{ includeRetired: 1 }, [...active, ...retired].sort()],
    [{ includeRetiredOnly: 1 }, retired],
    [{ includeRetired: 0, includeRetiredOnly: "1" }, retired],
  ])("with %j lists them as %j, without licences", async (args, expected) => {
    const { bench } = await openFour();
    await give(bench, pages, ["associated"]);
    const answer = await bench.vpp("getVPPUsersSrv", args);
    expect(clients(answer, "users")).toEqual(expected);
    expect(answer.totalCount).toBe(expected.length);
    for (const user of UsersAnswer.parse(answer).users ?? []) expect(user).not.toHaveProperty("licenses");
  });

  it("tells what changed since: a join, and a retirement only to those who ask for the retired", async () => {
    const { bench, since } = await openFour();
    const changes = (args: Json): Promise<Json> =>
      bench.vpp("getVPPUsersSrv", { sinceModifiedToken: since, ...args });
    expect(clients(await changes({}), "users")).toEqual(active);
    expect(clients(await changes({ includeRetiredOnly: 1 }), "users")).toEqual(retired);
    const { sinceModifiedToken } = await changes({ includeRetired: 1 });
    const later = (): Promise<Json> => bench.vpp("getVPPUsersSrv", { sinceModifiedToken, includeRetired: 1 });
    expect((await later()).users).toEqual([]);
    await bench.join("registered", "cy@example.com");
    expect(clients(await later(), "users")).toEqual(["registered Associated"]);
  });

  it("is paged; a batchToken remembers whether retired users were asked for", async () => {
    const { bench } = await openFour();
    for (let index = 0; index < 250; index += 1)
      bench.apple.model.organisation(bench.organisationId).register(`x${index}`, undefined, undefined);
    const { pages: read } = await readAll(bench, "getVPPUsersSrv", { includeRetired: 1 });
    expect(read.map((page) => (page.users as Json[]).length)).toEqual([200, 53]);
    expect(read.map((page) => page.totalCount)).toEqual([253, undefined]);
    const { batchToken } = await bench.vpp("getVPPUsersSrv", { includeRetired: 1 });
    const rest = await bench.vpp("getVPPUsersSrv", { batchToken, includeRetired: 0 });
    expect((rest.users as Json[]).length).toBe(53);
  });
});

it("keeps every organisation's changes apart", async () => {
  const bench = await openBench();
  const { sinceModifiedToken } = await bench.vpp("getVPPUsersSrv");
  const other = bench.apple.model.addOrganisation({
    name: "Fabrikam",
    appleId: "x@fabrikam.com",
    countryCode: "us",
  });
  other.register("stranger", undefined, undefined);
  expect(await bench.vpp("getVPPUsersSrv", { sinceModifiedToken })).toMatchObject({ users: [] });
});
