import { describe, expect, it } from "vitest";
import { runVirtual, type VirtualLab } from "../../../simulator/lab.ts";
import { ApiError } from "../../../simulator/json-client.ts";

interface Organisation {
  organisationId: number;
}
interface Token {
  sToken: string;
  tokenId: string;
}
interface Account {
  state: string;
  organisation: string;
  expiresAt: string;
  lastSyncAt: string | null;
  uploadedAt: string;
  claimedBy: string | null;
}

const inLab = <T>(main: (lab: VirtualLab) => Promise<T>) =>
  runVirtual({ seed: "licensing", progress: () => undefined }, main);

async function organisation(lab: VirtualLab, name = "Orchard & Sons"): Promise<number> {
  const body = { name, appleId: `it@${name.toLowerCase().replace(/\W+/g, "-")}.example` };
  return (await lab.apple.post<Organisation>("/control/v1/organisations", body)).organisationId;
}

async function token(lab: VirtualLab, organisationId: number, body: object = {}): Promise<Token> {
  return lab.apple.post<Token>(`/control/v1/organisations/${organisationId}/tokens`, body);
}

function upload(lab: VirtualLab, sToken: string, changes: object = {}): Promise<Account> {
  const body = {
    sToken,
    tokenName: "Orchard",
    appleId: "it@orchard.example",
    acknowledged: true,
    ...changes,
  };
  return lab.admin.send("PUT", "/api/v1/vpp/token", JSON.stringify(body), "application/json");
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "accepted";
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

const nothingStored = (lab: VirtualLab) => codeOf(lab.admin.get("/api/v1/vpp/token"));

function tokenText(changes: object): string {
  const content = { token: "c2VjcmV0", expDate: "2017-06-15T08:00:00+0000", orgName: "Orchard", ...changes };
  return Buffer.from(JSON.stringify(content)).toString("base64");
}

describe("uploading the token", () => {
  it.each([
    ["no base64", "not a token!", {}, "token_malformed"],
    ["base64 of something else", Buffer.from("hello").toString("base64"), {}, "token_malformed"],
    ["a token without its secret", tokenText({ token: "" }), {}, "token_malformed"],
    ["a token with an impossible date", tokenText({ expDate: "tomorrow" }), {}, "token_malformed"],
    ["a token whose date is over", tokenText({ expDate: "2016-06-15T07:00:00+0000" }), {}, "token_expired"],
    ["a token that Apple never issued", tokenText({}), {}, "token_unknown"],
    [
      "an upload without the acknowledgement",
      tokenText({}),
      { acknowledged: false },
      "token_not_acknowledged",
    ],
    ["a field nobody knows", tokenText({}), { force: true }, "invalid_request"],
  ])("refuses %s with its own code, and stores nothing", async (_name, sToken, changes, code) => {
    await inLab(async (lab) => {
      expect(await codeOf(upload(lab, sToken, changes))).toBe(code);
      expect(await nothingStored(lab)).toBe("token_missing");
    });
  });

  it("accepts a token of Apple's, says whose it is, and reads the account in", async () => {
    await inLab(async (lab) => {
      const organisationId = await organisation(lab);
      const { sToken } = await token(lab, organisationId);
      const account = await upload(lab, ` ${sToken}\n`);
      expect(account).toMatchObject({ state: "valid", organisation: "Orchard & Sons", claimedBy: null });
      // Valid for a year, by the token itself.
      expect(account.expiresAt.slice(0, 10)).toBe("2017-06-15");
      const sync = await lab.admin.post<{ result: string }>("/api/v1/vpp/sync", {});
      expect(sync.result).toBe("completed");
      const after = await lab.admin.get<Account>("/api/v1/vpp/token");
      expect(after.lastSyncAt).not.toBeNull();
      expect(JSON.stringify(after)).not.toContain(sToken);
    });
  });

  it("tells a revoked token from an unknown one", async () => {
    await inLab(async (lab) => {
      const { sToken, tokenId } = await token(lab, await organisation(lab));
      await lab.apple.post(`/control/v1/tokens/${tokenId}/revoke`, {});
      expect(await codeOf(upload(lab, sToken))).toBe("token_revoked");
      expect(await nothingStored(lab)).toBe("token_missing");
    });
  });

  it("renews with a newer token of the same account and keeps what was there", async () => {
    await inLab(async (lab) => {
      const organisationId = await organisation(lab);
      const first = await upload(lab, (await token(lab, organisationId)).sToken);
      await lab.admin.post("/api/v1/vpp/sync", {});
      await lab.world.sleep(40 * 86_400_000);
      const renewed = await upload(lab, (await token(lab, organisationId)).sToken);
      expect(renewed.uploadedAt).toBe(first.uploadedAt);
      expect(renewed.expiresAt > first.expiresAt).toBe(true);
      expect(renewed.lastSyncAt).not.toBeNull();
    });
  });

  it("refuses another account for ever after, and keeps the first", async () => {
    await inLab(async (lab) => {
      await upload(lab, (await token(lab, await organisation(lab))).sToken);
      const other = await token(lab, await organisation(lab, "Vineyard Ltd"));
      expect(await codeOf(upload(lab, other.sToken))).toBe("token_other_account");
      expect((await lab.admin.get<Account>("/api/v1/vpp/token")).organisation).toBe("Orchard & Sons");
    });
  });

  it("refuses an account that another product manages, and takes it once that product has let go", async () => {
    await inLab(async (lab) => {
      const { sToken } = await token(lab, await organisation(lab));
      const claim = (clientContext: string) =>
        lab.world.request(`${lab.appleUrl}/mdm/VPPClientConfigSrv`, {
          method: "POST",
          body: JSON.stringify({ sToken, clientContext }),
        });
      await claim(
        JSON.stringify({ hostname: "other.example", guid: "00000000-0000-4000-8000-000000000000" }),
      );
      expect(await codeOf(upload(lab, sToken))).toBe("token_claimed_elsewhere");
      expect(await nothingStored(lab)).toBe("token_missing");
      await claim("");
      expect((await upload(lab, sToken)).state).toBe("valid");
    });
  });

  it("finds out at the next sync that another product has taken the account, and writes no more", async () => {
    await inLab(async (lab) => {
      const { sToken } = await token(lab, await organisation(lab));
      await upload(lab, sToken);
      const first = await lab.admin.post<{ result: string }>("/api/v1/vpp/sync", {});
      expect(first.result).toBe("completed");
      const before = await lab.admin.get<Account>("/api/v1/vpp/token");
      await lab.world.request(`${lab.appleUrl}/mdm/VPPClientConfigSrv`, {
        method: "POST",
        body: JSON.stringify({ sToken, clientContext: '{"hostname":"other.example","guid":"another"}' }),
      });
      const sync = await lab.admin.post<{ result: string; error: string }>("/api/v1/vpp/sync", {});
      expect(sync).toMatchObject({ result: "failed" });
      const account = await lab.admin.get<Account>("/api/v1/vpp/token");
      expect(account).toMatchObject({ state: "assignedToExternalMdm", claimedBy: "other.example" });
      // Last synchronised moves only on success.
      expect(account.lastSyncAt).toBe(before.lastSyncAt);
    });
  });

  it("syncs twice a day by itself", async () => {
    await inLab(async (lab) => {
      await upload(lab, (await token(lab, await organisation(lab))).sToken);
      await lab.world.sleep(3 * 86_400_000);
      const { items } = await lab.admin.get<{ items: { trigger: string }[] }>("/api/v1/vpp/syncs?limit=50");
      expect(items.filter((sync) => sync.trigger === "schedule")).toHaveLength(6);
    });
  });

  it("says expired when the token's year is over, and its sync fails with the reason", async () => {
    await inLab(async (lab) => {
      await upload(lab, (await token(lab, await organisation(lab), { lifetimeDays: 2 })).sToken);
      await lab.world.sleep(2 * 86_400_000 + 60_000);
      expect((await lab.admin.get<Account>("/api/v1/vpp/token")).state).toBe("expired");
      const sync = await lab.admin.post<{ result: string; error: string }>("/api/v1/vpp/sync", {});
      expect(sync.result).toBe("failed");
      expect(sync.error).toContain("9621");
    });
  });

  it("counts the users of other products and imports none of them", async () => {
    await inLab(async (lab) => {
      const organisationId = await organisation(lab);
      const { sToken } = await token(lab, organisationId);
      const call = (service: string, body: object) =>
        lab.world.request(`${lab.appleUrl}/mdm/${service}`, {
          method: "POST",
          body: JSON.stringify({ sToken, ...body }),
        });
      await lab.apple.post(`/control/v1/organisations/${organisationId}/licenses`, {
        adamId: "361309726",
        quantity: 3,
      });
      await call("registerVPPUserSrv", { clientUserIdStr: "somebody-elses", email: "x@elsewhere.example" });
      await call("manageVPPLicensesByAdamIdSrv", {
        adamIdStr: "361309726",
        pricingParam: "STDQ",
        associateClientUserIdStrs: ["somebody-elses"],
      });
      await upload(lab, sToken);
      const sync = await lab.admin.post<object>("/api/v1/vpp/sync", {});
      expect(sync).toMatchObject({ result: "completed", users: 0, foreignUsers: 1, foreignLicenses: 1 });
      expect((await lab.admin.get<{ items: unknown[] }>("/api/v1/users")).items).toEqual([]);
      const check = await lab.admin.get<{ drift: number; lines: object[] }>("/api/v1/ledger/check");
      expect(check.drift).toBe(0);
      // Their seat does count as used.
      expect(check.lines).toMatchObject([{ assigned: 1, available: 2, heldHere: 0, foreign: 1 }]);
    });
  });
});
