/** What the end of a user or a group leaves behind: phones without an owner, members without the group. */
import { PippinError } from "../../shared/errors.ts";
import { installationsOfUser, perOwnerMax } from "../deployments/installations.ts";
import { transact, type Outbox } from "../outbox.ts";
import type { GroupRecord, UserRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { deploymentsOfGroup, findGroup, type DirectoryContext } from "./directory.ts";

/** Members taken out in one transaction, so that a large group never sits in one. */
const membersPerTurn = 100;

/**
 * Deletes the record. Phones of the user stay managed and belong to nobody: what the deployments asked of them no longer applies,
 * and what is installed stays. The user's enrolment links end.
 */
export async function removeUserRecord(
  tx: Transaction,
  outbox: Outbox,
  context: DirectoryContext,
  user: UserRecord,
  cause: number,
): Promise<void> {
  const now = context.world.now();
  await tx.put("users", { ...user, groupIds: [] });
  await context.deployments.membershipChanged(tx, outbox, user.id);
  for (const installation of await installationsOfUser(tx, user.id)) {
    await tx.put("installations", { ...installation, userId: null, waitingSince: null, dueAt: now, cause });
  }
  const devices = await tx.list("devices", { index: "byUser", partition: user.id, limit: perOwnerMax });
  for (const device of devices) {
    await tx.put("devices", { ...device, userId: null });
    const identity = await tx.get("identities", device.identity);
    // Otherwise the phone would be the user's again when it next enrols with the same identity.
    if (identity?.userId === user.id) await tx.put("identities", { ...identity, userId: null });
  }
  const links = { index: "byUser", partition: user.id, limit: perOwnerMax } as const;
  for (const link of await tx.list("enrollmentTokens", links)) await tx.delete("enrollmentTokens", link.id);
  await tx.delete("users", user.id);
  outbox.record("admin.changed", { what: "user.deleted", userId: user.id, phones: devices.length, cause });
  outbox.after(() => context.deployments.wake());
}

/**
 * The group is gone for admins at once; its deployments are withdrawn (what is installed stays), and its members are taken out
 * chunk by chunk. A crash in between leaves the rest to the next start. Throws not_found, confirmation_required (with the numbers
 * of members and deployments).
 */
export async function removeGroup(
  context: DirectoryContext,
  groupId: string,
  options: { confirm: boolean },
  cause: number,
): Promise<void> {
  await transact(context, async (tx, outbox) => {
    const group = await findGroup(tx, groupId);
    if (!options.confirm) await askToConfirm(tx, group);
    await tx.put("groups", { ...group, removedAt: context.world.now() });
    outbox.record("admin.changed", { what: "group.deleted", groupId, cause });
  });
  await finishRemoval(context, groupId, cause);
}

async function askToConfirm(reader: Reader, { id, name }: GroupRecord): Promise<void> {
  const members = await reader.count("users", "byGroup", id);
  const deployments = (await deploymentsOfGroup(reader, id)).length;
  if (members === 0 && deployments === 0) return;
  throw new PippinError(
    "confirmation_required",
    `"${name}" has ${members} ${members === 1 ? "member" : "members"} and ${deployments} ` +
      `${deployments === 1 ? "deployment" : "deployments"}. With confirm=true the deployments are withdrawn and the members leave it.`,
    { details: { members, deployments } },
  );
}

/** Goes on where it was left. Harmless when all is done. */
export async function finishRemoval(
  context: DirectoryContext,
  groupId: string,
  cause: number,
): Promise<void> {
  for (;;) {
    const deployments = await context.store.read((reader) => deploymentsOfGroup(reader, groupId));
    for (const { id } of deployments) {
      await context.deployments.remove(id, cause).catch((error: unknown) => {
        // Somebody else withdrew it meanwhile.
        if (!(error instanceof PippinError && error.code === "not_found")) throw error;
      });
    }
    if (await takeOutMembers(context, groupId)) return;
  }
}

/** One chunk. Answers whether the group is gone now. */
async function takeOutMembers(context: DirectoryContext, groupId: string): Promise<boolean> {
  return await transact(context, async (tx, outbox) => {
    const query = { index: "byGroup", partition: groupId, limit: membersPerTurn } as const;
    const members = await tx.list("users", query);
    for (const user of members) {
      await tx.put("users", { ...user, groupIds: user.groupIds.filter((id) => id !== groupId) });
      await context.deployments.membershipChanged(tx, outbox, user.id);
    }
    outbox.after(() => context.deployments.wake());
    if (members.length === membersPerTurn) return false;
    // One may have been made since the others were withdrawn.
    if ((await deploymentsOfGroup(tx, groupId)).length > 0) return false;
    await tx.delete("groups", groupId);
    return true;
  });
}
