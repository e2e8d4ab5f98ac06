import type { AppleModel } from "./apple-model.ts";
import type { Organisation } from "./organisation.ts";
import type { Paging } from "./paging.ts";
import type { VppRefusal } from "./refusals.ts";
import type { VppArguments } from "./vpp-arguments.ts";
import type { Answer, VppRecords } from "./vpp-records.ts";

/** One authenticated call of the web service. */
export interface VppCall {
  readonly args: VppArguments;
  readonly model: AppleModel;
  readonly organisation: Organisation;
  readonly records: VppRecords;
  readonly paging: Paging;
}

/** Answers with what goes beside the envelope; `status` is 0 unless it says otherwise. Throws VppRefusal. */
export type VppHandler = (call: VppCall) => Answer;

/** The most entries of one kind that manageVPPLicensesByAdamIdSrv takes. */
export const manageLimits = { associate: 100, disassociate: 100 } as const;

/** What an answer, or one entry of it, says about a refusal. */
export function refusalFields(error: VppRefusal, records: VppRecords, organisation?: Organisation): Answer {
  const license = error.licenseAlreadyAssigned;
  return {
    errorNumber: error.errorNumber,
    errorMessage: error.message,
    licenseAlreadyAssigned: license && organisation && records.license(organisation, license),
    regUsersAlreadyAssigned: error.usersAlreadyAssigned?.map((user) => records.user(user)),
  };
}
