import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import type { AccountView } from "../services.ts";
import type { SyncRecord } from "../store/records.ts";
import { Name } from "../directory/directory.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Time, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const Account = z
  .strictObject({
    organisation: z.string(),
    tokenName: z.string(),
    appleId: z.string(),
    countryCode: z.string(),
    state: z.enum(["valid", "expired", "revoked", "invalid", "assignedToExternalMdm"]),
    claimedBy: z
      .string()
      .nullable()
      .openapi({ description: "The other product's host, when it claimed the account." }),
    uploadedAt: Time,
    updatedAt: Time,
    expiresAt: Time,
    lastSyncAt: Time.nullable().openapi({ description: "Of the last sync that succeeded." }),
    lastSyncResult: z.string().nullable(),
    nextSyncAt: Time,
  })
  .openapi("VppAccount");

const Sync = z
  .strictObject({
    id: z.string(),
    startedAt: Time,
    finishedAt: Time.nullable(),
    trigger: z.enum(["manual", "schedule", "upload"]),
    result: z.enum(["running", "completed", "failed"]),
    error: z.string().nullable(),
    apps: z.number().int(),
    users: z.number().int(),
    licenses: z.number().int(),
    foreignUsers: z.number().int(),
    foreignLicenses: z.number().int(),
  })
  .openapi("Sync");

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
    lastSyncAt: timeOf(account.lastSyncAt),
    lastSyncResult: account.lastSyncResult,
    nextSyncAt: timeOf(account.nextSyncAt),
  };
}

function viewSync(sync: SyncRecord): z.infer<typeof Sync> {
  return {
    id: sync.id,
    startedAt: timeOf(sync.startedAt),
    finishedAt: timeOf(sync.finishedAt),
    trigger: sync.trigger,
    result: sync.result,
    error: sync.error,
    apps: sync.apps,
    users: sync.users,
    licenses: sync.licenses,
    foreignUsers: sync.foreignUsers,
    foreignLicenses: sync.foreignLicenses,
  };
}

const tag = "Volume purchase";

export function vppRoutes({ store, licensing }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "put",
      path: "/api/v1/vpp/token",
      role: "admin",
      tag,
      summary: "Uploads the volume-purchase token, or renews it with one of the same account",
      secretFields: ["sToken"],
      body: z.strictObject({
        sToken: z
          .string()
          .trim()
          .min(1)
          .max(65_536)
          .openapi({ description: "The text of the .vpptoken file.", format: "password" }),
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
      refusals: [
        "token_malformed",
        "token_not_acknowledged",
        "token_expired",
        "token_revoked",
        "token_unknown",
        "token_other_account",
        "token_claimed_elsewhere",
        "apple_unavailable",
        "apple_refused",
      ],
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
      method: "post",
      path: "/api/v1/vpp/sync",
      role: "operator",
      tag,
      summary: "Syncs with Apple and answers when done; joins a sync that runs",
      answer: { status: 200, schema: Sync },
      refusals: ["token_missing"],
      async handle({ cause }) {
        return viewSync(await licensing.sync("manual", cause));
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/vpp/syncs",
      role: "read-only",
      tag,
      summary: "Past syncs, newest first",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(Sync) },
      async handle({ query }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "syncs", index: "all", order: "descending", ...query }),
        );
        return { items: page.records.map(viewSync), nextCursor: page.nextCursor };
      },
    }),
  ];
}
