/**
 * Taking and returning seats. Each movement is three steps: the intent is stored, Apple is asked, the outcome is stored. A crash
 * between them leaves the intent, and asking again is harmless: Apple answers 9616 or 9619 where the thing is done already.
 */
import type { LicenseChange } from "../../shared/vpp.ts";
import { assignmentId, inState, saveInstallation, wakeWaiting } from "../deployments/installations.ts";
import { transact, type Outbox } from "../outbox.ts";
import type {
  AppRecord,
  AssignmentRecord,
  InstallationReason,
  InstallationRecord,
  LedgerKind,
} from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { openAccount, type LicensingContext } from "./account.ts";
import { VppError } from "./vpp-client.ts";

/**
 * Records the wish for a seat. Answers false, and changes nothing, when by our view none is free: seats that others are taking at
 * this moment count as taken, so that no race hands out more than there are.
 */
export async function intendAssociate(
  tx: Transaction,
  installation: InstallationRecord,
  userId: string,
  now: number,
): Promise<boolean> {
  const app = await tx.get("apps", installation.adamId);
  if (app === undefined) return false;
  const taking = await tx.count("assignments", "associating", installation.adamId);
  if (app.available - taking <= 0) return false;
  await tx.put("assignments", {
    id: assignmentId(userId, installation.adamId),
    userId,
    adamId: installation.adamId,
    state: "associating",
    since: now,
    installationId: installation.id,
    returnReason: null,
  });
  return true;
}

export async function intendDisassociate(
  tx: Transaction,
  assignment: AssignmentRecord,
  installation: InstallationRecord | null,
  because: string,
  now: number,
): Promise<void> {
  await tx.put("assignments", {
    ...assignment,
    state: "disassociating",
    since: now,
    installationId: installation?.id ?? assignment.installationId,
    returnReason: because,
  });
}

/** Asks Apple for the seat that was intended, and stores what came of it. Throws when Apple could not be asked. */
export async function performAssociate(context: LicensingContext, id: string): Promise<void> {
  const { store, vpp, world } = context;
  const intent = await store.read(async (reader) => {
    const assignment = await reader.get("assignments", id);
    if (assignment?.state !== "associating") return undefined;
    const user = await reader.get("users", assignment.userId);
    const app = await reader.get("apps", assignment.adamId);
    if (user === undefined || app === undefined) return undefined;
    return { assignment, user, app, ...(await openAccount(context, reader)) };
  });
  if (intent === undefined) return;
  const change = await vpp.associate(intent.sToken, {
    adamIdStr: intent.app.id,
    pricingParam: intent.app.pricingParam,
    clientUserIdStr: intent.user.vpp.clientUserIdStr,
  });
  await transact(context, async (tx, outbox) => {
    const assignment = await tx.get("assignments", id);
    // Somebody else settled it meanwhile: their word stands.
    if (assignment?.state !== "associating" || assignment.since !== intent.assignment.since) return;
    const now = world.now();
    const refusal = associationRefusal(change);
    if (refusal === null) {
      await tx.put("assignments", { ...assignment, state: "held", since: now });
      await countSeats(tx, assignment.adamId, change.errorNumber === undefined ? 1 : 0);
      await writeLedger(tx, outbox, "taken", assignment, "licensed", now);
    } else {
      await tx.delete("assignments", id);
      if (refusal.reason === "no-license") {
        const app = await tx.get("apps", assignment.adamId);
        if (app) await tx.put("apps", { ...app, available: 0, assigned: app.total });
      }
      if (refusal.unregister) {
        await tx.put("users", { ...intent.user, vpp: { ...intent.user.vpp, status: "unregistered" } });
      } else {
        await writeLedger(tx, outbox, "refused", assignment, refusal.reason, now);
        await settleInstallation(tx, outbox, assignment, refusal.reason, now);
      }
    }
    await lookAgain(tx, assignment, now);
  });
}

/** Null when the user has the seat now, by this call or by an earlier one whose answer was lost. */
function associationRefusal(
  change: LicenseChange,
): { reason: InstallationReason; unregister: boolean } | null {
  switch (change.errorNumber) {
    case undefined:
      return null;
    case 9616:
      // The other 9616 means that another VPP user with the same Apple ID has it.
      if (change.regUsersAlreadyAssigned === undefined) return null;
      return { reason: "license-refused", unregister: false };
    case 9610:
      return { reason: "no-license", unregister: false };
    case 9604:
    case 9609:
    case 9618:
    case 9636:
      return { reason: "license-refused", unregister: true };
    case 9603:
    case 9626:
    case 9643:
    case 9644:
    case 9646:
      throw new VppError(change.errorNumber, change.errorMessage ?? "no message");
    default:
      return { reason: "license-refused", unregister: false };
  }
}

