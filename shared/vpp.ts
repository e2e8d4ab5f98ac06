/**
 * Apple's legacy VPP web service (2014–2016): what travels between an MDM server and Apple. Field names and numbers are Apple's.
 * Fields that would be null are left out; unknown fields are kept, not refused.
 */
import { z } from "zod";

export const vppErrors = {
  9600: "Missing required argument",
  9601: "Login required",
  9602: "Invalid argument",
  9603: "Internal error",
  9604: "Result not found",
  9605: "Account storefront incorrect",
  9606: "Error constructing token",
  9607: "License is irrevocable",
  9608: "Empty response from shared data",
  9609: "Registered user not found",
  9610: "License not found",
  9611: "Admin user not found",
  9612: "Failed to create claim job",
  9613: "Failed to create unclaim job",
  9614: "Invalid date format",
  9615: "OrgCountry not found",
  9616: "License already assigned",
  9618: "The user has already been retired",
  9619: "License not associated",
  9620: "The user has already been deleted",
  9621: "The token has expired",
  9622: "Invalid authentication token",
  9623: "Invalid APN token",
  9624: "License was refunded and is no longer valid",
  9625: "The sToken has been revoked",
  9626: "License already assigned to a different user",
  9627: "Disassociation failed: the license was reassigned too often",
  9628: "Device assignment is not allowed for this item",
  9629: "The sToken does not belong to the batchToken",
  9633: "The data for the batchToken was lost",
  9635: "The Apple ID is unknown or belongs to another organization",
  9639: "Facilitator member not found",
  9641: "The Apple ID is already associated to a registered user",
  9642: "The Apple ID is a program manager that has not accepted the store's terms",
  9646: "Too many requests",
} as const;
export type VppErrorNumber = keyof typeof vppErrors;

/** `YYYY-MM-DDTHH:MM:SS±HHMM`, the offset without a colon, as Apple writes dates here. */
export function formatVppDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, "+0000");
}

/** Answers NaN when it is no such date. */
export function parseVppDate(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})([+-]\d{2}):?(\d{2})$/.exec(text);
  return match ? Date.parse(`${match[1]}${match[2]}:${match[3]}`) : NaN;
}

/** What the sToken's base64 holds. */
export const ServiceToken = z.looseObject({
  token: z.string().min(1),
  expDate: z
    .string()
    .refine((text) => !Number.isNaN(parseVppDate(text)), "a date such as 2014-08-15T18:13:52-0700"),
  orgName: z.string().min(1),
});
export type ServiceToken = z.infer<typeof ServiceToken>;

export const VppUserStatus = z.enum(["Registered", "Associated", "Retired", "Deleted"]);
export type VppUserStatus = z.infer<typeof VppUserStatus>;

export const VppLicense = z.looseObject({
  licenseId: z.number().int().optional(),
  licenseIdStr: z.string().optional(),
  adamId: z.number().int().optional(),
  adamIdStr: z.string().optional(),
  productTypeId: z.number().int(),
  productTypeName: z.string(),
  pricingParam: z.string(),
  isIrrevocable: z.boolean(),
  status: z.string().optional(),
  userId: z.number().int().optional(),
  clientUserIdStr: z.string().optional(),
  itsIdHash: z.string().optional(),
  /** When it is assigned to a device. */
  serialNumber: z.string().optional(),
});
export type VppLicense = z.infer<typeof VppLicense>;

export const VppUser = z.looseObject({
  userId: z.number().int(),
  clientUserIdStr: z.string(),
  email: z.string().optional(),
  status: VppUserStatus,
  inviteUrl: z.string().optional(),
  inviteCode: z.string().optional(),
  itsIdHash: z.string().optional(),
  licenses: z.array(VppLicense).optional(),
});
export type VppUser = z.infer<typeof VppUser>;

export const VppAsset = z.looseObject({
  adamIdStr: z.string(),
  pricingParam: z.string(),
  productTypeId: z.number().int(),
  productTypeName: z.string(),
  isIrrevocable: z.boolean(),
  deviceAssignable: z.boolean().optional(),
  assignedCount: z.number().int().optional(),
  availableCount: z.number().int().optional(),
  retiredCount: z.number().int().optional(),
  totalCount: z.number().int().optional(),
});
export type VppAsset = z.infer<typeof VppAsset>;

