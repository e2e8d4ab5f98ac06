import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import { Name } from "../directory/directory.ts";
import type { AccountView } from "../services.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Flag, Time, timeOf } from "./fields.ts";
import { Sync, viewSync } from "./sync-routes.ts";

const Warning = z
  .strictObject({
    code: z.enum([
      "token_expiring",
      "token_expired",
      "token_revoked",
      "token_unknown",
      "token_claimed_elsewhere",
      "token_missing",
    ]),
    days: z.number().int().nullable().openapi({
      description: "Of a token that expires soon: 30, 15 or 7, the last of these marks that was passed.",
    }),
    message: z.string(),
  })
  .openapi("TokenWarning");

const Account = z
  .strictObject({
    organisation: z.string(),
    tokenName: z.string(),
    appleId: z.string(),
    countryCode: z.string(),
    state: z.enum(["valid", "expired", "revoked", "invalid", "assignedToExternalMdm", "deleted"]).openapi({
      description:
        "`assignedToExternalMdm`: another product claimed the account, and nothing is sent to Apple. `deleted`: the token is gone; the account is remembered, because no other can take its place.",
    }),
    claimedBy: z
      .string()
      .nullable()
      .openapi({ description: "The other product's host, when it claimed the account." }),
    uploadedAt: Time.openapi({ description: "Of the first token of this account." }),
    updatedAt: Time.openapi({ description: "When the token was last uploaded, taken back or deleted." }),
    expiresAt: Time,
    deletedAt: Time.nullable(),
    lastSyncAt: Time.nullable().openapi({ description: "Of the last sync that succeeded." }),
    lastSyncResult: z
      .string()
      .nullable()
      .openapi({ description: "`completed`, or why the last sync failed." }),
    lastSyncErrorCode: z.string().nullable(),
    nextSyncAt: Time.nullable().openapi({ description: "Null when none comes by itself." }),
    warning: Warning.nullable(),
    strandedLicenses: z.number().int().nullable().openapi({
      description: "Licences that can't be returned because the token was deleted; null while there is one.",
    }),
  })
  .openapi("VppAccount");
export type Account = z.infer<typeof Account>;

const Page = z
  .strictObject({
    appleWebsite: z.string().nullable().openapi({
      description:
        "Where an organisation signs up with Apple and downloads its token; null when Apple can't be reached.",
    }),
    account: Account.nullable(),
    actions: z
      .array(
        z.strictObject({
          name: z.enum(["uploadToken", "syncNow", "takeControl", "deleteToken"]),
          method: z.string(),
          path: z.string(),
        }),
      )
      .openapi({ description: "What can be done now." }),
  })
  .openapi("VppPage");
export type VppPage = z.infer<typeof Page>;

/** Field by field, so that nothing that is added to the record gets out by itself. */
function viewAccount(account: AccountView): z.infer<typeof Account> {
  return {
    organisation: account.organisation,
    tokenName: account.tokenName,
    appleId: account.appleId,
    countryCode: account.countryCode,
    state: account.state,
    claimedBy: account.claimedBy,
    uploadedAt: timeOf(account.uploadedAt),
    updatedAt: timeOf(account.updatedAt),
    expiresAt: timeOf(account.expiresAt),
    deletedAt: timeOf(account.deletedAt ?? null),
    lastSyncAt: timeOf(account.lastSyncAt),
    lastSyncResult: account.lastSyncResult,
    lastSyncErrorCode: account.lastSyncErrorCode ?? null,
    nextSyncAt: timeOf(account.nextSyncAt),
    warning: account.warning,
    strandedLicenses: account.strandedLicenses,
  };
}

const actions = {
  uploadToken: { name: "uploadToken", method: "PUT", path: "/api/v1/vpp/token" },
  syncNow: { name: "syncNow", method: "POST", path: "/api/v1/vpp/sync" },
  takeControl: { name: "takeControl", method: "POST", path: "/api/v1/vpp/token/take-control" },
  deleteToken: { name: "deleteToken", method: "DELETE", path: "/api/v1/vpp/token" },
} as const;

