/** What an admin can do with one installation: try again, send again, cancel. */
import { PippinError } from "../../shared/errors.ts";
import { supersedeAct } from "../licensing/license-acts.ts";
import type { Outbox } from "../outbox.ts";
import type { InstallationRecord, UserRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { dropOverrides, holderFor } from "./holders.ts";
import { inState, notHeldUp, saveInstallation, seatIdOf } from "./installations.ts";
import { isPresent, isUnderWay } from "./next-step.ts";
import { isToBeInstalled } from "./wish.ts";

async function find(tx: Transaction, id: string): Promise<InstallationRecord> {
  const installation = await tx.get("installations", id);
  if (installation === undefined) throw new PippinError("not_found", "There is no such installation.");
  return installation;
}

/**
 * Tries an installation that failed again, or one that an admin's revoke, reclaim or cancel keeps from the deployments. Throws
 * not_found, conflict.
 */
export async function retryInstallation(
  tx: Transaction,
  outbox: Outbox,
  id: string,
  now: number,
  cause: number,
): Promise<InstallationRecord> {
  const before = await find(tx, id);
  // An app that stays with its user's licence because Apple refused the phone's.
  const isStuck = before.state === "installed" && before.reason === "license-refused";
  if (before.state !== "failed" && !before.override && !isStuck) {
    throw new PippinError(
      "conflict",
      `Only an installation that failed, or that was revoked, reclaimed or cancelled, can be retried; this one is ${before.state}.`,
    );
  }
  if (before.reason === "invitation-failed") await allowInvitations(tx, before.userId);
  return await askAgain(tx, outbox, before, anew(before, now), now, cause);
}

/**
 * Sends a new install command for an app that is to be installed and isn't: its prompt was cancelled, ignored or lost. One that the
 * phone has not fetched yet is that command already. Throws not_found, conflict.
 */
export async function resendInstallation(
  tx: Transaction,
  outbox: Outbox,
  id: string,
  now: number,
  cause: number,
): Promise<InstallationRecord> {
  const before = await find(tx, id);
  refuseResend(before, now);
  if (before.reason === "invitation-failed") await allowInvitations(tx, before.userId);
  const isSending = before.commandUUID !== null && before.commandType === "InstallApplication";
  const begun = anew(before, now);
  const after = isSending
    ? { ...begun, attempts: before.attempts, state: before.state, reason: null, since: before.since }
    : // The answer to an open question is still read; nobody waits for it.
      { ...begun, commandUUID: null, commandType: null, appState: null, appStateAt: null };
  return await askAgain(tx, outbox, before, after, now, cause);
}

function refuseResend(installation: InstallationRecord, now: number): void {
  const { state, override, appState, commandUUID, commandType } = installation;
  const refuse = (message: string) => new PippinError("conflict", message);
  if (!isToBeInstalled(installation, now)) {
    throw refuse("No deployment asks for this app on this phone, and nobody has asked for it there.");
  }
  if (isPresent(appState)) throw refuse("The app is on the phone already.");
  if (state === "waitingForTerms") {
    throw refuse("The person has not accepted the program's terms yet: resend the invitation.");
  }
  if (state === "notApplicable") throw refuse("This phone gets no volume-purchase app.");
  if (state === "removing" && (!override || (commandUUID !== null && commandType === "RemoveApplication"))) {
    throw refuse("The app is being removed: wait until it is gone.");
  }
}

/**
 * Gives up an install that is pending or under way: a command that the phone has not got is taken back, an app that arrives all the
 * same is removed, then the seat returns. Nothing more happens until an admin (or the person, in the portal) asks for the app
 * again. Throws not_found, conflict.
 */
export async function cancelInstallation(
  tx: Transaction,
  outbox: Outbox,
  id: string,
  now: number,
  cause: number,
): Promise<InstallationRecord> {
  const before = await find(tx, id);
  const { state, appState, commandUUID } = before;
  // Cancelling again is no mistake.
  if (before.override?.verb === "cancelled") return before;
  const pending = state === "pending" || state === "waitingForTerms" || state === "installing";
  if (!pending || isPresent(appState)) {
    throw new PippinError("conflict", `Only a pending install can be cancelled; this one is ${state}.`);
  }
  const untouched = commandUUID === null && before.attempts === 0 && !isUnderWay(appState);
  const after = {
    ...inState(before, untouched ? "notInstalled" : state, "cancelled", now),
    override: { verb: "cancelled", at: now } as const,
    detail: null,
    waitingSince: null,
    wantedAt: null,
    dueAt: now,
    cause,
  };
  await saveInstallation(tx, outbox, before, after);
  return after;
}

/** As it was before anything was tried. What is on the phone, or on its way there, stays known. */
function anew(before: InstallationRecord, now: number): InstallationRecord {
  const isThere = isPresent(before.appState);
  const isComing = isThere || isUnderWay(before.appState) || before.appState === "ManagedButUninstalled";
  return {
    ...inState(before, isThere ? "installed" : "pending", null, now),
    ...(isComing ? {} : { appState: null, appStateAt: null }),
    ...notHeldUp,
    attempts: 0,
    verifications: 0,
    detail: null,
    // Whoever waits for a free licence keeps the place in the queue.
    waitingSince: before.reason === "no-license" ? before.waitingSince : null,
  };
}

async function askAgain(
  tx: Transaction,
  outbox: Outbox,
  before: InstallationRecord,
  after: InstallationRecord,
  now: number,
  cause: number,
): Promise<InstallationRecord> {
  const asked = { ...after, override: null, dueAt: now, cause };
  await saveInstallation(tx, outbox, before, asked);
  await liftOverride(tx, outbox, before, now);
  return asked;
}

/** An admin wants the app after all. A revoke stands on all phones that the licence is for, or on none. */
export async function liftOverride(
  tx: Transaction,
  outbox: Outbox,
  installation: InstallationRecord,
  now: number,
): Promise<void> {
  const { override, adamId } = installation;
  if (!override) return;
  const holder = await holderFor(tx, installation);
  if (override.verb === "revoked") await dropOverrides(tx, { ...holder, adamId }, "revoked", now);
  if (override.verb === "reclaimed") await supersedeAct(tx, outbox, seatIdOf(holder, adamId), now);
}

async function allowInvitations(tx: Transaction, userId: string | null): Promise<void> {
  const user: UserRecord | undefined = userId === null ? undefined : await tx.get("users", userId);
  if (user) await tx.put("users", { ...user, vpp: { ...user.vpp, inviteFailures: 0 } });
}
