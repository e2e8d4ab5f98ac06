import { z } from "@hono/zod-openapi";
import { DirectoryId } from "../directory/directory.ts";
import { accountRefusals } from "../licensing/account.ts";
import type { AppRecord, LedgerRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { countInstallations } from "./app-routes.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { AdamId, LicenseTypeName, SerialNumber, Time, TimeInput, timeOf, viewHolder } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const tag = "Ledger";
const count = z.number().int();

/** `kept` is no movement: it says why a licence stays with somebody whose last phone is gone. */
const kinds = ["taken", "returned", "refused", "kept"] as const;

const Movement = z
  .strictObject({
    id: z.string(),
    at: Time,
    kind: z.enum(kinds),
    adamId: z.string(),
    licenseType: LicenseTypeName,
    userId: z.string().nullable(),
    serialNumber: z.string().nullable().openapi({ description: "Of the phone that holds it itself." }),
    installationId: z.string().nullable(),
    reason: z.string(),
    actId: z.string().nullable().openapi({ description: "The revoke or reclaim behind it." }),
  })
  .openapi("LedgerMovement");
export type LedgerEntry = z.infer<typeof Movement>;

const LedgerCheckView = z
  .strictObject({
    checkedAt: Time,
    viewReadAt: Time.nullable().openapi({ description: "When our records were last synced with Apple." }),
    viewAgeMs: count.nullable(),
    lines: z.array(
      z.strictObject({
        adamId: z.string(),
        name: z.string(),
        total: count,
        assigned: count,
        available: count,
        heldHere: count,
        heldAtApple: count,
        foreign: count,
        stranded: count.openapi({ description: "Of `heldHere`: kept with a reason, without a phone." }),
        viewReadAt: Time.nullable(),
      }),
    ),
    drift: count.openapi({ description: "Seats that one side has and the other hasn't." }),
    differences: z.array(
      z.strictObject({
        adamId: z.string(),
        userId: z.string().nullable(),
        clientUserIdStr: z.string().nullable(),
        serialNumber: z.string().nullable().openapi({ description: "Of a phone that holds one itself." }),
        here: z.boolean(),
        atApple: z.boolean(),
        message: z.string(),
      }),
    ),
    countDifferences: z
      .array(
        z.strictObject({
          adamId: z.string(),
          field: z.enum(["total", "assigned", "available"]),
          here: count,
          atApple: count,
          message: z.string(),
        }),
      )
      .openapi({ description: "Counts that moved at Apple since the last sync. Not part of `drift`." }),
    violations: z.array(z.string()).openapi({ description: "Broken invariants, in words. Empty is good." }),
  })
  .openapi("LedgerCheck");
export type LedgerCheckView = z.infer<typeof LedgerCheckView>;

const SummaryLine = z
  .strictObject({
    adamId: z.string(),
    name: z.string(),
    total: count,
    used: count,
    available: count,
    installed: count,
    installing: count,
    pending: count,
    waitingForTerms: count,
    removing: count,
    notInstalled: count,
    notApplicable: count,
    failed: count,
    failedNoLicense: count.openapi({
      description: "Those of `failed` that wait for a licence to come free.",
    }),
  })
  .openapi("SummaryLine");
export type LedgerSummaryLine = z.infer<typeof SummaryLine>;

const Summary = z
  .strictObject({
    apps: z.array(SummaryLine),
    terms: z.strictObject({ notInvited: count, invited: count, accepted: count, retired: count }),
    devices: z.strictObject({ enrolling: count, enrolled: count, unenrolled: count, connected: count }),
  })
  .openapi("Summary");
export type LedgerSummary = z.infer<typeof Summary>;

/** More apps than an organisation buys. */
const summaryAppsMax = 2_000;

function viewMovement(record: LedgerRecord): z.infer<typeof Movement> {
  return {
    id: record.id,
    at: timeOf(record.at),
    kind: record.kind,
    adamId: record.adamId,
    ...viewHolder(record),
    installationId: record.installationId?.replace(" ", ":") ?? null,
    reason: record.reason,
    actId: record.actId ?? null,
  };
}

async function summarise(reader: Reader, app: AppRecord): Promise<z.infer<typeof SummaryLine>> {
  return {
    adamId: app.id,
    name: app.name,
    total: app.total,
    used: app.assigned,
    available: app.available,
    ...(await countInstallations(reader, app.id)),
    failedNoLicense: await reader.count("installations", "waiting", app.id),
  };
}

export function ledgerRoutes({ store, licensing, push }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/ledger",
      role: "read-only",
      tag,
      summary: "Every movement of a licence, newest first",
      query: z.strictObject({
        ...pageQuery,
        adamId: AdamId.optional(),
        userId: DirectoryId.optional(),
        serialNumber: SerialNumber.optional(),
        kind: z.enum(kinds).optional(),
        from: TimeInput.optional().openapi({ description: "Not before." }),
        to: TimeInput.optional().openapi({ description: "Before." }),
      }),
      answer: { status: 200, schema: pageOf(Movement) },
      async handle({ query: { adamId, userId, serialNumber, kind, from, to, limit, cursor } }) {
        const fromMs = from === undefined ? -Infinity : Date.parse(from);
        const toMs = to === undefined ? Infinity : Date.parse(to);
        const [index, partition] =
          userId !== undefined
            ? (["byUser", userId] as const)
            : serialNumber !== undefined
              ? (["bySerial", serialNumber] as const)
              : adamId !== undefined
                ? (["byApp", adamId] as const)
                : (["all", ""] as const);
        const page = await store.read((reader) =>
          readPage(reader, {
            collection: "ledger",
            index,
            partitions: [partition],
            order: "descending",
            limit,
            cursor,
            filter: (record) =>
              (adamId === undefined || record.adamId === adamId) &&
              (serialNumber === undefined || record.serialNumber === serialNumber) &&
              (kind === undefined || record.kind === kind) &&
              record.at >= fromMs &&
              record.at < toMs,
          }),
        );
        return { items: page.records.map(viewMovement), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/ledger/check",
      role: "read-only",
      tag,
      summary: "Compares our records with Apple's, now",
      answer: { status: 200, schema: LedgerCheckView },
      refusals: [...accountRefusals],
      async handle() {
        const check = await licensing.checkLedger();
        return {
          ...check,
          checkedAt: timeOf(check.checkedAt),
          viewReadAt: timeOf(check.viewReadAt),
          lines: check.lines.map((line) => ({ ...line, viewReadAt: timeOf(line.viewReadAt) })),
        };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/summary",
      role: "read-only",
      tag,
      summary: "Counts per app, per terms status and of phones",
      answer: { status: 200, schema: Summary },
      async handle() {
        return await store.read(async (reader) => {
          const apps: z.infer<typeof SummaryLine>[] = [];
          const query = { index: "all", partition: "", limit: 1_000 } as const;
          let batch = await reader.list("apps", query);
          while (batch.length > 0 && apps.length < summaryAppsMax) {
            for (const app of batch) apps.push(await summarise(reader, app));
            const last = batch.at(-1)?.id ?? "";
            batch =
              batch.length < query.limit ? [] : await reader.list("apps", { ...query, after: [last, last] });
          }
          const terms = (status: string) => reader.count("users", "byTerms", status);
          const devices = (state: string) => reader.count("devices", "byState", state);
          return {
            apps,
            terms: {
              notInvited: await terms("notInvited"),
              invited: await terms("invited"),
              accepted: await terms("accepted"),
              retired: await terms("retired"),
            },
            devices: {
              enrolling: await devices("enrolling"),
              enrolled: await devices("enrolled"),
              unenrolled: await devices("unenrolled"),
              connected: push.connectedCount,
            },
          };
        });
      },
    }),
  ];
}
