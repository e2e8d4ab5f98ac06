/** What the decisions about people and groups share: their surroundings and the shape of names. */
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import type { ServerContext } from "../context.ts";
import { perOwnerMax } from "../deployments/installations.ts";
import type { Outbox } from "../outbox.ts";
import type { DeploymentService } from "../services.ts";
import type { DeploymentRecord, GroupRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";

export interface DirectoryContext extends ServerContext {
  readonly deployments: Pick<DeploymentService, "membershipChanged" | "remove" | "wake">;
}

export const groupsMax = 1_000;
export const groupsPerUserMax = 200;
export const usersMax = 100_000;

export const DirectoryId = z
  .string()
  .regex(/^[A-Za-z0-9._@-]{1,64}$/, "expected 1 to 64 characters out of A-Z a-z 0-9 . _ @ -");

/** One line of text. Control characters would let a name break out of a log line or a table. */
export const Name = z
  .string()
  .trim()
  .min(1, "expected a name")
  .max(200, "expected at most 200 characters")
  .regex(/^\P{Cc}*$/u, "expected no control characters");

/** The semicolon separates group names in a CSV import. */
export const GroupName = Name.refine((name) => !name.includes(";"), "expected no semicolon");

/** Only what keeps it from being nonsense: whether mail arrives is not ours to find out. */
export const Email = z
  .string()
  .trim()
  .max(254, "expected at most 254 characters")
  .regex(/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u, "expected an e-mail address");

export function notFound(what: string, id: string): PippinError {
  return new PippinError("not_found", `There is no ${what} ${id}.`, { details: { id } });
}

/** The group ids, each once, in a stable order. Throws limit_exceeded. */
export function normalGroupIds(ids: Iterable<string>): string[] {
  const unique = [...new Set(ids)].sort();
  if (unique.length > groupsPerUserMax) {
    throw new PippinError("limit_exceeded", `A user may be in at most ${groupsPerUserMax} groups.`);
  }
  return unique;
}

/** The user is in other groups now: what is deployed to them may differ. */
export async function noteMove(
  context: DirectoryContext,
  tx: Transaction,
  outbox: Outbox,
  userId: string,
): Promise<void> {
  await context.deployments.membershipChanged(tx, outbox, userId);
  outbox.after(() => context.deployments.wake());
}

/** A group that is not being deleted. Throws not_found. */
export async function findGroup(reader: Reader, groupId: string): Promise<GroupRecord> {
  const group = await reader.get("groups", groupId);
  if (group === undefined || group.removedAt !== undefined) throw notFound("group", groupId);
  return group;
}

/** Those that count: not yet withdrawn. */
export async function deploymentsOfGroup(reader: Reader, groupId: string): Promise<DeploymentRecord[]> {
  const query = { index: "byGroup", partition: groupId, limit: perOwnerMax } as const;
  return (await reader.list("deployments", query)).filter((deployment) => !deployment.removed);
}
