import { describe, expect, it } from "vitest";
import { type AccountLab, codeOf, inAccountLab, pages } from "./account-lab.ts";

const empty = { uploaded: false };
const nothingStored = (lab: AccountLab) => codeOf(lab.account());

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
    ["a field nobody knows", tokenText({}), { force: true }, "invalid_request"],
  ])("refuses %s with its own code, and stores nothing", async (_name, sToken, changes, code) => {
    await inAccountLab(async (lab) => {
      expect(await codeOf(lab.put(sToken, changes))).toBe(code);
      expect(await nothingStored(lab)).toBe("token_missing");
    }, empty);
  });

  it("R9, R16: takes the token of an account that was made at Apple, for the year that the token says, and reads the account in", async () => {
    await inAccountLab(async (lab) => {
      const account = await lab.put(` ${lab.sToken}\n`);
      expect(account).toMatchObject({ state: "valid", organisation: "Orchard & Sons", claimedBy: null });
      expect(account.expiresAt.slice(0, 10)).toBe("2017-06-15");
      expect(await lab.sync()).toMatchObject({ result: "completed", trigger: "upload", apps: 1 });
      expect(await lab.items("/api/v1/apps")).toMatchObject([{ adamId: pages }]);
      expect(JSON.stringify(await lab.account())).not.toContain(lab.sToken);
    }, empty);
  });

  it.each([{ tokenName: undefined }, { tokenName: " " }, { appleId: undefined }, { appleId: "" }])(
    "R28: takes a name for the token and the Apple ID, and refuses to do without either: %o",
    async (missing) => {
      await inAccountLab(async (lab) => {
        expect(await codeOf(lab.put(lab.sToken, missing))).toBe("invalid_request");
        expect(await nothingStored(lab)).toBe("token_missing");
        const named = { tokenName: "Orchard 2016", appleId: "vpp@orchard.example" };
        expect(await lab.put(lab.sToken, named)).toMatchObject(named);
      }, empty);
    },
  );

  it("R14, R29: goes no further before it is acknowledged that the account can't be changed, and advises to share its details", async () => {
    await inAccountLab(async (lab) => {
      for (const acknowledged of [false, undefined]) {
        const refusal = await lab.put(lab.sToken, { acknowledged }).catch((error: unknown) => error);
        expect(refusal).toMatchObject({
          code: "token_not_acknowledged",
          message: expect.stringMatching(/can't be changed later.*more than one person/) as string,
        });
      }
      expect(await nothingStored(lab)).toBe("token_missing");
      expect(lab.calls()).toEqual([]);
      expect(await codeOf(lab.put(lab.sToken))).toBe("accepted");
    }, empty);
  });

  it("tells a revoked token from an unknown one", async () => {
    await inAccountLab(async (lab) => {
      await lab.control("POST", `/tokens/${lab.tokenId}/revoke`);
      expect(await codeOf(lab.put(lab.sToken))).toBe("token_revoked");
      expect(await nothingStored(lab)).toBe("token_missing");
    }, empty);
  });

  it("R15: refuses an account that another product manages, leaves it that product's, and takes it once it is free", async () => {
    await inAccountLab(async (lab) => {
      const { clientContext } = await lab.takeOver();
      expect(await codeOf(lab.put(lab.sToken))).toBe("token_claimed_elsewhere");
      expect(await nothingStored(lab)).toBe("token_missing");
      expect(await lab.clientContext()).toBe(clientContext);
      await lab.control("PUT", `/organisations/${lab.organisationId}/client-context`, {
        clientContext: null,
      });
      expect((await lab.put(lab.sToken)).state).toBe("valid");
      expect(await lab.clientContext()).not.toBe(clientContext);
    }, empty);
  });

  it.each(["not JSON at all", '{"guid":7}', '["somebody"]'])(
    "R15: takes a claim that it can't read (%s) for another product's",
    async (clientContext) => {
      await inAccountLab(async (lab) => {
        await lab.control("PUT", `/organisations/${lab.organisationId}/client-context`, { clientContext });
        expect(await codeOf(lab.put(lab.sToken))).toBe("token_claimed_elsewhere");
        expect(await nothingStored(lab)).toBe("token_missing");
      }, empty);
    },
  );

  it("R15: refuses a renewal when another product has the account by now, and learns of it that way", async () => {
    await inAccountLab(async (lab) => {
      await lab.takeOver();
      expect(await codeOf(lab.put((await lab.newer()).sToken))).toBe("token_claimed_elsewhere");
      expect(await lab.account()).toMatchObject({
        state: "assignedToExternalMdm",
        claimedBy: "other.example",
      });
      expect(await codeOf(lab.put((await lab.newer()).sToken))).toBe("token_claimed_elsewhere");
    });
  });
});
