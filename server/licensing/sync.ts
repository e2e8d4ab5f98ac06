/** Reading Apple's side in: apps with their counts, users' statuses, and who holds which seat. One sync, and its record. */
import { PippinError } from "../../shared/errors.ts";
import { markDue, wakeWaiting } from "../deployments/installations.ts";
import { transact } from "../outbox.ts";
import { backoffMs, readPolicies, type Policies } from "../policies.ts";
import type { AccountRecord, SyncRecord } from "../store/records.ts";
import type { Store, Transaction } from "../store/store.ts";
import {
  accountId,
  changeAccountState,
  claimAccount,
  openAccount,
  tokenFault,
  usableAccount,
  type LicensingContext,
} from "./account.ts";
import { claimedElsewhere, foreignHolder } from "./client-context.ts";
import { readApps } from "./sync-apps.ts";
import { readLicenses } from "./sync-licenses.ts";
import { countLosses } from "./sync-losses.ts";
import type { ListOutcome, Reading } from "./sync-reading.ts";
import { readUsers } from "./sync-users.ts";
import { VppError } from "./vpp-client.ts";

const hourMs = 3_600_000;
/** After a failure for want of Apple the next sync comes sooner: after this long, then twice as long each time, up to an hour. */
const retryBackoff = { firstSeconds: 60, factor: 2, maxSeconds: 3_600 };
const syncsKept = 200;

type Outcome =
  | { readonly apps: number; readonly users: ListOutcome; readonly licenses: ListOutcome }
  | { readonly failure: Failure };

interface Failure {
  readonly code: string;
  readonly message: string;
  /** Apple can't be had now: soon it may. */
  readonly passing: boolean;
  readonly retryAfterMs: number;
}

/**
 * One whole sync. Never throws for what Apple's side did: the record's `result`, `errorCode` and `error` tell. *Last synchronised* and
 * the places where the next sync goes on move only when everything was read, in one transaction. What was read before a failure
 * is true all the same, and reading it again changes nothing: so a sync that was cut short is just done again.
 */
export async function runSync(
  context: LicensingContext,
  trigger: SyncRecord["trigger"],
  cause: number,
): Promise<SyncRecord> {
  const begun = await context.store.transaction((tx) => beginSync(tx, trigger, context.world.now()));
  const started = context.recorder.record("sync.started", { trigger, syncId: begun.id, cause });
  try {
    const outcome = await readEverything(context, begun.id);
    return await finishSync(context, begun, outcome, started);
  } catch (error) {
    const failure = failureOf(error);
    const finished = await finishSync(context, begun, { failure }, started);
    // A bug is told aloud, beside the record.
    if (failure.code === "internal") throw error;
    return finished;
  }
}

async function beginSync(
  tx: Transaction,
  trigger: SyncRecord["trigger"],
  startedAt: number,
): Promise<SyncRecord> {
  const sequence = await tx.sequence();
  const record: SyncRecord = {
    id: String(sequence),
    sequence,
    startedAt,
    finishedAt: null,
    trigger,
    result: "running",
    error: null,
    errorCode: null,
    apps: 0,
    users: 0,
    licenses: 0,
    foreignUsers: 0,
    foreignLicenses: 0,
    lostUsers: 0,
    lostLicenses: 0,
  };
  await tx.put("syncs", record);
  await prune(tx);
  return record;
}

async function prune(tx: Transaction): Promise<void> {
  const excess = (await tx.count("syncs", "all", "")) - syncsKept;
  if (excess <= 0) return;
  for (const old of await tx.list("syncs", { index: "all", partition: "", limit: Math.min(excess, 100) })) {
    await tx.delete("syncs", old.id);
  }
}

