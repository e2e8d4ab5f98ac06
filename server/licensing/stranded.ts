/** Seats that nobody's phone needs and that stay taken all the same: each with the reason on record. */
import { needsSeat, phonesOfHolder } from "../deployments/holders.ts";
import { perOwnerMax, seatIdOf } from "../deployments/installations.ts";
import type { Outbox } from "../outbox.ts";
import { readPolicies } from "../policies.ts";
import type { AssignmentRecord, DeviceRecord, StrandedReason } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { intendDisassociate, writeLedger } from "./seats.ts";

/** Puts the reason on record, with a line in the ledger. Does nothing to a seat that has one. */
export async function strandSeat(
  tx: Transaction,
  outbox: Outbox,
  seat: AssignmentRecord,
  reason: StrandedReason,
  now: number,
): Promise<void> {
  if (seat.stranded) return;
  await tx.put("assignments", { ...seat, stranded: { reason, at: now } });
  await writeLedger(tx, outbox, "kept", seat, reason, now);
}

/**
 * A phone left management: where it was the last that needed the seat, the seat is kept, with the reason on record, or goes back, as
 * policy has it. Does nothing while another phone needs it.
 */
export async function settleLonelySeat(
  tx: Transaction,
  outbox: Outbox,
  seatId: string,
  reason: StrandedReason,
  now: number,
): Promise<void> {
  const seat = await tx.get("assignments", seatId);
  if (seat?.state !== "held" || seat.stranded) return;
  const phones = await phonesOfHolder(tx, seat);
  if (phones.some((phone) => needsSeat(phone, now))) return;
  const { licenseOnUnenroll } = await readPolicies(tx);
  if (licenseOnUnenroll === "keep") return await strandSeat(tx, outbox, seat, reason, now);
  await intendDisassociate(tx, seat, null, "unenrolled", now);
  // The reconciler asks Apple; the record of any phone will do to make it look.
  for (const { installation } of phones) {
    await tx.put("installations", { ...installation, dueAt: now });
  }
}

/** Settles every seat that may have lost its last phone with this one. `device` is the record as it was when it left. */
export async function settleSeatsOfLeaver(
  tx: Transaction,
  outbox: Outbox,
  device: DeviceRecord,
  now: number,
): Promise<void> {
  const { userId, serialNumber } = device;
  const query = { index: "byDevice", partition: device.id, limit: perOwnerMax } as const;
  const installations = await tx.list("installations", query);
  if (installations.length === 0) return;
  const reason = (await wasWiped(tx, device)) ? "wiped" : "unenrolled";
  for (const { adamId } of installations) {
    if (userId !== null) await settleLonelySeat(tx, outbox, seatIdOf({ userId }, adamId), reason, now);
    if (serialNumber !== null)
      await settleLonelySeat(tx, outbox, seatIdOf({ userId: null, serialNumber }, adamId), reason, now);
  }
}

/** Commands of a phone that are looked through for one that erased it. */
const commandsSearched = 200;

/** The phone was handed an EraseDevice in this enrolment. Its answer is not to be counted on: a phone sends it once at most. */
async function wasWiped(reader: Reader, device: DeviceRecord): Promise<boolean> {
  const latest = await reader.list("commands", {
    index: "byDevice",
    partition: device.id,
    order: "descending",
    limit: commandsSearched,
  });
  return latest.some(
    (command) =>
      command.requestType === "EraseDevice" &&
      command.state !== "failed" &&
      command.sentAt !== null &&
      command.sentAt >= (device.enrolledAt ?? 0),
  );
}

/** A phone uses the seat (again): what it was kept for is over. */
export async function unstrandSeat(tx: Transaction, seatId: string): Promise<void> {
  const seat = await tx.get("assignments", seatId);
  if (!seat?.stranded || seat.stranded.reason === "irrevocable") return;
  await tx.put("assignments", { ...seat, stranded: null });
}
