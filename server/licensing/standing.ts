/**
 * Ending and renewing a person's standing with Apple: retire, reinstate, and the end that comes before a user is deleted. What is
 * wanted is stored first, then Apple is told, then the outcome is stored; a crash in between leaves the wish, and telling Apple
 * again is harmless.
 */
import { PippinError, type ProblemCode } from "../../shared/errors.ts";
import { markUserDue, perOwnerMax } from "../deployments/installations.ts";
import { transact, type Outbox } from "../outbox.ts";
import { backoffMs, readPolicies } from "../policies.ts";
import type { AccountRecord, UserRecord, VppWish } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { accountId, accountState, openAccount } from "./account.ts";
import { noteRetired } from "./seats.ts";
import { goneErrors, registerUser, tryAgain, withdrawInvitation, type InvitationContext } from "./terms.ts";
import { VppError } from "./vpp-client.ts";
import { returningVpp } from "./vpp-user.ts";

/** The one who wished it tries at once; the loop that looks after unfinished wishes comes later. */
const firstTryMs = 5_000;
/** While a seat of the user is under way, its outcome is waited for this often, this long. */
const movingSeatTriesMax = 8;

export interface StandingContext extends InvitationContext {
  /** In the transaction that stores the end of a user who is to be deleted. */
  removeUser(tx: Transaction, outbox: Outbox, user: UserRecord, cause: number): Promise<void>;
}

/** A wish that was stored; whoever stored it tries to fulfil it now. */
export interface StoredWish {
  /** A phone whose queue has become free. */
  readonly freedUdid: string | null;
}

/**
 * Stores that the user is to be retired at Apple. Who is retired already stays so, and asking twice is asking once. Throws
 * not_found, conflict, token_*.
 */
export async function wishRetire(
  context: StandingContext,
  userId: string,
  cause: number,
): Promise<StoredWish> {
  return await transact(context, async (tx, outbox) => {
    const user = await findUser(tx, userId);
    const { wish, status } = user.vpp;
    if (wish?.kind === "delete") throw beingDeleted(user);
    if (wish?.kind === "retire") return { freedUdid: null };
    if (status === "Retired") {
      await tx.put("users", { ...user, vpp: { ...user.vpp, retiredBy: "admin" } });
      return { freedUdid: null };
    }
    if (status === "unregistered" && !wish) {
      throw new PippinError(
        "conflict",
        `Apple knows nothing of ${user.name} yet: there is nothing to retire.`,
      );
    }
    await refuseUnusable(tx, context.world.now());
    outbox.record("admin.changed", { what: "user.retiring", userId, cause });
    return await storeWish(tx, outbox, context, user, "retire", cause);
  });
}

/**
 * Stores that a retired user is to be registered with Apple anew. Seats of before don't come back: they are asked for when the
 * person has accepted a new invitation. Throws not_found, conflict (not retired), token_*.
 */
export async function wishReinstate(context: StandingContext, userId: string, cause: number): Promise<void> {
  await transact(context, async (tx, outbox) => {
    const user = await findUser(tx, userId);
    const { vpp } = user;
    if (vpp.wish?.kind === "delete") throw beingDeleted(user);
    if (vpp.wish?.kind === "register") return;
    if (vpp.status !== "Retired" || vpp.wish?.kind === "retire") {
      const is = vpp.wish ? "is still being retired" : "is not retired";
      throw new PippinError("conflict", `${user.name} ${is}: there is nothing to reinstate.`);
    }
    const now = context.world.now();
    await refuseUnusable(tx, now);
    const wish: VppWish = { kind: "register", since: now, dueAt: now + firstTryMs, tries: 0, cause };
    await tx.put("users", { ...user, vpp: { ...returningVpp(vpp), wish } });
    outbox.record("admin.changed", { what: "user.reinstated", userId, cause });
    await tryAgain(tx, outbox, userId, now, cause);
    await markUserDue(tx, userId, now, cause);
  });
}

/**
 * Deletes a user of whom Apple knows nothing; any other is to be retired there first, which is stored. Throws not_found,
 * confirmation_required (with the numbers of licences and phones), token_*.
 */
export async function wishDelete(
  context: StandingContext,
  userId: string,
  options: { confirm: boolean },
  cause: number,
): Promise<StoredWish> {
  return await transact(context, async (tx, outbox) => {
    const user = await findUser(tx, userId);
    if (user.vpp.wish?.kind === "delete") return { freedUdid: null };
    if (!options.confirm) await askToConfirm(tx, user);
    const isKnownToApple = user.vpp.status === "Registered" || user.vpp.status === "Associated";
    const isUnsettled = user.vpp.wish !== undefined && user.vpp.wish !== null;
    if (!isKnownToApple && !isUnsettled) {
      await context.removeUser(tx, outbox, user, cause);
      return { freedUdid: null };
    }
    await refuseUnusable(tx, context.world.now());
    outbox.record("admin.changed", { what: "user.deleting", userId, cause });
    return await storeWish(tx, outbox, context, user, "delete", cause);
  });
}

