import { describe, expect, it } from "vitest";
import { type AccountLab, codeOf, dayMs, hourMs, inAccountLab, pages } from "./account-lab.ts";

describe("an account that another product claims", () => {
  it("R19: the next sync finds out, says who has it, and from then on Apple hears nothing of this account", async () => {
    await inAccountLab(async (lab) => {
      const before = await lab.account();
      await lab.takeOver();
      expect(await lab.sync()).toMatchObject({ result: "failed", errorCode: "token_claimed_elsewhere" });
      const account = await lab.account();
      expect(account).toMatchObject({
        state: "assignedToExternalMdm",
        claimedBy: "other.example",
        nextSyncAt: null,
        warning: { code: "token_claimed_elsewhere" },
      });
      expect(account.lastSyncAt).toBe(before.lastSyncAt);
      const calls = lab.calls().length;
      await lab.lab.world.sleep(3 * dayMs);
      expect(await lab.sync()).toMatchObject({ result: "failed", errorCode: "token_claimed_elsewhere" });
      expect(await codeOf(lab.lab.admin.get("/api/v1/ledger/check"))).toBe("token_claimed_elsewhere");
      const { sToken } = await lab.newer();
      expect(await codeOf(lab.put(sToken))).toBe("token_claimed_elsewhere");
      lab.lab.killServer();
      await lab.lab.restartServer();
      await lab.lab.world.sleep(dayMs);
      expect(lab.calls()).toHaveLength(calls);
    });
  });

  it.each(["getVPPUsersSrv", "getVPPLicensesSrv", "getVPPAssetsSrv"])(
    "R19: the claim is noticed in whatever answer it shows, here of %s in the middle of a sync",
    async (service) => {
      await inAccountLab(async (lab) => {
        await lab.behave({ latencyMs: 1_000 });
        const syncing = lab.sync();
        await lab.untilCalled(service);
        await lab.takeOver();
        expect(await syncing).toMatchObject({ result: "failed", errorCode: "token_claimed_elsewhere" });
        expect(await lab.account()).toMatchObject({ state: "assignedToExternalMdm" });
        expect(lab.calls().at(-1)).toBe(service);
      });
    },
  );

  it("R19: the ledger check notices it too, when it is the first to ask", async () => {
    await inAccountLab(async (lab) => {
      await lab.takeOver();
      expect(await codeOf(lab.lab.admin.get("/api/v1/ledger/check"))).toBe("token_claimed_elsewhere");
      expect(await lab.account()).toMatchObject({ state: "assignedToExternalMdm" });
    });
  });

  it("does not become ours again by itself, not even when the other product has let go", async () => {
    await inAccountLab(async (lab) => {
      await lab.takeOver();
      await lab.sync();
      await lab.control("PUT", `/organisations/${lab.organisationId}/client-context`, {
        clientContext: null,
      });
      await lab.sync();
      const { sToken } = await lab.newer();
      expect(await codeOf(lab.put(sToken))).toBe("token_claimed_elsewhere");
      await lab.lab.world.sleep(dayMs);
      expect(await lab.account()).toMatchObject({ state: "assignedToExternalMdm" });
      expect((await lab.takeControl()).account).toMatchObject({ state: "valid", claimedBy: null });
    });
  });

  it("R20: taking control back is an act of its own, and shows which users and licences were lost meanwhile", async () => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna", "bert"]);
      await lab.sync();
      const ours = await lab.clientContext();
      await lab.takeOver(true);
      await lab.sync();
      // As far as is known: nobody may look.
      expect(await lab.items("/api/v1/vpp/losses")).toEqual([]);
      expect(await codeOf(lab.takeControl({}))).toBe("confirmation_required");
      expect(await lab.account()).toMatchObject({ state: "assignedToExternalMdm" });
      const { account, sync } = await lab.takeControl();
      expect(account).toMatchObject({ state: "valid", claimedBy: null, warning: null });
      expect(await lab.clientContext()).toBe(ours);
      expect(sync).toMatchObject({
        trigger: "takeControl",
        result: "completed",
        usersMode: "full",
        lostUsers: 2,
        lostLicenses: 2,
      });
      const losses = await lab.items<{ kind: string; userId: string; adamId: string | null }>(
        `/api/v1/vpp/losses?syncId=${sync.id}`,
      );
      expect(losses.map(({ kind, userId, adamId }) => [kind, userId, adamId]).sort()).toEqual([
        ["license", "anna", pages],
        ["license", "bert", pages],
        ["user", "anna", null],
        ["user", "bert", null],
      ]);
      expect(lab.named("token.controlTaken")).toMatchObject([{ from: "other.example" }]);
      expect(await lab.lab.admin.get("/api/v1/ledger/check")).toMatchObject({ drift: 0, violations: [] });
      // And the schedule goes on.
      await lab.lab.world.sleep(13 * hourMs);
      expect((await lab.syncs())[0]).toMatchObject({ trigger: "schedule", result: "completed" });
    });
  });

  it("can be taken back with a newer token when the old one no longer works", async () => {
    await inAccountLab(async (lab) => {
      await lab.takeOver();
      await lab.sync();
      await lab.control("POST", `/tokens/${lab.tokenId}/revoke`);
      expect(await codeOf(lab.takeControl())).toBe("token_revoked");
      const stranger = await lab.token(await lab.organisation("Vineyard Ltd"));
      expect(await codeOf(lab.takeControl({ confirm: true, sToken: stranger.sToken }))).toBe(
        "token_other_account",
      );
      expect(await lab.account()).toMatchObject({ state: "assignedToExternalMdm" });
      const { sToken } = await lab.newer();
      const { account, sync } = await lab.takeControl({ confirm: true, sToken });
      expect([account.state, sync.result]).toEqual(["valid", "completed"]);
      expect(await lab.sync()).toMatchObject({ result: "completed" });
    });
  });

  it("needs no taking back when nobody has claimed it", async () => {
    await inAccountLab(async (lab) => expect(await codeOf(lab.takeControl())).toBe("conflict"));
    await inAccountLab(async (lab) => expect(await codeOf(lab.takeControl())).toBe("token_missing"), {
      uploaded: false,
    });
  });

  it("is claimed again when nobody has it, as after somebody cleared the claim by hand", async () => {
    await inAccountLab(async (lab) => {
      const ours = await lab.clientContext();
      await lab.control("PUT", `/organisations/${lab.organisationId}/client-context`, {
        clientContext: null,
      });
      expect(await lab.sync()).toMatchObject({ result: "completed" });
      expect(await lab.clientContext()).toBe(ours);
    });
  });
});

