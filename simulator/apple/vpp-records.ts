import { productTypes, type CatalogueItem } from "./catalogue.ts";
import type { License, LicensePool, LicenseState } from "./license-pool.ts";
import { isIrrevocable, type Organisation } from "./organisation.ts";
import type { ProgramUser } from "./program-users.ts";

/** JSON to be: members that are undefined are left out, as Apple leaves out what is null. */
export type Answer = Record<string, unknown>;

export const invitationPath = "/WebObjects/MZFinance.woa/wa/associateVPPUserWithITSAccount";

const licenseStatus: Record<LicenseState, string> = {
  available: "Available",
  assigned: "Associated",
  refunded: "Refunded",
};

/** The domain's records as the web service shows them. */
export class VppRecords {
  readonly #publicUrl: () => string;
  readonly #item: (adamId: string) => CatalogueItem | undefined;

  constructor(parts: { publicUrl: () => string; item: (adamId: string) => CatalogueItem | undefined }) {
    this.#publicUrl = parts.publicUrl;
    this.#item = parts.item;
  }

  /** The Apple ID itself is never shown. A retired record keeps its hash: `itsIdHash` selects between old records. */
  user(user: ProgramUser): Answer {
    const isUnseen = user.isUnseen === true;
    const isInvited = isUnseen || user.status === "Registered";
    return {
      userId: user.userId,
      userIdStr: String(user.userId),
      clientUserIdStr: user.clientUserIdStr,
      email: user.email,
      status: isUnseen ? "Registered" : user.status,
      inviteUrl: isInvited
        ? `${this.#publicUrl()}${invitationPath}?inviteCode=${user.inviteCode}&mt=8`
        : undefined,
      inviteCode: isInvited ? user.inviteCode : undefined,
      itsIdHash: isUnseen ? undefined : user.itsIdHash,
    };
  }

  userWithLicenses(organisation: Organisation, user: ProgramUser): Answer {
    const licenses = organisation.licensesOf(user).map((license) => this.license(organisation, license));
    return { ...this.user(user), licenses: licenses.length > 0 ? licenses : undefined };
  }

  license(organisation: Organisation, license: License): Answer {
    const { pool, holder } = license;
    const user = holder?.userId === undefined ? undefined : organisation.users.byId.get(holder.userId);
    return {
      licenseId: license.id,
      licenseIdStr: String(license.id),
      adamId: Number(pool.adamId),
      ...this.item(pool.adamId, pool.pricingParam),
      status: licenseStatus[license.state],
      userId: user?.userId,
      userIdStr: user && String(user.userId),
      clientUserIdStr: user?.clientUserIdStr,
      itsIdHash: user?.itsIdHash,
      serialNumber: holder?.serialNumber,
    };
  }

  asset(pool: LicensePool, withCounts: boolean): Answer {
    const { assignedCount, availableCount, retiredCount } = pool.counts;
    return {
      ...this.item(pool.adamId, pool.pricingParam),
      deviceAssignable: this.#item(pool.adamId)?.deviceAssignable,
      ...(withCounts && {
        assignedCount,
        availableCount,
        retiredCount,
        totalCount: assignedCount + availableCount,
      }),
    };
  }

  item(adamId: string, pricingParam: string): Answer {
    const item = this.#item(adamId);
    return {
      adamIdStr: adamId,
      pricingParam,
      productTypeId: item?.productTypeId,
      productTypeName: item && productTypes[item.productTypeId],
      isIrrevocable: item && isIrrevocable(item),
    };
  }
}
