/**
 * The heart of the server: what should be true, what is, and the one thing to do about it now.
 *
 * The function is pure and level-triggered. It is asked again after every step and after anything that happened; it never relies
 * on having seen an event.
 */
import type { ManagedAppState } from "../../shared/app-states.ts";
import { devicesPerUserLicense } from "../../shared/vpp.ts";
import { backoffMs, type Policies } from "../policies.ts";
import type {
  AssignmentRecord,
  EnrollmentKind,
  InstallationOverride,
  InstallationReason,
  InstallationState,
  LicenseType,
  VppUser,
} from "../store/records.ts";
import type { DesiredAction } from "./conflicts.ts";
import { isOffered, isToBeInstalled } from "./wish.ts";

export interface Observed {
  readonly now: number;
  readonly device: { readonly kind: EnrollmentKind; readonly enrolled: boolean };
  /** Null for a phone without a user. */
  readonly user: {
    readonly status: VppUser["status"];
    /** An invitation is on its way or was delivered. */
    readonly invited: boolean;
    /** The invitation is meant for another phone, which has not performed it, since then. */
    readonly inviteUnansweredSince?: number | null;
    /** Invitations that failed to reach the person in a row. */
    readonly inviteFailures: number;
    /** Apple refused the seat because another user with the same Apple ID has it: don't ask again before. */
    readonly sharedAppleIdUntil?: number | null;
  } | null;
  readonly account: "usable" | "unusable" | "missing";
  /** Whose licence counts on this phone. Default: its user's. */
  readonly licenseType?: LicenseType;
  /** Of that licence. */
  readonly seat: AssignmentRecord["state"] | "none";
  /** Where the phone's own licence counts: what its user holds beside it. */
  readonly userSeat?: {
    readonly state: AssignmentRecord["state"] | "none";
    /** Apple would take it back. */
    readonly isReturnable: boolean;
    /** Which of the user's phones have the app by it. */
    readonly neededBy: "nobody" | "this" | "another";
  };
  /** Why the phone can't hold a licence itself, if it can't. */
  readonly ownSeatProblem?: InstallationReason | null;
  /** Another phone that the seat is for has the app, or is to have it. */
  readonly sharedWithOtherPhone: boolean;
  /** Other phones of the user that have the app or are getting it: Apple's limit counts them. */
  readonly otherHoldersCount?: number;
  /** Apple never takes this seat back. */
  readonly irrevocable?: boolean;
  /** What an admin did with this installation: it outranks the deployments. */
  readonly override?: InstallationOverride["verb"] | null;
  readonly installation: {
    readonly state: InstallationState;
    readonly reason: InstallationReason | null;
    readonly appState: ManagedAppState | "absent" | null;
    readonly appStateAt: number | null;
    /** A command of this installation is open. */
    readonly awaitingCommand: boolean;
    readonly attempts: number;
    readonly verifications: number;
    /** Of the open command. */
    readonly commandType?: string | null;
    /** The open command is in no phone's hands: it was not handed out yet, or was put off. */
    readonly commandWaits?: boolean;
    /** As in the installation's record. */
    readonly requiredAt?: number | null;
    readonly wantedAt?: number | null;
    readonly presentAt?: number | null;
  };
}

export type Step =
  /** Be in this state; look again at `dueAt`, or when something happens if it is null. */
  | {
      readonly kind: "rest";
      readonly state: InstallationState;
      readonly reason: InstallationReason | null;
      readonly dueAt: number | null;
    }
  /** Make the user known to Apple. */
  | { readonly kind: "register" }
  /** Send the program invitation to this phone. */
  | { readonly kind: "invite" }
  /**
   * Take the seat; `again` when that was begun and its outcome isn't known. `ofUser`: that of the user, although the phone's own counts.
   * `staysUntil`: the app is there by its user's seat and goes on so where none is free, to be looked at again then.
   */
  | {
      readonly kind: "associate";
      readonly again: boolean;
      readonly ofUser?: true;
      readonly staysUntil?: number | null;
    }
  /** Give the seat back; `again` and `ofUser` as above. */
  | {
      readonly kind: "disassociate";
      readonly again: boolean;
      readonly because: string;
      readonly ofUser?: true;
    }
  | { readonly kind: "install" }
  | { readonly kind: "remove" }
  /** Take back the open command, which nobody wants any more and no phone has seen. */
  | { readonly kind: "withdraw" }
  /** Ask the phone for its managed apps. */
  | { readonly kind: "verify"; readonly state: InstallationState };

