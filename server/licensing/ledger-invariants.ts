/** What must be true of our own books at every moment, looked at from outside the code that keeps it so. */
import { needsSeat, phonesOfHolder } from "../deployments/holders.ts";
import { seatIdOf } from "../deployments/installations.ts";
import type { AppRecord, AssignmentRecord, LedgerRecord, SeatHolder } from "../store/records.ts";
import type { IndexPosition, Reader, Store } from "../store/store.ts";

const pageSize = 500;
/** Seats whose phones are looked at in one read. */
const seatsPerRead = 100;

/** Answers with what is broken, in words. Nothing is changed. */
export async function checkBooks(store: Store, apps: readonly AppRecord[], now: number): Promise<string[]> {
  return [
    ...apps.flatMap(checkCounts),
    ...(await findUnexplained(store, now)),
    ...(await findUnbalanced(store)),
  ];
}

function checkCounts({ name, assigned, available, total }: AppRecord): string[] {
  return assigned + available === total
    ? []
    : [`${name}: by our records ${assigned} used and ${available} available are not ${total} in all`];
}

/** Seats that no phone needs, that nobody is about to return, and that have no reason on record. */
async function findUnexplained(store: Store, now: number): Promise<string[]> {
  const found: string[] = [];
  let after: IndexPosition | undefined;
  for (;;) {
    const page = await store.read(async (reader) => {
      const query = {
        index: "all",
        partition: "",
        limit: seatsPerRead,
        ...(after ? { after } : {}),
      } as const;
      const seats = await reader.list("assignments", query);
      const explained = await Promise.all(seats.map((seat) => isExplained(reader, seat, now)));
      return seats.map((seat, index) => ({ seat, isExplained: explained[index] === true }));
    });
    const last = page.at(-1);
    if (last === undefined) return found;
    after = [last.seat.id, last.seat.id];
    for (const { seat, isExplained } of page) {
      if (isExplained) continue;
      found.push(
        `${nameOf(seat)} holds a seat of ${seat.adamId} that no phone needs, and no reason is on record`,
      );
    }
  }
}

async function isExplained(reader: Reader, seat: AssignmentRecord, now: number): Promise<boolean> {
  if (seat.state !== "held" || seat.stranded) return true;
  const phones = await phonesOfHolder(reader, seat);
  // Due: the reconciler is about to look, or is asking Apple.
  return phones.some((phone) => needsSeat(phone, now) || (phone.installation.dueAt ?? Infinity) <= now);
}

/** Every seat was taken once more often than it was returned, and who holds none has returned as often as taken. */
async function findUnbalanced(store: Store): Promise<string[]> {
  const balances = new Map<string, { balance: number; readonly seat: SeatHolder & { adamId: string } }>();
  let after: IndexPosition | undefined;
  for (;;) {
    const query = { index: "all", partition: "", limit: pageSize, ...(after ? { after } : {}) } as const;
    const page = await store.read((reader) => reader.list("ledger", query));
    const last = page.at(-1);
    if (last === undefined) break;
    after = [last.sequence, last.id];
    for (const line of page) {
      const id = seatIdOf(line, line.adamId);
      const entry = balances.get(id) ?? { balance: 0, seat: line };
      entry.balance += weightOf(line);
      balances.set(id, entry);
    }
  }
  const found: string[] = [];
  for (const [id, { balance, seat }] of balances) {
    if (balance === (await store.read((reader) => seatsHeld(reader, id)))) continue;
    // It may have moved while the pages were read: the two numbers of one moment decide.
    const [counted, held] = await store.read(async (reader) => [
      await balanceOf(reader, seat),
      await seatsHeld(reader, id),
    ]);
    if (counted !== held)
      found.push(
        `${nameOf(seat)} holds ${held} seats of ${seat.adamId}; by the ledger it should be ${counted}`,
      );
  }
  return found;
}

const weightOf = ({ kind }: LedgerRecord): number => (kind === "taken" ? 1 : kind === "returned" ? -1 : 0);

async function seatsHeld(reader: Reader, id: string): Promise<number> {
  const seat = await reader.get("assignments", id);
  return seat === undefined || seat.state === "associating" ? 0 : 1;
}

/** For people. */
function nameOf({ userId, serialNumber }: SeatHolder): string {
  return userId ?? `the phone ${serialNumber ?? ""}`;
}

async function balanceOf(
  reader: Reader,
  { userId, serialNumber, adamId }: SeatHolder & { adamId: string },
): Promise<number> {
  const [index, partition] =
    userId === null ? (["bySerial", serialNumber ?? ""] as const) : (["byUser", userId] as const);
  let balance = 0;
  let after: IndexPosition | undefined;
  for (;;) {
    const query = { index, partition, limit: pageSize, ...(after ? { after } : {}) } as const;
    const page = await reader.list("ledger", query);
    const last = page.at(-1);
    if (last === undefined) return balance;
    after = [last.sequence, last.id];
    for (const line of page) if (line.adamId === adamId) balance += weightOf(line);
  }
}
