/** What a change of the policies means for what is under way: it counts at once, and not only from the next event on. */
import { accountId } from "../licensing/account.ts";
import type { Outbox } from "../outbox.ts";
import { backoffMs, readPolicies, writePolicies, type Policies } from "../policies.ts";
import type { Transaction } from "../store/store.ts";
import { desiredFor, refreshInstallation } from "./desired.ts";

const sweepId = "installationSweep";
const installationsPerTurn = 50;
/** What becomes of installations depends on these. */
const ofInstallations: ReadonlySet<string> = new Set<keyof Policies>([
  "conflictRules",
  "dep",
  "licensing",
  "licenseOnUnenroll",
  "inventoryIntervalDays",
  "installAttemptsMax",
  "verify",
  "retry",
]);
const awaitedUsersMax = 1_000;

/**
 * Stores the policies and has everything looked at again that may depend on them. The caller wakes the services after the commit.
 *
 * @returns the names of those that changed.
 */
export async function changePolicies(
  tx: Transaction,
  outbox: Outbox,
  after: Policies,
  now: number,
  cause: number,
): Promise<string[]> {
  const before = await readPolicies(tx);
  const changed = Object.entries(after)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof Policies]))
    .map(([name]) => name);
  if (changed.length === 0) return changed;
  await writePolicies(tx, after);
  if (changed.some((name) => ofInstallations.has(name)))
    await tx.put("settings", { id: sweepId, value: { after: "", cause } });
  await moveNextSync(tx, before, after, now);
  if (changed.includes("licensing")) await readLicensesAnew(tx);
  if (changed.includes("termsPoll")) await hastenPolls(tx, after, now);
  outbox.record("admin.changed", { what: "policies.set", changed, cause });
  return changed;
}

async function moveNextSync(tx: Transaction, before: Policies, after: Policies, now: number): Promise<void> {
  const account = await tx.get("accounts", accountId);
  const movedMs = (after.syncIntervalHours - before.syncIntervalHours) * 3_600_000;
  if (account === undefined || movedMs === 0) return;
  await tx.put("accounts", { ...account, nextSyncAt: Math.max(now, account.nextSyncAt + movedMs) });
}

/** Which licences of devices are ours depends on the policy, and what was read before won't be among the changes. */
async function readLicensesAnew(tx: Transaction): Promise<void> {
  const account = await tx.get("accounts", accountId);
  if (account) await tx.put("accounts", { ...account, licensesSinceToken: null });
}

/** Nobody waits longer for the next question than the new policy would have them wait. */
async function hastenPolls(tx: Transaction, { termsPoll }: Policies, now: number): Promise<void> {
  const awaited = await tx.list("users", {
    index: "awaitingTerms",
    partition: "",
    order: "descending",
    limit: awaitedUsersMax,
  });
  for (const user of awaited) {
    const latest = now + backoffMs(termsPoll, user.vpp.pollCount);
    if ((user.vpp.pollAt ?? 0) > latest)
      await tx.put("users", { ...user, vpp: { ...user.vpp, pollAt: latest } });
  }
}

/**
 * Looks at the next installations after a change of the policies: what is desired is resolved anew, and all of them become due. The
 * place is kept in the store, so that neither a crash nor ten thousand phones are in the way.
 *
 * @returns whether there was anything to do.
 */
export async function sweepInstallations(tx: Transaction, outbox: Outbox, now: number): Promise<boolean> {
  const sweep = await tx.get("settings", sweepId);
  if (sweep === undefined) return false;
  const { after, cause } = sweep.value as { after: string; cause: number };
  const installations = await tx.list("installations", {
    index: "all",
    partition: "",
    limit: installationsPerTurn,
    ...(after === "" ? {} : { after: [after, after] as const }),
  });
  for (const installation of installations) {
    const device = await tx.get("devices", installation.udid);
    const user =
      device === undefined || device.userId === null ? undefined : await tx.get("users", device.userId);
    if (device?.state !== "enrolled" || user === undefined) {
      await tx.put("installations", { ...installation, dueAt: now });
      continue;
    }
    const desired = await desiredFor(tx, user, installation.adamId, now);
    await refreshInstallation(tx, outbox, device, installation.adamId, desired, now, cause);
  }
  const last = installations.at(-1);
  if (last === undefined || installations.length < installationsPerTurn) await tx.delete("settings", sweepId);
  else await tx.put("settings", { id: sweepId, value: { after: last.id, cause } });
  return true;
}
