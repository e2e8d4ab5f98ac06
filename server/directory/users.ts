/** Decisions about people. */
import { PippinError } from "../../shared/errors.ts";
import { unregisteredVpp } from "../licensing/vpp-user.ts";
import { transact } from "../outbox.ts";
import type { UserRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import {
  findGroup,
  normalGroupIds,
  notFound,
  noteMove,
  usersMax,
  type DirectoryContext,
} from "./directory.ts";

export interface NewUser {
  id: string;
  name: string;
  email: string;
  groupIds: string[];
}

/** Throws already_exists, not_found (a group), limit_exceeded. */
export async function createUser(
  context: DirectoryContext,
  input: NewUser,
  cause: number,
): Promise<UserRecord> {
  const { id, name, email } = input;
  const groupIds = normalGroupIds(input.groupIds);
  const user: UserRecord = {
    id,
    name,
    email,
    groupIds,
    createdAt: context.world.now(),
    vpp: unregisteredVpp(context.world.uuid()),
  };
  await transact(context, async (tx, outbox) => {
    if (await tx.get("users", id)) {
      throw new PippinError("already_exists", `There is a user ${id} already.`, { details: { id } });
    }
    if ((await tx.count("users", "all", "")) >= usersMax) {
      throw new PippinError("limit_exceeded", `The directory holds at most ${usersMax} users.`);
    }
    await expectGroups(tx, groupIds);
    await tx.put("users", user);
    outbox.record("admin.changed", { what: "user.created", userId: id, cause });
    if (groupIds.length > 0) await noteMove(context, tx, outbox, id);
  });
  return user;
}

/** Throws not_found (the user, a group), limit_exceeded. */
export async function changeUser(
  context: DirectoryContext,
  id: string,
  change: { name?: string; email?: string; groupIds?: string[] },
  cause: number,
): Promise<UserRecord> {
  const groupIds = change.groupIds && normalGroupIds(change.groupIds);
  return await transact(context, async (tx, outbox) => {
    const user = await tx.get("users", id);
    if (!user) throw notFound("user", id);
    // Those the user is in already may be on their way out.
    if (groupIds)
      await expectGroups(
        tx,
        groupIds.filter((groupId) => !user.groupIds.includes(groupId)),
      );
    const next: UserRecord = {
      ...user,
      name: change.name ?? user.name,
      email: change.email ?? user.email,
      groupIds: groupIds ?? user.groupIds,
    };
    await tx.put("users", next);
    outbox.record("admin.changed", { what: "user.changed", userId: id, cause });
    if (!sameIds(user.groupIds, next.groupIds)) await noteMove(context, tx, outbox, id);
    return next;
  });
}

export function sameIds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

async function expectGroups(reader: Reader, groupIds: readonly string[]): Promise<void> {
  for (const groupId of groupIds) await findGroup(reader, groupId);
}
