/** How the phone fetches an app: Apple permits it with a ticket, and the ticket fetches it once. */
import type { LookupItem } from "../shared/app-store.ts";
import { PippinError } from "../shared/errors.ts";
import type { Account } from "./account.ts";
import type { Refused, StoreRefusal, StoreResult } from "./app-store-client.ts";
import type { PhoneBase } from "./core.ts";
import { restrictions } from "./restrictions.ts";
import { jitteredDelayMs, pause } from "./tasks.ts";

/** A download that breaks off is begun anew so often. */
const triesMax = 3;
const backoff = { firstMs: 5_000, capMs: 60_000 };

export interface Purchase {
  readonly adamId: string;
  /** 0 the Apple ID's own purchase, 1 a licence bought in volume. */
  readonly purchaseMethod: number;
  /** The phone itself holds the licence: neither an Apple ID nor an App Store that is open to its person is needed. */
  readonly deviceLicensed?: boolean | undefined;
}

/** Why an app can't be had. `download_failed`: it broke off again and again; `app_store_disabled`: a profile forbids the store. */
export type DownloadRefusal = StoreRefusal | "download_failed" | "app_store_disabled";

export interface Downloads {
  /**
   * Asks Apple whether this phone may have the app. The permission is kept for `fetch`. When Apple wants the person first
   * (`session_invalid`, `store_terms_due`), the account knows so afterwards.
   */
  authorize(purchase: Purchase, signal: AbortSignal): Promise<Refused<DownloadRefusal> | { ok: true }>;
  /** Fetches the app, as long as that takes; asks for permission where there is none. Throws Halted. */
  fetch(purchase: Purchase, signal: AbortSignal): Promise<StoreResult<LookupItem, DownloadRefusal>>;
  /** Permissions are good for a while, and none of them outlives a restart. */
  drop(purchase: Purchase): void;
}

export function createDownloads(phone: PhoneBase, account: Account): Downloads {
  const { world, config, store, appStore } = phone;
  const { state } = store;
  const tickets = new Map<string, string>();
  const keyOf = ({ adamId, purchaseMethod }: Purchase): string => `${purchaseMethod} ${adamId}`;

  const authorize: Downloads["authorize"] = async (purchase, signal) => {
    const { adamId, purchaseMethod, deviceLicensed = false } = purchase;
    if (!deviceLicensed && !restrictions(state).allowAppInstallation)
      return { ok: false, code: "app_store_disabled" };
    if (!deviceLicensed && !state.account) return { ok: false, code: "session_invalid" };
    const session = state.account ? { sessionToken: state.account.sessionToken } : {};
    const result = await appStore.authorize({ ...session, adamId, purchaseMethod }, signal);
    if (!result.ok) {
      if (result.code === "session_invalid") account.forget();
      if (result.code === "store_terms_due") account.noteTermsDue();
      return result;
    }
    tickets.set(keyOf(purchase), result.value);
    return { ok: true };
  };

  /** Undefined: it broke off, or the ticket was no longer good. */
  async function fetchOnce(
    purchase: Purchase,
    signal: AbortSignal,
  ): Promise<StoreResult<LookupItem, DownloadRefusal> | undefined> {
    const key = keyOf(purchase);
    if (!tickets.has(key)) {
      const permitted = await authorize(purchase, signal);
      if (!permitted.ok) return permitted;
    }
    const ticket = tickets.get(key);
    tickets.delete(key);
    if (ticket === undefined) return undefined; // dropped meanwhile
    const answer = await appStore.download(ticket, signal);
    // Also when the answer to an earlier try was lost: the ticket is used up then.
    if (!answer.ok) return answer.code === "ticket_invalid" ? undefined : answer;
    const { bytes, bytesPerSecond = Infinity, breaksOffAtByte } = answer.value;
    const pace = Math.min(config.bytesPerSecond, bytesPerSecond);
    await pause(world, Math.ceil(((breaksOffAtByte ?? bytes) * 1_000) / pace), signal);
    return breaksOffAtByte === undefined ? answer : undefined;
  }

  return {
    authorize,
    async fetch(purchase, signal) {
      for (let attempt = 0; attempt < triesMax; attempt += 1) {
        if (attempt > 0) await pause(world, jitteredDelayMs(world, attempt - 1, backoff), signal);
        const result = await fetchOnce(purchase, signal);
        if (result) return result;
      }
      return { ok: false, code: "download_failed" };
    },
    drop: (purchase) => void tickets.delete(keyOf(purchase)),
  };
}

/** What to tell whoever asked for the app on this phone. */
export function downloadProblem({ code }: Refused<DownloadRefusal>, adamId: string): PippinError {
  if (code === "item_unknown" || code === "not_an_app")
    return new PippinError("not_found", `the App Store has no app ${adamId}`);
  if (code === "unreachable") return new PippinError("unavailable", "the App Store did not answer");
  if (code === "download_failed") return new PippinError("unavailable", "the download broke off too often");
  return new PippinError("forbidden", `the App Store refused: ${code}`);
}
