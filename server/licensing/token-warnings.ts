/** The end of a token is announced: 30, 15 and 7 days before, each once, also when the server was down at that moment. */
import { transact } from "../outbox.ts";
import { accountId, type LicensingContext } from "./account.ts";

const dayMs = 86_400_000;
const warningDays = [7, 15, 30] as const;

/** The nearest of the three that has been reached; null before all of them. */
export function warningLevel(expiresAt: number, now: number): 7 | 15 | 30 | null {
  return warningDays.find((days) => expiresAt - now <= days * dayMs) ?? null;
}

/**
 * One look at the clock. Says what is to be said of the token's end, and notes the end itself without asking Apple. Answers with when
 * to look again, null when there is nothing to wait for. Of several that fell into a time when the server was down, only the last is
 * given: the others are no longer true.
 */
export async function warnOfExpiry(context: LicensingContext): Promise<number | null> {
  return transact(context, async (tx, outbox) => {
    const now = context.world.now();
    const account = await tx.get("accounts", accountId);
    if (account?.state !== "valid") return null;
    const { expiresAt, organisation } = account;
    if (expiresAt <= now) {
      await tx.put("accounts", { ...account, state: "expired" });
      outbox.record("token.changed", { state: "expired" });
      return null;
    }
    const days = warningLevel(expiresAt, now);
    if (days !== null && days < (account.warnedDays ?? Infinity)) {
      await tx.put("accounts", { ...account, warnedDays: days });
      outbox.record("token.expiring", { days, organisation, expiresAt: new Date(expiresAt).toISOString() });
    }
    const ahead = warningDays.filter((other) => other < (days ?? Infinity));
    return expiresAt - Math.max(0, ...ahead) * dayMs;
  });
}
