/** The books of an admin's revoke or reclaim: how many seats were asked for, and what became of each. */
import type { Outbox } from "../outbox.ts";
import type { AssignmentRecord, LicenseActItem, LicenseActRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";

/** Seats of one act whose outcome is kept by name; the counts go on. */
export const actItemsMax = 200;
/** Acts that are over and kept for admins to look at. */
const finishedKept = 200;

type Outcome = Pick<LicenseActItem, "outcome" | "code" | "message">;

export const backAlready: Outcome = { outcome: "done", code: null, message: "Apple had it back already." };
export const neverTaken: Outcome = {
  outcome: "done",
  code: null,
  message: "Apple had not given it after all.",
};
export const superseded: Outcome = {
  outcome: "failed",
  code: "superseded",
  message: "An admin asked for the app again before the licence was back.",
};

/** Notes what became of a seat that an act is waiting for. Does nothing for a seat that none is waiting for. */
export async function settleActItem(
  tx: Transaction,
  outbox: Outbox,
  seat: Pick<AssignmentRecord, "userId" | "serialNumber" | "adamId" | "actId">,
  outcome: Outcome,
  now: number,
): Promise<void> {
  const act = seat.actId ? await tx.get("licenseActs", seat.actId) : undefined;
  if (act === undefined) return;
  const { userId, serialNumber = null, adamId } = seat;
  const holder = userId === null ? { userId, serialNumber } : { userId };
  const item: LicenseActItem = { ...holder, adamId, ...outcome };
  await saveAct(
    tx,
    outbox,
    {
      ...act,
      done: act.done + (item.outcome === "done" ? 1 : 0),
      failed: act.failed + (item.outcome === "failed" ? 1 : 0),
      items: act.items.length < actItemsMax ? [...act.items, item] : act.items,
    },
    now,
  );
}

/** Stores the act, and closes it when every seat has its outcome. */
export async function saveAct(
  tx: Transaction,
  outbox: Outbox,
  act: LicenseActRecord,
  now: number,
): Promise<LicenseActRecord> {
  const isOver = act.expandAfter === null && act.done + act.failed >= act.asked;
  if (!isOver || act.finishedAt !== null) {
    await tx.put("licenseActs", act);
    return act;
  }
  const finished = { ...act, finishedAt: now };
  await tx.put("licenseActs", finished);
  const { id, verb, asked, done, failed, cause } = act;
  outbox.record("license.act", { actId: id, verb, state: "finished", asked, done, failed, cause });
  const excess = (await tx.count("licenseActs", "finished", "")) - finishedKept;
  if (excess > 0) {
    const query = { index: "finished", partition: "", limit: Math.min(excess, 100) } as const;
    for (const old of await tx.list("licenseActs", query)) await tx.delete("licenseActs", old.id);
  }
  return finished;
}

/** The act no longer waits for this seat: an admin wants the app again. */
export async function supersedeAct(
  tx: Transaction,
  outbox: Outbox,
  seatId: string,
  now: number,
): Promise<void> {
  const seat = await tx.get("assignments", seatId);
  // One that is on its way back goes back, and is taken anew.
  if (!seat?.actId || seat.state !== "held") return;
  await tx.put("assignments", { ...seat, actId: null });
  await settleActItem(tx, outbox, seat, superseded, now);
}
