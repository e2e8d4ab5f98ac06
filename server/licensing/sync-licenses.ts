/** Makes our seats equal to Apple's. A seat that moves while the list is read is left to the movement's own answer. */
import type { VppLicense } from "../../shared/vpp.ts";
import { devicesOfSerial, seatIdOf } from "../deployments/installations.ts";
import { transact, type Outbox } from "../outbox.ts";
import { readPolicies } from "../policies.ts";
import type { AssignmentRecord, LedgerRecord, SeatHolder } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { foreignLicenseId, forgetForeign, noteForeign } from "./foreign-records.ts";
import { forgetSeats, noteOwnSeat, writeLedger } from "./seats.ts";
import { noteLoss } from "./sync-losses.ts";
import {
  readList,
  requireAccount,
  type ListOutcome,
  type PageOutcome,
  type Reading,
} from "./sync-reading.ts";
import { ownUser } from "./sync-users.ts";

const goneAtApple = "gone-at-apple";

/** One read of a list, from its beginning. */
interface Pass {
  readonly reading: Reading;
  readonly beganAt: number;
  readonly isWhole: boolean;
  readonly pages: PageOutcome;
  /** Our seats that Apple has. */
  readonly atApple: Set<string>;
  /** Apps of which a licence came back and nobody knows whose it was. */
  readonly doubtful: Set<string>;
}

/**
 * Reads the assigned licences, or those that changed. A licence that came back says no longer whose it was: our records know it by its
 * number, and where they don't, the app's whole list is read.
 */
export function readLicenses(reading: Reading, since: string | null): Promise<ListOutcome> {
  const { context, sToken, syncId } = reading;
  return readList(since, async (from) => {
    const pass = newPass(reading, from === null);
    const next = await context.vpp.licenses(sToken, { since: from }, (page) => takePage(pass, page));
    if (pass.isWhole) {
      await forgetVanished(pass, { index: "all", partition: "" });
      await forgetForeign(context.store, "license", syncId);
    }
    for (const adamId of pass.doubtful) {
      const app = newPass(reading, true);
      await context.vpp.licenses(sToken, { adamId }, (page) => takePage(app, page));
      await forgetVanished(app, { index: "byApp", partition: adamId });
      pass.pages.hesitated ||= app.pages.hesitated;
    }
    return { next, pages: pass.pages };
  });
}

function newPass(reading: Reading, isWhole: boolean): Pass {
  return {
    reading,
    beganAt: reading.context.world.now(),
    isWhole,
    pages: { own: 0, hesitated: false },
    atApple: new Set(),
    doubtful: new Set(),
  };
}

async function takePage(pass: Pass, page: readonly VppLicense[]): Promise<void> {
  const { context } = pass.reading;
  const found = await transact(context, async (tx, outbox) => {
    await requireAccount(tx);
    const taken: Taken = { own: [], doubtful: [], hesitated: false };
    for (const license of page) await takeLicense(tx, outbox, pass, license, taken);
    return taken;
  });
  for (const id of found.own) pass.atApple.add(id);
  for (const adamId of found.doubtful) pass.doubtful.add(adamId);
  pass.pages.own += found.own.length;
  pass.pages.hesitated ||= found.hesitated;
}

/** What one page told; put together in its transaction, which may be run more than once. */
interface Taken {
  readonly own: string[];
  readonly doubtful: string[];
  hesitated: boolean;
}

async function takeLicense(
  tx: Transaction,
  outbox: Outbox,
  pass: Pass,
  license: VppLicense,
  taken: Taken,
): Promise<void> {
  const adamId = license.adamIdStr ?? license.adamId?.toString();
  const licenseIdStr = license.licenseIdStr ?? license.licenseId?.toString();
  if (adamId === undefined || licenseIdStr === undefined) return;
  const { clientUserIdStr = null, serialNumber = null } = license;
  const holder = await ownHolder(tx, license, adamId);
  const id = holder && seatIdOf(holder, adamId);
  await releaseOthers(tx, outbox, pass, { licenseIdStr, adamId, keeper: id }, taken);
  if (holder && id !== undefined) {
    await tx.delete("foreign", foreignLicenseId(licenseIdStr));
    taken.own.push(id);
    await takeSeat(tx, outbox, pass, { id, holder, adamId, licenseIdStr }, taken);
  } else if (clientUserIdStr === null && serialNumber === null) {
    await tx.delete("foreign", foreignLicenseId(licenseIdStr));
  } else {
    const { syncId } = pass.reading;
    const foreignId = foreignLicenseId(licenseIdStr);
    await noteForeign(tx, { id: foreignId, kind: "license", clientUserIdStr, serialNumber, adamId, syncId });
  }
}

/**
 * Who of ours holds the licence; undefined when it is free or foreign. A user's name at Apple is one that we gave. A serial number is
 * no secret: a licence of a phone is ours when we asked for it, or when the phone is under our management and phones may hold licences
 * by our policy.
 */
