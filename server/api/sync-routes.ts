import { z } from "@hono/zod-openapi";
import type { ForeignRecord, LossRecord, SyncRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { missing, RecordId, Time, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const count = z.number().int();
const Mode = z
  .enum(["full", "incremental"])
  .nullable()
  .openapi({ description: "Whether everything was read, or what changed since the last sync." });

export const Sync = z
  .strictObject({
    id: z.string(),
    trigger: z.enum(["manual", "schedule", "upload", "takeControl"]),
    startedAt: Time,
    finishedAt: Time.nullable(),
    durationMs: count.nullable(),
    result: z.enum(["running", "completed", "failed"]),
    errorCode: z.string().nullable().openapi({
      description:
        "A code of the server's errors; `interrupted` when the server stopped in the middle, `internal` for a fault of ours.",
    }),
    error: z.string().nullable(),
    apps: count,
    users: count.openapi({ description: "Of ours, among those that were read." }),
    licenses: count.openapi({ description: "Of ours, among those that were read." }),
    foreignUsers: count.openapi({ description: "All known users that other products created." }),
    foreignLicenses: count.openapi({ description: "All known licences that other products assigned." }),
    usersMode: Mode,
    licensesMode: Mode,
    lostUsers: count.openapi({ description: "Users whom our records had and Apple no longer has." }),
    lostLicenses: count,
  })
  .openapi("Sync");
export type Sync = z.infer<typeof Sync>;

export function viewSync(sync: SyncRecord): z.infer<typeof Sync> {
  return {
    id: sync.id,
    trigger: sync.trigger,
    startedAt: timeOf(sync.startedAt),
    finishedAt: timeOf(sync.finishedAt),
    durationMs: sync.finishedAt === null ? null : sync.finishedAt - sync.startedAt,
    result: sync.result,
    errorCode: sync.errorCode ?? null,
    error: sync.error,
    apps: sync.apps,
    users: sync.users,
    licenses: sync.licenses,
    foreignUsers: sync.foreignUsers,
    foreignLicenses: sync.foreignLicenses,
    usersMode: sync.usersMode ?? null,
    licensesMode: sync.licensesMode ?? null,
    lostUsers: sync.lostUsers ?? 0,
    lostLicenses: sync.lostLicenses ?? 0,
  };
}

const Loss = z
  .strictObject({
    id: z.string(),
    at: Time,
    syncId: z.string(),
    kind: z.enum(["user", "license"]),
    userId: z.string().nullable(),
    serialNumber: z.string().nullable().openapi({ description: "Of a licence that a phone held itself." }),
    clientUserIdStr: z.string(),
    adamId: z.string().nullable().openapi({ description: "Of a licence." }),
    reason: z.enum(["user-retired", "user-missing", "gone-at-apple"]).openapi({
      description:
        "`user-retired`: retired at Apple, and not by us. `user-missing`: Apple doesn't list the user. `gone-at-apple`: the licence was taken back.",
    }),
  })
  .openapi("Loss");
export type Loss = z.infer<typeof Loss>;

function viewLoss(loss: LossRecord): z.infer<typeof Loss> {
  const { id, at, syncId, kind, userId, serialNumber = null, clientUserIdStr, adamId, reason } = loss;
  return { id, at: timeOf(at), syncId, kind, userId, serialNumber, clientUserIdStr, adamId, reason };
}

const Foreign = z
  .strictObject({
    kind: z.enum(["user", "license"]),
    clientUserIdStr: z.string().nullable(),
    serialNumber: z.string().nullable().openapi({ description: "Of a licence that a device has." }),
    adamId: z.string().nullable().openapi({ description: "Of a licence." }),
    syncId: z.string().openapi({ description: "The last sync that read it." }),
  })
  .openapi("Foreign");
export type Foreign = z.infer<typeof Foreign>;

function viewForeign(record: ForeignRecord): z.infer<typeof Foreign> {
  const { kind, clientUserIdStr, serialNumber, adamId, syncId } = record;
  return { kind, clientUserIdStr, serialNumber, adamId, syncId };
}

const tag = "Volume purchase";

export function syncRoutes({ store, licensing }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "post",
      path: "/api/v1/vpp/sync",
      role: "operator",
      tag,
      summary: "Syncs with Apple and answers when done; joins a sync that runs",
      description: "A sync that fails is answered with 200 too: `result`, `errorCode` and `error` tell.",
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
      summary: "Past syncs, newest first; the last 200 are kept",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(Sync) },
      async handle({ query }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "syncs", index: "all", order: "descending", ...query }),
        );
        return { items: page.records.map(viewSync), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/vpp/syncs/{syncId}",
      role: "read-only",
      tag,
      summary: "One sync",
      params: z.strictObject({ syncId: RecordId }),
      answer: { status: 200, schema: Sync },
      refusals: ["not_found"],
      async handle({ params: { syncId } }) {
        const sync = await store.read((reader) => reader.get("syncs", syncId));
        if (!sync) throw missing("sync", syncId);
        return viewSync(sync);
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/vpp/losses",
      role: "read-only",
      tag,
      summary: "Users and licences that our records had and Apple no longer has, newest first",
      description: "What another product did to the account shows here once control was taken back.",
      query: z.strictObject({ ...pageQuery, syncId: RecordId.optional() }),
      answer: { status: 200, schema: pageOf(Loss) },
      async handle({ query: { syncId, ...query } }) {
        const which =
          syncId === undefined
            ? ({ index: "all" } as const)
            : ({ index: "bySync", partitions: [syncId] } as const);
        const page = await store.read((reader) =>
          readPage(reader, { collection: "losses", order: "descending", ...which, ...query }),
        );
        return { items: page.records.map(viewLoss), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/vpp/foreign",
      role: "read-only",
      tag,
      summary: "Users or licences at Apple that other products created; never imported",
      query: z.strictObject({ ...pageQuery, kind: z.enum(["user", "license"]).default("user") }),
      answer: { status: 200, schema: pageOf(Foreign) },
      async handle({ query: { kind, ...query } }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "foreign", index: "byKind", partitions: [kind], ...query }),
        );
        return { items: page.records.map(viewForeign), nextCursor: page.nextCursor };
      },
    }),
  ];
}
