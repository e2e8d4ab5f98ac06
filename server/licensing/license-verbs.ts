/**
 * Two verbs of an admin, never mixed. *Revoke* takes the licence at Apple now; the app stays on the phone. *Reclaim* has the app
 * removed from the phones that a licence is for, and it returns when the last of them is rid of it. Both leave an override on the
 * installations, so that the deployments don't undo them.
 *
 * An act is on record before its first seat is touched, and each seat before Apple is asked: after a crash it goes on by itself.
 */
import { PippinError } from "../../shared/errors.ts";
import { startLoop, type Loop } from "../background.ts";
import { needsSeat, ownSeatOf, phonesOfHolder } from "../deployments/holders.ts";
import {
  assignmentId,
  devicesOfSerial,
  perOwnerMax,
  saveInstallation,
} from "../deployments/installations.ts";
import { isPresent, isUnderWay } from "../deployments/next-step.ts";
import { transact, type Outbox } from "../outbox.ts";
import type {
  AccountRecord,
  AssignmentRecord,
  InstallationOverride,
  InstallationRecord,
  LicenseActRecord,
} from "../store/records.ts";
import type { IndexPosition, Reader, Transaction } from "../store/store.ts";
import { presentAccount, type LicensingContext } from "./account.ts";
import { saveAct, settleActItem } from "./license-acts.ts";
import { startSeatReturns, takeUpAfterMs } from "./seat-returns.ts";
import { intendDisassociate } from "./seats.ts";

/** Seats, or phones, that are touched in one transaction. */
const chunkSize = 50;
/** Seats that Apple is asked for before the caller gets an answer; the rest follow in the background. */
const atOnceMax = 1_000;

export interface LicenseActInput {
  readonly verb: LicenseActRecord["verb"];
  /** Of one user, with those that the user's phones hold themselves; null: of everybody. */
  readonly userId: string | null;
  /** Of the phone with this serial number; null: of any. */
  readonly serialNumber?: string | null;
  /** Of one app; null: of all. */
  readonly adamId: string | null;
  /** Needed where neither user, phone nor app is named. */
  readonly confirm: boolean;
  /** API key of who asks. */
  readonly by: string;
  readonly cause: number;
}

export interface LicenseVerbs {
  /**
   * Resolves when everything that can be done at once is done; what takes longer (a phone that can't be reached, an Apple that can't)
   * goes on, and the act's record tells.
   *
   * Throws not_found (user, phone, app), confirmation_required with the number of licences, token_*.
   */
  perform(input: LicenseActInput): Promise<LicenseActRecord>;
}

export interface RunningLicenseVerbs extends LicenseVerbs {
  wake(): void;
  stop(): Promise<void>;
}

