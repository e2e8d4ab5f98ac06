/** From deployments to installations: which phone is to have which app. */
import type { Outbox } from "../outbox.ts";
import { readPolicies, type Policies } from "../policies.ts";
import type {
  DeploymentRecord,
  DeviceRecord,
  InstallationRecord,
  LicenseType,
  UserRecord,
} from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { DesiredAction } from "./conflicts.ts";
import { liftOverride } from "./installation-actions.ts";
import { livesOnSeat, phonesOfHolder } from "./holders.ts";
import {
  begunAnew,
  installationId,
  newInstallation,
  perOwnerMax,
  saveInstallation,
} from "./installations.ts";
import { isPushed, resolveDeployments, resolveLicenseType, type Desired } from "./wish.ts";

/** What all deployments of an app ask for on the phones of one user; null when none reaches the user. */
export async function desiredFor(
  reader: Reader,
  user: UserRecord,
  adamId: string,
  now: number,
): Promise<Desired | null> {
  const deployments = await reader.list("deployments", {
    index: "byApp",
    partition: adamId,
    limit: perOwnerMax,
  });
  return resolve(reader, user, deployments, now);
}

async function resolve(
  reader: Reader,
  user: UserRecord,
  deployments: readonly DeploymentRecord[],
  now: number,
): Promise<Desired | null> {
  const reaching = deployments.filter((deployment) => reaches(deployment, user));
  return reaching.length === 0 ? null : desiredBy(reaching, await readPolicies(reader), now);
}

export function reaches(
  { removed, groupId }: Pick<DeploymentRecord, "removed" | "groupId">,
  user: UserRecord,
): boolean {
  return !removed && user.groupIds.includes(groupId);
}

/** What these deployments of one app ask for together. */
export function desiredBy(
  deployments: readonly Pick<DeploymentRecord, "action" | "deadline" | "licenseType">[],
  { conflictRules, licensing }: Pick<Policies, "conflictRules" | "licensing">,
  now: number,
): Desired | null {
  const resolved = resolveDeployments(deployments, conflictRules, now);
  return resolved && { ...resolved, licenseType: resolveLicenseType(deployments, licensing) };
}

/** The apps that some deployment asks something of, for this user. */
async function appsDeployedTo(reader: Reader, user: UserRecord): Promise<string[]> {
  const adamIds = new Set<string>();
  for (const groupId of user.groupIds) {
    const deployments = await reader.list("deployments", {
      index: "byGroup",
      partition: groupId,
      limit: perOwnerMax,
    });
    for (const deployment of deployments) adamIds.add(deployment.adamId);
  }
  return [...adamIds].sort();
}

/** What a wish makes of one app on one phone. */
export interface Wished {
  /** As it was, or would have been before the wish. */
  readonly before: InstallationRecord;
  readonly after: InstallationRecord;
  /** An admin's act on the installation stands no longer. */
  readonly liftsOverride: boolean;
}

/** Undefined for a phone that no deployment ever reached: it needs no record. */
export async function asWished(
  reader: Reader,
  device: DeviceRecord,
  adamId: string,
  wanted: Desired | null,
  now: number,
  cause: number,
  /** When an admin last changed the deployment that is being carried out, if one is. */
  changedAt = 0,
): Promise<Wished | undefined> {
  const desired = wanted?.action ?? null;
  const requiredAt = wanted?.requiredAt ?? null;
  const existing = await reader.get("installations", installationId(device.id, adamId));
  if (existing === undefined && desired === null) return undefined;
  const licenseType = wanted?.licenseType ?? existing?.licenseType ?? "user";
  const before = existing ?? (await newcomer(reader, device, adamId, licenseType, now, cause));
  const movesOver = (before.licenseType ?? "user") !== licenseType;
  const wish = { desired, requiredAt, wantedAt: keepsWish(desired) ? (before.wantedAt ?? null) : null };
  // An admin's act on installations stands until an admin wants something else.
  const liftsOverride =
    existing?.override != null && (existing.desired !== desired || changedAt > existing.override.at);
  const changed = before.desired !== desired || isPushed(before, now) !== isPushed(wish, now) || movesOver;
  const after = {
    ...(changed && existing ? begunAnew(before, now) : before),
    ...wish,
    ...(movesOver ? { licenseType } : {}),
    userId: device.userId,
    ...(liftsOverride ? { override: null } : {}),
    dueAt: now,
    cause,
  };
  return { before, after, liftsOverride };
}