const invitationsMax = 3;

/** Why a user's seat goes back when the phone that used it has one of its own, or gets the very one that comes free. */
export const movedToDevice = "moved-to-device";

/** States in which the install is under way on the phone. */
const underWay: ReadonlySet<string> = new Set<ManagedAppState>([
  "Queued",
  "NeedsRedemption",
  "Redeeming",
  "Prompting",
  "PromptingForLogin",
  "ValidatingPurchase",
  "Installing",
  "PromptingForManagement",
  "Unknown",
]);
/** States in which the app is installed and ours. */
const present: ReadonlySet<string> = new Set<ManagedAppState>([
  "Managed",
  "PromptingForUpdate",
  "PromptingForUpdateLogin",
  "ValidatingUpdate",
  "Updating",
  "UpdateRejected",
]);

export function isPresent(appState: ManagedAppState | "absent" | null): boolean {
  return appState !== null && present.has(appState);
}
export function isUnderWay(appState: ManagedAppState | "absent" | null): boolean {
  return appState !== null && underWay.has(appState);
}

function rest(
  state: InstallationState,
  reason: InstallationReason | null = null,
  dueAt: number | null = null,
): Step {
  return { kind: "rest", state, reason, dueAt };
}

/** @returns the one thing to do now, given what the deployments ask for (null: nothing any more). */
export function nextStep(desired: DesiredAction | null, observed: Observed, policy: Policies): Step {
  const { device, installation, seat } = observed;
  if (!device.enrolled) return whenUnenrolled(desired, observed, policy);
  const refusal = refusalOf(observed, policy);
  if (refusal && !isTouched(observed)) return rest("notApplicable", refusal);
  // A phone that nobody has any more may still have a licence of its own.
  if (observed.user === null && !(isOwn(observed) && seat !== "none"))
    return rest("notApplicable", "no-user");
  // Half-done movements of a seat come first: their outcome decides everything after.
  if (seat === "associating") return { kind: "associate", again: true };
  if (seat === "disassociating") return { kind: "disassociate", again: true, because: "unfinished" };
  const left = settleUserSeat(desired, observed);
  if (left) return left;
  if (observed.override) return whileOverridden(observed.override, observed, policy);
  const wish = { ...installation, desired };
  const wanted = refusal === null && isToBeInstalled(wish, observed.now);
  const begins = wanted && (isOwn(observed) || observed.user?.status !== "Retired");
  if (installation.awaitingCommand) return awaiting(desired, begins, observed);
  if (wanted) return noLaterThan(installation.requiredAt, towardsInstalled(observed, policy));
  if (desired === "uninstall") return towardsRemoved(observed, policy);
  if (refusal) return leaveAlone(refusal, observed, policy);
  if (isOffered(wish, observed.now)) return offer(observed, policy);
  return leaveAlone(desired === "notApplicable" ? "excluded" : null, observed, policy);
}

function isOwn({ licenseType }: Observed): boolean {
  return licenseType === "device";
}

/** Why the phone gets nothing new by policy. */
function refusalOf(observed: Observed, policy: Policies): "dep-enrolled" | "device-licensing-off" | null {
  if (refusesDep(observed.device.kind, observed.user !== null, policy)) return "dep-enrolled";
  return isOwn(observed) && policy.licensing === "user" ? "device-licensing-off" : null;
}

/** What is left to do about the user's seat where the phone's own counts; it goes back as soon as no phone has the app by it. */
function settleUserSeat(
  desired: DesiredAction | null,
  { userSeat, seat, override }: Observed,
): Extract<Step, { kind: "associate" | "disassociate" }> | undefined {
  if (userSeat?.state === "associating") return { kind: "associate", again: true, ofUser: true };
  if (userSeat?.state === "disassociating")
    return { kind: "disassociate", again: true, because: "unfinished", ofUser: true };
  if (userSeat?.state !== "held" || !userSeat.isReturnable || userSeat.neededBy !== "nobody")
    return undefined;
  const uninstalled = desired === "uninstall" ? "uninstalled" : "not-deployed";
  const because = override ?? (seat === "held" ? movedToDevice : uninstalled);
  return { kind: "disassociate", again: false, because, ofUser: true };
}

