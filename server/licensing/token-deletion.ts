import { PippinError } from "../../shared/errors.ts";
import { transact } from "../outbox.ts";
import { countStranded } from "./account-view.ts";
import { presentAccount, type LicensingContext } from "./account.ts";

export interface TokenDeletion {
  readonly organisation: string;
  /** Licences that stay with their users at Apple, and that nobody can return until the account has a token again. */
  readonly strandedLicenses: number;
  readonly deletedAt: number;
}

/**
 * Deletes the token. Apple isn't told anything: users keep their licences, the ledger and all records stay, and so does what the
 * account is recognised by, because no other may ever take its place. A token of the same account picks everything up again.
 *
 * Throws token_missing, and confirmation_required with the number of licences that would be stranded.
 */
export async function deleteToken(
  context: LicensingContext,
  confirm: boolean,
  cause: number,
): Promise<TokenDeletion> {
  return transact(context, async (tx, outbox) => {
    const account = await presentAccount(tx);
    const strandedLicenses = await countStranded(tx);
    if (!confirm) {
      throw new PippinError(
        "confirmation_required",
        `Without its token ${strandedLicenses} ${strandedLicenses === 1 ? "licence" : "licences"} could not be returned any more. Revoke or reclaim them first, or ask again with confirm=true.`,
        { details: { strandedLicenses } },
      );
    }
    const deletedAt = context.world.now();
    await tx.put("accounts", {
      ...account,
      state: "deleted",
      claimedBy: null,
      sealedToken: "",
      usersSinceToken: null,
      licensesSinceToken: null,
      updatedAt: deletedAt,
      deletedAt,
      warnedDays: null,
    });
    outbox.record("token.deleted", { organisation: account.organisation, strandedLicenses, cause });
    return { organisation: account.organisation, strandedLicenses, deletedAt };
  });
}
