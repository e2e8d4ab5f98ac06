/**
 * Taking and returning seats. Each movement is three steps: the intent is stored, Apple is asked, the outcome is stored. A crash
 * between them leaves the intent, and asking again is harmless: Apple answers 9616 or 9619 where the thing is done already.
 */
import type { LicenseChange } from "../../shared/vpp.ts";
import { dropOverrides, ownSeatOf } from "../deployments/holders.ts";
import {
  inState,
  installationsOfSeat,
  markUserDue,
  perOwnerMax,
  saveInstallation,
  seatIdOf,
  wakeWaiting,
} from "../deployments/installations.ts";
import { isPresent, movedToDevice } from "../deployments/next-step.ts";
import { transact, type Outbox } from "../outbox.ts";
import type {
  AppRecord,
  AssignmentRecord,
  InstallationReason,
  InstallationRecord,
  LedgerKind,
  SeatHolder,
} from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { openAccount, type LicensingContext } from "./account.ts";
import { foreignLicenseId } from "./foreign-records.ts";
import { VppError, type HolderName } from "./vpp-client.ts";
import { backAlready, neverTaken, settleActItem } from "./license-acts.ts";
import { retiredVpp } from "./vpp-user.ts";

/**
 * Records the wish for a seat. Answers false, and changes nothing, when by our view none is free: seats that others are taking at
 * this moment count as taken, so that no race hands out more than there are.
 */
