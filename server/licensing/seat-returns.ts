/**
 * Returning seats to Apple, many in one call. What is to be returned is on record before Apple is asked, so this is also what takes
 * up the half-done movements of a server that was killed, or that could not reach Apple.
 */
import { PippinError } from "../../shared/errors.ts";
import type { LicenseChange } from "../../shared/vpp.ts";
import { inParallel, startLoop, type Loop } from "../background.ts";
import { transact } from "../outbox.ts";
import { backoffMs, readPolicies } from "../policies.ts";
import type { AppRecord, AssignmentRecord } from "../store/records.ts";
import { accountId, accountState, openAccount, type LicensingContext } from "./account.ts";
import { isReturnFinal, nameAtApple, performAssociate, settleReturn } from "./seats.ts";
import { VppError, type HolderName } from "./vpp-client.ts";

/** Seats in one call to Apple, where its own limit is not smaller; settled in one transaction. */
const batchMax = 50;
/** Calls to Apple under way at once. */
const widthMax = 4;
/** Movements taken up in one turn of the loop. */
const turnMax = 200;
/** A movement is left alone for so long: whoever began it is probably still at it. */
export const takeUpAfterMs = 30_000;

interface Wish {
  readonly seat: AssignmentRecord;
  readonly holder: HolderName;
}

/** What Apple's answers to one call are sorted into. */
interface Answers {
  readonly settled: { readonly wish: Wish; readonly change: LicenseChange }[];
  readonly open: { readonly wish: Wish; readonly problem: { code: string; message: string } }[];
}

export interface SeatReturns {
  /**
   * Asks Apple to take these seats (ids of assignments) back, and stores what comes of it. Never throws for what Apple did: a seat
   * that Apple did not take stays on record with the problem, and is asked for again later. Answers whether all were settled.
   */
  perform(seatIds: readonly string[]): Promise<boolean>;
  wake(): void;
  stop(): Promise<void>;
}