export async function ownHolder(
  reader: Reader,
  { clientUserIdStr, serialNumber }: Pick<VppLicense, "clientUserIdStr" | "serialNumber">,
  adamId: string,
): Promise<SeatHolder | undefined> {
  if (clientUserIdStr !== undefined) {
    const user = await ownUser(reader, clientUserIdStr);
    return user && { userId: user.id };
  }
  if (serialNumber === undefined) return undefined;
  const holder = { userId: null, serialNumber };
  if ((await reader.get("assignments", seatIdOf(holder, adamId))) !== undefined) return holder;
  if ((await readPolicies(reader)).licensing === "user") return undefined;
  const devices = await devicesOfSerial(reader, serialNumber);
  return devices.some(({ state }) => state === "enrolled") ? holder : undefined;
}

/** The licence is free or somebody else's now: whoever had it by our records lost it. A whole read finds that out at its end. */
async function releaseOthers(
  tx: Transaction,
  outbox: Outbox,
  pass: Pass,
  license: { licenseIdStr: string; adamId: string; keeper: string | undefined },
  taken: Taken,
): Promise<void> {
  if (pass.isWhole) return;
  const { licenseIdStr, adamId, keeper } = license;
  const query = { index: "byLicense", partition: licenseIdStr, limit: 10 } as const;
  for (const seat of await tx.list("assignments", query)) {
    if (seat.id === keeper || seat.state !== "held") continue;
    if (seat.since >= pass.beganAt) taken.hesitated = true;
    else await loseSeat(tx, outbox, pass.reading, seat);
  }
  if (keeper === undefined && (await tx.count("assignments", "unnamed", adamId)) > 0) {
    taken.doubtful.push(adamId);
  }
}

async function takeSeat(
  tx: Transaction,
  outbox: Outbox,
  pass: Pass,
  seat: { id: string; holder: SeatHolder; adamId: string; licenseIdStr: string },
  taken: Taken,
): Promise<void> {
  const { id, holder, adamId, licenseIdStr } = seat;
  const known = await tx.get("assignments", id);
  if (known !== undefined) {
    if (known.state === "held" && known.licenseIdStr !== licenseIdStr)
      await tx.put("assignments", { ...known, licenseIdStr });
    return;
  }
  const returns = await returnsSince(tx, { ...holder, adamId }, pass.beganAt);
  // What this list itself told of another licence says nothing: that one is gone, and this one is there.
  if (returns.some(({ reason }) => reason !== goneAtApple)) {
    taken.hesitated = true;
    return;
  }
  const now = pass.reading.context.world.now();
  const adopted: AssignmentRecord = {
    id,
    ...holder,
    adamId,
    state: "held",
    since: now,
    installationId: null,
    returnReason: null,
    licenseIdStr,
    stranded: { reason: "found-at-apple", at: now },
  };
  await tx.put("assignments", adopted);
  await writeLedger(tx, outbox, "taken", adopted, "found-at-apple", now);
  if (holder.userId === null) await noteOwnSeat(tx, adopted, now);
}

/** Movements of one holder that are looked through. */
const movementsSearched = 100;

/** When a holder gave a seat of the app back since: a page of Apple's that shows it may be older. */
export async function returnsSince(
  reader: Reader,
  { userId, serialNumber, adamId }: SeatHolder & { adamId: string },
  since: number,
): Promise<LedgerRecord[]> {
  const [index, partition] =
    userId === null ? (["bySerial", serialNumber ?? ""] as const) : (["byUser", userId] as const);
  const latest = { index, partition, order: "descending", limit: movementsSearched } as const;
  const movements = await reader.list("ledger", latest);
  return movements.filter(
    (entry) => entry.adamId === adamId && entry.kind === "returned" && entry.at >= since,
  );
}

/** After a list was read whole: seats of ours that weren't in it are gone. */
async function forgetVanished(
  pass: Pass,
  which: { index: "all" | "byApp"; partition: string },
): Promise<void> {
  const { context } = pass.reading;
  let after: readonly [string, string] | undefined;
  for (;;) {
    const page = await context.store.read((reader) =>
      reader.list("assignments", { ...which, limit: 500, ...(after ? { after } : {}) }),
    );
    const last = page.at(-1);
    if (last === undefined) return;
    after = [last.id, last.id];
    const missing = page.filter((seat) => seat.state === "held" && !pass.atApple.has(seat.id));
    // Taken while the list was read: it may have been too late for it.
    const vanished = missing.filter((seat) => seat.since < pass.beganAt);
    if (vanished.length < missing.length) pass.pages.hesitated = true;
    if (vanished.length === 0) continue;
    await transact(context, async (tx, outbox) => {
      await requireAccount(tx);
      for (const seat of vanished) {
        const current = await tx.get("assignments", seat.id);
        if (current?.state === "held" && current.since === seat.since)
          await loseSeat(tx, outbox, pass.reading, current);
      }
    });
  }
}

async function loseSeat(
  tx: Transaction,
  outbox: Outbox,
  { context, syncId }: Reading,
  seat: AssignmentRecord,
): Promise<void> {
  const at = context.world.now();
  const { userId, serialNumber = null, adamId } = seat;
  const user = userId === null ? undefined : await tx.get("users", userId);
  const clientUserIdStr = user?.vpp.clientUserIdStr ?? "";
  const holder = userId === null ? { userId, serialNumber } : { userId };
  const reason = goneAtApple;
  await forgetSeats(tx, outbox, [seat], reason, at);
  await noteLoss(tx, { at, syncId, kind: "license", ...holder, clientUserIdStr, adamId, reason });
}
