import type { TraceEvent } from "../../shared/trace.ts";
import { Findings, policiesSet, textOf, type Checker, type Trace } from "./trace-reading.ts";
import { factsOf, holderKey, type AssetCount } from "./vpp-exchanges.ts";

/** Two books that are kept apart: what the server said it did, and what Apple answered on the wire. */
export const checkSeats: Checker = (trace) => {
  const owned = readOwned(trace);
  return [...checkServersBook(trace, owned), ...checkApplesBook(trace, owned)];
};

/** What Apple said it owns: by app, each count with the event that told it. */
type Owned = ReadonlyMap<string, readonly { readonly seq: number; readonly total: number }[]>;

function readOwned({ wires }: Trace): Owned {
  const owned = new Map<string, { seq: number; total: number }[]>();
  for (const wire of wires.values()) {
    for (const fact of factsOf(wire)) {
      if (fact.kind !== "assets") continue;
      for (const { adamId, total } of fact.assets) {
        const counts = owned.get(adamId) ?? [];
        counts.push({ seq: wire.seq, total });
        owned.set(adamId, counts);
      }
    }
  }
  return owned;
}

/** Licences may be bought or refunded between two counts: the larger of the two around the event holds. */
function mostOwned(owned: Owned, adamId: string, seq: number): number {
  const counts = owned.get(adamId) ?? [];
  const before = counts.findLast((count) => count.seq < seq)?.total ?? 0;
  const after = counts.find((count) => count.seq > seq)?.total ?? 0;
  return Math.max(before, after);
}

/** By app, who holds a seat. */
class Book {
  readonly #holders = new Map<string, Set<string>>();

  holders(adamId: string): Set<string> {
    let holders = this.#holders.get(adamId);
    if (holders === undefined) {
      holders = new Set();
      this.#holders.set(adamId, holders);
    }
    return holders;
  }

  freeAll(holder: string): void {
    for (const holders of this.#holders.values()) holders.delete(holder);
  }
}

function checkServersBook({ events, wires, hasKills }: Trace, owned: Owned): string[] {
  const findings = new Findings();
  const book = new Book();
  /** Users by phones that may have apps of the program, and those phones. */
  const eligible = new Set<string>();
  /** The same for phones of the enrolment program, which may have them by some policies. */
  const eligibleByDep = new Set<string>();
  let depAllowed = false;
  let devicesAllowed = false;
  for (const event of events) {
    const { userId, adamId } = event;
    const { dep, licensing } = policiesSet(event, wires.get(event.seq));
    if (dep !== undefined) depAllowed = dep !== "refuse";
    if (licensing !== undefined) devicesAllowed = licensing === "user-and-device";
    if (event.event === "checkin.authenticate") {
      const holders = event["kind"] === "dep" ? eligibleByDep : eligible;
      for (const key of [userId, holderKey(undefined, event["serialNumber"])])
        if (key !== undefined) holders.add(key);
    }
    const isDevice = userId === undefined;
    const holder = holderKey(userId, event["serialNumber"]);
    if (event["side"] === "apple" || holder === undefined || adamId === undefined) continue;
    const holders = book.holders(adamId);
    if (event.event === "license.taken") {
      if (!eligible.has(holder) && !(depAllowed && eligibleByDep.has(holder)))
        findings.add(event, `a seat for ${holder}, who has no phone that could use it`);
      if (isDevice && wires.size > 0 && !devicesAllowed)
        findings.add(event, `a seat for ${holder}, though by policy licences go to users alone`);
      // A killed server may have returned a seat without living to say so; the other book is exact.
      if (holders.has(holder) && !hasKills) findings.add(event, `${holder} takes a second seat of ${adamId}`);
      holders.add(holder);
      if (wires.size > 0 && !hasKills) checkCount(event, adamId, holders.size, owned, findings);
    } else if (event.event === "license.returned" && !holders.delete(holder) && !hasKills) {
      findings.add(event, `${holder} returns a seat of ${adamId} without having one`);
    }
  }
  return findings.all;
}

function checkApplesBook({ events, wires }: Trace, owned: Owned): string[] {
  const findings = new Findings();
  const book = new Book();
  const accepted = new Set<string>();
  for (const event of events) {
    const wire = wires.get(event.seq);
    if (wire === undefined) continue;
    for (const fact of factsOf(wire)) {
      switch (fact.kind) {
        case "accepted":
          accepted.add(fact.clientUserIdStr);
          break;
        case "retired":
          accepted.delete(fact.clientUserIdStr);
          book.freeAll(fact.clientUserIdStr);
          break;
        case "taken": {
          const { adamId, holder, isDevice } = fact;
          const holders = book.holders(adamId);
          // A phone that holds a seat itself has no terms to accept.
          if (!isDevice && !accepted.has(holder)) {
            findings.add(
              event,
              `Apple gives a seat of ${adamId} to ${holder}, who hasn't accepted the terms`,
            );
          }
          if (holders.has(holder)) {
            findings.add(event, `Apple gives ${holder} a second seat of ${adamId}`);
          }
          holders.add(holder);
          checkCount(event, adamId, holders.size, owned, findings);
          break;
        }
        case "returned":
          if (!book.holders(fact.adamId).delete(fact.holder)) {
            findings.add(event, `Apple takes back a seat of ${fact.adamId} that nobody was seen to get`);
          }
          break;
        case "freed":
          book.holders(fact.adamId).delete(fact.holder);
          break;
        case "assets":
          for (const asset of fact.assets) checkAsset(event, asset, book, findings);
          break;
        case "invited":
        case "app":
      }
    }
  }
  return findings.all;
}

function checkCount(
  event: TraceEvent,
  adamId: string,
  count: number,
  owned: Owned,
  findings: Findings,
): void {
  const most = mostOwned(owned, adamId, event.seq);
  if (count > most) findings.add(event, `${count} seats of ${textOf(adamId)} are taken, ${most} are owned`);
}

function checkAsset(
  event: TraceEvent,
  { adamId, assigned, total }: AssetCount,
  book: Book,
  findings: Findings,
): void {
  const seen = book.holders(adamId).size;
  if (assigned > total)
    findings.add(event, `Apple has ${assigned} of ${total} seats of ${adamId} given away`);
  // Others may hold seats too, so that Apple may count more than crossed this wire, but never less.
  if (seen > assigned)
    findings.add(event, `Apple counts ${assigned} seats of ${adamId}, and gave away ${seen}`);
}
