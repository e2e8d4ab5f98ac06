/** Takes many people in at once, by id: who is there already is brought up to date. */
import { PippinError } from "../../shared/errors.ts";
import type { World } from "../../shared/world.ts";
import { transact } from "../outbox.ts";
import type { GroupRecord, UserRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { normalGroupIds, usersMax, type DirectoryContext } from "./directory.ts";
import { findGroupByName, storeNewGroup } from "./groups.ts";
import type { ImportRow } from "./import-csv.ts";
import { sameIds, unregistered } from "./users.ts";

export interface ImportResult {
  created: number;
  updated: number;
  unchanged: number;
  groupsCreated: number;
}

interface ImportPlan {
  groups: GroupRecord[];
  created: UserRecord[];
  updated: { user: UserRecord; moved: boolean }[];
  unchanged: number;
}

/**
 * All of it or nothing. The groups of a row replace those the user had; groups that don't exist are created by name. With
 * `dryRun` it only says what would happen. Throws limit_exceeded.
 */
export async function importUsers(
  context: DirectoryContext,
  rows: readonly ImportRow[],
  options: { dryRun: boolean },
  cause: number,
): Promise<ImportResult> {
  const now = context.world.now();
  if (options.dryRun) {
    // Nothing is stored, so no identifiers need to be drawn.
    return resultOf(await context.store.read((reader) => planImport(reader, rows, now, (use) => use)));
  }
  const identifiers = stableIdentifiers(context.world);
  return await transact(context, async (tx, outbox) => {
    const plan = await planImport(tx, rows, now, identifiers);
    for (const group of plan.groups) await storeNewGroup(tx, group);
    const result = resultOf(plan);
    outbox.record("admin.changed", { what: "users.imported", ...result, cause });
    for (const user of plan.created) {
      await tx.put("users", user);
      if (user.groupIds.length > 0) await context.deployments.membershipChanged(tx, outbox, user.id);
    }
    for (const { user, moved } of plan.updated) {
      await tx.put("users", user);
      if (moved) await context.deployments.membershipChanged(tx, outbox, user.id);
    }
    outbox.after(() => context.deployments.wake());
    return result;
  });
}

async function planImport(
  reader: Reader,
  rows: readonly ImportRow[],
  now: number,
  identifier: (use: string) => string,
): Promise<ImportPlan> {
  const plan: ImportPlan = { groups: [], created: [], updated: [], unchanged: 0 };
  const groupIdByName = new Map<string, string>();
  for (const name of rows.flatMap((row) => row.groups)) {
    const folded = name.toLowerCase();
    if (groupIdByName.has(folded)) continue;
    const existing = await findGroupByName(reader, name);
    const id = existing?.id ?? identifier(`group ${folded}`).toLowerCase();
    groupIdByName.set(folded, id);
    if (!existing) plan.groups.push({ id, name, createdAt: now });
  }
  for (const { id, name, email, groups } of rows) {
    const groupIds = normalGroupIds(groups.map((group) => groupIdByName.get(group.toLowerCase()) ?? ""));
    const existing = await reader.get("users", id);
    if (!existing) {
      const vpp = unregistered(identifier(`user ${id}`));
      plan.created.push({ id, name, email, groupIds, createdAt: now, vpp });
    } else {
      const moved = !sameIds(existing.groupIds, groupIds);
      if (!moved && existing.name === name && existing.email === email) plan.unchanged += 1;
      else plan.updated.push({ user: { ...existing, name, email, groupIds }, moved });
    }
  }
  if ((await reader.count("users", "all", "")) + plan.created.length > usersMax) {
    throw new PippinError(
      "limit_exceeded",
      `The directory holds at most ${usersMax} users. Nothing was imported.`,
    );
  }
  return plan;
}

/** A transaction may run again; what was drawn from the world for it must then be the same. */
function stableIdentifiers(world: World): (use: string) => string {
  const drawn = new Map<string, string>();
  return (use) => {
    const identifier = drawn.get(use) ?? world.uuid();
    drawn.set(use, identifier);
    return identifier;
  };
}

function resultOf(plan: ImportPlan): ImportResult {
  return {
    created: plan.created.length,
    updated: plan.updated.length,
    unchanged: plan.unchanged,
    groupsCreated: plan.groups.length,
  };
}
