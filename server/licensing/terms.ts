/** People and the program's terms: registering them with Apple, inviting them, and learning whether they accepted. */
import { PippinError } from "../../shared/errors.ts";
import type { VppUser as AppleUser } from "../../shared/vpp.ts";
import { isOpen } from "../commands/command-states.ts";
import { cancelCommand } from "../commands/command-settlement.ts";
import { inState, installationsOfUser, markUserDue, saveInstallation } from "../deployments/installations.ts";
import { transact, type Outbox } from "../outbox.ts";
import { backoffMs, readPolicies } from "../policies.ts";
import type { DeviceHooks } from "../services.ts";
import type {
  DeviceRecord,
  InstallationReason,
  InstallationRecord,
  UserRecord,
  VppUser,
} from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { openAccount, type LicensingContext } from "./account.ts";
import { noteRetired } from "./seats.ts";
import { VppError } from "./vpp-client.ts";
import { withoutInvitation } from "./vpp-user.ts";

/** About a day at the policies' defaults. Who accepts later is found by the next sync, which asks for everybody. */
const pollsMax = 100;

/** Makes the user known to Apple. Registering one who is known already answers with the same record. */
export async function registerUser(context: LicensingContext, userId: string): Promise<void> {
  const { store, vpp, world } = context;
  const known = await store.read(async (reader) => {
    const user = await reader.get("users", userId);
    return user && { user, ...(await openAccount(context, reader)) };
  });
  if (known === undefined) return;
  const askedAt = world.now();
  const answer = await vpp.registerUser(known.sToken, {
    clientUserIdStr: known.user.vpp.clientUserIdStr,
    email: known.user.email,
  });
  await transact(context, async (tx, outbox) => {
    const user = await tx.get("users", userId);
    if (user === undefined) return;
    outbox.record("user.registered", { userId, clientUserIdStr: user.vpp.clientUserIdStr });
    const wish = user.vpp.wish?.kind === "register" ? null : (user.vpp.wish ?? null);
    await applyAppleUser(tx, outbox, { ...user, vpp: { ...user.vpp, wish } }, answer, world.now(), askedAt);
  });
}

/** Asks Apple about one person whose acceptance is awaited. */
export async function pollTerms(context: LicensingContext, userId: string): Promise<void> {
  try {
    await askApple(context, userId, (vpp) => vpp.pollAt !== null);
  } catch (error) {
    await postponePoll(context, userId);
    throw error;
  }
}

/** Asks Apple now, whether or not anything is awaited. Throws not_found, conflict (Apple was never told of the user). */
export async function refreshTerms(context: LicensingContext, userId: string): Promise<void> {
  const user = await context.store.read((reader) => reader.get("users", userId));
  if (user === undefined) throw new PippinError("not_found", `There is no user ${userId}.`);
  if (user.vpp.status === "unregistered") {
    throw new PippinError(
      "conflict",
      `Apple knows nothing of ${user.name} yet: nobody was to get an app so far.`,
    );
  }
  await askApple(context, userId, () => true);
}

/** `isWanted` is asked again when the answer has come: somebody else's may have been quicker. */
async function askApple(
  context: LicensingContext,
  userId: string,
  isWanted: (vpp: VppUser) => boolean,
): Promise<void> {
  const { store, vpp, world } = context;
  const known = await store.read(async (reader) => {
    const user = await reader.get("users", userId);
    return user && { user, ...(await openAccount(context, reader)) };
  });
  if (known === undefined) return;
  const askedAt = world.now();
  let answer: AppleUser | undefined;
  try {
    answer = await vpp.getUser(known.sToken, known.user.vpp.clientUserIdStr);
  } catch (error) {
    // Apple has no active user of that id (any more).
    if (!(error instanceof VppError) || !goneErrors.has(error.errorNumber)) throw error;
  }
  await transact(context, async (tx, outbox) => {
    const user = await tx.get("users", userId);
    if (user === undefined || !isWanted(user.vpp)) return;
    const now = world.now();
    if (answer !== undefined) return applyAppleUser(tx, outbox, user, answer, now, askedAt);
    if (user.vpp.status === "unregistered") {
      await tx.put("users", { ...user, vpp: { ...user.vpp, pollAt: null } });
    } else if ((user.vpp.changedAt ?? 0) <= askedAt) {
      await noteRetired(tx, outbox, userId, "apple", now);
    }
  });
}

/** What Apple answers about a user who is not, or no longer, active. */
export const goneErrors: ReadonlySet<number> = new Set([9604, 9609, 9618, 9620, 9636]);

