import { describe, expect, it } from "vitest";
import { runSync } from "../../../server/licensing/sync.ts";
import { SeatTurns } from "../../../server/licensing/seat-turns.ts";
import { VppClient } from "../../../server/licensing/vpp-client.ts";
import { createSecretBox } from "../../../server/secrets.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { FakeWorld } from "../fake-world.ts";
import {
  type AccountLab,
  codeOf,
  dayMs,
  hourMs,
  inAccountLab,
  pages,
  slack,
  type Sync,
} from "./account-lab.ts";

interface Seat {
  adamId: string;
  state: string;
}
interface Loss {
  kind: string;
  userId: string;
  adamId: string | null;
  reason: string;
}

describe("when a sync comes", () => {
  it("R17: it comes twice a day by the lab's clock, for a week", async () => {
    await inAccountLab(async (lab) => {
      await lab.lab.world.sleep(7 * dayMs + hourMs);
      const scheduled = (await lab.syncs()).filter(({ trigger }) => trigger === "schedule");
      expect(scheduled).toHaveLength(14);
      const gaps = scheduled.slice(1).map((sync, at) => hoursBetween(sync, scheduled[at]));
      expect(gaps).toEqual(Array(13).fill(12));
    });
  });

  it("R17: what was missed while the server was down is made good once", async () => {
    await inAccountLab(async (lab) => {
      lab.lab.killServer();
      await lab.lab.world.sleep(5 * dayMs);
      await lab.lab.restartServer();
      await lab.lab.world.sleep(hourMs);
      const scheduled = (await lab.syncs()).filter(({ trigger }) => trigger === "schedule");
      expect(scheduled.map(({ result }) => result)).toEqual(["completed"]);
    });
  });

  it("follows the policy from the change on, also when the next one was to come later", async () => {
    await inAccountLab(async (lab) => {
      const policies = await lab.lab.admin.get<object>("/api/v1/policies");
      const change = JSON.stringify({ ...policies, syncIntervalHours: 2 });
      await lab.lab.admin.send("PUT", "/api/v1/policies", change, "application/json");
      await lab.lab.world.sleep(11 * hourMs);
      const scheduled = (await lab.syncs()).filter(({ trigger }) => trigger === "schedule");
      expect(scheduled).toHaveLength(5);
    });
  });

  it("R18, R31: it comes on demand at any time, and whoever asks while one runs gets that one's result", async () => {
    await inAccountLab(async (lab) => {
      const before = (await lab.syncs()).length;
      await lab.behave({ latencyMs: 2_000 });
      const [one, other] = await Promise.all([lab.sync(), lab.sync()]);
      expect(one).toMatchObject({ result: "completed", trigger: "manual" });
      expect(other.id).toBe(one.id);
      const next = await lab.sync();
      expect(next.id).not.toBe(one.id);
      expect(await lab.syncs()).toHaveLength(before + 2);
    });
  });

  it("R11: without a token there is nothing to sync with", async () => {
    await inAccountLab(async (lab) => expect(await codeOf(lab.sync())).toBe("token_missing"), {
      uploaded: false,
    });
  });
});

const hoursBetween = (one: Sync, other: Sync | undefined) =>
  Math.round((Date.parse(other?.startedAt ?? "") - Date.parse(one.startedAt)) / 60_000) / 60;

