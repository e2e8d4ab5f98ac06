/** People as an admin may see them: what the directory says, and how they stand with Apple. */
import { z } from "@hono/zod-openapi";
import { accountId } from "../licensing/account.ts";
import { countPhones } from "../licensing/standing.ts";
import { readPolicies } from "../policies.ts";
import { termsStatus, type DeviceRecord, type UserRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { Time, timeOf } from "./fields.ts";

export const TermsStatusField = z.enum(["notInvited", "invited", "accepted", "retired"]);
/** Two intervals without a sync are one that failed or never ran. */
const staleIntervals = 2;
const twinsMax = 20;

export const userFields = {
  id: z.string(),
  name: z.string(),
  email: z.string(),
  groupIds: z.array(z.string()),
  createdAt: Time,
  deviceCount: z.number().int().openapi({ description: "Managed phones." }),
  seatCount: z.number().int().openapi({ description: "Licences held or under way." }),
  terms: z.strictObject({
    status: TermsStatusField,
    checkedAt: Time.nullable().openapi({ description: "When Apple last told: the age of this status." }),
    stale: z.boolean().openapi({ description: "Apple has not told for more than two sync intervals." }),
    invitedAt: Time.nullable(),
    inviteCount: z.number().int(),
    acceptedAt: Time.nullable(),
    retiredAt: Time.nullable(),
    pending: z
      .enum(["retire", "reinstate", "delete"])
      .nullable()
      .openapi({ description: "What Apple is still to be told." }),
  }),
  conflict: z
    .strictObject({
      kind: z.enum(["shared-apple-id", "other-store", "other-organisation"]),
      userIds: z.array(z.string()).openapi({ description: "Who accepted with the same Apple ID." }),
      message: z.string(),
    })
    .nullable()
    .openapi({ description: "What is wrong with the Apple ID that the person accepted with." }),
};
export const UserView = z.strictObject(userFields).openapi("User");
export type UserView = z.infer<typeof UserView>;

/** What the views of all users of one answer have in common. */
interface Staleness {
  readonly now: number;
  readonly staleMs: number;
  /** Everybody's status was known to be as stored at this time. */
  readonly confirmedAt: number;
}

/** Several users, as of one moment. The invitation's address stays inside: whoever has it can join in the person's place. */
export async function viewUsers(
  reader: Reader,
  users: readonly UserRecord[],
  now: number,
): Promise<UserView[]> {
  const { syncIntervalHours } = await readPolicies(reader);
  const account = await reader.get("accounts", accountId);
  const staleness: Staleness = {
    now,
    staleMs: staleIntervals * syncIntervalHours * 3_600_000,
    confirmedAt: account?.usersConfirmedAt ?? 0,
  };
  const views: UserView[] = [];
  for (const user of users) views.push(await view(reader, user, staleness));
  return views;
}

export async function viewUser(reader: Reader, user: UserRecord, now: number): Promise<UserView> {
  const [only] = await viewUsers(reader, [user], now);
  if (!only) throw new Error("one user has one view");
  return only;
}

async function view(reader: Reader, user: UserRecord, staleness: Staleness): Promise<UserView> {
  const { id, name, email, groupIds, vpp } = user;
  const checkedAt = lastToldAt(user, staleness);
  return {
    id,
    name,
    email,
    groupIds,
    createdAt: timeOf(user.createdAt),
    deviceCount: await countPhones(reader, id),
    seatCount: await reader.count("assignments", "byUser", id),
    terms: {
      status: termsStatus(vpp),
      checkedAt: timeOf(checkedAt),
      stale: checkedAt !== null && staleness.now - checkedAt > staleness.staleMs,
      invitedAt: timeOf(vpp.invitedAt),
      inviteCount: vpp.inviteCount,
      acceptedAt: timeOf(vpp.acceptedAt),
      retiredAt: timeOf(vpp.retiredAt ?? null),
      pending: vpp.wish
        ? ({ retire: "retire", register: "reinstate", delete: "delete" } as const)[vpp.wish.kind]
        : null,
    },
    conflict: await conflictOf(reader, user),
  };
}

/** When Apple last told how a user stands. A sync that found nothing new has confirmed what was known. */
export function lastToldAt(
  { vpp }: UserRecord,
  { confirmedAt }: Pick<Staleness, "confirmedAt">,
): number | null {
  if (vpp.checkedAt === null || vpp.status === "unregistered") return vpp.checkedAt;
  return Math.max(vpp.checkedAt, confirmedAt);
}

async function conflictOf(reader: Reader, { id, vpp }: UserRecord): Promise<UserView["conflict"]> {
  const userIds = await twinsOf(reader, id, vpp.itsIdHash);
  const errorNumber = vpp.refusal?.errorNumber;
  if (userIds.length > 0 || errorNumber === 9616) {
    const who = userIds.length > 0 ? userIds.join(", ") : "a user whom this server did not create";
    return {
      kind: "shared-apple-id",
      userIds,
      message: `${who} accepted with the same Apple ID: of each app only one of them can hold a licence. Retire one of them, and have the person accept with an Apple ID of their own.`,
    };
  }
  if (errorNumber === 9605) {
    return {
      kind: "other-store",
      userIds,
      message:
        "The Apple ID belongs to the App Store of another country than the organisation's. Retire the user, reinstate, and have the person accept with another Apple ID.",
    };
  }
  if (errorNumber === 9635) {
    return {
      kind: "other-organisation",
      userIds,
      message:
        "The Apple ID is unknown to Apple or managed by another organisation. Retire the user, reinstate, and have the person accept with another Apple ID.",
    };
  }
  return null;
}

async function twinsOf(reader: Reader, userId: string, itsIdHash: string | null): Promise<string[]> {
  if (itsIdHash === null) return [];
  const query = { index: "byItsIdHash", partition: itsIdHash, limit: twinsMax + 1 } as const;
  const sharing = await reader.list("users", query);
  return sharing.flatMap(({ id }) => (id === userId ? [] : [id])).slice(0, twinsMax);
}

/** Whether the App Store account on a phone is the one that holds the person's licences. */
export const StoreAccount = z
  .strictObject({
    udid: z.string(),
    account: z.enum(["matches", "differs", "signedOut", "unknown"]).openapi({
      description:
        "`differs`: another Apple ID is signed in than the one that accepted the terms, so that apps can't be installed. `unknown` " +
        "until the phone has answered a DeviceInformation command that asks for iTunesStoreAccountHash, and while nobody has accepted.",
    }),
    checkedAt: Time.nullable(),
  })
  .openapi("StoreAccount");
export type StoreAccount = z.infer<typeof StoreAccount>;

export function viewStoreAccount({ vpp }: UserRecord, device: DeviceRecord): z.infer<typeof StoreAccount> {
  const { id: udid, storeAccount } = device;
  if (!storeAccount) return { udid, account: "unknown", checkedAt: null };
  const checkedAt = timeOf(storeAccount.at);
  if (storeAccount.hash === null) return { udid, account: "signedOut", checkedAt };
  if (vpp.itsIdHash === null) return { udid, account: "unknown", checkedAt };
  return { udid, account: storeAccount.hash === vpp.itsIdHash ? "matches" : "differs", checkedAt };
}