/** Something was begun on this phone, and has to be brought to an end even where nothing new may begin. */
function isTouched({ installation }: Observed): boolean {
  const { state, appState, attempts, awaitingCommand } = installation;
  return awaitingCommand || attempts > 0 || appState !== null || state === "installing";
}

export function refusesDep(kind: EnrollmentKind, hasUser: boolean, policy: Policies): boolean {
  if (kind !== "dep") return false;
  return policy.dep === "refuse" || (policy.dep === "userless-only" && !hasUser);
}

/** The result of the open command makes the installation due again, unless it can still be taken back. */
function awaiting(desired: DesiredAction | null, wanted: boolean, { installation }: Observed): Step {
  const { state, reason, commandType } = installation;
  if (installation.commandWaits) {
    if (commandType === "InstallApplication" && !wanted) return { kind: "withdraw" };
    if (commandType === "RemoveApplication" && desired !== "uninstall") return { kind: "withdraw" };
  }
  if (commandType === "RemoveApplication") return rest("removing", reason);
  if (commandType === "InstallApplication") return rest("installing", reason);
  if (commandType === "ManagedApplicationList") return rest(state, reason);
  const busy = desired === "uninstall" ? "removing" : "installing";
  return rest(state === "installed" && desired !== "uninstall" ? "installed" : busy);
}

function whenUnenrolled(desired: DesiredAction | null, observed: Observed, policy: Policies): Step {
  if (observed.seat === "associating") return { kind: "associate", again: true };
  if (observed.seat === "disassociating") return { kind: "disassociate", again: true, because: "unenrolled" };
  const left = settleUserSeat(desired, observed);
  if (left?.again === true) return left;
  const because =
    observed.override === "reclaimed"
      ? "reclaimed"
      : policy.licenseOnUnenroll === "reclaim"
        ? "unenrolled"
        : null;
  if (because !== null && canReturnSeat(observed)) return giveBack(because);
  if (because !== null && left) return { ...giveBack(because), ofUser: true };
  return rest("notInstalled", "unenrolled");
}

/** The seat is held, no other phone needs it, and Apple would take it. */
function canReturnSeat({ seat, sharedWithOtherPhone, irrevocable }: Observed): boolean {
  return seat === "held" && !sharedWithOtherPhone && irrevocable !== true;
}

function giveBack(because: string): Extract<Step, { kind: "disassociate" }> {
  return { kind: "disassociate", again: false, because };
}

/** What an overridden installation says of itself. */
export const overrideReasons = {
  revoked: "license-revoked",
  reclaimed: "reclaimed",
  cancelled: "cancelled",
} as const satisfies Record<InstallationOverride["verb"], InstallationReason>;

/** What an admin did stands until an admin asks for the app again, whatever the deployments say. */
function whileOverridden(verb: InstallationOverride["verb"], observed: Observed, policy: Policies): Step {
  const { installation } = observed;
  const desired = verb === "revoked" ? null : "uninstall";
  let step: Step;
  if (installation.awaitingCommand) step = awaiting(desired, false, observed);
  else if (verb !== "revoked") step = towardsRemoved(observed, policy, overrideReasons[verb]);
  else if (isPresent(installation.appState)) step = whilePresent(observed, policy);
  else if (isUnderWay(installation.appState)) step = verifyWhenDue("installing", observed, policy);
  else step = rest("notInstalled");
  return step.kind === "rest" ? { ...step, reason: overrideReasons[verb] } : step;
}

