/** What the company portal of a phone shows, and what becomes of a wish that a person voices there. */
import type { PortalApp, PortalAppStatus } from "../../shared/portal.ts";
import { portalAppsMax } from "../../shared/portal.ts";
import type { Outbox } from "../outbox.ts";
import { readPolicies, type Policies } from "../policies.ts";
import type { DeviceRecord, InstallationRecord, InstallationState } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { begunAnew, inState, installationId, perOwnerMax, saveInstallation } from "./installations.ts";
import { isPresent, isUnderWay, refusesDep } from "./next-step.ts";
import { isOffered, isToBeInstalled } from "./wish.ts";

export interface Offers {
  /** By name. */
  readonly apps: readonly PortalApp[];
  /** False when there are more than are listed. */
  readonly complete: boolean;
}

/** What is offered to the user of this phone: nothing to one that may have no volume-purchase app, nor to one without a user. */
export async function listOffers(reader: Reader, device: DeviceRecord, now: number): Promise<Offers> {
  const policies = await readPolicies(reader);
  if (!mayHaveApps(device, policies)) return { apps: [], complete: true };
  const apps: PortalApp[] = [];
  for (const installation of await reader.list("installations", {
    index: "byDevice",
    partition: device.id,
    limit: perOwnerMax,
  })) {
    if (!isToBeHad(installation, policies, now)) continue;
    const app = await reader.get("apps", installation.adamId);
    if (app === undefined) continue;
    const status = statusOf(installation, now);
    apps.push({
      AdamID: app.id,
      BundleID: app.bundleId.slice(0, 255),
      Name: app.name.slice(0, 255),
      Status: status,
      ...(status === "Failed" && installation.reason !== null ? { Reason: installation.reason } : {}),
      ...(deadlineOf(installation, now) ?? {}),
    });
  }
  apps.sort((a, b) => compare(a.Name, b.Name) || compare(a.AdamID, b.AdamID));
  return { apps: apps.slice(0, portalAppsMax), complete: apps.length <= portalAppsMax };
}

/**
 * Puts the wish on record; the reconciler takes it from there, as any other wish: invitation, terms, licence, command. Asking for
 * what is under way already changes nothing; asking for what failed is a new beginning.
 *
 * @returns false when the app is not offered to the user of this phone.
 */
export async function wishFor(
  tx: Transaction,
  outbox: Outbox,
  device: DeviceRecord,
  adamId: string,
  now: number,
  cause: number,
): Promise<boolean> {
  const installation = await tx.get("installations", installationId(device.id, adamId));
  const policies = await readPolicies(tx);
  if (installation === undefined || !isToBeHad(installation, policies, now)) return false;
  if (!mayHaveApps(device, policies) || (await tx.get("apps", adamId)) === undefined) return false;
  if (isGettingIt(installation, now)) return true;
  const { commandUUID, reason } = installation;
  // Whoever waits for a free licence keeps the place in the queue.
  const begun = reason === "no-license" ? installation : { ...begunAnew(installation, now), override: null };
  const isIdle = reason !== "no-license" && commandUUID === null && !isOnPhone(begun);
  const after = isIdle ? inState(begun, "pending", null, now) : begun;
  await saveInstallation(tx, outbox, installation, { ...after, wantedAt: now, dueAt: now, cause });
  return true;
}

/** Offered, and no admin has taken it away from this phone since, nor the licences that phones hold themselves. */
function isToBeHad(installation: InstallationRecord, { licensing }: Policies, now: number): boolean {
  const { override, licenseType, appState } = installation;
  if (licenseType === "device" && licensing === "user" && !isPresent(appState)) return false;
  return isOffered(installation, now) && (override?.verb ?? "cancelled") === "cancelled";
}

function isGettingIt(installation: InstallationRecord, now: number): boolean {
  const { state, appState, override } = installation;
  if (!isToBeInstalled(installation, now) || override || isPresent(appState)) return false;
  return state !== "failed" && state !== "notInstalled";
}

function isOnPhone({ appState }: InstallationRecord): boolean {
  return isPresent(appState) || isUnderWay(appState);
}

function mayHaveApps(device: DeviceRecord, policies: Policies): boolean {
  if (device.state !== "enrolled" || device.userId === null) return false;
  return !refusesDep(device.kind, true, policies);
}

const statuses: Record<InstallationState, PortalAppStatus> = {
  pending: "Requested",
  waitingForTerms: "WaitingForTerms",
  installing: "Installing",
  installed: "Installed",
  removing: "Removing",
  notInstalled: "Available",
  failed: "Failed",
  notApplicable: "Available",
};

function statusOf(installation: InstallationRecord, now: number): PortalAppStatus {
  const status = statuses[installation.state];
  return status === "Requested" && !isToBeInstalled(installation, now) ? "Available" : status;
}

/** What a property list can say. */
const deadlineMax = Date.UTC(9999, 11, 31);

function deadlineOf({ requiredAt }: InstallationRecord, now: number): { Deadline: Date } | undefined {
  return requiredAt === null || requiredAt === undefined || requiredAt <= now
    ? undefined
    : { Deadline: new Date(Math.min(requiredAt, deadlineMax)) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
