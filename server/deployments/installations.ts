/** Small moves on installation records that several decisions share. */
import type { Outbox } from "../outbox.ts";
import type {
  AssignmentRecord,
  DeviceRecord,
  InstallationReason,
  InstallationRecord,
  InstallationState,
  SeatHolder,
} from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";

/** A user has few phones and a phone few apps; past this something is wrong. */
export const perOwnerMax = 1_000;
/** Phones of one user: a person has few. */
const phonesPerUserMax = 100;

export function installationId(udid: string, adamId: string): string {
  return `${udid} ${adamId}`;
}

export function assignmentId(userId: string, adamId: string): string {
  return `${userId} ${adamId}`;
}

/** The id of the seat that this user, or the phone with this serial number, has or would have. */
export function seatIdOf({ userId, serialNumber }: SeatHolder, adamId: string): string {
  return userId === null ? `serial:${serialNumber ?? ""} ${adamId}` : assignmentId(userId, adamId);
}

/** Phones that have had one serial number: one, and what it was before it was wiped or its board was changed. */
const sameSerialMax = 100;

export function devicesOfSerial(reader: Reader, serialNumber: string): Promise<DeviceRecord[]> {
  return reader.list("devices", { index: "bySerial", partition: serialNumber, limit: sameSerialMax });
}

/** The installations that a seat is for: those of one app on the phones of its user, or on the phone that holds it. */
export async function installationsOfSeat(
  reader: Reader,
  { userId, serialNumber }: SeatHolder,
  adamId: string,
): Promise<InstallationRecord[]> {
  if (userId !== null) {
    const partition = assignmentId(userId, adamId);
    return reader.list("installations", { index: "byHolder", partition, limit: phonesPerUserMax });
  }
  const found: InstallationRecord[] = [];
  for (const { id } of serialNumber ? await devicesOfSerial(reader, serialNumber) : []) {
    const installation = await reader.get("installations", installationId(id, adamId));
    if (installation) found.push(installation);
  }
  return found;
}

export function newInstallation(
  udid: string,
  adamId: string,
  userId: string | null,
  now: number,
  cause: number,
): InstallationRecord {
  return {
    id: installationId(udid, adamId),
    udid,
    adamId,
    userId,
    desired: null,
    state: "pending",
    reason: null,
    detail: null,
    since: now,
    attempts: 0,
    appState: null,
    appStateAt: null,
    commandUUID: null,
    commandType: null,
    verifications: 0,
    dueAt: now,
    waitingSince: null,
    cause,
  };
}

/** The record in another state; `since` moves only when the state or its reason does. */
export function inState(
  installation: InstallationRecord,
  state: InstallationState,
  reason: InstallationReason | null,
  now: number,
): InstallationRecord {
  const same = installation.state === state && installation.reason === reason;
  return {
    ...installation,
    state,
    reason,
    detail: same || reason !== null ? installation.detail : null,
    since: same ? installation.since : now,
  };
}

/** Nothing holds the install up that will pass by itself. */
export const notHeldUp = { busyCount: 0, storeAwayCount: 0 } as const;

/** A new wish is a new beginning: what was tried and failed before counts no more. What is on the phone stays known. */
export function begunAnew(installation: InstallationRecord, now: number): InstallationRecord {
  const { state, appState } = installation;
  if (state !== "failed" && state !== "notApplicable") return { ...installation, waitingSince: null };
  const isSettled = appState === "UserRejected" || appState === "ManagementRejected" || appState === "Failed";
  return {
    ...inState(installation, "pending", null, now),
    ...(isSettled ? { appState: null, appStateAt: null } : {}),
    ...notHeldUp,
    attempts: 0,
    verifications: 0,
    detail: null,
    waitingSince: null,
  };
}

/** Stores the record and says so when its state or reason changed. */
export async function saveInstallation(
  tx: Transaction,
  outbox: Outbox,
  before: InstallationRecord | undefined,
  after: InstallationRecord,
): Promise<void> {
  await tx.put("installations", after);
  if (before && before.state === after.state && before.reason === after.reason) return;
  outbox.record("installation.changed", {
    udid: after.udid,
    adamId: after.adamId,
    ...(after.userId === null ? {} : { userId: after.userId }),
    from: before?.state ?? "none",
    to: after.state,
    ...(after.reason === null ? {} : { reason: after.reason }),
    cause: after.cause,
  });
}

/** Has the reconciler look at it at once. */
export async function markDue(tx: Transaction, id: string, now: number, cause?: number): Promise<void> {
  const installation = await tx.get("installations", id);
  if (installation === undefined) return;
  await tx.put("installations", { ...installation, dueAt: now, cause: cause ?? installation.cause });
}

/** What kept installations of one app from going on is over: they are looked at again. */
export async function wakeReason(
  tx: Transaction,
  reason: InstallationReason,
  adamId: string,
  now: number,
): Promise<void> {
  let after: readonly [string, string] | undefined;
  for (;;) {
    const query = { index: "byReason", partition: reason, limit: 500, ...(after ? { after } : {}) } as const;
    const page = await tx.list("installations", query);
    for (const one of page) if (one.adamId === adamId) await tx.put("installations", { ...one, dueAt: now });
    const last = page.at(-1);
    if (last === undefined) return;
    after = [last.id, last.id];
  }
}

/** Everything of one user is looked at again. */
export async function markUserDue(
  tx: Transaction,
  userId: string,
  now: number,
  cause?: number,
): Promise<void> {
  for (const installation of await installationsOfUser(tx, userId)) {
    await tx.put("installations", { ...installation, dueAt: now, cause: cause ?? installation.cause });
  }
}

export function installationsOfUser(reader: Reader, userId: string): Promise<InstallationRecord[]> {
  return reader.list("installations", { index: "byUser", partition: userId, limit: perOwnerMax });
}

/** Wakes as many of those that wait for a seat of this app as there are seats, first come first. */
export async function wakeWaiting(
  tx: Transaction,
  adamId: string,
  now: number,
  cause?: number,
): Promise<void> {
  const app = await tx.get("apps", adamId);
  if (app === undefined) return;
  const taking = await tx.count("assignments", "associating", adamId);
  const free = Math.min(app.available - taking, perOwnerMax);
  if (free <= 0) return;
  for (const waiting of await tx.list("installations", {
    index: "waiting",
    partition: adamId,
    limit: free,
  })) {
    await tx.put("installations", { ...waiting, dueAt: now, cause: cause ?? waiting.cause });
  }
}

export type Seat = AssignmentRecord["state"] | "none";
