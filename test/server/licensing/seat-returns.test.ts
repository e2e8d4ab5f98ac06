import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newInstallation } from "../../../server/deployments/installations.ts";
import type { LicensingContext } from "../../../server/licensing/account.ts";
import { startLicenseVerbs, type RunningLicenseVerbs } from "../../../server/licensing/license-verbs.ts";
import { takeUpAfterMs } from "../../../server/licensing/seat-returns.ts";
import { SeatTurns } from "../../../server/licensing/seat-turns.ts";
import { VppError, type HolderName } from "../../../server/licensing/vpp-client.ts";
import type {
  AssignmentRecord,
  InstallationRecord,
  LicenseActRecord,
} from "../../../server/store/records.ts";
import { PippinError } from "../../../shared/errors.ts";
import type { LicenseChange } from "../../../shared/vpp.ts";
import { app } from "../api/harness.ts";
import { settle } from "../fake-world.ts";
import { TestServer } from "../test-server.ts";
import { associatedUser, usableAccount } from "./account-records.ts";

const pages = "361309726";
const keynote = "361285480";

/** Apple as its answers say; `answer` is asked for each seat, and may throw for the whole call. */
class ScriptedApple {
  readonly calls: { adamId: string; names: readonly string[] }[] = [];
  batchMax = 100;
  answer: (clientUserIdStr: string) => LicenseChange = (clientUserIdStr) => ({ clientUserIdStr });

  identifyAs(): void {}
  disassociationsMax(): Promise<number> {
    return Promise.resolve(this.batchMax);
  }
  async disassociateMany(_sToken: string, item: { adamIdStr: string }, holders: readonly HolderName[]) {
    const names = holders.map((holder) => Object.values(holder).join());
    this.calls.push({ adamId: item.adamIdStr, names });
    await settle();
    return names.map((name) => this.answer(name));
  }
}

const refusal = (errorNumber: number) => (clientUserIdStr: string) => ({
  clientUserIdStr,
  errorNumber,
  errorMessage: `Apple's ${errorNumber}`,
});

let server: TestServer;
let apple: ScriptedApple;
let verbs: RunningLicenseVerbs;
let failures: unknown[];

function start(): RunningLicenseVerbs {
  const box = { open: (sealed: string) => sealed, seal: (text: string) => text };
  // Of Apple and of the box only what these decisions ask of them.
  const licensing = { vpp: apple, box, hostname: "test", seatTurns: new SeatTurns() };
  const context = { ...server.context, ...licensing } as unknown as LicensingContext;
  return startLicenseVerbs(
    context,
    () => undefined,
    (error) => failures.push(error),
  );
}

/** A user who holds a seat of each app, with a phone on which the app is. */
async function addHolder(id: string, adamIds: readonly string[] = [pages]): Promise<void> {
  const now = server.world.now();
  await server.putDevice(`phone-${id}`, { userId: id });
  await server.store.transaction(async (tx) => {
    await tx.put("users", associatedUser(id, now));
    for (const adamId of adamIds) {
      const seat: AssignmentRecord = {
        ...{ id: `${id} ${adamId}`, userId: id, adamId, state: "held", since: now - 1_000 },
        ...{ installationId: `phone-${id} ${adamId}`, returnReason: null },
      };
      await tx.put("assignments", seat);
      await tx.put("installations", {
        ...newInstallation(`phone-${id}`, adamId, id, now, 0),
        ...{ desired: "required", state: "installed", appState: "Managed", appStateAt: now, dueAt: null },
      });
    }
  });
}

beforeEach(async () => {
  server = new TestServer();
  apple = new ScriptedApple();
  failures = [];
  const now = server.world.now();
  await server.store.transaction(async (tx) => {
    for (const id of [pages, keynote])
      await tx.put("apps", app(id, { total: 200, assigned: 150, available: 50 }));
    await tx.put("accounts", usableAccount(now));
  });
  verbs = start();
});
afterEach(async () => {
  const stopped = verbs.stop();
  await server.world.advance(0);
  await stopped;
  expect(failures).toEqual([]);
});

const ask = (input: Partial<Parameters<typeof verbs.perform>[0]> = {}) =>
  verbs.perform({
    verb: "revoke",
    userId: null,
    adamId: pages,
    confirm: false,
    by: "key",
    cause: 0,
    ...input,
  });
const seatOf = (id: string, adamId = pages) =>
  server.store.read((reader) => reader.get("assignments", `${id} ${adamId}`));
const installationOf = async (id: string, adamId = pages): Promise<InstallationRecord> => {
  const found = await server.store.read((reader) => reader.get("installations", `phone-${id} ${adamId}`));
  if (!found) throw new Error(`${id} has no installation`);
  return found;
};
const actOf = (id: string) => server.store.read((reader) => reader.get("licenseActs", id));
const counts = ({ asked, done, failed }: LicenseActRecord) => ({ asked, done, failed });