/** `changed` is called after anything that may have made installations due. */
export function startSeatReturns(
  context: LicensingContext,
  changed: () => void,
  onFailure: (error: unknown) => void,
): SeatReturns {
  const { store, vpp, world, seatTurns } = context;
  /** Under way in this process. */
  const busy = new Set<string>();
  let failures = 0;

  async function perform(seatIds: readonly string[]): Promise<boolean> {
    const mine = seatIds.filter((id) => !busy.has(id));
    for (const id of mine) busy.add(id);
    try {
      const batches = await store.read(async (reader) => {
        const { sToken } = await openAccount(context, reader);
        // One call names users or phones, of one app.
        const byCall = new Map<string, { app: AppRecord; wishes: Wish[] }>();
        for (const id of mine) {
          const seat = await reader.get("assignments", id);
          if (seat?.state !== "disassociating") continue;
          const holder = await nameAtApple(reader, seat);
          const app = await reader.get("apps", seat.adamId);
          if (holder === undefined || app === undefined) continue;
          const kind = `${app.id} ${seat.userId === null ? "device" : "user"}`;
          const group = byCall.get(kind) ?? { app, wishes: [] };
          group.wishes.push({ seat, holder });
          byCall.set(kind, group);
        }
        return { sToken, groups: [...byCall.values()] };
      });
      const size = Math.min(batchMax, await vpp.disassociationsMax().catch(() => 1));
      const calls = batches.groups.flatMap(({ app, wishes }) => slices(wishes, size, app));
      let complete = true;
      await inParallel(calls, widthMax, async ({ app, wishes }) => {
        complete = (await returnBatch(batches.sToken, app, wishes)) && complete;
      });
      return complete;
    } catch (error) {
      // The account went out of use meanwhile: what is on record waits for it.
      if (!(error instanceof PippinError)) throw error;
      return false;
    } finally {
      for (const id of mine) busy.delete(id);
      changed();
    }
  }

  /** Answers whether all were settled. */
  function returnBatch(sToken: string, app: AppRecord, wishes: readonly Wish[]): Promise<boolean> {
    const seatIds = wishes.map(({ seat }) => seat.id);
    return seatTurns.take(seatIds, async () => {
      const left = await stillWanted(wishes);
      return left.length === 0 || (await returnAll(sToken, app, left));
    });
  }

  /** Without those that somebody else settled while this one waited for its turn. */
  function stillWanted(wishes: readonly Wish[]): Promise<Wish[]> {
    return store.read(async (reader) => {
      const left: Wish[] = [];
      for (const wish of wishes) {
        const seat = await reader.get("assignments", wish.seat.id);
        if (seat?.state === "disassociating" && seat.since === wish.seat.since) left.push(wish);
      }
      return left;
    });
  }

  async function returnAll(sToken: string, app: AppRecord, wishes: readonly Wish[]): Promise<boolean> {
    const { settled, open } = await ask(sToken, app, wishes);
    await transact(context, async (tx, outbox) => {
      for (const { wish, change } of settled) await settleReturn(tx, outbox, wish.seat, change, world.now());
      for (const { wish, problem } of open) {
        const seat = await tx.get("assignments", wish.seat.id);
        if (seat?.state === "disassociating") await tx.put("assignments", { ...seat, problem });
      }
    });
    return open.length === 0;
  }

  async function ask(sToken: string, app: AppRecord, wishes: readonly Wish[]): Promise<Answers> {
    const item = { adamIdStr: app.id, pricingParam: app.pricingParam };
    let changes: LicenseChange[];
    try {
      const holders = wishes.map((wish) => wish.holder);
      changes = await vpp.disassociateMany(sToken, item, holders);
    } catch (error) {
      if (!(error instanceof PippinError) && !(error instanceof VppError)) throw error;
      const code = error instanceof VppError ? String(error.errorNumber) : error.code;
      return {
        settled: [],
        open: wishes.map((wish) => ({ wish, problem: { code, message: error.message } })),
      };
    }
    const byName = new Map(changes.map((change) => [change.serialNumber ?? change.clientUserIdStr, change]));
    const answers: Answers = { settled: [], open: [] };
    for (const wish of wishes) {
      const { holder } = wish;
      const change = byName.get("serialNumber" in holder ? holder.serialNumber : holder.clientUserIdStr);
      if (change !== undefined && isReturnFinal(change)) answers.settled.push({ wish, change });
      else if (change === undefined) {
        const problem = { code: "apple_refused", message: "Apple's answer does not mention this licence." };
        answers.open.push({ wish, problem });
      } else {
        const problem = {
          code: String(change.errorNumber),
          message: change.errorMessage ?? "Apple gave no reason.",
        };
        answers.open.push({ wish, problem });
      }
    }
    return answers;
  }

  /** Takes up what has been half done for a while. */
  async function turn(): Promise<number | null> {
    const now = world.now();
    const [account, unsettled] = await store.read(async (reader) => [
      await reader.get("accounts", accountId),
      await reader.list("assignments", { index: "unsettled", partition: "", limit: turnMax }),
    ]);
    // A sync that succeeds wakes this loop.
    if (accountState(account, now) !== "usable") return null;
    const idle = unsettled.filter((seat) => !busy.has(seat.id));
    const old = idle.filter((seat) => seat.since + takeUpAfterMs <= now);
    const next = idle[0];
    if (old.length === 0) return next === undefined ? null : next.since + takeUpAfterMs;
    const returning = old.filter((seat) => seat.state === "disassociating").map((seat) => seat.id);
    const taking = old.filter((seat) => seat.state === "associating").map((seat) => seat.id);
    const returned = await perform(returning);
    const taken = await takeUp(taking);
    if (returned && taken) {
      failures = 0;
      return world.now();
    }
    const { retry } = await store.read(readPolicies);
    failures += 1;
    return world.now() + backoffMs(retry, failures - 1);
  }

  /** Finishes what was begun for phones that left before Apple's answer came. */
  async function takeUp(seatIds: readonly string[]): Promise<boolean> {
    let complete = true;
    await inParallel(seatIds, widthMax, async (id) => {
      try {
        await performAssociate(context, id);
      } catch (error) {
        if (!(error instanceof PippinError) && !(error instanceof VppError)) throw error;
        complete = false;
      }
    });
    if (seatIds.length > 0) changed();
    return complete;
  }

  const loop: Loop = startLoop(world, turn, onFailure);
  return { perform, wake: () => loop.wake(), stop: () => loop.stop() };
}

function slices(
  wishes: readonly Wish[],
  size: number,
  app: AppRecord,
): { app: AppRecord; wishes: readonly Wish[] }[] {
  const cut: { app: AppRecord; wishes: readonly Wish[] }[] = [];
  for (let from = 0; from < wishes.length; from += size) {
    cut.push({ app, wishes: wishes.slice(from, from + size) });
  }
  return cut;
}
