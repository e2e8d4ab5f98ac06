/** Takes many people in at once, by id: who is there already is brought up to date. */
import { PippinError } from "../../shared/errors.ts";
import type { World } from "../../shared/world.ts";
import { unregisteredVpp } from "../licensing/vpp-user.ts";
import { transact } from "../outbox.ts";
import type { GroupRecord, UserRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { normalGroupIds, usersMax, type DirectoryContext } from "./directory.ts";
import { findGroupByName, storeNewGroup } from "./groups.ts";
import type { ImportRow } from "./import-csv.ts";
import { sameIds } from "./users.ts";

/** Changes that an answer names; the rest is counted. */
export const importChangesMax = 1_000;

export type ImportedField = "name" | "email" | "groups";

export interface ImportChange {
  id: string;
  change: "created" | "updated";
  /** What is new about a user who was there. */
  fields: ImportedField[];
}

export interface ImportResult {
  /** Nothing was stored. */
  dryRun: boolean;
  created: number;
  updated: number;
  unchanged: number;
  groupsCreated: number;
  /** In the order of the file, up to a limit. */
  changes: ImportChange[];
  /** Names of the groups that are new. */
  groups: string[];
}

interface ImportPlan {
  groups: GroupRecord[];
  created: UserRecord[];
  updated: { user: UserRecord; moved: boolean }[];
  changes: ImportChange[];
  unchanged: number;
}

/**
 * All of it or nothing. The groups of a row replace those the user had; groups that don't exist are created by name. With
 * `dryRun` it only says what would happen. Throws limit_exceeded, conflict (a user who is being deleted).
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
    const plan = await context.store.read((reader) => planImport(reader, rows, now, (use) => use));
    return resultOf(plan, true);
  }
  const identifiers = stableIdentifiers(context.world);
  return await transact(context, async (tx, outbox) => {
    const plan = await planImport(tx, rows, now, identifiers);
    const result = resultOf(plan, false);
    if (plan.groups.length + plan.created.length + plan.updated.length === 0) return result;
    for (const group of plan.groups) await storeNewGroup(tx, group);
    const { created, updated, unchanged, groupsCreated } = result;
    outbox.record("admin.changed", {
      what: "users.imported",
      created,
      updated,
      unchanged,
      groupsCreated,
      cause,
    });
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
  const plan: ImportPlan = { groups: [], created: [], updated: [], changes: [], unchanged: 0 };
  const groupIdByName = new Map<string, string>();
  for (const name of rows.flatMap((row) => row.groups ?? [])) {
    const folded = name.toLowerCase();
    if (groupIdByName.has(folded)) continue;
    const existing = await findGroupByName(reader, name);
    const id = existing?.id ?? identifier(`group ${folded}`).toLowerCase();
    groupIdByName.set(folded, id);
    if (!existing) plan.groups.push({ id, name, createdAt: now });
  }
  for (const { id, name, email, groups } of rows) {
    const named = groups?.map((group) => groupIdByName.get(group.toLowerCase()) ?? "");
    const existing = await reader.get("users", id);
    if (!existing) {
      const vpp = unregisteredVpp(identifier(`user ${id}`));
      plan.created.push({ id, name, email, groupIds: normalGroupIds(named ?? []), createdAt: now, vpp });
      plan.changes.push({ id, change: "created", fields: [] });
      continue;
    }
    if (existing.vpp.wish?.kind === "delete") throw beingDeleted(existing);
    const groupIds = named ? normalGroupIds(named) : existing.groupIds;
    const fields = changedFields(existing, { name, email, groupIds });
    if (fields.length === 0) {
      plan.unchanged += 1;
      continue;
    }
    plan.updated.push({ user: { ...existing, name, email, groupIds }, moved: fields.includes("groups") });
    plan.changes.push({ id, change: "updated", fields });
  }
  if ((await reader.count("users", "all", "")) + plan.created.length > usersMax) {
    throw new PippinError(
      "limit_exceeded",
      `The directory holds at most ${usersMax} users. Nothing was imported.`,
    );
  }
  return plan;
}

function changedFields(
  before: UserRecord,
  after: Pick<UserRecord, "name" | "email" | "groupIds">,
): ImportedField[] {
  const fields: ImportedField[] = [];
  if (before.name !== after.name) fields.push("name");
  if (before.email !== after.email) fields.push("email");
  if (!sameIds(before.groupIds, after.groupIds)) fields.push("groups");
  return fields;
}

function beingDeleted({ id, name }: UserRecord): PippinError {
  return new PippinError("conflict", `${name} (${id}) is being deleted. Nothing was imported.`, {
    details: { id },
  });
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

function resultOf(plan: ImportPlan, dryRun: boolean): ImportResult {
  return {
    dryRun,
    created: plan.created.length,
    updated: plan.updated.length,
    unchanged: plan.unchanged,
    groupsCreated: plan.groups.length,
    changes: plan.changes.slice(0, importChangesMax),
    groups: plan.groups.map(({ name }) => name),
  };
}
