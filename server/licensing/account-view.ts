/** The account as an admin may see it. */
import type { Policies } from "../policies.ts";
import type { AccountView, TokenWarning } from "../services.ts";
import type { AccountRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { warningLevel } from "./token-warnings.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The account without its secrets, with its state by the clock. */
export async function viewAccount(
  reader: Reader,
  account: AccountRecord,
  policies: Policies,
  now: number,
): Promise<AccountView> {
  const {
    sealedToken: _token,
    usersSinceToken: _users,
    licensesSinceToken: _licenses,
    contextGuid: _guid,
    ...open
  } = account;
  const isOver = account.state === "valid" && account.expiresAt <= now;
  const state = isOver ? "expired" : account.state;
  return {
    ...open,
    state,
    nextSyncAt: nextSyncAt(account, policies),
    warning: warningOf({ ...account, state }, now),
    strandedLicenses: state === "deleted" ? await countStranded(reader) : null,
  };
}

/** When the next sync comes by itself; null when none does. A shorter interval counts from the last sync on. */
export function nextSyncAt(account: AccountRecord, policies: Policies): number | null {
  if (account.state === "deleted" || account.state === "assignedToExternalMdm") return null;
  const { syncStartedAt } = account;
  const regular =
    typeof syncStartedAt === "number" ? syncStartedAt + policies.syncIntervalHours * hourMs : Infinity;
  return Math.min(account.nextSyncAt, regular);
}

/** Licences that our records have with users: without a token nobody can return them. */
export async function countStranded(reader: Reader): Promise<number> {
  const held = await reader.count("assignments", "byState", "held");
  return held + (await reader.count("assignments", "byState", "disassociating"));
}

function warningOf(account: AccountRecord, now: number): TokenWarning | null {
  const upload = "Download a new one from Apple and upload it.";
  switch (account.state) {
    case "valid": {
      const days = warningLevel(account.expiresAt, now);
      if (days === null) return null;
      const left = Math.ceil((account.expiresAt - now) / dayMs);
      const when = left === 1 ? "within a day" : `in ${left} days`;
      return { code: "token_expiring", days, message: `The token expires ${when}. ${upload}` };
    }
    case "expired":
      return { code: "token_expired", days: null, message: `The token has expired. ${upload}` };
    case "revoked":
      return { code: "token_revoked", days: null, message: `The token was revoked. ${upload}` };
    case "invalid":
      return {
        code: "token_unknown",
        days: null,
        message: `Apple doesn't know the token any more. ${upload}`,
      };
    case "assignedToExternalMdm":
      return {
        code: "token_claimed_elsewhere",
        days: null,
        message: `${account.claimedBy ?? "Another product"} manages the account now. Nothing is sent to Apple until an administrator takes control back.`,
      };
    case "deleted":
      return {
        code: "token_missing",
        days: null,
        message: "The token was deleted. Licences that users hold can't be returned without it.",
      };
  }
}
