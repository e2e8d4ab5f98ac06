/** The ledger held against Apple's side. */
import type { LedgerCheck, LedgerLine } from "../services.ts";
import type { AppRecord, AssignmentRecord } from "../store/records.ts";
import type { IndexPosition } from "../store/store.ts";
import type { VppAsset, VppLicense } from "../../shared/vpp.ts";
import { accountId, openAccount, type LicensingContext } from "./account.ts";
import { checkBooks } from "./ledger-invariants.ts";
import { nameAtApple } from "./seats.ts";
import { ownHolder, returnsSince } from "./sync-licenses.ts";

const pageSize = 500;

/** Who holds a seat, by Apple's names. */
type AppleHolder = Pick<VppLicense, "clientUserIdStr" | "serialNumber">;

interface AppleSide {
  /** By app, who holds a seat at Apple, each by `keyOf`. */
  readonly holders: ReadonlyMap<string, ReadonlyMap<string, AppleHolder>>;
  /** Who holds two seats of one app. */
  readonly doubled: readonly string[];
}

interface Seat {
  readonly record: AssignmentRecord;
  readonly holder: AppleHolder;
}

/** Undefined for a licence that nobody has. */
function keyOf({ clientUserIdStr, serialNumber }: AppleHolder): string | undefined {
  return clientUserIdStr ?? (serialNumber === undefined ? undefined : `the phone ${serialNumber}`);
}

/**
 * Reads every seat at Apple now and compares. Seats that move meanwhile (intended, outcome not yet known, or settled while Apple's
 * list was read) count as agreeing with either answer.
 */
export async function checkLedger(context: LicensingContext): Promise<LedgerCheck> {
  const { store, vpp, world } = context;
  const beganAt = world.now();
  const { sToken } = await store.read((reader) => openAccount(context, reader));
  const assets = await vpp.assets(sToken);
  const apple = await readAppleSide(context, sToken);
  const apps = await readApps(context);
  const lines: LedgerLine[] = [];
  const differences: LedgerCheck["differences"] = [];
  const countDifferences: LedgerCheck["countDifferences"] = [];
  const violations = [...apple.doubled];
  for (const asset of assets) {
    const app = apps.get(asset.adamIdStr);
    const compared = await compareApp(context, asset, app, apple, beganAt);
    lines.push(compared.line);
    differences.push(...compared.differences);
    if (app) countDifferences.push(...compareCounts(compared.line, app));
    violations.push(...checkLine(compared.line));
  }
  violations.push(...(await checkBooks(store, [...apps.values()], world.now())));
  const account = await store.read((reader) => reader.get("accounts", accountId));
  const viewReadAt = account?.lastSyncAt ?? null;
  const checkedAt = world.now();
  return {
    checkedAt,
    viewReadAt,
    viewAgeMs: viewReadAt === null ? null : checkedAt - viewReadAt,
    lines,
    drift: differences.length,
    differences,
    countDifferences,
    violations,
  };
}

async function readAppleSide({ vpp }: LicensingContext, sToken: string): Promise<AppleSide> {
  const holders = new Map<string, Map<string, AppleHolder>>();
  const doubled: string[] = [];
  const seen = new Set<string>();
  await vpp.licenses(sToken, {}, (page) => {
    for (const license of page) {
      const adamId = license.adamIdStr ?? license.adamId?.toString();
      const key = keyOf(license);
      const licenseId = license.licenseIdStr ?? license.licenseId?.toString() ?? "";
      // A list that changes under its reader may tell one licence twice.
      if (adamId === undefined || key === undefined || seen.has(licenseId)) continue;
      seen.add(licenseId);
      const ofApp = holders.get(adamId) ?? new Map<string, AppleHolder>();
      if (ofApp.has(key)) doubled.push(`${key} holds two seats of ${adamId} at Apple`);
      ofApp.set(key, license);
      holders.set(adamId, ofApp);
    }
    return Promise.resolve();
  });
  return { holders, doubled };
}

async function readApps({ store }: LicensingContext): Promise<Map<string, AppRecord>> {
  const apps = new Map<string, AppRecord>();
  let after: IndexPosition | undefined;
  for (;;) {
    const query = { index: "all", partition: "", limit: pageSize, ...(after ? { after } : {}) } as const;
    const page = await store.read((reader) => reader.list("apps", query));
    const last = page.at(-1);
    if (last === undefined) return apps;
    after = [last.id, last.id];
    for (const app of page) apps.set(app.id, app);
  }
}