export async function intendAssociate(
  tx: Transaction,
  installation: InstallationRecord,
  holder: SeatHolder,
  now: number,
): Promise<boolean> {
  const app = await tx.get("apps", installation.adamId);
  if (app === undefined) return false;
  const taking = await tx.count("assignments", "associating", installation.adamId);
  if (app.available - taking <= 0) return false;
  await tx.put("assignments", {
    id: seatIdOf(holder, installation.adamId),
    ...holder,
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

/** How Apple knows the holder of a seat; undefined when the directory has the user no more. */
export async function nameAtApple(
  reader: Reader,
  { userId, serialNumber }: SeatHolder,
): Promise<HolderName | undefined> {
  if (userId === null) return serialNumber ? { serialNumber } : undefined;
  const user = await reader.get("users", userId);
  return user && { clientUserIdStr: user.vpp.clientUserIdStr };
}

/** Asks Apple for the seat that was intended, and stores what came of it. Throws when Apple could not be asked. */
export function performAssociate(context: LicensingContext, id: string): Promise<void> {
  return context.seatTurns.take([id], () => associate(context, id));
}

async function associate(context: LicensingContext, id: string): Promise<void> {
  const { store, vpp, world } = context;
  const intent = await store.read(async (reader) => {
    const assignment = await reader.get("assignments", id);
    if (assignment?.state !== "associating") return undefined;
    const holder = await nameAtApple(reader, assignment);
    const app = await reader.get("apps", assignment.adamId);
    if (holder === undefined || app === undefined) return undefined;
    return { assignment, holder, app, ...(await openAccount(context, reader)) };
  });
  if (intent === undefined) return;
  const item = { adamIdStr: intent.app.id, pricingParam: intent.app.pricingParam };
  const change = await vpp.associate(intent.sToken, { ...item, ...intent.holder });
  await transact(context, async (tx, outbox) => {
    const assignment = await tx.get("assignments", id);
    // Somebody else settled it meanwhile: their word stands.
    if (assignment?.state !== "associating" || assignment.since !== intent.assignment.since) return;
    const now = world.now();
    const refusal = associationRefusal(change);
    if (refusal === null) {
      // Revoked while Apple was being asked: it goes back at once.
      const state = assignment.returnReason === null ? "held" : "disassociating";
      const named = change.licenseIdStr === undefined ? {} : { licenseIdStr: change.licenseIdStr };
      await tx.put("assignments", { ...assignment, ...named, state, since: now });
      await countSeats(tx, assignment.adamId, change.errorNumber === undefined ? 1 : 0);
      await writeLedger(tx, outbox, "taken", assignment, "licensed", now);
      if (assignment.userId === null) {
        // A sync may have counted this very one as foreign.
        if (named.licenseIdStr) await tx.delete("foreign", foreignLicenseId(named.licenseIdStr));
        await noteOwnSeat(tx, assignment, now);
      } else await clearRefusal(tx, assignment.userId, assignment.adamId);
    } else {
      await tx.delete("assignments", id);
      await settleActItem(tx, outbox, assignment, neverTaken, now);
      if (refusal.reason === "no-license") {
        // One that came back while Apple was answering may be free after all: then the reconciler asks again.
        if (await hasReturned(tx, assignment.adamId, assignment.since)) return lookAgain(tx, assignment, now);
        const app = await tx.get("apps", assignment.adamId);
        if (app) await tx.put("apps", { ...app, available: 0, assigned: app.total });
      } else if (refusal.reason === "not-device-assignable") {
        const app = await tx.get("apps", assignment.adamId);
        if (app) await tx.put("apps", { ...app, deviceAssignable: false });
      }
      if (refusal.unregister && assignment.userId !== null) {
        await noteRetired(tx, outbox, assignment.userId, "apple", now);
      } else {
        await noteRefusal(tx, assignment, refusal.reason, change.errorNumber ?? 0, now);
        await writeLedger(tx, outbox, "refused", assignment, refusal.reason, now);
        await settleInstallation(tx, outbox, assignment, refusal.reason, now);
      }
    }
    await lookAgain(tx, assignment, now);
  });
}

/** Null when the holder has the seat now, by this call or by an earlier one whose answer was lost. */
function associationRefusal(
  change: LicenseChange,
): { reason: InstallationReason; unregister: boolean } | null {
  switch (change.errorNumber) {
    case undefined:
      return null;
    case 9616:
      // The other 9616 means that another VPP user with the same Apple ID has it.
      if (change.regUsersAlreadyAssigned === undefined) return null;
      return { reason: "shared-apple-id", unregister: false };
    case 9605:
    case 9635:
      return { reason: "foreign-apple-id", unregister: false };
    case 9610:
      return { reason: "no-license", unregister: false };
    case 9628:
      return { reason: "not-device-assignable", unregister: false };
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
export function performDisassociate(context: LicensingContext, id: string): Promise<void> {
  return context.seatTurns.take([id], () => disassociate(context, id));
}

async function disassociate(context: LicensingContext, id: string): Promise<void> {
  const { store, vpp, world } = context;
  const intent = await store.read(async (reader) => {
    const assignment = await reader.get("assignments", id);
    if (assignment?.state !== "disassociating") return undefined;
    const holder = await nameAtApple(reader, assignment);
    const app = await reader.get("apps", assignment.adamId);
    if (holder === undefined || app === undefined) return undefined;
    return { assignment, holder, app, ...(await openAccount(context, reader)) };
  });
  if (intent === undefined) return;
  const item = { adamIdStr: intent.app.id, pricingParam: intent.app.pricingParam };
  const change = await vpp.disassociate(intent.sToken, { ...item, ...intent.holder });
  if (!isReturnFinal(change)) {
    throw new VppError(change.errorNumber ?? 9603, change.errorMessage ?? "no message");
  }
  await transact(context, (tx, outbox) => settleReturn(tx, outbox, intent.assignment, change, world.now()));
}

/** 9619: nothing to take back; 9609, 9636: retired, which frees the seats. All mean that the seat is free. */
const freeAlready: ReadonlySet<number> = new Set([9609, 9619, 9636]);
/** A book stays with its reader for ever. */
const irrevocable = 9607;

/** Whether Apple's answer decides the matter: what it didn't decide is asked again. */
export function isReturnFinal({ errorNumber }: LicenseChange): boolean {
  return errorNumber === undefined || errorNumber === irrevocable || freeAlready.has(errorNumber);
}

/** Stores what Apple's final answer to a return means. Does nothing where somebody else has settled it since. */
export async function settleReturn(
  tx: Transaction,
  outbox: Outbox,
  asked: Pick<AssignmentRecord, "id" | "since">,
  change: LicenseChange,
  now: number,
): Promise<void> {
  const assignment = await tx.get("assignments", asked.id);
  if (assignment?.state !== "disassociating" || assignment.since !== asked.since) return;
  const because = assignment.returnReason ?? "returned";
  if (change.errorNumber === irrevocable) {
    const stranded = { reason: "irrevocable", at: now } as const;
    const kept = {
      ...assignment,
      state: "held",
      since: now,
      returnReason: null,
      actId: null,
      problem: null,
    } as const;
    await tx.put("assignments", { ...kept, stranded });
    await writeLedger(tx, outbox, "kept", assignment, stranded.reason, now);
    const message = "Apple never takes back a licence of this item.";
    await settleActItem(tx, outbox, assignment, { outcome: "failed", code: "9607", message }, now);
    // Nothing was taken away, so nothing stands against the deployments.
    if (because === "revoked") await dropOverrides(tx, assignment, "revoked", now);
  } else {
    await tx.delete("assignments", assignment.id);
    await countSeats(tx, assignment.adamId, -1);
    await writeLedger(tx, outbox, "returned", assignment, because, now);
    const { errorNumber } = change;
    const returned =
      errorNumber === undefined
        ? { code: null, message: "Returned." }
        : { code: String(errorNumber), message: "Apple had it back already." };
    await settleActItem(tx, outbox, assignment, { outcome: "done", ...returned }, now);
    if (because === movedToDevice) await handOver(tx, assignment, now);
  }
  await settleInstallation(tx, outbox, assignment, because, now);
  await lookAgain(tx, assignment, now);
  await wakeWaiting(tx, assignment.adamId, now);
}

/**
 * The user's seat was given up for the phone that the app is on: before anybody who waits can have it, it is that phone's. Does nothing
 * where the phone has a seat, or wants none any more.
 */
async function handOver(tx: Transaction, { installationId }: AssignmentRecord, now: number): Promise<void> {
  const installation = installationId === null ? undefined : await tx.get("installations", installationId);
  const device = installation && (await tx.get("devices", installation.udid));
  const serialNumber = device?.serialNumber ?? null;
  if (installation === undefined || serialNumber === null || device?.state !== "enrolled") return;
  if (installation.licenseType !== "device" || !isPresent(installation.appState)) return;
  if ((await ownSeatOf(tx, installation, device)) !== undefined) return;
  await intendAssociate(tx, installation, { userId: null, serialNumber }, now);
}

/** Whether a seat of the app came back since. */
async function hasReturned(tx: Transaction, adamId: string, since: number): Promise<boolean> {
  const query = { index: "byApp", partition: adamId, order: "descending", limit: 100 } as const;
  const latest = await tx.list("ledger", query);
  return latest.some((line) => line.kind === "returned" && line.at >= since);
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
    await settleActItem(tx, outbox, assignment, backAlready, now);
    // One that was only asked for never came into the books.
    if (assignment.state !== "associating") {
      // The sync that misses a seat has read the counts without it.
      if (because !== "gone-at-apple") await countSeats(tx, assignment.adamId, -1);
      await writeLedger(tx, outbox, "returned", assignment, because, now);
    }
    await lookAgain(tx, assignment, now);
    await wakeWaiting(tx, assignment.adamId, now);
  }
}

/**
 * Apple has this user as retired now: the seats came back with that. Whoever shares the Apple ID may go on. Does nothing when
 * there is no such user.
 */
export async function noteRetired(
  tx: Transaction,
  outbox: Outbox,
  userId: string,
  by: "admin" | "apple",
  now: number,
): Promise<void> {
  const user = await tx.get("users", userId);
  if (user === undefined) return;
  await tx.put("users", { ...user, vpp: retiredVpp(user.vpp, by, now) });
  if (user.vpp.status !== "Retired") outbox.record("user.retired", { userId, by });
  const seats = await tx.list("assignments", { index: "byUser", partition: userId, limit: perOwnerMax });
  await forgetSeats(tx, outbox, seats, "user-retired", now);
  await markUserDue(tx, userId, now);
  if (user.vpp.itsIdHash !== null) await releaseTwins(tx, user.vpp.itsIdHash, now);
}

const twinsMax = 100;

/** The others with this Apple ID were refused seats because of the one who has just left it: they are asked for again. */
async function releaseTwins(tx: Transaction, itsIdHash: string, now: number): Promise<void> {
  const query = { index: "byItsIdHash", partition: itsIdHash, limit: twinsMax } as const;
  for (const twin of await tx.list("users", query)) {
    if (twin.vpp.refusal) await tx.put("users", { ...twin, vpp: { ...twin.vpp, refusal: null } });
    await markUserDue(tx, twin.id, now);
  }
}

/** A phone holds a seat of its own now: what becomes of its user's is to be looked at. */
export async function noteOwnSeat(
  tx: Transaction,
  seat: SeatHolder & { adamId: string },
  now: number,
): Promise<void> {
  const { adamId } = seat;
  await lookAgain(tx, seat, now);
  const users = new Set((await installationsOfSeat(tx, seat, adamId)).map(({ userId }) => userId));
  for (const userId of users) if (userId !== null) await lookAgain(tx, { userId, adamId }, now);
}

/** Keeps with the user what Apple has against the Apple ID. */
async function noteRefusal(
  tx: Transaction,
  { userId, adamId }: AssignmentRecord,
  reason: InstallationReason,
  errorNumber: number,
  now: number,
): Promise<void> {
  if (userId === null || (reason !== "shared-apple-id" && reason !== "foreign-apple-id")) return;
  const user = await tx.get("users", userId);
  if (user === undefined) return;
  await tx.put("users", { ...user, vpp: { ...user.vpp, refusal: { errorNumber, adamId, at: now } } });
}

/** A seat was given after all. That one app's seat is taken by a twin says nothing of another app's. */
async function clearRefusal(tx: Transaction, userId: string, adamId: string): Promise<void> {
  const user = await tx.get("users", userId);
  if (!user?.vpp.refusal || (user.vpp.refusal.errorNumber === 9616 && user.vpp.refusal.adamId !== adamId))
    return;
  await tx.put("users", { ...user, vpp: { ...user.vpp, refusal: null } });
}

async function countSeats(tx: Transaction, adamId: string, taken: number): Promise<void> {
  const app: AppRecord | undefined = await tx.get("apps", adamId);
  if (app === undefined || taken === 0) return;
  // By Apple's count, which may have moved since we last read it: the sum holds all the same.
  const assigned = Math.min(app.total, Math.max(0, app.assigned + taken));
  await tx.put("apps", { ...app, assigned, available: app.total - assigned });
}

const failures: ReadonlySet<string> = new Set<InstallationReason>([
  "no-license",
  "license-refused",
  "shared-apple-id",
  "foreign-apple-id",
  "user-rejected",
  "install-failed",
  "install-refused",
  "not-device-assignable",
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
  // An app that only changes its licence stays where it is, with the one of its user.
  const isMoving = await livesOnUsersSeat(tx, installation, assignment);
  await saveInstallation(tx, outbox, installation, {
    ...inState(installation, isMoving ? "installed" : "failed", reason, now),
    waitingSince: reason === "no-license" ? (installation.waitingSince ?? now) : null,
  });
}

async function livesOnUsersSeat(
  reader: Reader,
  { userId, adamId, appState }: InstallationRecord,
  refused: AssignmentRecord,
): Promise<boolean> {
  if (refused.userId !== null || userId === null || !isPresent(appState)) return false;
  return (await reader.get("assignments", seatIdOf({ userId }, adamId)))?.state === "held";
}

/** Every phone that shares the seat is looked at again, but for those that wait for a free one and have nothing else to do. */
async function lookAgain(tx: Transaction, seat: SeatHolder & { adamId: string }, now: number): Promise<void> {
  for (const installation of await installationsOfSeat(tx, seat, seat.adamId)) {
    const waits = installation.waitingSince !== null && !isPresent(installation.appState);
    await tx.put("installations", { ...installation, dueAt: waits ? null : now });
  }
}

export async function writeLedger(
  tx: Transaction,
  outbox: Outbox,
  kind: LedgerKind,
  seat: SeatHolder & { adamId: string; installationId: string | null; actId?: string | null },
  reason: string,
  now: number,
): Promise<void> {
  const sequence = await tx.sequence();
  const { userId, serialNumber = null, adamId, installationId, actId = null } = seat;
  const holder = userId === null ? { userId, serialNumber } : { userId };
  await tx.put("ledger", {
    id: String(sequence),
    sequence,
    at: now,
    kind,
    adamId,
    ...holder,
    installationId,
    reason,
    ...(actId === null ? {} : { actId }),
  });
  const installation = installationId === null ? undefined : await tx.get("installations", installationId);
  const act = actId === null ? undefined : await tx.get("licenseActs", actId);
  const cause = act?.cause ?? installation?.cause;
  outbox.record(`license.${kind}`, {
    ...(userId === null ? { serialNumber } : { userId }),
    adamId,
    ...(installation ? { udid: installation.udid } : {}),
    ...(cause === undefined ? {} : { cause }),
    reason,
  });
}