/** Writes anew what is desired of one app on one phone, and has the reconciler look. */
export async function refreshInstallation(
  tx: Transaction,
  outbox: Outbox,
  device: DeviceRecord,
  adamId: string,
  wanted: Desired | null,
  now: number,
  cause: number,
  /** As above. */
  changedAt = 0,
): Promise<void> {
  const wished = await asWished(tx, device, adamId, wanted, now, cause, changedAt);
  if (wished === undefined) return;
  const { before, after, liftsOverride } = wished;
  await saveInstallation(tx, outbox, before, after);
  if (liftsOverride && after.desired !== "uninstall") await liftOverride(tx, outbox, before, now);
}

/** What an admin took away from a user is not for the user's next phone either; and what was taken from a phone, not for that phone. */
async function newcomer(
  reader: Reader,
  { id, userId, serialNumber }: DeviceRecord,
  adamId: string,
  licenseType: LicenseType,
  now: number,
  cause: number,
): Promise<InstallationRecord> {
  const bare = newInstallation(id, adamId, userId, now, cause);
  const installation: InstallationRecord = licenseType === "device" ? { ...bare, licenseType } : bare;
  const holder = licenseType === "device" ? { userId: null, serialNumber } : { userId };
  const phones = await phonesOfHolder(reader, { ...holder, adamId });
  const taken = phones
    .filter(livesOnSeat)
    .map((phone) => phone.installation)
    .find(({ override }) => override && override.verb !== "cancelled");
  return taken?.override ? { ...installation, override: taken.override } : installation;
}

/** The person's wish lasts as long as the app is theirs to have. */
function keepsWish(desired: DesiredAction | null): boolean {
  return desired === "available" || desired === "required" || desired === "requiredAndAvailable";
}

/** Everything on one phone: after enrolment, or when its user came into or left a group. */
export async function refreshDevice(
  tx: Transaction,
  outbox: Outbox,
  device: DeviceRecord,
  now: number,
  cause: number,
): Promise<void> {
  const user = device.userId === null ? undefined : await tx.get("users", device.userId);
  const adamIds = new Set(user === undefined ? [] : await appsDeployedTo(tx, user));
  const known = await tx.list("installations", {
    index: "byDevice",
    partition: device.id,
    limit: perOwnerMax,
  });
  for (const installation of known) adamIds.add(installation.adamId);
  for (const adamId of adamIds) {
    const desired = user === undefined ? null : await desiredFor(tx, user, adamId, now);
    await refreshInstallation(tx, outbox, device, adamId, desired, now, cause);
  }
}

export async function refreshUser(
  tx: Transaction,
  outbox: Outbox,
  userId: string,
  now: number,
): Promise<void> {
  const devices = await tx.list("devices", { index: "byUser", partition: userId, limit: perOwnerMax });
  for (const device of devices) {
    if (device.state === "enrolled") await refreshDevice(tx, outbox, device, now, 0);
  }
}

const usersPerTurn = 50;

/**
 * Carries one deployment to its next users' phones. The place is kept with the deployment, so a crash between two turns loses
 * nothing, and a group of ten thousand never sits in one transaction.
 *
 * @returns whether there was anything to do.
 */
export async function expandOneDeployment(tx: Transaction, outbox: Outbox, now: number): Promise<boolean> {
  const [deployment] = await tx.list("deployments", { index: "expanding", partition: "", limit: 1 });
  if (deployment === undefined || deployment.expandAfter === null) return false;
  const { expandAfter } = deployment;
  const users = await tx.list("users", {
    index: "byGroup",
    partition: deployment.groupId,
    limit: usersPerTurn,
    ...(expandAfter === "" ? {} : { after: [expandAfter, expandAfter] as const }),
  });
  for (const user of users) {
    const desired = await desiredFor(tx, user, deployment.adamId, now);
    for (const device of await tx.list("devices", {
      index: "byUser",
      partition: user.id,
      limit: perOwnerMax,
    })) {
      if (device.state !== "enrolled") continue;
      const { adamId, cause, updatedAt } = deployment;
      await refreshInstallation(tx, outbox, device, adamId, desired, now, cause, updatedAt);
    }
  }
  const last = users.at(-1);
  const more = users.length === usersPerTurn && last !== undefined;
  // A removed deployment waits only to be told to the phones it had reached.
  if (!more && deployment.removed) await tx.delete("deployments", deployment.id);
  else await tx.put("deployments", { ...deployment, expandAfter: more ? last.id : null });
  return true;
}