describe("what a sync reads", () => {
  it("R10: purchases come in with their counts, and what changes at Apple comes with the next one", async () => {
    await inAccountLab(async (lab) => {
      expect(await lab.items("/api/v1/apps")).toMatchObject([{ adamId: pages, total: 10, available: 10 }]);
      await lab.buy(pages, 5);
      await lab.buy(slack, 1);
      expect(await lab.sync()).toMatchObject({ result: "completed", apps: 2 });
      const apps = await lab.items<{ adamId: string; total: number }>("/api/v1/apps");
      expect(apps.map(({ adamId, total }) => [adamId, total])).toEqual([
        [pages, 15],
        [slack, 1],
      ]);
    });
  });

  it("R21, R22, R23: users of other products are counted and named, none is imported, and their licences count as used", async () => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna"]);
      for (const name of ["theirs-1", "theirs-2"])
        await lab.vpp("registerVPPUserSrv", { clientUserIdStr: name });
      await lab.associate("theirs-1");
      await lab.manage(pages, { associateSerialNumbers: ["SERIAL1"] });
      expect(await lab.sync()).toMatchObject({ users: 1, licenses: 1, foreignUsers: 2, foreignLicenses: 2 });
      expect(await lab.items<{ id: string }>("/api/v1/users")).toMatchObject([{ id: "anna" }]);
      const names = await lab.items<{ clientUserIdStr: string }>("/api/v1/vpp/foreign");
      expect(names.map(({ clientUserIdStr }) => clientUserIdStr)).toEqual(["theirs-1", "theirs-2"]);
      expect(await lab.items("/api/v1/vpp/foreign?kind=license")).toMatchObject([
        { adamId: pages, clientUserIdStr: "theirs-1" },
        { adamId: pages, serialNumber: "SERIAL1" },
      ]);
      expect(await lab.items("/api/v1/apps")).toMatchObject([{ total: 10, available: 7 }]);
      // They are still known when nothing about them has changed, and forgotten when they are gone.
      expect(await lab.sync()).toMatchObject({
        usersMode: "incremental",
        foreignUsers: 2,
        foreignLicenses: 2,
      });
      await lab.disassociate("theirs-1");
      await lab.vpp("retireVPPUserSrv", { clientUserIdStr: "theirs-2" });
      expect(await lab.sync()).toMatchObject({ foreignUsers: 1, foreignLicenses: 1 });
    });
  });

  it("asks for changes only, of users and of licences, and finds a seat that was given, taken back or handed on", async () => {
    await inAccountLab(async (lab) => {
      const [anna = "", bert = ""] = await lab.people(["anna", "bert", "carl"]);
      expect(await lab.sync()).toMatchObject({ users: 3, licenses: 3, licensesMode: "incremental" });
      expect(await lab.sync()).toMatchObject({ users: 0, licenses: 0, licensesMode: "incremental" });
      await lab.disassociate(anna);
      const before = lab.calls().length;
      expect(await lab.sync()).toMatchObject({ licensesMode: "incremental", lostLicenses: 1 });
      // Which licence it was is known: nobody's list has to be read whole.
      expect(
        lab
          .calls()
          .slice(before)
          .filter((name) => name === "getVPPLicensesSrv"),
      ).toHaveLength(1);
      expect(await seatsOf(lab, "anna")).toEqual([]);
      // Bert's licence goes to somebody else within one interval: only its number tells that he has it no more.
      await lab.vpp("registerVPPUserSrv", { clientUserIdStr: "theirs" });
      const licenses = await heldAtApple(lab);
      const his = licenses.find(({ clientUserIdStr }) => clientUserIdStr === bert)?.licenseId;
      await lab.disassociate(bert);
      const given = await lab.vpp<{ license: { licenseId: number } }>("associateVPPLicenseSrv", {
        clientUserIdStr: "theirs",
        licenseId: his,
      });
      expect(given.license.licenseId).toBe(his);
      expect(await lab.sync()).toMatchObject({ lostLicenses: 1, foreignLicenses: 1 });
      expect(await seatsOf(lab, "bert")).toEqual([]);
      expect(await seatsOf(lab, "carl")).toMatchObject([{ adamId: pages, state: "held" }]);
      expect(await lab.lab.admin.get("/api/v1/ledger/check")).toMatchObject({ drift: 0, violations: [] });
    });
  });

  it.each([
    [9629, "the batchToken is another token's"],
    [9633, "the data of the batchToken are lost"],
    [9602, "Apple can't make anything of the sinceModifiedToken"],
  ])("reads everything anew after %i: %s", async (errorNumber) => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna", "bert"]);
      await lab.sync();
      for (const [service, mode] of [
        ["getVPPUsersSrv", "usersMode"],
        ["getVPPLicensesSrv", "licensesMode"],
      ] as const) {
        await lab.behave({ refuseCalls: { errorNumber, times: 1, service } });
        expect(await lab.sync()).toMatchObject({ result: "completed", [mode]: "full" });
        expect(await lab.sync()).toMatchObject({ result: "completed", [mode]: "incremental" });
      }
      expect(await lab.lab.admin.get("/api/v1/ledger/check")).toMatchObject({ drift: 0 });
      expect(await lab.items("/api/v1/vpp/losses")).toEqual([]);
    });
  });

  it("begins a list anew when Apple loses it between two pages, and counts nobody twice", async () => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna", "bert", "carl", "dora", "emil"]);
      await lab.behave({ pageSize: 2, latencyMs: 1_000 });
      const syncing = lab.sync();
      await lab.untilCalled("getVPPUsersSrv", 2);
      await lab.control("POST", "/lists/forget");
      expect(await syncing).toMatchObject({ result: "completed", users: 5, usersMode: "full", licenses: 5 });
    });
  });

  it("gives up on a list that Apple loses again and again, and says so", async () => {
    await inAccountLab(async (lab) => {
      await lab.behave({ refuseCalls: { errorNumber: 9633, times: 100, service: "getVPPUsersSrv" } });
      expect(await lab.sync()).toMatchObject({ result: "failed", errorCode: "apple_refused" });
    });
  });

  it("ends right whatever changes between the pages of its lists", async () => {
    await inAccountLab(async (lab) => {
      const names = await lab.people(["anna", "bert", "carl", "dora", "emil", "fred"]);
      const [anna = "", bert = "", carl = ""] = names;
      await lab.behave({ pageSize: 2, latencyMs: 1_000 });
      const syncing = lab.sync();
      await lab.untilCalled("getVPPLicensesSrv", 2);
      // Of a page that was read, of one that is being read, and of one to come.
      await lab.behave({ latencyMs: 0 });
      await lab.disassociate(anna);
      await lab.disassociate(carl);
      await lab.associate(anna);
      await lab.vpp("retireVPPUserSrv", { clientUserIdStr: bert });
      await lab.behave({ latencyMs: 1_000 });
      expect(await syncing).toMatchObject({ result: "completed" });
      await lab.behave({ latencyMs: 0 });
      await lab.sync();
      expect(await seatsOf(lab, "anna")).toMatchObject([{ state: "held" }]);
      expect(await seatsOf(lab, "bert")).toEqual([]);
      expect(await seatsOf(lab, "carl")).toEqual([]);
      expect(await lab.lab.admin.get("/api/v1/ledger/check")).toMatchObject({ drift: 0, violations: [] });
    });
  });
});