function failureOf(error: unknown): Failure {
  const fault = tokenFault(error);
  if (fault && error instanceof VppError) {
    const message = `${fault.message} (Apple's error ${error.errorNumber})`;
    return { code: fault.code, message, passing: false, retryAfterMs: 0 };
  }
  if (error instanceof VppError) {
    const message = `Apple's error ${error.errorNumber}: ${error.message}`;
    return { code: "apple_refused", message, passing: true, retryAfterMs: 0 };
  }
  if (error instanceof PippinError) {
    const passing = error.code === "apple_unavailable" || error.code === "apple_refused";
    const asked = error.details?.["retryAfterMs"];
    const retryAfterMs = typeof asked === "number" ? asked : 0;
    return { code: error.code, message: error.message, passing, retryAfterMs };
  }
  return {
    code: "internal",
    message: "The server failed; its log says how.",
    passing: true,
    retryAfterMs: 0,
  };
}

async function readEverything(
  context: LicensingContext,
  syncId: string,
): Promise<Exclude<Outcome, { failure: Failure }>> {
  const { account, sToken } = await context.store.read((reader) => openAccount(context, reader));
  const config = await context.vpp.clientConfig(sToken);
  const holder = foreignHolder(config.clientContext, account.contextGuid);
  if (holder !== null) {
    // Apple's rule: no more requests for this account until an administrator takes it back.
    await changeAccountState(context, "assignedToExternalMdm", holder);
    throw claimedElsewhere(holder);
  }
  // Whoever had the account let it go, or somebody cleared it by hand: it is ours as long as we have its token.
  await claimAccount(context, sToken, account.contextGuid, config);
  const reading: Reading = { context, syncId, sToken, countryCode: account.countryCode };
  const apps = await readApps(reading);
  const users = await readUsers(reading, account.usersSinceToken);
  const licenses = await readLicenses(reading, account.licensesSinceToken);
  return { apps, users, licenses };
}

async function finishSync(
  context: LicensingContext,
  begun: SyncRecord,
  outcome: Outcome,
  cause: number,
): Promise<SyncRecord> {
  const finished = await transact(context, async (tx, outbox) => {
    const now = context.world.now();
    const account = await tx.get("accounts", accountId);
    const policies = await readPolicies(tx);
    // An admin may have deleted the token while the last page was on its way.
    const settled = "failure" in outcome ? outcome : ((await lost(tx)) ?? outcome);
    const record: SyncRecord = {
      ...begun,
      finishedAt: now,
      foreignUsers: await tx.count("foreign", "byKind", "user"),
      foreignLicenses: await tx.count("foreign", "byKind", "license"),
      ...(await countLosses(tx, begun.id)),
      ...("failure" in settled
        ? { result: "failed", error: settled.failure.message, errorCode: settled.failure.code }
        : {
            result: "completed",
            apps: settled.apps,
            users: settled.users.own,
            licenses: settled.licenses.own,
            usersMode: settled.users.mode,
            licensesMode: settled.licenses.mode,
          }),
    };
    await tx.put("syncs", record);
    if (account === undefined) return record;
    if ("failure" in settled) {
      const random = context.world.random();
      await tx.put(
        "accounts",
        afterFailure(account, settled.failure, policies, begun.startedAt, now, random),
      );
      return record;
    }
    const heals = isFault(account.state) && account.expiresAt > now;
    await tx.put("accounts", {
      ...account,
      state: heals ? "valid" : account.state,
      lastSyncAt: now,
      lastSyncResult: "completed",
      lastSyncErrorCode: null,
      syncFailures: 0,
      usersSinceToken: settled.users.since,
      licensesSinceToken: settled.licenses.since,
      usersConfirmedAt: begun.startedAt,
      syncStartedAt: begun.startedAt,
      nextSyncAt: begun.startedAt + policies.syncIntervalHours * hourMs,
    });
    if (heals) outbox.record("token.changed", { state: "valid" });
    return record;
  });
  const { result, apps, users, licenses, foreignUsers, foreignLicenses, error, errorCode } = finished;
  context.recorder.record("sync.finished", {
    syncId: finished.id,
    result,
    ...{ apps, users, licenses, foreignUsers, foreignLicenses },
    ...(error === null ? {} : { error, errorCode }),
    cause,
  });
  if (result === "completed") await wakeHeldUp(context);
  return finished;
}

