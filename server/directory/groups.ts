/** Decisions about groups and who is in them. */
import { PippinError } from "../../shared/errors.ts";
import { transact } from "../outbox.ts";
import type { GroupRecord, UserRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { groupsMax, normalGroupIds, notFound, noteMove, type DirectoryContext } from "./directory.ts";

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
    const namesake = await findGroupByName(tx, group.name);
    if (namesake) {
      throw new PippinError("already_exists", `There is a group named "${namesake.name}" already.`, {
        details: { id: namesake.id },
      });
    }
    await storeNewGroup(tx, group);
    outbox.record("admin.changed", { what: "group.created", groupId: group.id, cause });
  });
  return group;
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
    if (!(await tx.get("groups", groupId))) throw notFound("group", groupId);
    const user = await tx.get("users", userId);
    if (!user) throw notFound("user", userId);
    const groupIds = decide(user);
    if (!groupIds) return;
    await tx.put("users", { ...user, groupIds });
    outbox.record("admin.changed", { what: "membership.changed", groupId, userId, cause });
    await noteMove(context, tx, outbox, userId);
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
