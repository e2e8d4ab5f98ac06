/** The statuses of our users as Apple has them. Users of other products are counted and named, and no more (R21–R23). */
import type { VppUser as AppleUser } from "../../shared/vpp.ts";
import { transact, type Outbox } from "../outbox.ts";
import type { UserRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { perOwnerMax } from "../deployments/installations.ts";
import { foreignUserId, forgetForeign, noteForeign } from "./foreign-records.ts";
import { noteLoss } from "./sync-losses.ts";
import {
  readList,
  requireAccount,
  type ListOutcome,
  type PageOutcome,
  type Reading,
} from "./sync-reading.ts";
import { noteRetired } from "./seats.ts";
import { applyAppleUser } from "./terms.ts";

export function readUsers(reading: Reading, since: string | null): Promise<ListOutcome> {
  const { context, sToken } = reading;
  return readList(since, async (from) => {
    const beganAt = context.world.now();
    const pages: PageOutcome = { own: 0, hesitated: false };
    const seen = new Set<string>();
    const next = await context.vpp.users(sToken, from, async (page, askedAt) => {
      const outcome = await takePage(reading, page, askedAt);
      for (const userId of outcome.userIds) seen.add(userId);
      pages.own += outcome.userIds.length;
      pages.hesitated ||= outcome.hesitated;
    });
    if (from === null) {
      await noteMissing(reading, seen, beganAt);
      await forgetForeign(context.store, "user", reading.syncId);
    }
    return { next, pages };
  });
}

async function takePage(
  reading: Reading,
  page: readonly AppleUser[],
  askedAt: number,
): Promise<{ userIds: string[]; hesitated: boolean }> {
  return transact(reading.context, async (tx, outbox) => {
    await requireAccount(tx);
    const userIds: string[] = [];
    let hesitated = false;
    for (const apple of page) {
      const own = await ownUser(tx, apple.clientUserIdStr);
      if (own === undefined) {
        await takeForeign(tx, reading.syncId, apple);
        continue;
      }
      userIds.push(own.id);
      // Apple has been asked about this person since, and has answered: this page is older.
      if ((own.vpp.checkedAt ?? 0) > askedAt) hesitated = true;
      else await takeOwn(tx, outbox, reading, own, apple, askedAt);
    }
    return { userIds, hesitated };
  });
}

export async function ownUser(reader: Reader, clientUserIdStr: string): Promise<UserRecord | undefined> {
  const query = { index: "byClientUserId", partition: clientUserIdStr, limit: 1 } as const;
  return (await reader.list("users", query))[0];
}

async function takeForeign(tx: Transaction, syncId: string, apple: AppleUser): Promise<void> {
  const { clientUserIdStr, status } = apple;
  const id = foreignUserId(clientUserIdStr);
  if (status === "Retired" || status === "Deleted") {
    // A retired record may stand beside an active one of the same name, which this sync may have read already.
    const known = await tx.get("foreign", id);
    if (known && known.syncId !== syncId) await tx.delete("foreign", id);
    return;
  }
  await noteForeign(tx, { id, kind: "user", clientUserIdStr, serialNumber: null, adamId: null, syncId });
}

async function takeOwn(
  tx: Transaction,
  outbox: Outbox,
  reading: Reading,
  user: UserRecord,
  apple: AppleUser,
  askedAt: number,
): Promise<void> {
  const now = reading.context.world.now();
  if (apple.status !== "Retired" && apple.status !== "Deleted") {
    await applyAppleUser(tx, outbox, user, apple, now, askedAt);
    return;
  }
  const seats = await heldSeats(tx, user.id);
  await applyAppleUser(tx, outbox, user, apple, now, askedAt);
  const after = await tx.get("users", user.id);
  if (isActive(user) && after?.vpp.status === "Retired")
    await loseUser(tx, reading, user, seats, "user-retired");
}

function isActive({ vpp }: UserRecord): boolean {
  return vpp.status === "Registered" || vpp.status === "Associated";
}

async function heldSeats(tx: Transaction, userId: string): Promise<string[]> {
  const seats = await tx.list("assignments", { index: "byUser", partition: userId, limit: perOwnerMax });
  return seats.filter((seat) => seat.state === "held").map((seat) => seat.adamId);
}

async function loseUser(
  tx: Transaction,
  { context, syncId }: Reading,
  user: UserRecord,
  adamIds: readonly string[],
  reason: "user-retired" | "user-missing",
): Promise<void> {
  const at = context.world.now();
  const whose = { at, syncId, userId: user.id, clientUserIdStr: user.vpp.clientUserIdStr, reason };
  await noteLoss(tx, { ...whose, kind: "user", adamId: null });
  for (const adamId of adamIds) await noteLoss(tx, { ...whose, kind: "license", adamId });
}

/** Apple's whole list lacks users whom we registered: they are gone, as if retired. */
async function noteMissing(reading: Reading, seen: ReadonlySet<string>, beganAt: number): Promise<void> {
  const { context } = reading;
  const isMissing = (user: UserRecord) =>
    isActive(user) && !seen.has(user.id) && (user.vpp.checkedAt ?? 0) < beganAt;
  let after: readonly [string, string] | undefined;
  for (;;) {
    const page = await context.store.read((reader) =>
      reader.list("users", { index: "all", partition: "", limit: 500, ...(after ? { after } : {}) }),
    );
    const last = page.at(-1);
    if (last === undefined) return;
    after = [last.id, last.id];
    const missing = page.filter(isMissing);
    if (missing.length === 0) continue;
    await transact(context, async (tx, outbox) => {
      await requireAccount(tx);
      for (const { id } of missing) {
        const user = await tx.get("users", id);
        if (user === undefined || !isMissing(user)) continue;
        const seats = await heldSeats(tx, id);
        await noteRetired(tx, outbox, id, "apple", context.world.now());
        await loseUser(tx, reading, user, seats, "user-missing");
      }
    });
  }
}
