/** Results that a device reports, with Apple's names and statuses. */
import { z } from "zod";

export const resultStatuses = ["Idle", "Acknowledged", "Error", "CommandFormatError", "NotNow"] as const;
export type ResultStatus = (typeof resultStatuses)[number];

export const ErrorChainItem = z.looseObject({
  ErrorCode: z.number().int(),
  ErrorDomain: z.string(),
  LocalizedDescription: z.string(),
  USEnglishDescription: z.string().optional(),
});
export type ErrorChainItem = z.infer<typeof ErrorChainItem>;

/** A poll without a result. */
export const Idle = z.looseObject({ Status: z.literal("Idle"), UDID: z.string().min(1).max(64) });

/** A command's result. The answer keys of the command lie beside these, at top level. */
export const CommandResult = z.looseObject({
  Status: z.enum(["Acknowledged", "Error", "CommandFormatError", "NotNow"]),
  UDID: z.string().min(1).max(64),
  CommandUUID: z.string().min(1).max(64),
  ErrorChain: z.array(ErrorChainItem).optional(),
});
export type CommandResult = z.infer<typeof CommandResult>;

export const DeviceReport = z.discriminatedUnion("Status", [Idle, CommandResult]);
export type DeviceReport = z.infer<typeof DeviceReport>;

/** Errors of iOS's own domain, as phones report them (ARC-MDM, "Error Codes"). */
export const mdmErrorDomain = "MCMDMErrorDomain";
export const mdmErrors = {
  invalidAccessRights: 12000,
  notAuthorised: 12007,
  malformedRequest: 12008,
  invalidReplacementProfile: 12009,
  profileNotManaged: 12013,
  invalidRequestType: 12021,
  storeIdNotValidated: 12023,
  manifestNotValidated: 12024,
  appAlreadyInstalled: 12025,
  appAlreadyQueued: 12026,
  notAnApp: 12027,
  notWaitingForCode: 12028,
  appNotManaged: 12029,
  appInstallationDisabled: 12031,
  appCannotBePurchased: 12035,
  cannotRemoveInThisState: 12036,
  storeLoginRequired: 12040,
  userDeclined: 12063,
  licenseNotFound: 12064,
  profileNotInstalled: 12075,
} as const;
/** Seen on iOS 11.3.1 when a second install arrives while a store dialog is open. */
export const alreadyPrompting = { domain: "ASDErrorDomain", code: 1407 } as const;
/** The App Store did not answer the phone, which says nothing of the app. */
export const storeTimedOut = { domain: "MCStoreErrorDomain", code: 30001 } as const;
/** Seen on phones that get a second request for an app they are fetching already. */
export const duplicateRequest = { domain: "ASDErrorDomain", code: 506 } as const;