/** `changed` is called after anything that may have made installations due. */
export function startLicenseVerbs(
  context: LicensingContext,
  changed: () => void,
  onFailure: (error: unknown) => void,
): RunningLicenseVerbs {
  const { store, world } = context;
  const returns = startSeatReturns(context, changed, onFailure);
  /** Acts that are being carried out in this process. */
  const busy = new Set<string>();

  async function begin(input: LicenseActInput): Promise<LicenseActRecord> {
    const id = world.uuid();
    // Before anybody can see it: the loop must not take it up.
    busy.add(id);
    return transact(context, async (tx, outbox) => {
      const now = world.now();
      refuseUnusable(await presentAccount(tx), now);
      await requireKnown(tx, input);
      await requireConfirmation(tx, input);
      const { verb, userId, serialNumber = null, adamId, by, cause } = input;
      const sequence = await tx.sequence();
      const progress = { phase: "seats", expandAfter: "", asked: 0, done: 0, failed: 0, items: [] } as const;
      const act: LicenseActRecord = {
        ...{ id, sequence, verb, userId, adamId, by, cause, startedAt: now, finishedAt: null },
        ...(serialNumber === null ? {} : { serialNumber }),
        ...{ ...progress, items: [] },
      };
      await tx.put("licenseActs", act);
      const whom = {
        ...(userId === null ? {} : { userId }),
        ...(serialNumber === null ? {} : { serialNumber }),
        ...(adamId === null ? {} : { adamId }),
      };
      outbox.record("license.act", { actId: id, verb, state: "begun", ...whom, by, cause });
      return act;
    });
  }

  /** Marks everything the act is about, then asks Apple for as much of it as can be waited for. */
  async function carryOut(actId: string): Promise<void> {
    const returning: string[] = [];
    for (;;) {
      const turn = await transact(context, (tx, outbox) => expand(tx, outbox, actId, world.now()));
      returning.push(...turn.returning);
      if (!turn.more) break;
    }
    changed();
    await returns.perform(returning.slice(0, atOnceMax));
    returns.wake();
  }

  /** Goes on with acts that a crash interrupted. */
  async function turn(): Promise<number | null> {
    const open = await store.read((reader) =>
      reader.list("licenseActs", { index: "expanding", partition: "", limit: 100 }),
    );
    const left = open.find((act) => !busy.has(act.id));
    if (left === undefined) return null;
    await keepBusy(left.id, () => carryOut(left.id));
    return world.now();
  }

  async function keepBusy(id: string, run: () => Promise<void>): Promise<void> {
    busy.add(id);
    try {
      await run();
    } finally {
      busy.delete(id);
    }
  }

  const loop: Loop = startLoop(world, turn, onFailure);
  return {
    async perform(input) {
      const act = await begin(input);
      await keepBusy(act.id, () => carryOut(act.id));
      return (await store.read((reader) => reader.get("licenseActs", act.id))) ?? act;
    },
    wake() {
      loop.wake();
      returns.wake();
    },
    async stop() {
      await Promise.all([loop.stop(), returns.stop()]);
    },
  };
}

function refuseUnusable(account: AccountRecord, now: number): void {
  switch (account.state) {
    case "assignedToExternalMdm":
      throw new PippinError(
        "token_claimed_elsewhere",
        `The account is managed by ${account.claimedBy ?? "another product"}: nothing can be written to it.`,
      );
    case "revoked":
      throw new PippinError("token_revoked", "The token was revoked: upload a new one first.");
    case "invalid":
      throw new PippinError("token_unknown", "Apple doesn't accept the token: upload a new one first.");
    case "valid":
    case "expired":
    case "deleted":
  }
  if (account.state === "expired" || account.expiresAt <= now) {
    throw new PippinError("token_expired", "The token has expired: upload a new one first.");
  }
}

async function requireKnown(
  reader: Reader,
  { userId, serialNumber = null, adamId }: LicenseActInput,
): Promise<void> {
  if (userId !== null && (await reader.get("users", userId)) === undefined) {
    throw new PippinError("not_found", `There is no user ${userId}.`);
  }
  if (serialNumber !== null && (await devicesOfSerial(reader, serialNumber)).length === 0) {
    throw new PippinError("not_found", `There is no phone with the serial number ${serialNumber}.`);
  }
  if (adamId !== null && (await reader.get("apps", adamId)) === undefined) {
    throw new PippinError("not_found", `There is no app ${adamId}.`);
  }
}

async function requireConfirmation(reader: Reader, input: LicenseActInput): Promise<void> {
  const { userId, serialNumber = null, adamId, confirm } = input;
  if (userId !== null || serialNumber !== null || adamId !== null || confirm) return;
  const licenses = await reader.count("assignments", "all", "");
  throw new PippinError(
    "confirmation_required",
    `This would ${input.verb} every licence there is (${licenses}). Ask again with confirm: true.`,
    { details: { licenses } },
  );
}

interface Expansion {
  readonly more: boolean;
  /** Seats (ids of assignments) that Apple is to be asked for now. */
  readonly returning: readonly string[];
}

/** Touches the next few that the act is about. */
async function expand(tx: Transaction, outbox: Outbox, actId: string, now: number): Promise<Expansion> {
  const act = await tx.get("licenseActs", actId);
  if (act === undefined || act.expandAfter === null) return { more: false, returning: [] };
  return act.phase === "seats"
    ? await expandSeats(tx, outbox, act, now)
    : await expandPhones(tx, outbox, act, now);
}