async function postponePoll(context: LicensingContext, userId: string): Promise<void> {
  await transact(context, async (tx) => {
    const user = await tx.get("users", userId);
    if (user === undefined || user.vpp.pollAt === null) return;
    const poll = await nextPoll(tx, user.vpp, context.world.now());
    await tx.put("users", { ...user, vpp: { ...user.vpp, ...poll } });
  });
}

/** When to ask next, if ever. */
async function nextPoll(
  reader: Reader,
  { pollCount }: VppUser,
  now: number,
): Promise<Pick<VppUser, "pollAt" | "pollCount">> {
  if (pollCount >= pollsMax) return { pollAt: null, pollCount: 0 };
  const { termsPoll } = await readPolicies(reader);
  return { pollAt: now + backoffMs(termsPoll, pollCount), pollCount: pollCount + 1 };
}

/**
 * Takes in what Apple said of a user. Installations of the user are looked at again when it changes anything for them.
 * @param askedAt when Apple was asked, in milliseconds: what it said before it did something for us since is out of date.
 */
export async function applyAppleUser(
  tx: Transaction,
  outbox: Outbox,
  user: UserRecord,
  apple: AppleUser,
  now: number,
  askedAt = now,
): Promise<void> {
  const before = user.vpp;
  if ((before.changedAt ?? 0) > askedAt) {
    // Lists of changes tell each change once: so it is asked for by name.
    const pollAt = apple.status === before.status ? before.pollAt : now;
    await tx.put("users", { ...user, vpp: { ...before, pollAt } });
    return;
  }
  if (apple.status === "Retired" || apple.status === "Deleted") {
    // No news; and nothing is stored, because the present record may stand beside this one in the same list.
    if (before.status === "Retired") return;
    await tx.put("users", user);
    if (isPresentRecord(before, apple)) await noteRetired(tx, outbox, user.id, "apple", now);
    return;
  }
  if (before.status === "Retired" && before.retiredBy === "admin") {
    // An admin's word stands, also against a registration that was under way when it was given.
    const wish = before.wish ?? { kind: "retire" as const, since: now, dueAt: now, tries: 0, cause: 0 };
    await tx.put("users", { ...user, vpp: { ...before, wish, pollAt: null } });
    return;
  }
  await takeActive(tx, outbox, user, apple, now);
}

/** A person who came back may have an older record beside the present one, which stays retired for ever. */
function isPresentRecord(before: VppUser, apple: AppleUser): boolean {
  if (before.status === "unregistered") return false;
  if (before.appleUserId !== undefined) return before.appleUserId === apple.userId;
  return before.status !== "Registered" && (apple.itsIdHash ?? null) === before.itsIdHash;
}

async function takeActive(
  tx: Transaction,
  outbox: Outbox,
  user: UserRecord,
  apple: AppleUser,
  now: number,
): Promise<void> {
  const before = user.vpp;
  const accepted = apple.status === "Associated";
  const inviteUrl = apple.inviteUrl ?? null;
  // Registered anew behind our back: the invitation that the person has leads nowhere.
  const isVoid = !accepted && before.status === "Registered" && before.inviteUrl !== inviteUrl;
  const awaits = !accepted && before.pollAt !== null && before.inviteCount > 0;
  const poll = awaits ? await nextPoll(tx, before, now) : { pollAt: null, pollCount: 0 };
  await tx.put("users", {
    ...user,
    vpp: {
      ...before,
      ...(isVoid ? withoutInvitation : {}),
      ...poll,
      appleUserId: apple.userId,
      status: accepted ? "Associated" : "Registered",
      inviteUrl,
      itsIdHash: apple.itsIdHash ?? null,
      checkedAt: now,
      acceptedAt: accepted ? (before.acceptedAt ?? now) : null,
      retiredAt: null,
      retiredBy: null,
    },
  });
  if (before.status === apple.status && !isVoid) return;
  if (accepted && before.status !== "Associated") {
    outbox.record("user.accepted", { userId: user.id });
    await tryAgain(tx, outbox, user.id, now);
  }
  await markUserDue(tx, user.id, now);
}

/** What failed because of the person's standing with Apple, which is another one now. */
const standingReasons: ReadonlySet<InstallationReason | null> = new Set<InstallationReason>([
  "shared-apple-id",
  "foreign-apple-id",
  "user-retired",
  "license-refused",
  "invitation-failed",
]);

