/** Taking an account back that another product has claimed: an administrator's own act, never a side effect of another. */
import { PippinError } from "../../shared/errors.ts";
import { transact } from "../outbox.ts";
import {
  accountId,
  askWhose,
  claimAccount,
  presentAccount,
  readToken,
  refuseOtherAccount,
  sealContext,
  type LicensingContext,
} from "./account.ts";

export interface ControlRequest {
  /** The administrator knows what the other product may have done, and that it loses the account. */
  readonly confirm: boolean;
  /** A newer token of the same account, for when the stored one no longer works. */
  readonly sToken?: string | undefined;
}

/**
 * Writes our context over the other product's. What it left of users and licences is found out by the sync that must follow: it reads
 * everything. Doing it twice is harmless, so a crash between Apple's answer and the store only means that it is to be done again.
 *
 * Throws confirmation_required, token_missing, conflict (nobody has claimed the account), token_*, apple_*.
 */
export async function takeControl(
  context: LicensingContext,
  request: ControlRequest,
  cause: number,
): Promise<void> {
  const { store, box, vpp, world } = context;
  const account = await store.read(presentAccount);
  const from = account.claimedBy ?? "another product";
  if (account.state !== "assignedToExternalMdm") {
    throw new PippinError("conflict", "No other product has claimed the account.");
  }
  if (!request.confirm) {
    throw new PippinError(
      "confirmation_required",
      `The account is managed by ${from}, which will lose it. Ask again with \`confirm: true\`.`,
      { details: { claimedBy: account.claimedBy } },
    );
  }
  const renewal = request.sToken === undefined ? undefined : readToken(request.sToken, world.now());
  const sToken = renewal?.sToken ?? box.open(account.sealedToken, sealContext);
  const { config, accountHash } = await askWhose(context, sToken);
  refuseOtherAccount(account, accountHash);
  await claimAccount(context, sToken, account.contextGuid, config);
  vpp.reopen();
  await transact(context, async (tx, outbox) => {
    const current = await tx.get("accounts", accountId);
    if (current?.state !== "assignedToExternalMdm") return;
    const now = world.now();
    const renewed = renewal && {
      sealedToken: box.seal(renewal.sToken, sealContext),
      expiresAt: renewal.expiresAt,
      organisation: renewal.organisation,
      warnedDays: null,
    };
    await tx.put("accounts", {
      ...current,
      ...renewed,
      state: "valid",
      claimedBy: null,
      updatedAt: now,
      // What changed while others were at it can't be told from what changed before: everything is read anew.
      usersSinceToken: null,
      licensesSinceToken: null,
      nextSyncAt: now,
      syncFailures: 0,
    });
    outbox.record("token.controlTaken", { from, cause });
    outbox.record("token.changed", { state: "valid", cause });
  });
}
