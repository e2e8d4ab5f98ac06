import { describe, expect, it } from "vitest";
import { codeOf, dayMs, hourMs, inAccountLab } from "./account-lab.ts";

describe("deleting the token", () => {
  it("asks first, and says how many licences it would strand", async () => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna", "bert"]);
      await lab.sync();
      for (const query of ["", "?confirm=false"]) {
        const refusal = await lab.lab.world.request(`${lab.lab.serverUrl}/api/v1/vpp/token${query}`, {
          method: "DELETE",
          headers: { authorization: `Bearer ${lab.lab.adminKey}` },
        });
        expect(refusal.status).toBe(409);
        expect(JSON.parse(refusal.body.toString("utf8"))).toMatchObject({
          code: "confirmation_required",
          strandedLicenses: 2,
        });
      }
      expect(await lab.account()).toMatchObject({ state: "valid", strandedLicenses: null });
    });
  });

  it("leaves the licences where they are, counts them as stranded, keeps the ledger, and tells Apple nothing", async () => {
    await inAccountLab(async (lab) => {
      await lab.people(["anna", "bert"]);
      await lab.sync();
      const ledger = await lab.items("/api/v1/ledger");
      const calls = lab.calls().length;
      expect(await lab.deleteToken()).toMatchObject({ organisation: "Orchard & Sons", strandedLicenses: 2 });
      expect(await lab.account()).toMatchObject({
        state: "deleted",
        strandedLicenses: 2,
        nextSyncAt: null,
        warning: { code: "token_missing" },
      });
      expect(await codeOf(lab.sync())).toBe("token_missing");
      expect(await codeOf(lab.deleteToken())).toBe("token_missing");
      await lab.lab.world.sleep(2 * dayMs);
      expect(lab.calls()).toHaveLength(calls);
      expect(await lab.items("/api/v1/ledger")).toEqual(ledger);
      expect((await lab.items<{ assigned: number }>("/api/v1/apps"))[0]).toMatchObject({ used: 2 });
      expect(lab.named("token.deleted")).toMatchObject([{ strandedLicenses: 2 }]);
      const held = await lab.vpp<{ licenses: object[] }>("getVPPLicensesSrv", { assignedOnly: true });
      expect(held.licenses).toHaveLength(2);
    });
  });

  it("takes the sealed token out of the data folder, and a later upload of the same account picks everything up", async () => {
    await inAccountLab(async (lab) => {
      const [anna = ""] = await lab.people(["anna", "bert"]);
      await lab.sync();
      const sealed = /"sealedToken":"([^"]+)"/.exec(await lab.dataFolder())?.[1] ?? "nothing";
      expect(sealed).toMatch(/^v1\./);
      await lab.deleteToken();
      await lab.disassociate(anna);
      // A checkpoint, as it comes when the server stops.
      await lab.restartGracefully();
      expect(await lab.dataFolder()).not.toContain(sealed);
      expect(await lab.dataFolder()).toContain('"state":"deleted"');
      const account = await lab.put((await lab.newer()).sToken);
      expect(account).toMatchObject({ state: "valid", strandedLicenses: null, warning: null });
      // What happened in between is found out.
      expect(await lab.sync()).toMatchObject({ result: "completed" });
      expect((await lab.lab.admin.get<{ seats: object[] }>("/api/v1/users/anna")).seats).toEqual([]);
      expect((await lab.lab.admin.get<{ seats: object[] }>("/api/v1/users/bert")).seats).toHaveLength(1);
    });
  });

  it("ends a sync that is under way", async () => {
    await inAccountLab(async (lab) => {
      await lab.behave({ latencyMs: 1_000 });
      const syncing = lab.sync();
      await lab.untilCalled("getVPPAssetsSrv");
      await lab.deleteToken();
      expect(await syncing).toMatchObject({ result: "failed", errorCode: "token_missing" });
      expect(await lab.account()).toMatchObject({ state: "deleted" });
      expect(lab.calls().at(-1)).not.toBe("getVPPUsersSrv");
    });
  });
});

describe("the token in the data folder", () => {
  it("is found nowhere in clear: not in the document, not in the journal, not in what was deleted", async () => {
    await inAccountLab(async (lab) => {
      const second = await lab.newer();
      const secrets = [lab.sToken, second.sToken].flatMap((sToken) => [sToken, secretIn(sToken)]);
      await lab.put(second.sToken);
      await lab.sync();
      const journal = await lab.dataFolder();
      expect(journal).toContain("sealedToken");
      await lab.restartGracefully();
      const document = await lab.dataFolder();
      for (const secret of secrets) {
        expect(journal).not.toContain(secret);
        expect(document).not.toContain(secret);
        expect(JSON.stringify(lab.events)).not.toContain(secret);
      }
    });
  });
});

function secretIn(sToken: string): string {
  return (JSON.parse(Buffer.from(sToken, "base64").toString("utf8")) as { token: string }).token;
}

describe("the page of the volume-purchase program", () => {
  it("R8, R25, R26, R27: one place has the link to Apple's site, the upload, and what else can be done now", async () => {
    await inAccountLab(
      async (lab) => {
        const page = () =>
          lab.lab.admin.get<{ appleWebsite: string; account: object | null; actions: { name: string }[] }>(
            "/api/v1/vpp",
          );
        const names = async () => (await page()).actions.map(({ name }) => name);
        expect(await page()).toMatchObject({
          appleWebsite: lab.lab.appleUrl,
          account: null,
          actions: [{ name: "uploadToken", method: "PUT", path: "/api/v1/vpp/token" }],
        });
        await lab.put(lab.sToken);
        expect(await names()).toEqual(["uploadToken", "syncNow", "deleteToken"]);
        await lab.takeOver();
        await lab.sync();
        expect(await names()).toEqual(["takeControl", "deleteToken"]);
        await lab.deleteToken();
        expect(await names()).toEqual(["uploadToken"]);
      },
      { uploaded: false },
    );
  });

  it("R30: the account shows organisation, name, Apple ID, country, state and its three dates", async () => {
    await inAccountLab(async (lab) => {
      const account = await lab.account();
      expect(account).toMatchObject({
        organisation: "Orchard & Sons",
        tokenName: "Orchard",
        appleId: "it@orchard.example",
        countryCode: "US",
        state: "valid",
        claimedBy: null,
        lastSyncResult: "completed",
        warning: null,
      });
      const { updatedAt, expiresAt, lastSyncAt, nextSyncAt } = account;
      const first = (await lab.syncs()).at(-1);
      expect(Date.parse(expiresAt) - Date.parse(updatedAt)).toBeGreaterThan(364 * dayMs);
      expect(Date.parse(lastSyncAt ?? "")).toBeGreaterThan(Date.parse(updatedAt));
      expect(Date.parse(nextSyncAt ?? "")).toBe(Date.parse(first?.startedAt ?? "") + 12 * hourMs);
      await lab.lab.world.sleep(dayMs);
      await lab.put((await lab.newer()).sToken);
      expect(Date.parse((await lab.account()).updatedAt)).toBeGreaterThan(Date.parse(updatedAt));
    });
  });
});