async function compareApp(
  context: LicensingContext,
  asset: VppAsset,
  app: AppRecord | undefined,
  apple: AppleSide,
  beganAt: number,
): Promise<{ line: LedgerLine; differences: LedgerCheck["differences"] }> {
  const adamId = asset.adamIdStr;
  const name = app?.name ?? adamId;
  const here = await seatsHere(context, adamId);
  const holders = apple.holders.get(adamId) ?? new Map<string, AppleHolder>();
  const differences: LedgerCheck["differences"] = [];
  let foreign = 0;
  for (const [key, atApple] of holders) {
    if (here.has(key)) continue;
    const holder = await context.store.read((reader) => ownHolder(reader, atApple, adamId));
    if (holder === undefined) {
      foreign += 1;
      continue;
    }
    // Apple's page may be older than the return.
    const returns = await context.store.read((reader) =>
      returnsSince(reader, { ...holder, adamId }, beganAt),
    );
    if (returns.length > 0) continue;
    const message = `${holder.userId ?? key} holds ${name} at Apple, and our records know nothing of it.`;
    differences.push({ ...namesOf(holder.userId, atApple, adamId), here: false, atApple: true, message });
  }
  for (const [key, { record, holder }] of here) {
    if (record.state !== "held" || record.since >= beganAt || holders.has(key)) continue;
    const message = `${record.userId ?? key} holds ${name} by our records, and not at Apple.`;
    differences.push({ ...namesOf(record.userId, holder, adamId), here: true, atApple: false, message });
  }
  const held = [...here.values()].filter(({ record }) => record.state === "held");
  const line: LedgerLine = {
    adamId,
    name,
    total: asset.totalCount ?? 0,
    assigned: asset.assignedCount ?? 0,
    available: asset.availableCount ?? 0,
    heldHere: held.length,
    heldAtApple: holders.size,
    foreign,
    stranded: held.filter(({ record }) => record.stranded).length,
    viewReadAt: app?.syncedAt ?? null,
  };
  return { line, differences };
}

function namesOf(
  userId: string | null,
  { clientUserIdStr = null, serialNumber = null }: { [name in keyof AppleHolder]?: string | null },
  adamId: string,
): Pick<LedgerCheck["differences"][number], "adamId" | "userId" | "clientUserIdStr" | "serialNumber"> {
  return { adamId, userId, clientUserIdStr, serialNumber };
}

/** What Apple counts now against what we read last: it lags by nature, and says how far. */
function compareCounts(line: LedgerLine, app: AppRecord): LedgerCheck["countDifferences"] {
  return (["total", "assigned", "available"] as const).flatMap((field) => {
    if (app[field] === line[field]) return [];
    const message = `${app.name}: ${field} is ${line[field]} at Apple now, and ${app[field]} by our records.`;
    return [{ adamId: app.id, field, here: app[field], atApple: line[field], message }];
  });
}

function checkLine({ name, total, assigned, available, heldHere }: LedgerLine): string[] {
  const broken: string[] = [];
  if (assigned + available !== total)
    broken.push(`${name}: ${assigned} used and ${available} available are not ${total} in all`);
  if (heldHere > total) broken.push(`${name}: ${heldHere} seats held of ${total} owned`);
  return broken;
}

/** By `keyOf`. */
async function seatsHere({ store }: LicensingContext, adamId: string): Promise<Map<string, Seat>> {
  const seats = new Map<string, Seat>();
  let after: IndexPosition | undefined;
  for (;;) {
    const page = await store.read(async (reader) => {
      const query = {
        index: "byApp",
        partition: adamId,
        limit: pageSize,
        ...(after ? { after } : {}),
      } as const;
      const found = await reader.list("assignments", query);
      const holders = await Promise.all(found.map((seat) => nameAtApple(reader, seat)));
      return found.map((record, index) => ({
        record,
        holder: holders[index] ?? { clientUserIdStr: `lost user ${record.userId}` },
      }));
    });
    const last = page.at(-1);
    if (last === undefined) return seats;
    after = [last.record.id, last.record.id];
    for (const seat of page) seats.set(keyOf(seat.holder) ?? seat.record.id, seat);
  }
}
