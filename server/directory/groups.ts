/** Decisions about groups and who is in them. */
import { PippinError } from "../../shared/errors.ts";
import { transact } from "../outbox.ts";
import type { GroupRecord, UserRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import {
  findGroup,
  groupsMax,
  normalGroupIds,
  notFound,
  noteMove,
  type DirectoryContext,
} from "./directory.ts";

/** As many as an import takes in at once. */
export const membersMax = 20_000;
const pageMax = 1_000;
/** Ids that a refusal names. */
const namedMax = 20;

/** Names are told apart without regard to case. Throws already_exists (id or name), limit_exceeded. */
export async function createGroup(
  context: DirectoryContext,
  input: { id?: string; name: string },
  cause: number,
): Promise<GroupRecord> {
  const group: GroupRecord = {
    id: input.id ?? context.world.uuid().toLowerCase(),
    name: input.name,
    createdAt: context.world.now(),
  };
  await transact(context, async (tx, outbox) => {
    if (await tx.get("groups", group.id)) {
      throw new PippinError("already_exists", `There is a group ${group.id} already.`, {
        details: { id: group.id },
      });
    }
    await refuseNamesake(tx, group);
    await storeNewGroup(tx, group);
    outbox.record("admin.changed", { what: "group.created", groupId: group.id, cause });
  });
  return group;
}

/** Throws not_found, already_exists (the name). */
export async function renameGroup(
  context: DirectoryContext,
  groupId: string,
  name: string,
  cause: number,
): Promise<GroupRecord> {
  return await transact(context, async (tx, outbox) => {
    const group = await findGroup(tx, groupId);
    const renamed = { ...group, name };
    if (group.name === name) return group;
    await refuseNamesake(tx, renamed);
    await tx.put("groups", renamed);
    outbox.record("admin.changed", {
      what: "group.renamed",
      groupId,
      before: group.name,
      after: name,
      cause,
    });
    return renamed;
  });
}

async function refuseNamesake(reader: Reader, { id, name }: GroupRecord): Promise<void> {
  const namesake = await findGroupByName(reader, name);
  if (!namesake || namesake.id === id) return;
  throw new PippinError("already_exists", `There is a group named "${namesake.name}" already.`, {
    details: { id: namesake.id },
  });
}

/** Does nothing when the user is in it already. Throws not_found, limit_exceeded. */
export async function addMember(
  context: DirectoryContext,
  groupId: string,
  userId: string,
  cause: number,
): Promise<void> {
  await changeMembership(context, groupId, userId, cause, (user) =>
    user.groupIds.includes(groupId) ? undefined : normalGroupIds([...user.groupIds, groupId]),
  );
}

/** Does nothing when the user is not in it. Throws not_found. */
export async function removeMember(
  context: DirectoryContext,
  groupId: string,
  userId: string,
  cause: number,
): Promise<void> {
  await changeMembership(context, groupId, userId, cause, (user) =>
    user.groupIds.includes(groupId) ? user.groupIds.filter((id) => id !== groupId) : undefined,
  );
}

async function changeMembership(
  context: DirectoryContext,
  groupId: string,
  userId: string,
  cause: number,
  decide: (user: UserRecord) => string[] | undefined,
): Promise<void> {
  await transact(context, async (tx, outbox) => {
    await findGroup(tx, groupId);
    const user = await tx.get("users", userId);
    if (!user) throw notFound("user", userId);
    const groupIds = decide(user);
    if (!groupIds) return;
    await tx.put("users", { ...user, groupIds });
    outbox.record("admin.changed", { what: "membership.changed", groupId, userId, cause });
    await noteMove(context, tx, outbox, userId);
  });
}

export interface MembersReplaced {
  added: number;
  removed: number;
  unchanged: number;
}

/** Exactly these are in the group afterwards; all of it or nothing. Throws not_found (the group, a user), limit_exceeded. */
export async function replaceMembers(
  context: DirectoryContext,
  groupId: string,
  userIds: readonly string[],
  cause: number,
): Promise<MembersReplaced> {
  const wanted = new Set(userIds);
  return await transact(context, async (tx, outbox) => {
    await findGroup(tx, groupId);
    const present = await membersOf(tx, groupId);
    const presentIds = new Set(present.map((user) => user.id));
    const joining = await findUsers(
      tx,
      [...wanted].filter((id) => !presentIds.has(id)),
    );
    const leaving = present.filter((user) => !wanted.has(user.id));
    for (const user of joining) {
      await tx.put("users", { ...user, groupIds: normalGroupIds([...user.groupIds, groupId]) });
    }
    for (const user of leaving) {
      await tx.put("users", { ...user, groupIds: user.groupIds.filter((id) => id !== groupId) });
    }
    for (const user of [...joining, ...leaving]) {
      await context.deployments.membershipChanged(tx, outbox, user.id);
    }
    const result = {
      added: joining.length,
      removed: leaving.length,
      unchanged: present.length - leaving.length,
    };
    if (result.added + result.removed > 0) {
      outbox.record("admin.changed", { what: "members.replaced", groupId, ...result, cause });
      outbox.after(() => context.deployments.wake());
    }
    return result;
  });
}

async function membersOf(reader: Reader, groupId: string): Promise<UserRecord[]> {
  if ((await reader.count("users", "byGroup", groupId)) > membersMax) {
    throw new PippinError(
      "limit_exceeded",
      `Groups of more than ${membersMax} can't be replaced as a whole: change their members one by one.`,
    );
  }
  const members: UserRecord[] = [];
  for (;;) {
    const last = members.at(-1);
    const query = { index: "byGroup", partition: groupId, limit: pageMax } as const;
    const page = await reader.list("users", last ? { ...query, after: [last.id, last.id] } : query);
    members.push(...page);
    if (page.length < pageMax) return members;
  }
}

async function findUsers(reader: Reader, ids: readonly string[]): Promise<UserRecord[]> {
  const found: UserRecord[] = [];
  const unknown: string[] = [];
  for (const id of ids) {
    const user = await reader.get("users", id);
    if (user) found.push(user);
    else unknown.push(id);
  }
  if (unknown.length === 0) return found;
  throw new PippinError("not_found", `There are no users ${unknown.slice(0, namedMax).join(", ")}.`, {
    details: { userIds: unknown.slice(0, namedMax), count: unknown.length },
  });
}

export async function findGroupByName(reader: Reader, name: string): Promise<GroupRecord | undefined> {
  const [group] = await reader.list("groups", { index: "byName", partition: name.toLowerCase(), limit: 1 });
  return group;
}

/** Throws limit_exceeded. */
export async function storeNewGroup(tx: Transaction, group: GroupRecord): Promise<void> {
  if ((await tx.count("groups", "all", "")) >= groupsMax) {
    throw new PippinError("limit_exceeded", `There may be at most ${groupsMax} groups.`);
  }
  await tx.put("groups", group);
}