describe("a token that no longer works", () => {
  it.each([
    ["expire", 9621, "expired", "token_expired"],
    ["revoke", 9625, "revoked", "token_revoked"],
    ["forget", 9622, "invalid", "token_unknown"],
  ])(
    "is told apart (%s: Apple's %i) in state, code and sync error, noticed at whichever call is next, and healed by a renewal",
    async (act, errorNumber, state, code) => {
      await inAccountLab(async (lab) => {
        await lab.people(["anna"]);
        await lab.sync();
        const before = await lab.account();
        await lab.control("POST", `/tokens/${lab.tokenId}/${act}`);
        // No sync yet: another call finds out, and says so too.
        expect(await codeOf(lab.lab.admin.get("/api/v1/ledger/check"))).toBe(code);
        expect(await codeOf(lab.lab.admin.post("/api/v1/users/anna/refresh", {}))).toBe(code);
        expect(await lab.account()).toMatchObject({ state, warning: { code } });
        const failed = await lab.sync();
        expect(failed).toMatchObject({ result: "failed", errorCode: code });
        expect(failed.error).toContain(String(errorNumber));
        expect(await lab.account()).toMatchObject({ state, lastSyncAt: before.lastSyncAt });
        const renewed = await lab.put((await lab.newer()).sToken);
        expect(renewed).toMatchObject({ state: "valid", warning: null, uploadedAt: before.uploadedAt });
        expect(await lab.sync()).toMatchObject({ result: "completed" });
        expect((await lab.lab.admin.get<{ seats: object[] }>("/api/v1/users/anna")).seats).toHaveLength(1);
      });
    },
  );

  it("says nothing of the account when it is one that is just being uploaded", async () => {
    await inAccountLab(async (lab) => {
      const { sToken, tokenId } = await lab.newer();
      await lab.control("POST", `/tokens/${tokenId}/revoke`);
      expect(await codeOf(lab.put(sToken))).toBe("token_revoked");
      expect(await lab.account()).toMatchObject({ state: "valid" });
    });
  });
});

