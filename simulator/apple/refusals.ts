import type { AppStoreProblemCode } from "../../shared/app-store.ts";
import { vppErrors, type VppErrorNumber } from "../../shared/vpp.ts";
import type { License } from "./license-pool.ts";
import type { ProgramUser } from "./program-users.ts";

/** Apple's VPP service says no: `status` -1 with this number. Nothing was changed. */
export class VppRefusal extends Error {
  readonly errorNumber: VppErrorNumber;
  /** 9616: the licence that this user holds already. */
  readonly licenseAlreadyAssigned: License | undefined;
  /** 9616: other users with the same Apple ID, one of whom holds the item. */
  readonly usersAlreadyAssigned: readonly ProgramUser[] | undefined;
  constructor(
    errorNumber: VppErrorNumber,
    detail?: string,
    already: { license?: License; users?: readonly ProgramUser[] } = {},
  ) {
    super(detail === undefined ? vppErrors[errorNumber] : `${vppErrors[errorNumber]}: ${detail}`);
    this.name = "VppRefusal";
    this.errorNumber = errorNumber;
    this.licenseAlreadyAssigned = already.license;
    this.usersAlreadyAssigned = already.users;
  }
}

/** The App Store or the Apple ID service says no to a phone. */
export class AppStoreRefusal extends Error {
  readonly code: AppStoreProblemCode;
  readonly retryAfterMs: number | undefined;
  constructor(code: AppStoreProblemCode, message: string, options: { retryAfterMs?: number } = {}) {
    super(message);
    this.name = "AppStoreRefusal";
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