function actionsFor(account: AccountView | undefined): z.infer<typeof Page>["actions"] {
  if (account === undefined || account.state === "deleted") return [actions.uploadToken];
  if (account.state === "assignedToExternalMdm") return [actions.takeControl, actions.deleteToken];
  return [actions.uploadToken, actions.syncNow, actions.deleteToken];
}

const tag = "Volume purchase";

const TokenText = z
  .string()
  .trim()
  .min(1)
  .max(65_536)
  .openapi({ description: "The text of the .vpptoken file.", format: "password" });

const tokenRefusals = [
  "token_malformed",
  "token_expired",
  "token_revoked",
  "token_unknown",
  "token_other_account",
  "token_claimed_elsewhere",
  "apple_unavailable",
  "apple_refused",
] as const;

export function vppRoutes({ licensing }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/vpp",
      role: "read-only",
      tag,
      summary: "The volume-purchase page: Apple's web site, the account, and what can be done now",
      answer: { status: 200, schema: Page },
      async handle() {
        const account = await licensing.account();
        return {
          appleWebsite: await licensing.appleWebsite(),
          account: account ? viewAccount(account) : null,
          actions: actionsFor(account),
        };
      },
    }),
    endpoint({
      method: "put",
      path: "/api/v1/vpp/token",
      role: "admin",
      tag,
      summary: "Uploads the volume-purchase token, or renews it with one of the same account",
      description:
        "The first upload ties the server to the token's account for ever, also after the token has expired or was deleted. Accounts are compared by Apple's organizationIdHash. A token of the same account renews it in place: users, assignments and history stay.",
      secretFields: ["sToken"],
      body: z.strictObject({
        sToken: TokenText,
        tokenName: Name,
        appleId: z.string().trim().min(1).max(254),
        acknowledged: z
          .boolean()
          .default(false)
          .openapi({ description: "True: understood that the account can't be changed later." }),
      }),
      requestExample: {
        sToken: "eyJ0b2tlbiI6…",
        tokenName: "Orchard 2016",
        appleId: "vpp@orchard.example",
        acknowledged: true,
      },
      answer: { status: 200, schema: Account },
      refusals: ["token_not_acknowledged", ...tokenRefusals],
      async handle({ body, cause }) {
        return viewAccount(await licensing.uploadToken(body, cause));
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/vpp/token",
      role: "read-only",
      tag,
      summary: "The account and the state of its token; never the token itself",
      answer: { status: 200, schema: Account },
      refusals: ["token_missing"],
      async handle() {
        const account = await licensing.account();
        if (!account) throw new PippinError("token_missing", "No volume-purchase token was uploaded yet.");
        return viewAccount(account);
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/vpp/token",
      role: "admin",
      tag,
      summary: "Deletes the token; asks for confirmation, and says how many licences that strands",
      description:
        "Apple is told nothing: users keep their licences, and nobody can return them until a token of the same account is uploaded. The ledger and the account itself are remembered.",
      query: z.strictObject({ confirm: Flag }),
      answer: {
        status: 200,
        schema: z.strictObject({
          organisation: z.string(),
          strandedLicenses: z.number().int(),
          deletedAt: Time,
        }),
      },
      refusals: ["token_missing", "confirmation_required"],
      async handle({ query, cause }) {
        const deletion = await licensing.deleteToken(query.confirm === "true", cause);
        return { ...deletion, deletedAt: timeOf(deletion.deletedAt) };
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/vpp/token/take-control",
      role: "admin",
      tag,
      summary: "Takes back an account that another product has claimed, and syncs",
      description:
        "The only request to Apple while the account is another's. What the other product did to users and licences is in the sync's losses.",
      secretFields: ["sToken"],
      body: z.strictObject({
        confirm: z
          .boolean()
          .default(false)
          .openapi({ description: "True: understood that the other product loses the account." }),
        sToken: TokenText.optional().openapi({
          description: "A newer token of the same account, when the stored one no longer works.",
        }),
      }),
      requestExample: { confirm: true },
      answer: { status: 200, schema: z.strictObject({ account: Account, sync: Sync }) },
      refusals: ["token_missing", "conflict", "confirmation_required", ...tokenRefusals],
      async handle({ body, cause }) {
        const { account, sync } = await licensing.takeControl(body, cause);
        return { account: viewAccount(account), sync: viewSync(sync) };
      },
    }),
  ];
}
