import { beforeEach, describe, expect, it } from "vitest";
import { newInstallation } from "../../../server/deployments/installations.ts";
import { checkBooks } from "../../../server/licensing/ledger-invariants.ts";
import type {
  AppRecord,
  AssignmentRecord,
  InstallationRecord,
  LedgerKind,
} from "../../../server/store/records.ts";
import { VppClient } from "../../../server/licensing/vpp-client.ts";
import { inOrganisation, pages } from "../../support/deployment-lab.ts";
import { app } from "../api/harness.ts";
import { TestServer } from "../test-server.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

interface Check {
  viewReadAt: string | null;
  viewAgeMs: number | null;
  drift: number;
  differences: { adamId: string; userId: string; here: boolean; atApple: boolean; message: string }[];
  countDifferences: { field: string; here: number; atApple: number; message: string }[];
  violations: string[];
  lines: { total: number; assigned: number; available: number; heldHere: number; stranded: number }[];
}

describe("the check of the ledger", () => {
  it("R1, R2, R3, R4, R43: agrees with Apple on every seat and count, and says how old our view is", async () => {
    await inOrganisation({ seed: "ledger", people: [{ id: "ada" }, { id: "bert" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      await org.settled("bert", "installed");
      const first = await org.lab.admin.get<Check>("/api/v1/ledger/check");
      expect(first).toMatchObject({ drift: 0, differences: [], countDifferences: [], violations: [] });
      expect(first.lines).toMatchObject([{ total: 10, assigned: 2, available: 8, heldHere: 2, stranded: 0 }]);
      await org.pass(hourMs);
      const second = await org.lab.admin.get<Check>("/api/v1/ledger/check");
      expect(second.viewReadAt).toBe(first.viewReadAt);
      expect((second.viewAgeMs ?? 0) - (first.viewAgeMs ?? 0)).toBeGreaterThanOrEqual(hourMs);
      await org.lab.admin.post("/api/v1/vpp/sync", {});
      const third = await org.lab.admin.get<Check>("/api/v1/ledger/check");
      expect(third.viewAgeMs).toBeLessThan(minuteMs);
    });
  });

  it("names each seat that one side has and the other hasn't, and each count that moved, until the next sync", async () => {
    await inOrganisation(
      { seed: "drift", people: [{ id: "ada" }, { id: "bert" }, { id: "cleo" }] },
      async (org) => {
        await org.deploy("required");
        for (const id of ["ada", "bert"]) await org.settled(id, "installed");
        await org.switchOff("cleo");
        await org.settled("cleo", "installed");
        await org.lab.admin.post("/api/v1/licenses/revoke", { userId: "cleo" });
        // Somebody with the same token moves seats at Apple, and buys one.
        const path = "/control/v1/organisations";
        const [made] = (await org.lab.apple.get<{ organisations: { organisationId: number }[] }>(path))
          .organisations;
        const root = `${path}/${made?.organisationId ?? 0}`;
        const { sToken } = await org.lab.apple.post<{ sToken: string }>(`${root}/tokens`, {});
        await org.lab.apple.post(`${root}/licenses`, { adamId: pages, quantity: 1 });
        const vpp = new VppClient(org.lab.world, org.lab.appleUrl);
        const names = new Map<string, string>();
        await vpp.users(sToken, null, async (users) => {
          for (const user of users) names.set(user.email?.split("@")[0] ?? "", user.clientUserIdStr);
        });
        const item = { adamIdStr: pages, pricingParam: "STDQ" };
        await vpp.disassociate(sToken, { ...item, clientUserIdStr: names.get("ada") ?? "" });
        await vpp.associate(sToken, { ...item, clientUserIdStr: names.get("cleo") ?? "" });

        const check = await org.lab.admin.get<Check>("/api/v1/ledger/check");
        expect(check.drift).toBe(2);
        const seen = check.differences.map(({ userId, here, atApple }) => ({ userId, here, atApple }));
        expect(seen.sort((a, b) => a.userId.localeCompare(b.userId))).toEqual([
          { userId: "ada", here: true, atApple: false },
          { userId: "cleo", here: false, atApple: true },
        ]);
        for (const { userId, message } of check.differences) expect(message).toContain(userId);
        expect(check.countDifferences).toMatchObject([
          { field: "total", here: 10, atApple: 11 },
          { field: "available", here: 8, atApple: 9 },
        ]);
        // A difference is no violation: our own books are in order.
        expect(check.violations).toEqual([]);

        await org.lab.admin.post("/api/v1/vpp/sync", {});
        await org.pass(hourMs);
        const after = await org.lab.admin.get<Check>("/api/v1/ledger/check");
        expect(after).toMatchObject({ drift: 0, differences: [], countDifferences: [], violations: [] });
      },
    );
  });
});

let server: TestServer;
const now = () => server.world.now();

beforeEach(() => {
  server = new TestServer();
});

/** A seat with its line in the ledger, and a phone of the holder's on which the installation is so. */
async function put(
  seat: Partial<AssignmentRecord> | null,
  installation: Partial<InstallationRecord> | null,
  kinds: readonly LedgerKind[] = ["taken"],
): Promise<void> {
  await server.putDevice("phone", { userId: "anna" });
  await server.store.transaction(async (tx) => {
    const installationId = `phone ${pages}`;
    const [userId, adamId] = ["anna", pages];
    if (seat) {
      const held = {
        id: `anna ${pages}`,
        userId,
        adamId,
        state: "held",
        since: now(),
        returnReason: null,
      } as const;
      await tx.put("assignments", { ...held, installationId, ...seat });
    }
    if (installation) {
      const record = { ...newInstallation("phone", pages, "anna", now(), 0), dueAt: null };
      await tx.put("installations", { ...record, ...installation });
    }
    for (const kind of kinds) {
      const sequence = await tx.sequence();
      const line = {
        id: String(sequence),
        sequence,
        at: now(),
        kind,
        adamId,
        userId,
        installationId,
        reason: "test",
      };
      await tx.put("ledger", line);
    }
  });
}
const installed = { desired: "required", state: "installed", appState: "Managed" } as const;
const rejected = {
  desired: "required",
  state: "failed",
  reason: "user-rejected",
  appState: "UserRejected",
} as const;
const check = (apps: AppRecord[] = [app(pages)]) => checkBooks(server.store, apps, now());

describe("the rules of our own books", () => {
  it.each([
    ["a phone has the app", {}, installed],
    ["an admin cancelled, and the command is still out", {}, { ...rejected, commandUUID: "c" }],
    ["the reconciler is about to look", {}, { ...rejected, dueAt: 0 }],
    ["the reason is on record", { stranded: { reason: "unenrolled", at: 0 } as const }, rejected],
    ["it is on its way back", { state: "disassociating" } as const, rejected],
  ])("are kept while %s", async (_name, seat, installation) => {
    await put(seat, installation);
    expect(await check()).toEqual([]);
  });

  it.each([
    ["a seat that no phone needs, without a reason", {}, rejected, ["taken"], "no reason is on record"],
    ["a seat of somebody without a phone", {}, null, ["taken"], "no reason is on record"],
    [
      "a seat that the ledger knows nothing of",
      {},
      installed,
      ["taken", "returned"],
      "by the ledger it should be 0",
    ],
    ["a seat that was taken twice", {}, installed, ["taken", "taken"], "by the ledger it should be 2"],
    [
      "a seat that the ledger has and nobody holds",
      null,
      installed,
      ["taken", "refused", "kept"],
      "holds 0 seats",
    ],
  ] as const)("are broken by %s", async (_name, seat, installation, kinds, says) => {
    await put(seat, installation, kinds);
    expect(await check()).toEqual([expect.stringContaining(says)]);
  });

  it("are broken by counts that don't add up", async () => {
    expect(await check([app(pages, { total: 10, assigned: 4, available: 7 })])).toEqual([
      expect.stringContaining("4 used and 7 available are not 10 in all"),
    ]);
    expect(await check([app(pages, { total: 10, assigned: 4, available: 6 })])).toEqual([]);
  });
});