/** On every answer. `status` 0 done, -1 failed, -3 partly failed. */
export const VppEnvelope = z.looseObject({
  status: z.number().int(),
  errorNumber: z.number().int().optional(),
  errorMessage: z.string().optional(),
  tokenExpDate: z.string().optional(),
  clientContext: z.string().optional(),
  uId: z.string().optional(),
});
export type VppEnvelope = z.infer<typeof VppEnvelope>;

/** Only the address of the service configuration is fixed; all others come from its answer. */
export const ServiceConfig = z.looseObject({
  registerUserSrvUrl: z.string(),
  editUserSrvUrl: z.string(),
  getUserSrvUrl: z.string(),
  getUsersSrvUrl: z.string(),
  retireUserSrvUrl: z.string(),
  getLicensesSrvUrl: z.string(),
  getVPPAssetsSrvUrl: z.string(),
  manageVPPLicensesByAdamIdSrvUrl: z.string(),
  clientConfigSrvUrl: z.string(),
  associateLicenseSrvUrl: z.string(),
  disassociateLicenseSrvUrl: z.string(),
  invitationEmailUrl: z.string(),
  contentMetadataLookupUrl: z.string(),
  vppWebsiteUrl: z.string(),
  maxBatchAssociateLicenseCount: z.number().int(),
  maxBatchDisassociateLicenseCount: z.number().int(),
  errorCodes: z.array(z.looseObject({ errorNumber: z.number().int(), errorMessage: z.string() })),
});
export type ServiceConfig = z.infer<typeof ServiceConfig>;

export const ClientConfig = VppEnvelope.extend({
  appleId: z.string().optional(),
  email: z.string().optional(),
  countryCode: z.string().optional(),
  organizationId: z.number().int().optional(),
  organizationIdHash: z.string().optional(),
});
export type ClientConfig = z.infer<typeof ClientConfig>;

/** What a product writes into `clientContext` to say that the account is its own. Only the guid is ever compared. */
export const ClientContext = z.looseObject({ hostname: z.string(), guid: z.string() });

/** Devices of one Apple ID that one user licence of an app serves. Apple's texts name no number; Intune's documents say five. */
export const devicesPerUserLicense = 5;

/** One entry of `associations` or `disassociations` in the answer of manageVPPLicensesByAdamIdSrv. */
export const LicenseChange = z.looseObject({
  clientUserIdStr: z.string().optional(),
  serialNumber: z.string().optional(),
  licenseIdStr: z.string().optional(),
  errorNumber: z.number().int().optional(),
  errorMessage: z.string().optional(),
  /** 9616: this user has it already. */
  licenseAlreadyAssigned: VppLicense.optional(),
  /** 9616: another user with the same Apple ID has it. */
  regUsersAlreadyAssigned: z.array(z.looseObject({ clientUserIdStr: z.string() })).optional(),
});
export type LicenseChange = z.infer<typeof LicenseChange>;

export const ManageLicensesAnswer = VppEnvelope.extend({
  associations: z.array(LicenseChange).optional(),
  disassociations: z.array(LicenseChange).optional(),
});

export const UserAnswer = VppEnvelope.extend({ user: VppUser.optional() });
export const UsersAnswer = VppEnvelope.extend({
  users: z.array(VppUser).optional(),
  totalCount: z.number().int().optional(),
  batchToken: z.string().optional(),
  sinceModifiedToken: z.string().optional(),
});
export const LicensesAnswer = VppEnvelope.extend({
  licenses: z.array(VppLicense).optional(),
  totalCount: z.number().int().optional(),
  batchToken: z.string().optional(),
  sinceModifiedToken: z.string().optional(),
});
export const AssetsAnswer = VppEnvelope.extend({
  assets: z.array(VppAsset).optional(),
  totalCount: z.number().int().optional(),
});

/** The content metadata lookup, the only place where names and bundle ids come from. */
export const LookupAnswer = z.looseObject({
  results: z.record(
    z.string(),
    z.looseObject({ id: z.union([z.string(), z.number()]), name: z.string(), bundleId: z.string() }),
  ),
});