/** The person's standing with Apple has changed: what failed because of it is begun anew. */
export async function tryAgain(
  tx: Transaction,
  outbox: Outbox,
  userId: string,
  now: number,
  cause?: number,
): Promise<void> {
  for (const installation of await installationsOfUser(tx, userId)) {
    if (installation.state !== "failed" || !standingReasons.has(installation.reason)) continue;
    await saveInstallation(tx, outbox, installation, {
      ...inState(installation, "pending", null, now),
      attempts: 0,
      dueAt: now,
      cause: cause ?? installation.cause,
    });
  }
}

export interface InvitationContext extends LicensingContext {
  readonly hooks: DeviceHooks;
}

/**
 * The invitation goes out once more: to the phone that was heard of last among those that wait for it. One that no phone has
 * fetched yet is taken back first. Throws not_found, conflict (accepted, retired, or nothing to invite for).
 */
export async function resendInvitation(
  context: InvitationContext,
  userId: string,
  cause: number,
): Promise<{ freedUdid: string | null }> {
  return await transact(context, async (tx, outbox) => {
    const user = await tx.get("users", userId);
    if (user === undefined) throw new PippinError("not_found", `There is no user ${userId}.`);
    refuseInvitation(user);
    const waiting = await waitingForInvitation(tx, userId);
    const [first] = waiting;
    if (first === undefined) {
      throw new PippinError(
        "conflict",
        `There is nothing to invite ${user.name} for: no phone of theirs waits for a volume-purchase app.`,
      );
    }
    const freedUdid = await withdrawInvitation(tx, outbox, context, user);
    const current = (await tx.get("users", userId)) ?? user;
    const invitation = { ...withoutInvitation, inviteFailures: 0, pollAt: null, pollCount: 0 };
    await tx.put("users", { ...current, vpp: { ...current.vpp, ...invitation } });
    outbox.record("admin.changed", { what: "user.invitationResent", userId, cause });
    const now = context.world.now();
    await markUserDue(tx, userId, now, cause);
    // Of those that are due the longest waiting is asked first.
    const chosen = await tx.get("installations", first.id);
    if (chosen) await tx.put("installations", { ...chosen, dueAt: now - 1 });
    return { freedUdid };
  });
}

function refuseInvitation({ name, vpp }: UserRecord): void {
  if (vpp.wish?.kind === "retire" || vpp.wish?.kind === "delete") {
    throw new PippinError("conflict", `${name} is about to be retired.`);
  }
  if (vpp.status === "Associated") {
    throw new PippinError("conflict", `${name} has accepted the terms already.`);
  }
  if (vpp.status === "Retired") {
    throw new PippinError("conflict", `${name} is retired: reinstate first, which invites by itself.`);
  }
}

/** Those that go on once the person has joined; on the phone heard of last first. */
async function waitingForInvitation(reader: Reader, userId: string): Promise<InstallationRecord[]> {
  const waiting: { installation: InstallationRecord; seenAt: number }[] = [];
  for (const installation of await installationsOfUser(reader, userId)) {
    const { state, reason, udid } = installation;
    if (!(state === "pending" || state === "waitingForTerms" || reason === "invitation-failed")) continue;
    const device = await reader.get("devices", udid);
    if (device?.state === "enrolled") waiting.push({ installation, seenAt: device.lastSeenAt });
  }
  return waiting.sort((one, other) => other.seenAt - one.seenAt).map(({ installation }) => installation);
}

/** Takes back an invitation that is still in the queue. Answers with the phone, which others may wait for. */
export async function withdrawInvitation(
  tx: Transaction,
  outbox: Outbox,
  context: InvitationContext,
  { vpp }: UserRecord,
): Promise<string | null> {
  const { inviteCommandUUID } = vpp;
  const command = inviteCommandUUID === null ? undefined : await tx.get("commands", inviteCommandUUID);
  if (command === undefined || !isOpen(command.state)) return null;
  await cancelCommand(tx, outbox, context, command.id);
  return command.udid;
}

/** The phone was wiped or has left management, and the invitation on it went with it: another may be sent. */
export async function noteInvitationGone(tx: Transaction, device: DeviceRecord, now: number): Promise<void> {
  const user = device.userId === null ? undefined : await tx.get("users", device.userId);
  if (user === undefined || user.vpp.status !== "Registered" || user.vpp.inviteUdid !== device.id) return;
  await tx.put("users", { ...user, vpp: { ...user.vpp, ...withoutInvitation } });
  await markUserDue(tx, user.id, now);
}