async function expandSeats(
  tx: Transaction,
  outbox: Outbox,
  act: LicenseActRecord,
  now: number,
): Promise<Expansion> {
  const seats = await nextSeats(tx, act);
  const returning: string[] = [];
  let asked = 0;
  for (const seat of seats) {
    // Taken since the admin spoke: it is not among those that were meant.
    if (seat.state !== "disassociating" && seat.since > act.startedAt) continue;
    asked += 1;
    await takeOver(tx, outbox, act, seat, now);
    const isLeaving =
      act.verb === "revoke"
        ? await revokeSeat(tx, act, seat, now)
        : await reclaimSeat(tx, outbox, act, seat, now);
    if (isLeaving) returning.push(seat.id);
  }
  const last = seats.length === chunkSize ? seats.at(-1) : undefined;
  const isOver = last === undefined && act.verb === "revoke";
  const place = { phase: last === undefined ? "phones" : "seats", expandAfter: last?.id ?? "" } as const;
  const next = isOver ? { expandAfter: null } : place;
  await saveAct(tx, outbox, { ...act, ...next, asked: act.asked + asked }, now);
  return { more: !isOver, returning };
}

async function nextSeats(reader: Reader, act: LicenseActRecord): Promise<AssignmentRecord[]> {
  const { userId, serialNumber = null, adamId } = act;
  if (userId !== null || serialNumber !== null) {
    const owned =
      serialNumber === null
        ? await seatsOfUser(reader, userId ?? "")
        : await seatsOfSerial(reader, serialNumber);
    const wanted = owned.filter((seat) => adamId === null || seat.adamId === adamId);
    const left = wanted.filter(({ id }) => id > (act.expandAfter ?? ""));
    return left.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, chunkSize);
  }
  const page = { limit: chunkSize, ...afterOf(act) };
  if (adamId !== null) return reader.list("assignments", { index: "byApp", partition: adamId, ...page });
  return reader.list("assignments", { index: "all", partition: "", ...page });
}

function seatsOfSerial(reader: Reader, serialNumber: string): Promise<AssignmentRecord[]> {
  return reader.list("assignments", { index: "bySerial", partition: serialNumber, limit: perOwnerMax });
}

/** The user's own, and those that the phones hold which are the user's now. */
async function seatsOfUser(reader: Reader, userId: string): Promise<AssignmentRecord[]> {
  const ofUser = { index: "byUser", partition: userId, limit: perOwnerMax } as const;
  const seats = await reader.list("assignments", ofUser);
  const serials = new Set((await reader.list("devices", ofUser)).map(({ serialNumber }) => serialNumber));
  for (const serialNumber of serials) {
    if (serialNumber !== null) seats.push(...(await seatsOfSerial(reader, serialNumber)));
  }
  return seats;
}

function afterOf({ expandAfter }: LicenseActRecord): { after?: IndexPosition } {
  return expandAfter === null || expandAfter === "" ? {} : { after: [expandAfter, expandAfter] };
}

/** The latest word of an admin counts: an earlier act waits no longer for this seat. */
async function takeOver(
  tx: Transaction,
  outbox: Outbox,
  act: LicenseActRecord,
  seat: AssignmentRecord,
  now: number,
): Promise<void> {
  const message = `A later ${act.verb} took this over.`;
  await settleActItem(tx, outbox, seat, { outcome: "failed", code: "superseded", message }, now);
}

/** Answers whether Apple is to be asked. */
async function revokeSeat(
  tx: Transaction,
  act: LicenseActRecord,
  seat: AssignmentRecord,
  now: number,
): Promise<boolean> {
  for (const { installation } of await phonesOfHolder(tx, seat)) {
    if (installation.state === "notApplicable") continue;
    // Whatever removes the app goes on doing so. The others are looked at when Apple has answered, or failed to.
    const override = installation.override ?? { verb: "revoked", at: now };
    await tx.put("installations", overridden(installation, act, override, now + takeUpAfterMs));
  }
  const marked = { ...seat, actId: act.id, problem: null };
  // While Apple is being asked for it, it can't be given back: that comes right after.
  if (seat.state === "associating") await tx.put("assignments", { ...marked, returnReason: "revoked" });
  else if (seat.state === "disassociating") await tx.put("assignments", marked);
  else await intendDisassociate(tx, marked, null, "revoked", now);
  return seat.state !== "associating";
}

