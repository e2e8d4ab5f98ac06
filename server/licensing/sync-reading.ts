/** What the parts of a sync share: the sync they belong to, and how a list is read that Apple may lose in the middle. */
import type { SyncMode } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { usableAccount, type LicensingContext } from "./account.ts";
import { VppError } from "./vpp-client.ts";

export interface Reading {
  readonly context: LicensingContext;
  readonly syncId: string;
  readonly sToken: string;
  /** Two-letter code of the store's country. */
  readonly countryCode: string;
}

/** How a list was read, and where the next sync goes on; null when it has to read everything. */
export interface ListOutcome {
  readonly mode: SyncMode;
  readonly since: string | null;
  /** Records of ours among those that were read. */
  readonly own: number;
}

/** What came of reading a list to its end. */
export interface PageOutcome {
  own: number;
  /** Something was left as it was because it was moving: it must be read again. */
  hesitated: boolean;
}

/** The data of a page or the place of a reader is lost: the list has to be begun anew. */
const lostErrors: ReadonlySet<number> = new Set([9629, 9633]);
const invalidArgument = 9602;
const readsMax = 4;

/**
 * Reads a list by its changes since `since`, or whole when there is no such place or Apple has lost it. `read` is given what to begin
 * with, and starts from nothing each time.
 */
export async function readList(
  since: string | null,
  read: (since: string | null) => Promise<{ next: string; pages: PageOutcome }>,
): Promise<ListOutcome> {
  let from = since;
  for (let reads = 1; ; reads += 1) {
    try {
      const { next, pages } = await read(from);
      const mode = from === null ? "full" : "incremental";
      // Read by changes, what was left out comes again when the same changes are read again.
      return { mode, since: pages.hesitated ? from : next, own: pages.own };
    } catch (error) {
      const isLost =
        error instanceof VppError &&
        (lostErrors.has(error.errorNumber) || (from !== null && error.errorNumber === invalidArgument));
      if (!isLost || reads === readsMax) throw error;
      from = null;
    }
  }
}

/**
 * To be called in every transaction of a sync: an admin may have deleted the token meanwhile, or another product may have taken the
 * account. Throws token_missing, token_claimed_elsewhere.
 */
export async function requireAccount(tx: Transaction): Promise<void> {
  await usableAccount(tx);
}
