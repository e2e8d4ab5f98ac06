/**
 * The heart of the server: what should be true, what is, and the one thing to do about it now.
 *
 * The function is pure and level-triggered. It is asked again after every step and after anything that happened; it never relies
 * on having seen an event.
 */
import type { ManagedAppState } from "../../shared/app-states.ts";
import { backoffMs, type Policies } from "../policies.ts";
import type {
  AssignmentRecord,
  EnrollmentKind,
  InstallationReason,
  InstallationState,
  VppUser,
} from "../store/records.ts";
import type { DesiredAction } from "./conflicts.ts";

export interface Observed {
  readonly now: number;
  readonly device: { readonly kind: EnrollmentKind; readonly enrolled: boolean };
  /** Null for a phone without a user. */
  readonly user: {
    readonly status: VppUser["status"];
    /** An invitation is on its way or was delivered. */
    readonly invited: boolean;
    /** Invitations that failed to reach the person in a row. */
    readonly inviteFailures: number;
  } | null;
  readonly account: "usable" | "unusable" | "missing";
  readonly seat: AssignmentRecord["state"] | "none";
  /** Another phone of the same user has the app, or is to have it. */
  readonly sharedWithOtherPhone: boolean;
  readonly installation: {
    readonly state: InstallationState;
    readonly reason: InstallationReason | null;
    readonly appState: ManagedAppState | "absent" | null;
    readonly appStateAt: number | null;
    /** A command of this installation is open. */
    readonly awaitingCommand: boolean;
    readonly attempts: number;
    readonly verifications: number;
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
  /** Take a seat for the user; `again` when that was begun and its outcome isn't known. */
  | { readonly kind: "associate"; readonly again: boolean }
  /** Give the user's seat back; `again` as above. */
  | { readonly kind: "disassociate"; readonly again: boolean; readonly because: string }
  | { readonly kind: "install" }
  | { readonly kind: "remove" }
  /** Ask the phone for its managed apps. */
  | { readonly kind: "verify"; readonly state: InstallationState };

const invitationsMax = 3;

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
  if (!device.enrolled) return whenUnenrolled(observed, policy);
  if (refusesDep(device.kind, observed.user !== null, policy)) return rest("notApplicable", "dep-enrolled");
  if (observed.user === null) return rest("notApplicable", "no-user");
  // Half-done movements of a seat come first: their outcome decides everything after.
  if (seat === "associating") return { kind: "associate", again: true };
  if (seat === "disassociating") return { kind: "disassociate", again: true, because: "unfinished" };
  if (installation.awaitingCommand) return awaiting(desired, installation.state);
  switch (desired) {
    case "required":
    case "requiredAndAvailable":
      return towardsInstalled(observed, policy);
    case "uninstall":
      return towardsRemoved(observed, policy);
    case "available":
    case "notApplicable":
    case null:
      return leaveAlone(desired, observed, policy);
  }
}

function refusesDep(kind: EnrollmentKind, hasUser: boolean, policy: Policies): boolean {
  if (kind !== "dep") return false;
  return policy.dep === "refuse" || (policy.dep === "userless-only" && !hasUser);
}

/** The result of the open command makes the installation due again. */
function awaiting(desired: DesiredAction | null, state: InstallationState): Step {
  const busy = desired === "uninstall" ? "removing" : "installing";
  return rest(state === "installed" && desired !== "uninstall" ? "installed" : busy);
}

function whenUnenrolled(observed: Observed, policy: Policies): Step {
  if (policy.licenseOnUnenroll === "reclaim" && !observed.sharedWithOtherPhone) {
    if (observed.seat === "held") return { kind: "disassociate", again: false, because: "unenrolled" };
    if (observed.seat === "disassociating")
      return { kind: "disassociate", again: true, because: "unenrolled" };
  }
  return rest("notInstalled", "unenrolled");
}

function towardsInstalled(observed: Observed, policy: Policies): Step {
  const { installation, user, seat, now } = observed;
  if (isPresent(installation.appState) && seat === "held") {
    const inventoryAt = (installation.appStateAt ?? now) + policy.inventoryIntervalDays * 86_400_000;
    if (now >= inventoryAt) return { kind: "verify", state: "installed" };
    return rest("installed", null, inventoryAt);
  }
  if (seat === "held") {
    if (isUnderWay(installation.appState)) return verifyWhenDue("installing", observed, policy);
    if (installation.appState === "UserRejected" || installation.appState === "ManagementRejected")
      return giveUp(observed, "user-rejected");
    if (installation.attempts >= policy.installAttemptsMax) {
      return giveUp(
        observed,
        installation.reason === "install-refused" ? "install-refused" : "install-failed",
      );
    }
    const waitMs = installation.attempts === 0 ? 0 : backoffMs(policy.retry, installation.attempts - 1);
    const installAt = (installation.appStateAt ?? 0) + waitMs;
    return now >= installAt ? { kind: "install" } : rest("installing", installation.reason, installAt);
  }
  // What the person refused, or what failed for good, waits for an admin's retry.
  if (installation.state === "failed" && isFinal(installation.reason)) {
    return rest("failed", installation.reason);
  }
  if (observed.account !== "usable") return rest("pending", "account-unusable");
  if (user === null) return rest("notApplicable", "no-user");
  switch (user.status) {
    case "unregistered":
    case "Retired":
      return { kind: "register" };
    case "Registered":
      if (user.invited) return rest("waitingForTerms");
      if (user.inviteFailures >= invitationsMax) return rest("failed", "invitation-failed");
      return { kind: "invite" };
    case "Associated":
      return { kind: "associate", again: false };
  }
}

function isFinal(reason: InstallationReason | null): boolean {
  return (
    reason === "user-rejected" ||
    reason === "install-failed" ||
    reason === "install-refused" ||
    reason === "license-refused" ||
    reason === "cancelled"
  );
}

/** The seat goes back unless another phone of the same user needs it. */
function giveUp(observed: Observed, reason: InstallationReason): Step {
  if (observed.sharedWithOtherPhone) return rest("failed", reason);
  return { kind: "disassociate", again: false, because: reason };
}

function verifyWhenDue(state: InstallationState, observed: Observed, policy: Policies): Step {
  const { installation, now } = observed;
  const verifyAt = (installation.appStateAt ?? 0) + backoffMs(policy.verify, installation.verifications);
  return now >= verifyAt ? { kind: "verify", state } : rest(state, installation.reason, verifyAt);
}

function towardsRemoved(observed: Observed, policy: Policies): Step {
  const { installation, seat } = observed;
  const touched = installation.attempts > 0 || installation.appState !== null;
  const gone =
    !touched ||
    installation.appState === "absent" ||
    installation.appState === "UserRejected" ||
    installation.appState === "ManagementRejected" ||
    installation.appState === "Failed";
  if (gone) {
    if (seat === "held" && !observed.sharedWithOtherPhone) {
      return { kind: "disassociate", again: false, because: "uninstalled" };
    }
    return rest("notInstalled");
  }
  if (installation.state === "removing") {
    // A remove command was performed (its result set Unknown), or it could not be now (the state stayed).
    if (installation.appState === "Unknown") return verifyWhenDue("removing", observed, policy);
    const againAt = (installation.appStateAt ?? 0) + backoffMs(policy.retry, installation.verifications);
    return observed.now >= againAt ? { kind: "remove" } : rest("removing", installation.reason, againAt);
  }
  return { kind: "remove" };
}

/** Nothing is asked for: what is installed stays, what was begun is watched to its end, an unused seat goes back. */
function leaveAlone(desired: DesiredAction | null, observed: Observed, policy: Policies): Step {
  const { installation, seat } = observed;
  if (isPresent(installation.appState)) return rest("installed");
  if (isUnderWay(installation.appState)) {
    return verifyWhenDue(installation.state === "removing" ? "removing" : "installing", observed, policy);
  }
  if (seat === "held" && !observed.sharedWithOtherPhone) {
    return { kind: "disassociate", again: false, because: "not-deployed" };
  }
  return desired === "notApplicable" ? rest("notApplicable", "excluded") : rest("notInstalled");
}
