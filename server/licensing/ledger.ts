/** The ledger held against Apple's side. */
import type { LedgerCheck, LedgerLine } from "../services.ts";
import type { AssignmentRecord } from "../store/records.ts";
import { openAccount, type LicensingContext } from "./account.ts";
import { seatOf } from "./sync.ts";

/**
 * Reads every seat at Apple now and compares. Seats on their way (intended, outcome not yet known) count as agreeing with either
 * answer.
 */
export async function checkLedger(context: LicensingContext): Promise<LedgerCheck> {
  const { store, vpp, world } = context;
  const { sToken } = await store.read((reader) => openAccount(context, reader));
  const assets = await vpp.assets(sToken);
  const atApple = new Map<string, Set<string>>();
  const doubled: string[] = [];
  await vpp.licenses(sToken, {}, (page) => {
    for (const license of page) {
      const seat = seatOf(license);
      if (seat === undefined) continue;
      const holders = atApple.get(seat.adamId) ?? new Set();
      if (holders.has(seat.clientUserIdStr))
        doubled.push(`${seat.clientUserIdStr} holds two seats of ${seat.adamId}`);
      holders.add(seat.clientUserIdStr);
      atApple.set(seat.adamId, holders);
    }
    return Promise.resolve();
  });
  const lines: LedgerLine[] = [];
  const differences: LedgerCheck["differences"] = [];
  const violations: string[] = doubled;
  for (const asset of assets) {
    const adamId = asset.adamIdStr;
    const here = await seatsHere(context, adamId);
    const holders = atApple.get(adamId) ?? new Set<string>();
    let foreign = 0;
    for (const clientUserIdStr of holders) {
      const seat = here.seats.get(clientUserIdStr);
      if (seat === undefined && !(await isOurs(context, clientUserIdStr))) foreign += 1;
      else if (seat === undefined) differences.push({ adamId, clientUserIdStr, here: false, atApple: true });
    }
    for (const [clientUserIdStr, state] of here.seats) {
      if (state === "held" && !holders.has(clientUserIdStr)) {
        differences.push({ adamId, clientUserIdStr, here: true, atApple: false });
      }
    }
    const line: LedgerLine = {
      adamId,
      name: here.name,
      total: asset.totalCount ?? 0,
      assigned: asset.assignedCount ?? 0,
      available: asset.availableCount ?? 0,
      heldHere: [...here.seats.values()].filter((state) => state === "held").length,
      heldAtApple: holders.size,
      foreign,
    };
    if (line.assigned + line.available !== line.total) {
      violations.push(
        `${adamId}: ${line.assigned} used and ${line.available} available are not ${line.total} in all`,
      );
    }
    if (line.heldHere > line.total)
      violations.push(`${adamId}: ${line.heldHere} seats held of ${line.total} owned`);
    lines.push(line);
  }
  return { checkedAt: world.now(), lines, drift: differences.length, differences, violations };
}

async function seatsHere(
  context: LicensingContext,
  adamId: string,
): Promise<{ name: string; seats: Map<string, AssignmentRecord["state"]> }> {
  const seats = new Map<string, AssignmentRecord["state"]>();
  let after: readonly [string, string] | undefined;
  for (;;) {
    const page = await context.store.read(async (reader) => {
      const found = await reader.list("assignments", {
        index: "byApp",
        partition: adamId,
        limit: 500,
        ...(after ? { after } : {}),
      });
      const users = await Promise.all(found.map((seat) => reader.get("users", seat.userId)));
      return found.map((seat, at) => ({
        seat,
        clientUserIdStr: users[at]?.vpp.clientUserIdStr ?? `lost user ${seat.userId}`,
      }));
    });
    for (const { seat, clientUserIdStr } of page) seats.set(clientUserIdStr, seat.state);
    const last = page.at(-1);
    if (last === undefined) break;
    after = [last.seat.id, last.seat.id];
  }
  const app = await context.store.read((reader) => reader.get("apps", adamId));
  return { name: app?.name ?? adamId, seats };
}

async function isOurs(context: LicensingContext, clientUserIdStr: string): Promise<boolean> {
  const found = await context.store.read((reader) =>
    reader.list("users", { index: "byClientUserId", partition: clientUserIdStr, limit: 1 }),
  );
  return found.length > 0;
}