/** Why what was read doesn't count any more. */
async function lost(tx: Transaction): Promise<{ failure: Failure } | undefined> {
  try {
    await usableAccount(tx);
    return undefined;
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Apple accepts the token after all. Another product's claim is ended by nobody but an admin. */
function isFault(state: AccountRecord["state"]): boolean {
  return state === "expired" || state === "revoked" || state === "invalid";
}

function afterFailure(
  account: AccountRecord,
  failure: Failure,
  policies: Policies,
  startedAt: number,
  now: number,
  random: number,
): AccountRecord {
  const failures = (account.syncFailures ?? 0) + 1;
  const regularAt = startedAt + policies.syncIntervalHours * hourMs;
  const waitMs = Math.max(
    failure.retryAfterMs,
    Math.round(backoffMs(retryBackoff, failures - 1) * (0.75 + random / 2)),
  );
  return {
    ...account,
    lastSyncResult: failure.message,
    lastSyncErrorCode: failure.code,
    syncFailures: failures,
    syncStartedAt: startedAt,
    nextSyncAt: failure.passing
      ? Math.max(now + failure.retryAfterMs, Math.min(now + waitMs, regularAt))
      : regularAt,
  };
}

/** What waited for a usable account, for a licence or for Apple goes on. */
export async function wakeHeldUp(context: LicensingContext): Promise<void> {
  const { store, world } = context;
  await eachPage(store, async (tx, after) => {
    const page = await tx.list("apps", { index: "all", partition: "", limit: 200, ...after });
    for (const app of page) await wakeWaiting(tx, app.id, world.now());
    return page.at(-1)?.id;
  });
  await eachPage(store, async (tx, after) => {
    const query = { index: "byState", partition: "pending", limit: 500, ...after } as const;
    const page = await tx.list("installations", query);
    for (const installation of page) {
      if (installation.dueAt === null) await tx.put("installations", { ...installation, dueAt: world.now() });
    }
    return page.at(-1)?.id;
  });
  await eachPage(store, async (tx, after) => {
    const query = { index: "byReason", partition: "account-unusable", limit: 500, ...after } as const;
    const page = await tx.list("installations", query);
    // Those that are pending were among the others.
    for (const { id, state } of page) if (state === "installed") await markDue(tx, id, world.now());
    return page.at(-1)?.id;
  });
  // Seats on their way were tried at ever longer intervals while Apple refused the token.
  for (const state of ["associating", "disassociating"] as const) {
    await eachPage(store, async (tx, after) => {
      const query = { index: "byState", partition: state, limit: 500, ...after } as const;
      const page = await tx.list("assignments", query);
      for (const { installationId } of page) {
        if (installationId !== null) await markDue(tx, installationId, world.now());
      }
      return page.at(-1)?.id;
    });
  }
}

/** Transaction after transaction, through an index whose entries are sorted by id. */
async function eachPage(
  store: Store,
  turn: (tx: Transaction, after: { after?: readonly [string, string] }) => Promise<string | undefined>,
): Promise<void> {
  let last: string | undefined;
  for (;;) {
    const from: { after?: readonly [string, string] } = last === undefined ? {} : { after: [last, last] };
    last = await store.transaction((tx) => turn(tx, from));
    if (last === undefined) return;
  }
}

/** A sync that the server's end cut short is over, and is done again at once. */
export async function settleInterrupted(context: LicensingContext): Promise<void> {
  await transact(context, async (tx, outbox) => {
    const latest = { index: "all", partition: "", order: "descending", limit: 10 } as const;
    const running = (await tx.list("syncs", latest)).filter((sync) => sync.result === "running");
    if (running.length === 0) return;
    const now = context.world.now();
    const error = "The server stopped before the sync was done.";
    for (const sync of running) {
      const settled = { result: "failed", finishedAt: now, error, errorCode: "interrupted" } as const;
      await tx.put("syncs", { ...sync, ...settled });
      outbox.record("sync.finished", { syncId: sync.id, result: "failed", error, errorCode: "interrupted" });
    }
    const account = await tx.get("accounts", accountId);
    if (account && account.state !== "deleted" && account.nextSyncAt > now)
      await tx.put("accounts", { ...account, nextSyncAt: now });
  });
}