describe("a sync that fails", () => {
  it("R30: last synchronised moves only on success; the last result tells of the failure", async () => {
    await inAccountLab(async (lab) => {
      const before = await lab.account();
      await lab.behave({ unavailable: { retryAfterSeconds: 600 } });
      const failed = await lab.sync();
      expect(failed).toMatchObject({ result: "failed", errorCode: "apple_unavailable" });
      const after = await lab.account();
      expect(after.lastSyncAt).toBe(before.lastSyncAt);
      expect(after).toMatchObject({ lastSyncResult: failed.error, lastSyncErrorCode: "apple_unavailable" });
      await lab.behave({ unavailable: false });
      // As long as Apple asked for; then it is tried again without anybody's asking.
      await lab.lab.world.sleep(590_000);
      expect((await lab.account()).lastSyncAt).toBe(before.lastSyncAt);
      await lab.lab.world.sleep(300_000);
      const healed = await lab.account();
      expect(Date.parse(healed.lastSyncAt ?? "")).toBeGreaterThan(Date.parse(before.lastSyncAt ?? ""));
      expect(healed).toMatchObject({ lastSyncResult: "completed", lastSyncErrorCode: null });
    });
  });

  it("leaves Apple alone for as long as it asked, whoever wants something", async () => {
    await inAccountLab(async (lab) => {
      await lab.behave({ unavailable: { retryAfterSeconds: 600 } });
      await lab.sync();
      const before = lab.calls().length;
      expect(await lab.sync()).toMatchObject({ errorCode: "apple_unavailable" });
      expect(await codeOf(lab.lab.admin.get("/api/v1/ledger/check"))).toBe("apple_unavailable");
      await lab.lab.world.sleep(550_000);
      expect(lab.calls()).toHaveLength(before);
      await lab.behave({ unavailable: false });
      await lab.lab.world.sleep(60_000);
      expect(await lab.sync()).toMatchObject({ result: "completed" });
    });
  });

  it("tries again at growing distances through a day without Apple, not once a second and not once a day", async () => {
    await inAccountLab(async (lab) => {
      await lab.behave({ refuseCalls: { errorNumber: 9646, times: 1_000_000 } });
      await lab.lab.world.sleep(dayMs);
      const failed = (await lab.syncs()).filter(({ result }) => result === "failed");
      expect(failed.length).toBeGreaterThan(12);
      expect(failed.length).toBeLessThan(40);
      await lab.behave({ refuseCalls: false });
      await lab.lab.world.sleep(2 * hourMs);
      expect(await lab.account()).toMatchObject({ lastSyncResult: "completed" });
    });
  });

  it.each([
    ["VPPClientConfigSrv", 1],
    ["getVPPAssetsSrv", 1],
    ["getVPPUsersSrv", 1],
    ["getVPPUsersSrv", 3],
    ["getVPPLicensesSrv", 1],
    ["getVPPLicensesSrv", 3],
  ])(
    "goes on after a server that was killed in the middle, at %s %i: nothing is half done, and nobody has to ask",
    async (service, count) => {
      await inAccountLab(async (lab) => {
        await lab.people(["anna", "bert", "carl", "dora", "emil"]);
        const before = await lab.account();
        await lab.behave({ pageSize: 2, latencyMs: 1_000 });
        const syncing = lab.sync().catch(() => undefined);
        await lab.untilCalled(service, count);
        lab.lab.killServer();
        await lab.lab.restartServer();
        expect((await lab.account()).lastSyncAt).toBe(before.lastSyncAt);
        await syncing;
        await lab.lab.world.sleep(60_000);
        const [next, interrupted] = await latest(lab, "interrupted");
        expect(interrupted).toMatchObject({ result: "failed", errorCode: "interrupted", users: 0 });
        expect(next).toMatchObject({ result: "completed", users: 5, licenses: 5 });
        const after = await lab.account();
        expect(Date.parse(after.lastSyncAt ?? "")).toBeGreaterThan(Date.parse(before.lastSyncAt ?? ""));
        expect(await lab.lab.admin.get("/api/v1/ledger/check")).toMatchObject({ drift: 0, violations: [] });
        // Each licence came into the books once.
        const ledger = await lab.items<{ kind: string }>("/api/v1/ledger");
        expect(ledger.filter(({ kind }) => kind === "taken")).toHaveLength(5);
      });
    },
  );
});