/** Answers whether Apple is to be asked: no phone has the app, so nothing has to be waited for. */
async function reclaimSeat(
  tx: Transaction,
  outbox: Outbox,
  act: LicenseActRecord,
  seat: AssignmentRecord,
  now: number,
): Promise<boolean> {
  let isNeeded = false;
  for (const phone of await phonesOfHolder(tx, seat)) {
    if (phone.installation.state === "notApplicable") continue;
    const installation = await reclaimPhone(tx, outbox, act, phone.installation, now);
    isNeeded ||= needsSeat({ ...phone, installation }, now);
  }
  const marked = { ...seat, actId: act.id, problem: null };
  if (seat.state !== "held" || isNeeded) {
    await tx.put("assignments", marked);
    return seat.state === "disassociating";
  }
  await intendDisassociate(tx, marked, null, "reclaimed", now);
  return true;
}

async function reclaimPhone(
  tx: Transaction,
  outbox: Outbox,
  act: LicenseActRecord,
  before: InstallationRecord,
  now: number,
): Promise<InstallationRecord> {
  const after = overridden(before, act, { verb: "reclaimed", at: now }, now);
  await saveInstallation(tx, outbox, before, after);
  return after;
}

function overridden(
  installation: InstallationRecord,
  act: LicenseActRecord,
  override: InstallationOverride,
  dueAt: number,
): InstallationRecord {
  return { ...installation, override, waitingSince: null, wantedAt: null, dueAt, cause: act.cause };
}

/** Phones on which the app stayed when its licence was revoked: a reclaim takes it from there too. */
async function expandPhones(
  tx: Transaction,
  outbox: Outbox,
  act: LicenseActRecord,
  now: number,
): Promise<Expansion> {
  const installations = await nextInstallations(tx, act);
  for (const installation of installations) {
    const { userId, adamId, appState, override, state } = installation;
    if (userId === null || state === "notApplicable" || override?.verb === "reclaimed") continue;
    if (!isPresent(appState) && !isUnderWay(appState)) continue;
    // One with a seat was among the seats, or has it since.
    if ((await tx.get("assignments", assignmentId(userId, adamId))) !== undefined) continue;
    const device = await tx.get("devices", installation.udid);
    if ((await ownSeatOf(tx, installation, device)) !== undefined) continue;
    await reclaimPhone(tx, outbox, act, installation, now);
  }
  const last = installations.length === chunkSize ? installations.at(-1) : undefined;
  await saveAct(tx, outbox, { ...act, expandAfter: last?.id ?? null }, now);
  return { more: last !== undefined, returning: [] };
}

async function nextInstallations(reader: Reader, act: LicenseActRecord): Promise<InstallationRecord[]> {
  const { userId, serialNumber = null, adamId } = act;
  const page = { limit: chunkSize, ...afterOf(act) };
  if (serialNumber !== null) return await installationsOfSerial(reader, serialNumber, act);
  if (userId !== null && adamId !== null) {
    const partition = assignmentId(userId, adamId);
    return reader.list("installations", { index: "byHolder", partition, ...page });
  }
  if (userId !== null) return reader.list("installations", { index: "byUser", partition: userId, ...page });
  if (adamId !== null) return reader.list("installations", { index: "byApp", partition: adamId, ...page });
  return reader.list("installations", { index: "all", partition: "", ...page });
}

async function installationsOfSerial(
  reader: Reader,
  serialNumber: string,
  { adamId, expandAfter }: LicenseActRecord,
): Promise<InstallationRecord[]> {
  const found: InstallationRecord[] = [];
  for (const { id } of await devicesOfSerial(reader, serialNumber)) {
    const query = { index: "byDevice", partition: id, limit: perOwnerMax } as const;
    found.push(...(await reader.list("installations", query)));
  }
  const left = found.filter(
    (one) => one.id > (expandAfter ?? "") && (adamId === null || one.adamId === adamId),
  );
  return left.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, chunkSize);
}