describe("the end of a token", () => {
  const days = (lab: AccountLab) => lab.named("token.expiring").map((event) => event["days"]);

  it("R16: a year after it was made it is over, by its own date; it is announced 30, 15 and 7 days before, each once", async () => {
    await inAccountLab(
      async (lab) => {
        expect((await lab.account()).warning).toBeNull();
        await lab.lab.world.sleep(11 * dayMs);
        expect(days(lab)).toEqual([30]);
        expect((await lab.account()).warning).toMatchObject({ code: "token_expiring", days: 30 });
        await lab.lab.world.sleep(15 * dayMs);
        expect(days(lab)).toEqual([30, 15]);
        await lab.lab.world.sleep(9 * dayMs);
        expect(days(lab)).toEqual([30, 15, 7]);
        expect((await lab.account()).warning).toMatchObject({ days: 7, message: /in 5 days/ });
        await lab.lab.world.sleep(6 * dayMs);
        expect(days(lab)).toEqual([30, 15, 7]);
        expect(await lab.account()).toMatchObject({ state: "expired", warning: { code: "token_expired" } });
      },
      { token: { lifetimeDays: 40 } },
    );
  });

  it("is announced at the very day, by the lab's clock", async () => {
    await inAccountLab(
      async (lab) => {
        const expiresAt = Date.parse((await lab.account()).expiresAt);
        await lab.lab.world.sleep(35 * dayMs);
        const told = lab
          .named("token.expiring")
          .map(({ time }) => Math.round((expiresAt - Date.parse(time)) / 1_000) / 86_400);
        expect(told).toEqual([30, 15, 7]);
      },
      { token: { lifetimeDays: 40 } },
    );
  });

  it("is announced once also when the server was down at that moment, or is started again after it", async () => {
    await inAccountLab(
      async (lab) => {
        lab.lab.killServer();
        await lab.lab.world.sleep(26 * dayMs);
        await lab.lab.restartServer();
        await lab.lab.world.sleep(hourMs);
        expect(days(lab)).toEqual([15]);
        lab.lab.killServer();
        await lab.lab.restartServer();
        await lab.lab.world.sleep(hourMs);
        expect(days(lab)).toEqual([15]);
        await lab.lab.world.sleep(8 * dayMs);
        expect(days(lab)).toEqual([15, 7]);
      },
      { token: { lifetimeDays: 40 } },
    );
  });

  it("is noticed when it comes, without any call to Apple, and a renewal begins the year anew", async () => {
    await inAccountLab(
      async (lab) => {
        await lab.lab.world.sleep(9 * hourMs);
        const calls = lab.calls().length;
        await lab.lab.world.sleep(hourMs + 60_000);
        expect(lab.calls()).toHaveLength(calls);
        expect(lab.named("token.changed").filter(({ state }) => state === "expired")).toHaveLength(1);
        await lab.put((await lab.newer({ lifetimeDays: 40 })).sToken);
        expect(await lab.account()).toMatchObject({ state: "valid", warning: null });
        await lab.lab.world.sleep(11 * dayMs);
        expect(days(lab)).toEqual([7, 30]);
      },
      { token: { lifetimeDays: 10 / 24 } },
    );
  });
});

describe("renewing the token", () => {
  it("R13: another account is refused for ever, also after the token has expired, was revoked or was deleted", async () => {
    await inAccountLab(async (lab) => {
      const other = await lab.token(await lab.organisation("Vineyard Ltd"));
      const refused = async () => codeOf(lab.put(other.sToken));
      expect(await refused()).toBe("token_other_account");
      await lab.control("POST", `/tokens/${lab.tokenId}/revoke`);
      await lab.sync();
      expect(await refused()).toBe("token_other_account");
      await lab.put((await lab.newer({ lifetimeDays: 1 })).sToken);
      await lab.lab.world.sleep(2 * dayMs);
      expect(await lab.account()).toMatchObject({ state: "expired" });
      expect(await refused()).toBe("token_other_account");
      await lab.deleteToken();
      expect(await refused()).toBe("token_other_account");
      lab.lab.killServer();
      await lab.lab.restartServer();
      expect(await refused()).toBe("token_other_account");
      expect((await lab.put((await lab.newer()).sToken)).state).toBe("valid");
    });
  });

  it("R12: accounts are told apart by Apple's own number for them, not by what an admin types", async () => {
    await inAccountLab(async (lab) => {
      const namesake = await lab.token(await lab.organisation("Orchard & Sons"));
      expect(await codeOf(lab.put(namesake.sToken))).toBe("token_other_account");
      const renewal = { tokenName: "Orchard 2017", appleId: "new-manager@orchard.example" };
      const renewed = await lab.put((await lab.newer()).sToken, renewal);
      expect(renewed).toMatchObject(renewal);
    });
  });

  it("R12: of two accounts that are uploaded at the same moment one gets in, and the other is left unclaimed", async () => {
    await inAccountLab(
      async (lab) => {
        const otherId = await lab.organisation("Vineyard Ltd");
        const other = await lab.token(otherId);
        const codes = await Promise.all([codeOf(lab.put(lab.sToken)), codeOf(lab.put(other.sToken))]);
        expect(codes.sort()).toEqual(["accepted", "token_other_account"]);
        const contexts = await Promise.all(
          [lab.organisationId, otherId].map((id) =>
            lab.lab.apple.get<{ clientContext?: string }>(`/control/v1/organisations/${id}`),
          ),
        );
        expect(contexts.filter(({ clientContext }) => clientContext !== undefined)).toHaveLength(1);
      },
      { uploaded: false },
    );
  });

  it("R16: it keeps users, licences and history, and syncs with the new token even while one with the old is under way", async () => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna"]);
      await lab.sync();
      const ledger = await lab.items("/api/v1/ledger");
      await lab.behave({ latencyMs: 2_000 });
      const old = lab.sync();
      await lab.untilCalled("VPPClientConfigSrv");
      await lab.control("POST", `/tokens/${lab.tokenId}/revoke`);
      await lab.put((await lab.newer()).sToken);
      expect(await old).toMatchObject({ result: "failed", errorCode: "token_revoked" });
      await lab.lab.world.sleep(60_000);
      expect((await lab.syncs())[0]).toMatchObject({ trigger: "upload", result: "completed" });
      expect(await lab.account()).toMatchObject({ state: "valid" });
      expect(await lab.items("/api/v1/ledger")).toEqual(ledger);
      expect(await lab.items("/api/v1/users")).toHaveLength(1);
    });
  });
});