describe("a revoke that Apple carries out in part", () => {
  it.each([
    ["nothing to take back (9619): it is free already", refusal(9619), { done: 2, failed: 0 }, "9619"],
    ["the user is gone (9609): it is free already", refusal(9609), { done: 2, failed: 0 }, "9609"],
    ["never taken back (9607)", refusal(9607), { done: 1, failed: 1 }, "9607"],
  ])("counts %s", async (_name, answer, expected, code) => {
    await addHolder("anna");
    await addHolder("bert");
    apple.answer = (name) => (name === "client-bert" ? answer(name) : { clientUserIdStr: name });
    const report = await ask();
    expect(counts(report)).toEqual({ asked: 2, ...expected });
    expect(report.finishedAt).not.toBeNull();
    expect(report.items.find((item) => item.userId === "bert")).toMatchObject({
      code,
      outcome: expected.failed === 1 ? "failed" : "done",
    });
    expect(await seatOf("anna")).toBeUndefined();
  });

  it("keeps a licence that is irrevocable, says why, and lets the deployments have the installation back", async () => {
    await addHolder("anna");
    apple.answer = refusal(9607);
    await ask();
    expect(await seatOf("anna")).toMatchObject({
      state: "held",
      returnReason: null,
      actId: null,
      stranded: { reason: "irrevocable" },
    });
    expect((await installationOf("anna")).override).toBeNull();
    expect(server.named("license.kept")).toHaveLength(1);
    expect(server.named("license.returned")).toEqual([]);
  });

  it.each([
    ["one that is locked by a transfer (9643)", refusal(9643), "9643"],
    [
      "all, when Apple can't be reached",
      () => {
        throw new PippinError("apple_unavailable", "Apple's service can't be reached.");
      },
      "apple_unavailable",
    ],
    [
      "all, when Apple refuses the whole call (9602)",
      () => {
        throw new VppError(9602, "too many");
      },
      "9602",
    ],
    ["one that Apple's answer leaves out", () => ({ clientUserIdStr: "somebody-else" }), "apple_refused"],
  ])("goes on asking for %s", async (_name, answer, code) => {
    await addHolder("anna");
    apple.answer = answer;
    const report = await ask();
    expect(counts(report)).toEqual({ asked: 1, done: 0, failed: 0 });
    expect(report.finishedAt).toBeNull();
    expect(await seatOf("anna")).toMatchObject({
      state: "disassociating",
      actId: report.id,
      problem: { code },
    });
    await server.world.advance(takeUpAfterMs * 2);
    expect(await actOf(report.id)).toMatchObject({ done: 0 });
    const asked = apple.calls.length;
    expect(asked).toBeGreaterThan(1);
    apple.answer = (clientUserIdStr) => ({ clientUserIdStr });
    await server.world.advance(3_600_000);
    expect(await actOf(report.id)).toMatchObject({ asked: 1, done: 1, failed: 0 });
    expect(await seatOf("anna")).toBeUndefined();
    // And then it is left alone.
    const calls = apple.calls.length;
    await server.world.advance(3_600_000);
    expect(apple.calls.length).toBe(calls);
  });
});

describe("a revoke of many", () => {
  it("asks Apple for no more at once than Apple takes, app by app, and writes each return once", async () => {
    apple.batchMax = 20;
    for (let index = 0; index < 65; index += 1) await addHolder(`u${index}`, [pages, keynote]);
    const transactions = server.transactions;
    const report = await ask({ adamId: null, confirm: true });
    expect(counts(report)).toEqual({ asked: 130, done: 130, failed: 0 });
    expect(apple.calls.every(({ names }) => names.length <= 20)).toBe(true);
    expect(apple.calls).toHaveLength(8);
    expect(server.transactions - transactions).toBeLessThan(20);
    const returned = server.named("license.returned").map(({ userId, adamId }) => `${userId} ${adamId}`);
    expect(new Set(returned).size).toBe(130);
    expect(returned).toHaveLength(130);
    const [record] = await server.store.read((reader) =>
      reader.list("apps", { index: "all", partition: "", limit: 1 }),
    );
    expect(record).toMatchObject({ assigned: 85, available: 115 });
  });

  it("is carried on where a crash left it, and leaves alone what was taken since", async () => {
    for (let index = 0; index < 60; index += 1) await addHolder(`u${String(index).padStart(2, "0")}`);
    await verbs.stop();
    // What a server leaves that died after its first transaction: the act, and nothing done.
    const now = server.world.now();
    await server.store.transaction((tx) =>
      tx.put("licenseActs", {
        ...{ id: "act", sequence: 1, verb: "revoke", userId: null, adamId: pages, by: "key", cause: 0 },
        ...{
          startedAt: now,
          finishedAt: null,
          phase: "seats",
          expandAfter: "",
          asked: 0,
          done: 0,
          failed: 0,
        },
        items: [],
      }),
    );
    await server.world.advance(1_000);
    await addHolder("u61");
    const late = await seatOf("u61");
    await server.store.transaction(async (tx) => {
      if (late) await tx.put("assignments", { ...late, since: server.world.now() });
    });
    verbs = start();
    for (let turn = 0; turn < 50; turn += 1) await settle();
    expect((await actOf("act"))?.finishedAt).not.toBeNull();
    expect(await actOf("act")).toMatchObject({ asked: 60, done: 60, failed: 0, expandAfter: null });
    expect(await seatOf("u61")).toMatchObject({ state: "held" });
  });

  it("takes a seat back that was being given while the admin spoke", async () => {
    await addHolder("anna");
    const seat = await seatOf("anna");
    await server.store.transaction(async (tx) => {
      if (seat) await tx.put("assignments", { ...seat, state: "associating" });
    });
    const report = await ask({ userId: "anna" });
    expect(counts(report)).toEqual({ asked: 1, done: 0, failed: 0 });
    expect(await seatOf("anna")).toMatchObject({ state: "associating", returnReason: "revoked" });
    expect(apple.calls).toEqual([]);
  });

  it("of one seat is taken over by a later act, which the earlier one counts as failed", async () => {
    await addHolder("anna");
    const first = await ask({ verb: "reclaim" });
    expect(counts(first)).toEqual({ asked: 1, done: 0, failed: 0 });
    expect((await installationOf("anna")).override).toMatchObject({ verb: "reclaimed" });
    const second = await ask({ verb: "revoke" });
    expect(counts(second)).toEqual({ asked: 1, done: 1, failed: 0 });
    expect(await actOf(first.id)).toMatchObject({ asked: 1, failed: 1, items: [{ code: "superseded" }] });
    // The app goes all the same.
    expect((await installationOf("anna")).override).toMatchObject({ verb: "reclaimed" });
  });
});

