/**
 * Who wants the app on the phone, and when: the organisation by a deployment (at once, or from a deadline on), the person by asking
 * for it in the company portal while it is offered.
 */
import type { DeploymentRecord, InstallationRecord, LicenseType } from "../store/records.ts";
import { resolveConflicts, type ConflictRules, type DesiredAction } from "./conflicts.ts";

/** What the deployments ask for on one phone. */
export interface Desired extends ResolvedAction {
  /** Whose licence; null where nothing is to be installed, so that it stays as it is. */
  readonly licenseType: LicenseType | null;
}

export interface ResolvedAction {
  readonly action: DesiredAction;
  /** When a required app is pushed; null when at once, and for everything that isn't required. */
  readonly requiredAt: number | null;
}

export type Wish = Pick<InstallationRecord, "desired" | "requiredAt" | "wantedAt">;

/**
 * Resolves all deployments that reach a phone; null when there is none. Of several required ones the earliest deadline counts, and
 * one without a deadline is due at once. A deadline changes nothing about which action counts: what will be required is not
 * uninstalled meanwhile.
 */
export function resolveDeployments(
  deployments: readonly Pick<DeploymentRecord, "action" | "deadline">[],
  rules: ConflictRules,
  now: number,
): ResolvedAction | null {
  const action = resolveConflicts(
    deployments.map((deployment) => deployment.action),
    rules,
  );
  if (action === null) return null;
  const deadlines = deployments
    .filter((deployment) => deployment.action === "required")
    .map((deployment) => deployment.deadline ?? now);
  const earliest = Math.min(...deadlines);
  return { action, requiredAt: deadlines.length > 0 && earliest > now ? earliest : null };
}

/**
 * Whose licence a phone is to get by all deployments that reach it. Where they differ it is the phone's, which asks least of its user;
 * unless policy leaves users' alone (`user`): then the user's, if any deployment asks for that.
 */
export function resolveLicenseType(
  deployments: readonly Pick<DeploymentRecord, "action" | "licenseType">[],
  licensing: "user" | "user-and-device",
): LicenseType | null {
  const types = deployments
    .filter(({ action }) => action === "required" || action === "available")
    .map(({ licenseType = "user" }) => licenseType);
  if (types.length === 0) return null;
  const preferred = licensing === "user" ? "user" : "device";
  return types.includes(preferred) ? preferred : (types[0] ?? null);
}

function isRequired({ desired }: Wish): boolean {
  return desired === "required" || desired === "requiredAndAvailable";
}

/** The organisation wants it installed, now. */
export function isPushed(wish: Wish, now: number): boolean {
  return isRequired(wish) && (wish.requiredAt ?? now) <= now;
}

/** The company portal lists it. */
export function isOffered(wish: Wish, now: number): boolean {
  if (wish.desired === "available" || wish.desired === "requiredAndAvailable") return true;
  return wish.desired === "required" && !isPushed(wish, now);
}

/** It is to be installed now, whoever wants it. */
export function isToBeInstalled(wish: Wish, now: number): boolean {
  return isPushed(wish, now) || (isOffered(wish, now) && (wish.wantedAt ?? null) !== null);
}