/** Gives the seat back at Apple, and stores that it is free. Throws when Apple could not be asked. */
export async function performDisassociate(context: LicensingContext, id: string): Promise<void> {
  const { store, vpp, world } = context;
  const intent = await store.read(async (reader) => {
    const assignment = await reader.get("assignments", id);
    if (assignment?.state !== "disassociating") return undefined;
    const user = await reader.get("users", assignment.userId);
    const app = await reader.get("apps", assignment.adamId);
    if (user === undefined || app === undefined) return undefined;
    return { assignment, user, app, ...(await openAccount(context, reader)) };
  });
  if (intent === undefined) return;
  const change = await vpp.disassociate(intent.sToken, {
    adamIdStr: intent.app.id,
    pricingParam: intent.app.pricingParam,
    clientUserIdStr: intent.user.vpp.clientUserIdStr,
  });
  // 9619: nothing to take back; 9609: retired, which frees the seats. Both mean that the seat is free.
  const done = change.errorNumber === undefined || [9609, 9619, 9636].includes(change.errorNumber);
  if (!done && change.errorNumber !== 9607) {
    throw new VppError(change.errorNumber ?? 9603, change.errorMessage ?? "no message");
  }
  await transact(context, async (tx, outbox) => {
    const assignment = await tx.get("assignments", id);
    if (assignment?.state !== "disassociating" || assignment.since !== intent.assignment.since) return;
    const now = world.now();
    const because = assignment.returnReason ?? "returned";
    if (done) {
      await tx.delete("assignments", id);
      await countSeats(tx, assignment.adamId, change.errorNumber === undefined ? -1 : 0);
      await writeLedger(tx, outbox, "returned", assignment, because, now);
    } else {
      // 9607: a book stays with its reader for ever.
      await tx.put("assignments", { ...assignment, state: "held", since: now, returnReason: null });
    }
    await settleInstallation(tx, outbox, assignment, because, now);
    await lookAgain(tx, assignment, now);
    await wakeWaiting(tx, assignment.adamId, now);
  });
}

/** Apple has already freed these seats (the user was retired, or the seat is gone there): our records follow. */
export async function forgetSeats(
  tx: Transaction,
  outbox: Outbox,
  assignments: readonly AssignmentRecord[],
  because: string,
  now: number,
): Promise<void> {
  for (const assignment of assignments) {
    await tx.delete("assignments", assignment.id);
    await countSeats(tx, assignment.adamId, -1);
    await writeLedger(tx, outbox, "returned", assignment, because, now);
    await lookAgain(tx, assignment, now);
    await wakeWaiting(tx, assignment.adamId, now);
  }
}

async function countSeats(tx: Transaction, adamId: string, taken: number): Promise<void> {
  const app: AppRecord | undefined = await tx.get("apps", adamId);
  if (app === undefined || taken === 0) return;
  await tx.put("apps", {
    ...app,
    assigned: app.assigned + taken,
    available: Math.max(0, app.available - taken),
  });
}

const failures: ReadonlySet<string> = new Set<InstallationReason>([
  "no-license",
  "license-refused",
  "user-rejected",
  "install-failed",
  "install-refused",
  "cancelled",
]);

/** A seat that was refused or given up settles the installation that wanted it. */
async function settleInstallation(
  tx: Transaction,
  outbox: Outbox,
  assignment: AssignmentRecord,
  because: string,
  now: number,
): Promise<void> {
  if (assignment.installationId === null || !failures.has(because)) return;
  const installation = await tx.get("installations", assignment.installationId);
  if (installation === undefined) return;
  const reason = because as InstallationReason;
  await saveInstallation(tx, outbox, installation, {
    ...inState(installation, "failed", reason, now),
    waitingSince: reason === "no-license" ? (installation.waitingSince ?? now) : null,
  });
}

/** Every phone that shares the seat is looked at again, but for those that wait for a free one. */
async function lookAgain(tx: Transaction, assignment: AssignmentRecord, now: number): Promise<void> {
  const query = { index: "byHolder", partition: assignment.id, limit: 100 } as const;
  for (const installation of await tx.list("installations", query)) {
    await tx.put("installations", {
      ...installation,
      dueAt: installation.waitingSince === null ? now : null,
    });
  }
}

export async function writeLedger(
  tx: Transaction,
  outbox: Outbox,
  kind: LedgerKind,
  seat: { userId: string; adamId: string; installationId: string | null },
  reason: string,
  now: number,
): Promise<void> {
  const sequence = await tx.sequence();
  const { userId, adamId, installationId } = seat;
  await tx.put("ledger", {
    id: String(sequence),
    sequence,
    at: now,
    kind,
    adamId,
    userId,
    installationId,
    reason,
  });
  const installation = installationId === null ? undefined : await tx.get("installations", installationId);
  const event = (
    { taken: "license.taken", returned: "license.returned", refused: "license.refused" } as const
  )[kind];
  outbox.record(event, {
    userId,
    adamId,
    ...(installation ? { udid: installation.udid, cause: installation.cause } : {}),
    reason,
  });
}