describe("an act", () => {
  it.each([
    ["a user who isn't there", { userId: "nobody", adamId: null }, "not_found"],
    ["an app that isn't there", { adamId: "1" }, "not_found"],
    ["everything without confirmation", { adamId: null }, "confirmation_required"],
  ])("on %s is refused and touches nothing", async (_name, input, code) => {
    await addHolder("anna");
    await expect(ask(input)).rejects.toMatchObject({ code });
    expect(await seatOf("anna")).toMatchObject({ state: "held" });
    expect(await server.store.read((reader) => reader.count("licenseActs", "all", ""))).toBe(0);
    expect(counts(await ask({ adamId: pages }))).toMatchObject({ done: 1 });
  });

  it("names users and phones in calls of their own, and takes each answer for whom it is about", async () => {
    const now = server.world.now();
    await addHolder("anna");
    await addHolder("bert");
    await server.store.transaction(async (tx) => {
      for (const serialNumber of ["S1", "S2"])
        await tx.put("assignments", {
          ...{
            id: `serial:${serialNumber} ${pages}`,
            userId: null,
            serialNumber,
            adamId: pages,
            state: "held",
          },
          ...{ since: now - 1_000, installationId: null, returnReason: null },
        });
    });
    apple.answer = (name) => {
      const who = name.startsWith("client-") ? { clientUserIdStr: name } : { serialNumber: name };
      return name === "S2" ? { ...who, errorNumber: 9603, errorMessage: "later" } : who;
    };
    const act = await ask({ adamId: pages });
    expect(counts(act)).toEqual({ asked: 4, done: 3, failed: 0 });
    expect(apple.calls.map(({ names }) => [...names].sort()).sort()).toEqual([
      ["S1", "S2"],
      ["client-anna", "client-bert"],
    ]);
    const left = await server.store.read((reader) =>
      reader.list("assignments", { index: "all", partition: "", limit: 10 }),
    );
    expect(left).toMatchObject([{ serialNumber: "S2", state: "disassociating", problem: { code: "9603" } }]);
    apple.answer = (serialNumber) => ({ serialNumber });
    await server.world.advance(takeUpAfterMs * 2);
    await server.world.advance(3_600_000);
    expect(await actOf(act.id)).toMatchObject({ done: 4, finishedAt: expect.any(Number) as number });
  });

  it.each([
    [
      "claimed by another product",
      { state: "assignedToExternalMdm", claimedBy: "other.test" },
      "token_claimed_elsewhere",
    ],
    ["revoked", { state: "revoked" }, "token_revoked"],
    ["expired", { expiresAt: 1 }, "token_expired"],
    ["unknown to Apple", { state: "invalid" }, "token_unknown"],
    ["deleted", { state: "deleted" }, "token_missing"],
  ] as const)("is refused while the token is %s", async (_name, change, code) => {
    await addHolder("anna");
    const account = await server.store.read((reader) => reader.get("accounts", "vpp"));
    if (!account) throw new Error("no account");
    await server.store.transaction((tx) => tx.put("accounts", { ...account, ...change }));
    for (const verb of ["revoke", "reclaim"] as const)
      await expect(ask({ verb })).rejects.toMatchObject({ code });
    expect(await seatOf("anna")).toMatchObject({ state: "held" });
    expect(apple.calls).toEqual([]);
  });
});
