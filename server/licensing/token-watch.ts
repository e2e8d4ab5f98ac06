import { accountId, changeAccountState, sealContext, tokenFault, type LicensingContext } from "./account.ts";
import type { AccountRecord } from "../store/records.ts";
import type { AnswerWatch } from "./vpp-client.ts";

/**
 * Keeps the account's state true by whatever Apple answers, to whichever call: that the token is dead, or that the account is
 * another's. A token that isn't the account's (one that is just being uploaded, or was just replaced) says nothing of it.
 */
export function watchAnswers(context: LicensingContext): AnswerWatch {
  const isOf = (sToken: string) => (account: AccountRecord) =>
    context.box.open(account.sealedToken, sealContext) === sToken;
  return {
    async claimed(sToken, holder) {
      await changeAccountState(context, "assignedToExternalMdm", holder, isOf(sToken));
    },
    async refused(sToken, error) {
      const fault = tokenFault(error);
      if (fault === undefined) return;
      const account = await context.store.read((reader) => reader.get("accounts", accountId));
      // The usual case first, without a transaction: it is known already.
      if (account?.state === fault.state) return;
      await changeAccountState(context, fault.state, null, isOf(sToken));
    },
  };
}