async function askToConfirm(reader: Reader, { id, name }: UserRecord): Promise<void> {
  const licenses = await reader.count("assignments", "byUser", id);
  const phones = await countPhones(reader, id);
  if (licenses === 0 && phones === 0) return;
  throw new PippinError(
    "confirmation_required",
    `${name} holds ${licenses} ${licenses === 1 ? "licence" : "licences"} and has ${phones} managed ` +
      `${phones === 1 ? "phone" : "phones"}. With confirm=true the licences are returned and the phones stay managed without a user.`,
    { details: { licenses, phones } },
  );
}

/** Phones of the user that are under management. */
export async function countPhones(reader: Reader, userId: string): Promise<number> {
  const devices = await reader.list("devices", { index: "byUser", partition: userId, limit: perOwnerMax });
  return devices.filter((device) => device.state === "enrolled").length;
}

async function storeWish(
  tx: Transaction,
  outbox: Outbox,
  context: StandingContext,
  user: UserRecord,
  kind: "retire" | "delete",
  cause: number,
): Promise<StoredWish> {
  const now = context.world.now();
  const wish: VppWish = { kind, since: now, dueAt: now + firstTryMs, tries: 0, cause };
  // First of all, so that nothing told of the withdrawn invitation sends another one.
  await tx.put("users", { ...user, vpp: { ...user.vpp, wish } });
  const freedUdid = await withdrawInvitation(tx, outbox, context, user);
  await markUserDue(tx, user.id, now, cause);
  return { freedUdid };
}

/** Tells Apple, and stores what came of it. Throws when Apple could not be told; the wish stays. */
export async function fulfilWish(context: StandingContext, userId: string): Promise<void> {
  const { store, vpp, world } = context;
  const known = await store.read(async (reader) => {
    const user = await reader.get("users", userId);
    const wish = user?.vpp.wish;
    if (!user || !wish) return undefined;
    return {
      user,
      wish,
      isMoving: await hasMovingSeat(reader, userId),
      ...(await openAccount(context, reader)),
    };
  });
  if (known === undefined) return;
  const { user, wish, sToken } = known;
  if (wish.kind === "register") return registerUser(context, userId);
  if (known.isMoving && wish.tries < movingSeatTriesMax) return postponeWish(context, userId);
  try {
    await vpp.retireUser(sToken, user.vpp.clientUserIdStr);
  } catch (error) {
    // Retired already, by an earlier try whose answer was lost.
    if (!(error instanceof VppError) || !goneErrors.has(error.errorNumber)) throw error;
  }
  await transact(context, async (tx, outbox) => {
    const current = await tx.get("users", userId);
    if (current?.vpp.wish?.since !== wish.since || current.vpp.wish.kind === "register") return;
    const now = world.now();
    const { kind, cause } = current.vpp.wish;
    await tx.put("users", { ...current, vpp: { ...current.vpp, wish: null, changedAt: now } });
    await noteRetired(tx, outbox, userId, "admin", now);
    const retired = await tx.get("users", userId);
    if (kind === "delete" && retired) await context.removeUser(tx, outbox, retired, cause);
  });
}

/** The wish comes up again after a while. */
export async function postponeWish(context: StandingContext, userId: string): Promise<void> {
  await transact(context, async (tx) => {
    const user = await tx.get("users", userId);
    const wish = user?.vpp.wish;
    if (!user || !wish) return;
    const { retry } = await readPolicies(tx);
    const dueAt = context.world.now() + backoffMs(retry, wish.tries);
    await tx.put("users", { ...user, vpp: { ...user.vpp, wish: { ...wish, dueAt, tries: wish.tries + 1 } } });
  });
}

async function hasMovingSeat(reader: Reader, userId: string): Promise<boolean> {
  const seats = await reader.list("assignments", { index: "byUser", partition: userId, limit: perOwnerMax });
  return seats.some((seat) => seat.state !== "held");
}

const codeByState: Partial<Record<AccountRecord["state"], ProblemCode>> = {
  expired: "token_expired",
  revoked: "token_revoked",
  invalid: "token_unknown",
  assignedToExternalMdm: "token_claimed_elsewhere",
  deleted: "token_missing",
};

async function refuseUnusable(reader: Reader, now: number): Promise<void> {
  const account = await reader.get("accounts", accountId);
  if (accountState(account, now) === "usable") return;
  if (account === undefined) {
    throw new PippinError("token_missing", "Without a volume-purchase token Apple can't be told.");
  }
  throw new PippinError(
    codeByState[account.state] ?? "token_expired",
    "The volume-purchase token can't be used at present, so Apple can't be told. Nothing was changed.",
  );
}

async function findUser(reader: Reader, userId: string): Promise<UserRecord> {
  const user = await reader.get("users", userId);
  if (user === undefined) throw new PippinError("not_found", `There is no user ${userId}.`);
  return user;
}

function beingDeleted({ name }: UserRecord): PippinError {
  return new PippinError("conflict", `${name} is being deleted.`);
}