function towardsInstalled(observed: Observed, policy: Policies): Step {
  const { installation, user, seat, now } = observed;
  if (isPresent(installation.appState) && seat === "held") return whilePresent(observed, policy);
  // Who is about to be retired still has the seat, and nothing more is begun with it. A phone's own has nothing to do with that.
  if (seat === "held" && (isOwn(observed) || user?.status !== "Retired")) {
    const restoreAt = (installation.presentAt ?? 0) + inventoryMs(policy);
    if (isUserRemoved(observed) && now < restoreAt && (installation.wantedAt ?? null) === null)
      return rest("notInstalled", "user-removed", restoreAt);
    if (isUnderWay(installation.appState)) return verifyWhenDue("installing", observed, policy);
    if (installation.appState === "UserRejected" || installation.appState === "ManagementRejected")
      return giveUp(observed, "user-rejected");
    if (isOverDeviceLimit(observed)) return rest("failed", "device-limit");
    if (installation.attempts >= policy.installAttemptsMax) {
      return giveUp(
        observed,
        installation.reason === "install-refused" ? "install-refused" : "install-failed",
      );
    }
    const waitMs =
      installation.attempts === 0 ? 0 : backoffMs(policy.installRetry, installation.attempts - 1);
    const installAt = (installation.appStateAt ?? 0) + waitMs;
    return now >= installAt ? { kind: "install" } : rest("installing", installation.reason, installAt);
  }
  if (isOwn(observed)) return towardsOwnSeat(observed, policy);
  // What the person refused, or what failed for good, waits for an admin's retry.
  if (installation.state === "failed" && isFinal(installation.reason)) {
    return rest("failed", installation.reason);
  }
  if (user?.status === "Retired") return whileRetired(observed, policy);
  if (isOverDeviceLimit(observed)) return rest("failed", "device-limit");
  if (observed.account !== "usable") return rest("pending", "account-unusable");
  if (user === null) return rest("notApplicable", "no-user");
  switch (user.status) {
    case "unregistered":
      return { kind: "register" };
    case "Registered":
      if (user.invited) return whenInvited(user.inviteUnansweredSince ?? null, observed.now, policy);
      if (user.inviteFailures >= invitationsMax) return rest("failed", "invitation-failed");
      return { kind: "invite" };
    case "Associated": {
      const againAt = user.sharedAppleIdUntil ?? now;
      return againAt > now ? rest("failed", "shared-apple-id", againAt) : { kind: "associate", again: false };
    }
  }
}

/** The phone is to hold the licence itself: nobody is invited, and no Apple ID is asked for. */
function towardsOwnSeat(observed: Observed, policy: Policies): Step {
  const { installation, account, userSeat, ownSeatProblem = null } = observed;
  // Already there by its user's licence, or on its way: it stays so, whatever becomes of the phone's own.
  if (userSeat?.state === "held" && isUnderWay(installation.appState))
    return verifyWhenDue("installing", observed, policy);
  if (userSeat?.state === "held" && isPresent(installation.appState)) {
    const step = whilePresent(observed, policy);
    if (step.kind !== "rest") return step;
    const refused = installation.reason === "license-refused" ? installation.reason : null;
    const problem = ownSeatProblem ?? (account === "usable" ? refused : "account-unusable");
    if (problem !== null) return { ...step, reason: problem };
    return { kind: "associate", again: false, staysUntil: step.dueAt };
  }
  if (installation.state === "failed" && isFinal(installation.reason)) {
    return rest("failed", installation.reason);
  }
  if (ownSeatProblem !== null) return rest("failed", ownSeatProblem);
  if (account !== "usable") return rest("pending", "account-unusable");
  return { kind: "associate", again: false };
}

/** One invitation is enough; but one for a phone that is switched off, or gone without a word, reaches nobody. */
function whenInvited(unansweredSince: number | null, now: number, policy: Policies): Step {
  if (unansweredSince === null) return rest("waitingForTerms");
  const movesAt = unansweredSince + policy.inviteElsewhereHours * 3_600_000;
  return now >= movesAt ? { kind: "invite" } : rest("waitingForTerms", null, movesAt);
}

/** Nobody is invited back by itself: what is on the phone stays, what was begun is watched to its end, nothing new begins. */
function whileRetired(observed: Observed, policy: Policies): Step {
  const { installation } = observed;
  if (isPresent(installation.appState)) return rest("installed", "user-retired");
  if (isUnderWay(installation.appState)) return verifyWhenDue("installing", observed, policy);
  return rest("failed", "user-retired");
}

function isFinal(reason: InstallationReason | null): boolean {
  return (
    reason === "user-rejected" ||
    reason === "install-failed" ||
    reason === "install-refused" ||
    reason === "license-refused" ||
    reason === "foreign-apple-id" ||
    reason === "cancelled"
  );
}

