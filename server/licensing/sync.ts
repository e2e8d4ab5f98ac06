/** Reading Apple's side in: apps with their counts, users' statuses, and who holds which seat. */
import { PippinError } from "../../shared/errors.ts";
import type { VppLicense } from "../../shared/vpp.ts";
import { assignmentId, wakeWaiting } from "../deployments/installations.ts";
import { transact } from "../outbox.ts";
import { readPolicies } from "../policies.ts";
import type { AppRecord, AssignmentRecord, SyncRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import {
  accountId,
  changeAccountState,
  foreignContext,
  noteTokenFault,
  openAccount,
  type LicensingContext,
} from "./account.ts";
import { forgetSeats, writeLedger } from "./seats.ts";
import { applyAppleUser } from "./terms.ts";
import { VppError } from "./vpp-client.ts";

const lookupBatch = 50;
const productTypeApp = 8;
const syncsKept = 200;

type Counts = Pick<SyncRecord, "apps" | "users" | "licenses" | "foreignUsers" | "foreignLicenses">;

/**
 * One whole sync. Never throws for what Apple's side did: the record's `result` and `error` tell. *Last synchronised* and the
 * incremental tokens move only when everything was read.
 */
export async function runSync(
  context: LicensingContext,
  trigger: SyncRecord["trigger"],
  cause: number,
): Promise<SyncRecord> {
  const { world, recorder } = context;
  const startedAt = world.now();
  const begun = await context.store.transaction(async (tx) => {
    const sequence = await tx.sequence();
    const record: SyncRecord = {
      id: String(sequence),
      sequence,
      startedAt,
      finishedAt: null,
      trigger,
      result: "running",
      error: null,
      apps: 0,
      users: 0,
      licenses: 0,
      foreignUsers: 0,
      foreignLicenses: 0,
    };
    await tx.put("syncs", record);
    return record;
  });
  const started = recorder.record("sync.started", { trigger, cause });
  const counts: Counts = { apps: 0, users: 0, licenses: 0, foreignUsers: 0, foreignLicenses: 0 };
  let error: string | null = null;
  let usersSinceToken: string | null = null;
  try {
    usersSinceToken = await readEverything(context, counts, startedAt);
  } catch (failure) {
    if (!(failure instanceof PippinError) && !(failure instanceof VppError)) throw failure;
    await noteTokenFault(context, failure);
    error =
      failure instanceof VppError
        ? `Apple's error ${failure.errorNumber}: ${failure.message}`
        : failure.message;
  }
  const finished = await context.store.transaction(async (tx) => {
    const now = world.now();
    const record: SyncRecord = {
      ...begun,
      ...counts,
      finishedAt: now,
      result: error === null ? "completed" : "failed",
      error,
    };
    await tx.put("syncs", record);
    for (const old of await tx
      .list("syncs", { index: "all", partition: "", order: "descending", limit: 1_000 })
      .then((all) => all.slice(syncsKept))) {
      await tx.delete("syncs", old.id);
    }
    const account = await tx.get("accounts", accountId);
    if (account) {
      const { syncIntervalHours } = await readPolicies(tx);
      const succeeded = error === null ? { lastSyncAt: now, usersSinceToken } : {};
      await tx.put("accounts", {
        ...account,
        ...succeeded,
        lastSyncResult: error ?? "completed",
        nextSyncAt: startedAt + syncIntervalHours * 3_600_000,
      });
    }
    return record;
  });
  recorder.record("sync.finished", {
    result: finished.result,
    ...counts,
    ...(error === null ? {} : { error }),
    cause: started,
  });
  return finished;
}

/** Answers with the users' sinceModifiedToken. */
async function readEverything(context: LicensingContext, counts: Counts, startedAt: number): Promise<string> {
  const { account, sToken } = await context.store.read((reader) => openAccount(context, reader));
  const config = await context.vpp.clientConfig(sToken);
  const holder = foreignContext(config, account.contextGuid);
  if (holder !== null) {
    // Apple's rule: no more requests for this account until an administrator takes it back.
    await changeAccountState(context, "assignedToExternalMdm", holder);
    throw new PippinError("token_claimed_elsewhere", `The account is managed by ${holder} now.`);
  }
  await readApps(context, sToken, account.countryCode, counts);
  const since = await readUsers(context, sToken, account.usersSinceToken, counts);
  await readLicenses(context, sToken, counts, startedAt);
  await transact(context, async (tx, outbox) => {
    const now = context.world.now();
    for (const app of await tx.list("apps", { index: "all", partition: "", limit: 1_000 })) {
      await wakeWaiting(tx, app.id, now);
    }
    const current = await tx.get("accounts", accountId);
    if (current && current.state !== "valid") {
      await tx.put("accounts", { ...current, state: "valid", claimedBy: null });
      outbox.record("token.changed", { state: "valid" });
    }
  });
  await wakeHeldUp(context);
  return since;
}

/** What waited for a usable account goes on. */
async function wakeHeldUp(context: LicensingContext): Promise<void> {
  let after: readonly [string, string] | undefined;
  for (;;) {
    const last = await context.store.transaction(async (tx) => {
      const query = {
        index: "byState",
        partition: "pending",
        limit: 500,
        ...(after ? { after } : {}),
      } as const;
      const page = await tx.list("installations", query);
      for (const installation of page) {
        if (installation.dueAt === null)
          await tx.put("installations", { ...installation, dueAt: context.world.now() });
      }
      return page.at(-1);
    });
    if (last === undefined) return;
    after = [last.id, last.id];
  }
}

async function readApps(
  context: LicensingContext,
  sToken: string,
  countryCode: string,
  counts: Counts,
): Promise<void> {
  const assets = (await context.vpp.assets(sToken)).filter((asset) => asset.productTypeId === productTypeApp);
  for (let from = 0; from < assets.length; from += lookupBatch) {
    const batch = assets.slice(from, from + lookupBatch);
    const facts = await context.vpp.lookup(
      batch.map((asset) => asset.adamIdStr),
      countryCode,
    );
    await context.store.transaction(async (tx) => {
      for (const asset of batch) {
        const before = await tx.get("apps", asset.adamIdStr);
        const named = facts.get(asset.adamIdStr) ?? before;
        // Without a bundle id nothing a phone says could be matched to it.
        if (named === undefined) continue;
        const record: AppRecord = {
          id: asset.adamIdStr,
          name: named.name,
          bundleId: named.bundleId,
          pricingParam: asset.pricingParam,
          deviceAssignable: asset.deviceAssignable ?? false,
          irrevocable: asset.isIrrevocable,
          total: asset.totalCount ?? 0,
          assigned: asset.assignedCount ?? 0,
          available: asset.availableCount ?? 0,
          retired: asset.retiredCount ?? 0,
          syncedAt: context.world.now(),
        };
        await tx.put("apps", record);
      }
    });
    counts.apps += batch.length;
  }
}

async function readUsers(
  context: LicensingContext,
  sToken: string,
  since: string | null,
  counts: Counts,
): Promise<string> {
  return context.vpp.users(sToken, since, async (page) => {
    let foreign = 0;
    await transact(context, async (tx, outbox) => {
      foreign = 0;
      for (const apple of page) {
        const [user] = await tx.list("users", {
          index: "byClientUserId",
          partition: apple.clientUserIdStr,
          limit: 1,
        });
        if (user === undefined) {
          // Created by another product: counted, never imported (R21–R23).
          foreign += 1;
          continue;
        }
        // An old record of somebody who has come back says nothing about now.
        const superseded = apple.status === "Retired" && user.vpp.status === "Registered";
        if (!superseded) await applyAppleUser(tx, outbox, user, apple, context.world.now());
      }
    });
    counts.users += page.length - foreign;
    counts.foreignUsers += foreign;
  });
}

/** Makes our seats equal to Apple's. A seat that moved after the sync began is left to the movement's own answer. */
async function readLicenses(
  context: LicensingContext,
  sToken: string,
  counts: Counts,
  startedAt: number,
): Promise<void> {
  const atApple = new Set<string>();
  await context.vpp.licenses(sToken, {}, async (page) => {
    let foreign = 0;
    await transact(context, async (tx, outbox) => {
      foreign = 0;
      for (const license of page) {
        const seat = seatOf(license);
        if (seat === undefined) continue;
        const [user] = await tx.list("users", {
          index: "byClientUserId",
          partition: seat.clientUserIdStr,
          limit: 1,
        });
        if (user === undefined) {
          foreign += 1;
          continue;
        }
        const id = assignmentId(user.id, seat.adamId);
        atApple.add(id);
        if ((await tx.get("assignments", id)) !== undefined) continue;
        if (await returnedSince(tx, user.id, seat.adamId, startedAt)) continue;
        const now = context.world.now();
        const adopted: AssignmentRecord = {
          id,
          userId: user.id,
          adamId: seat.adamId,
          state: "held",
          since: now,
          installationId: null,
          returnReason: null,
        };
        await tx.put("assignments", adopted);
        await writeLedger(tx, outbox, "taken", adopted, "found-at-apple", now);
      }
    });
    counts.licenses += page.length - foreign;
    counts.foreignLicenses += foreign;
  });
  await forgetVanished(context, atApple, startedAt);
}

/** Apple's page may have been made before the seat was given back. */
async function returnedSince(
  reader: Reader,
  userId: string,
  adamId: string,
  since: number,
): Promise<boolean> {
  const movements = await reader.list("ledger", {
    index: "byUser",
    partition: userId,
    order: "descending",
    limit: 50,
  });
  return movements.some((entry) => entry.adamId === adamId && entry.kind === "returned" && entry.at >= since);
}

async function forgetVanished(
  context: LicensingContext,
  atApple: ReadonlySet<string>,
  startedAt: number,
): Promise<void> {
  let after: readonly [string, string] | undefined;
  for (;;) {
    const page = await context.store.read((reader) =>
      reader.list("assignments", { index: "all", partition: "", limit: 500, ...(after ? { after } : {}) }),
    );
    const last = page.at(-1);
    if (last === undefined) return;
    after = [last.id, last.id];
    const vanished = page.filter(
      (seat) => seat.state === "held" && seat.since < startedAt && !atApple.has(seat.id),
    );
    if (vanished.length === 0) continue;
    await transact(context, async (tx, outbox) => {
      const still: AssignmentRecord[] = [];
      for (const seat of vanished) {
        const current = await tx.get("assignments", seat.id);
        if (current?.state === "held" && current.since === seat.since) still.push(current);
      }
      await forgetSeats(tx, outbox, still, "gone-at-apple", context.world.now());
    });
  }
}

export function seatOf(license: VppLicense): { clientUserIdStr: string; adamId: string } | undefined {
  const adamId = license.adamIdStr ?? license.adamId?.toString();
  if (adamId === undefined || license.clientUserIdStr === undefined) return undefined;
  return { adamId, clientUserIdStr: license.clientUserIdStr };
}