describe("the history of syncs", () => {
  it("tells of each when, how long, what came of it and what it counted, and hands out a single one", async () => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna"]);
      await lab.behave({ latencyMs: 500 });
      const sync = await lab.sync();
      expect(sync).toMatchObject({
        result: "completed",
        error: null,
        errorCode: null,
        users: 1,
        licenses: 1,
      });
      expect(sync.durationMs).toBeGreaterThanOrEqual(2_000);
      const [newest] = await lab.syncs();
      expect(newest).toEqual(sync);
      expect(await lab.lab.admin.get(`/api/v1/vpp/syncs/${sync.id}`)).toEqual(sync);
      expect(await codeOf(lab.lab.admin.get("/api/v1/vpp/syncs/0"))).toBe("not_found");
    });
  });

  it("keeps the last two hundred", async () => {
    const world = new FakeWorld();
    const store = openMemoryStore();
    const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
    const box = createSecretBox(Buffer.alloc(32), (length) => world.randomBytes(length));
    const vpp = new VppClient(world, "http://apple.example");
    // Without a token each fails at once, and is on record all the same.
    const seatTurns = new SeatTurns();
    const context = { world, store, recorder, box, vpp, seatTurns, hostname: "server.example" };
    for (let count = 0; count < 205; count += 1) await runSync(context, "manual", 0);
    const kept = await store.read((reader) =>
      reader.list("syncs", { index: "all", partition: "", limit: 1_000 }),
    );
    expect(kept).toHaveLength(200);
    expect(kept.at(-1)).toMatchObject({ result: "failed", errorCode: "token_missing" });
  });
});

describe("what Apple no longer has", () => {
  it("is on record by user and by licence, with the sync that found it", async () => {
    await inAccountLab(async (lab) => {
      const [anna = "", bert = ""] = await lab.people(["anna", "bert", "carl"]);
      await lab.sync();
      await lab.disassociate(anna);
      await lab.vpp("retireVPPUserSrv", { clientUserIdStr: bert });
      const sync = await lab.sync();
      expect(sync).toMatchObject({ lostUsers: 1, lostLicenses: 2 });
      const losses = await lab.items<Loss>(`/api/v1/vpp/losses?syncId=${sync.id}`);
      expect(losses.map(({ kind, userId, reason }) => `${kind} ${userId} ${reason}`).sort()).toEqual([
        "license anna gone-at-apple",
        "license bert user-retired",
        "user bert user-retired",
      ]);
      expect(await lab.sync()).toMatchObject({ lostUsers: 0, lostLicenses: 0 });
      expect(await lab.items("/api/v1/vpp/losses?syncId=0")).toEqual([]);
    });
  });
});

async function seatsOf(lab: AccountLab, userId: string): Promise<Seat[]> {
  return (await lab.lab.admin.get<{ seats: Seat[] }>(`/api/v1/users/${userId}`)).seats;
}

async function heldAtApple(lab: AccountLab): Promise<{ licenseId: number; clientUserIdStr: string }[]> {
  return (
    await lab.vpp<{ licenses: { licenseId: number; clientUserIdStr: string }[] }>("getVPPLicensesSrv", {
      assignedOnly: true,
    })
  ).licenses;
}

/** The sync that failed with this code, and the one after it. */
async function latest(lab: AccountLab, errorCode: string): Promise<(Sync | undefined)[]> {
  const syncs = await lab.syncs();
  const at = syncs.findIndex((sync) => sync.errorCode === errorCode);
  return [syncs[at - 1], syncs[at]];
}
