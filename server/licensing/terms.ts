/** People and the program's terms: registering them with Apple, and learning whether they accepted. */
import type { VppUser as AppleUser } from "../../shared/vpp.ts";
import { markUserDue, perOwnerMax } from "../deployments/installations.ts";
import { transact, type Outbox } from "../outbox.ts";
import { backoffMs, readPolicies } from "../policies.ts";
import type { UserRecord, VppUser } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { openAccount, type LicensingContext } from "./account.ts";
import { forgetSeats } from "./seats.ts";
import { VppError } from "./vpp-client.ts";

/** Makes the user known to Apple. Registering one who is known already answers with the same record. */
export async function registerUser(context: LicensingContext, userId: string): Promise<void> {
  const { store, vpp } = context;
  const known = await store.read(async (reader) => {
    const user = await reader.get("users", userId);
    return user && { user, ...(await openAccount(context, reader)) };
  });
  if (known === undefined) return;
  const answer = await vpp.registerUser(known.sToken, {
    clientUserIdStr: known.user.vpp.clientUserIdStr,
    email: known.user.email,
  });
  await transact(context, async (tx, outbox) => {
    const user = await tx.get("users", userId);
    if (user === undefined) return;
    outbox.record("user.registered", { userId });
    await applyAppleUser(tx, outbox, user, answer, context.world.now());
  });
}

/** Asks Apple about one person whose acceptance is awaited. */
export async function pollTerms(context: LicensingContext, userId: string): Promise<void> {
  const { store, vpp, world } = context;
  const known = await store.read(async (reader) => {
    const user = await reader.get("users", userId);
    return user && { user, ...(await openAccount(context, reader)) };
  });
  if (known === undefined) return;
  let answer: AppleUser | undefined;
  try {
    answer = await vpp.getUser(known.sToken, known.user.vpp.clientUserIdStr);
  } catch (error) {
    // 9604: Apple has no active user of that id (any more); whatever else went wrong, the next poll may do better.
    if (!(error instanceof VppError)) {
      await postponePoll(context, userId);
      throw error;
    }
  }
  await transact(context, async (tx, outbox) => {
    const user = await tx.get("users", userId);
    if (user === undefined || user.vpp.pollAt === null) return;
    const now = world.now();
    if (answer === undefined) {
      await tx.put("users", { ...user, vpp: retired(user.vpp, now) });
      const seats = await tx.list("assignments", { index: "byUser", partition: userId, limit: perOwnerMax });
      await forgetSeats(tx, outbox, seats, "user-retired", now);
      await markUserDue(tx, userId, now);
      return;
    }
    await applyAppleUser(tx, outbox, user, answer, now);
  });
}

async function postponePoll(context: LicensingContext, userId: string): Promise<void> {
  await transact(context, async (tx) => {
    const user = await tx.get("users", userId);
    if (user === undefined || user.vpp.pollAt === null) return;
    await tx.put("users", { ...user, vpp: await nextPoll(tx, user.vpp, context.world.now()) });
  });
}

async function nextPoll(tx: Transaction, vpp: VppUser, now: number): Promise<VppUser> {
  const { termsPoll } = await readPolicies(tx);
  return { ...vpp, pollAt: now + backoffMs(termsPoll, vpp.pollCount), pollCount: vpp.pollCount + 1 };
}

function retired(vpp: VppUser, now: number): VppUser {
  return {
    ...vpp,
    status: "Retired",
    inviteUrl: null,
    itsIdHash: null,
    invitedAt: null,
    inviteUdid: null,
    inviteCommandUUID: null,
    checkedAt: now,
    pollAt: null,
  };
}

/** Takes in what Apple said of a user. Installations of the user are looked at again when it changes anything for them. */
export async function applyAppleUser(
  tx: Transaction,
  outbox: Outbox,
  user: UserRecord,
  apple: AppleUser,
  now: number,
): Promise<void> {
  const before = user.vpp;
  if (apple.status === "Retired" || apple.status === "Deleted") {
    await tx.put("users", { ...user, vpp: retired(before, now) });
    if (before.status !== "Retired") {
      outbox.record("user.retired", { userId: user.id });
      const seats = await tx.list("assignments", { index: "byUser", partition: user.id, limit: perOwnerMax });
      await forgetSeats(tx, outbox, seats, "user-retired", now);
      await markUserDue(tx, user.id, now);
    }
    return;
  }
  const accepted = apple.status === "Associated";
  let vpp: VppUser = {
    ...before,
    status: apple.status,
    inviteUrl: apple.inviteUrl ?? null,
    itsIdHash: apple.itsIdHash ?? null,
    checkedAt: now,
    acceptedAt: accepted ? (before.acceptedAt ?? now) : null,
  };
  if (accepted) vpp = { ...vpp, pollAt: null, pollCount: 0 };
  else if (before.pollAt !== null) vpp = await nextPoll(tx, vpp, now);
  await tx.put("users", { ...user, vpp });
  if (before.status === apple.status) return;
  if (accepted) outbox.record("user.accepted", { userId: user.id });
  await markUserDue(tx, user.id, now);
}