/** One licence serves five devices of an Apple ID; the sixth waits until one of them gives the app up. */
function isOverDeviceLimit({ installation: { appState }, otherHoldersCount = 0 }: Observed): boolean {
  return otherHoldersCount >= devicesPerUserLicense && !isPresent(appState) && !isUnderWay(appState);
}

/** The seat goes back unless another phone of the same user needs it. */
function giveUp(observed: Observed, reason: InstallationReason): Step {
  return canReturnSeat(observed) ? giveBack(reason) : rest("failed", reason);
}

function verifyWhenDue(state: InstallationState, observed: Observed, policy: Policies): Step {
  const { installation, now } = observed;
  const verifyAt = (installation.appStateAt ?? 0) + backoffMs(policy.verify, installation.verifications);
  return now >= verifyAt ? { kind: "verify", state } : rest(state, installation.reason, verifyAt);
}

function towardsRemoved(observed: Observed, policy: Policies, because = "uninstalled"): Step {
  const { installation } = observed;
  const touched = installation.attempts > 0 || installation.appState !== null;
  const gone =
    !touched ||
    installation.appState === "absent" ||
    installation.appState === "UserRejected" ||
    installation.appState === "ManagementRejected" ||
    installation.appState === "Failed";
  if (gone) {
    return canReturnSeat(observed) ? giveBack(because) : rest("notInstalled");
  }
  if (installation.state === "removing") {
    // A remove command was performed (its result set Unknown), or it could not be now (the state stayed).
    if (installation.appState === "Unknown") return verifyWhenDue("removing", observed, policy);
    const againAt = (installation.appStateAt ?? 0) + backoffMs(policy.retry, installation.verifications);
    return observed.now >= againAt ? { kind: "remove" } : rest("removing", installation.reason, againAt);
  }
  return { kind: "remove" };
}

/** Offered, and nobody has asked for it (yet). */
function offer(observed: Observed, policy: Policies): Step {
  const { installation, seat } = observed;
  const requiredAt = installation.requiredAt ?? null;
  // The licence stays with whoever deleted the app, for as long as the app is theirs to have.
  const step: Step =
    isUserRemoved(observed) && seat === "held"
      ? rest("notInstalled", "user-removed")
      : leaveAlone(null, observed, policy);
  const isIdle = step.kind === "rest" && step.state === "notInstalled" && step.reason === null;
  return noLaterThan(requiredAt, isIdle && requiredAt !== null ? rest("pending", "before-deadline") : step);
}

/** The deadline has a say of its own: it is looked at then, whatever is waited for. */
function noLaterThan(requiredAt: number | null | undefined, step: Step): Step {
  if (step.kind !== "rest" || requiredAt === null || requiredAt === undefined) return step;
  return { ...step, dueAt: Math.min(step.dueAt ?? requiredAt, requiredAt) };
}

function isUserRemoved({ installation }: Observed): boolean {
  return installation.appState === "ManagedButUninstalled";
}

/** The app is there: an inventory now and then, or as soon as the person asks for what we believe to be there. */
function whilePresent({ installation, now }: Observed, policy: Policies): Step {
  const { appStateAt, wantedAt } = installation;
  const inventoryAt = (appStateAt ?? now) + inventoryMs(policy);
  const isDoubtful = (wantedAt ?? -1) >= (appStateAt ?? now);
  if (isDoubtful || now >= inventoryAt) return { kind: "verify", state: "installed" };
  return rest("installed", null, inventoryAt);
}

function inventoryMs(policy: Policies): number {
  return policy.inventoryIntervalDays * 86_400_000;
}

/** Nothing is to be begun: what is installed stays, what was begun is watched to its end, an unused seat goes back. */
function leaveAlone(
  because: "excluded" | "dep-enrolled" | "device-licensing-off" | null,
  observed: Observed,
  policy: Policies,
): Step {
  const { installation } = observed;
  if (isPresent(installation.appState)) return whilePresent(observed, policy);
  if (isUnderWay(installation.appState)) {
    return verifyWhenDue(installation.state === "removing" ? "removing" : "installing", observed, policy);
  }
  if (canReturnSeat(observed)) return giveBack("not-deployed");
  return because === null ? rest("notInstalled") : rest("notApplicable", because);
}
