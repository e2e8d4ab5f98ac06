/** Commands of Apple's MDM protocol that the server builds and the phone performs. */
import { z } from "zod";
import type { CommandResult } from "./results.ts";

/** What the server sends: one command, named by a UUID. */
export const CommandEnvelope = z.looseObject({
  CommandUUID: z.string().min(1).max(64),
  Command: z.looseObject({ RequestType: z.string().min(1).max(64) }),
});
export type CommandEnvelope = z.infer<typeof CommandEnvelope>;
export type Command = CommandEnvelope["Command"];

/** The only program there is. */
export const vppProgramId = "com.apple.cloudvpp";

export const InviteToProgram = z.looseObject({
  RequestType: z.literal("InviteToProgram"),
  ProgramID: z.string(),
  InvitationURL: z.string(),
});
export type InviteToProgram = z.infer<typeof InviteToProgram>;
export type InvitationResult = "Acknowledged" | "InvalidProgramID" | "InvalidInvitationURL";

export const InstallApplication = z
  .looseObject({
    RequestType: z.literal("InstallApplication"),
    iTunesStoreID: z.number().int().positive().optional(),
    Identifier: z.string().min(1).optional(),
    ManifestURL: z.string().min(1).optional(),
    // A loose object alone would take data and dates too: the record refuses what isn't a dictionary.
    Options: z
      .record(z.string(), z.unknown())
      .pipe(z.looseObject({ PurchaseMethod: z.number().int().optional() }))
      .optional(),
    ManagementFlags: z.number().int().min(0).optional(),
    ChangeManagementState: z.string().optional(),
    Configuration: z.record(z.string(), z.unknown()).optional(),
    Attributes: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(
    (command) =>
      [command.iTunesStoreID, command.Identifier, command.ManifestURL].filter((key) => key !== undefined)
        .length === 1,
    "exactly one of iTunesStoreID, Identifier and ManifestURL",
  );
export type InstallApplication = z.infer<typeof InstallApplication>;

/** `PurchaseMethod`: the Apple ID's own purchase, free or with a redemption code. */
export const purchaseMethodOwn = 0;
/** `PurchaseMethod`: the licence comes from volume purchase. */
export const purchaseMethodVpp = 1;
/** `ManagementFlags` bit: the app goes when the management profile goes. */
export const removeWithProfile = 1;

export const rejectionReasons = [
  "AppAlreadyInstalled",
  "AppAlreadyQueued",
  "AppStoreDisabled",
  "CouldNotVerifyAppID",
  "ManagementChangeNotSupported",
  "NotAnApp",
  "NotSupported",
  "PurchaseMethodNotSupported",
  "PurchaseMethodNotSupportedInMultiUser",
  "Other",
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

export const RemoveApplication = z.looseObject({
  RequestType: z.literal("RemoveApplication"),
  Identifier: z.string().min(1),
});
export const ManagedApplicationList = z.looseObject({
  RequestType: z.literal("ManagedApplicationList"),
  Identifiers: z.array(z.string()).optional(),
});
export const InstalledApplicationList = z.looseObject({
  RequestType: z.literal("InstalledApplicationList"),
  Identifiers: z.array(z.string()).optional(),
  ManagedAppsOnly: z.boolean().optional(),
  Items: z.array(z.string()).optional(),
});
export const ApplyRedemptionCode = z.looseObject({
  RequestType: z.literal("ApplyRedemptionCode"),
  Identifier: z.string().min(1),
  RedemptionCode: z.string().min(1),
});
export const ValidateApplications = z.looseObject({
  RequestType: z.literal("ValidateApplications"),
  Identifiers: z.array(z.string()).optional(),
});
export const ManagedApplicationConfiguration = z.looseObject({
  RequestType: z.literal("ManagedApplicationConfiguration"),
  Identifiers: z.array(z.string()),
});
export const ManagedApplicationAttributes = z.looseObject({
  RequestType: z.literal("ManagedApplicationAttributes"),
  Identifiers: z.array(z.string()),
});
export const ManagedApplicationFeedback = z.looseObject({
  RequestType: z.literal("ManagedApplicationFeedback"),
  Identifiers: z.array(z.string()),
  DeleteFeedback: z.boolean().optional(),
});
export const DeviceInformation = z.looseObject({
  RequestType: z.literal("DeviceInformation"),
  Queries: z.array(z.string()),
});
export const ProfileList = z.looseObject({ RequestType: z.literal("ProfileList") });
export const CertificateList = z.looseObject({ RequestType: z.literal("CertificateList") });
export const SecurityInfo = z.looseObject({ RequestType: z.literal("SecurityInfo") });
/** `Payload`: a configuration profile, signed or not. */
export const InstallProfile = z.looseObject({
  RequestType: z.literal("InstallProfile"),
  Payload: z.instanceof(Uint8Array),
});
export const RemoveProfile = z.looseObject({
  RequestType: z.literal("RemoveProfile"),
  Identifier: z.string().min(1),
});
export const DeviceLock = z.looseObject({
  RequestType: z.literal("DeviceLock"),
  Message: z.string().optional(),
  PhoneNumber: z.string().optional(),
});
export type LockMessageResult = "Success" | "DeviceInLostMode" | "NoPasscodeSet" | "Unknown";
/** `UnlockToken`: what the phone gave in TokenUpdate. */
export const ClearPasscode = z.looseObject({
  RequestType: z.literal("ClearPasscode"),
  UnlockToken: z.instanceof(Uint8Array),
});
export const RestartDevice = z.looseObject({ RequestType: z.literal("RestartDevice") });
export const ShutDownDevice = z.looseObject({ RequestType: z.literal("ShutDownDevice") });
export const EraseDevice = z.looseObject({
  RequestType: z.literal("EraseDevice"),
  PreserveDataPlan: z.boolean().optional(),
  DisallowProximitySetup: z.boolean().optional(),
});
export const DeviceConfigured = z.looseObject({ RequestType: z.literal("DeviceConfigured") });
/** Each setting is answered by itself, so nothing is asked of one here but its name. */
export const Settings = z.looseObject({
  RequestType: z.literal("Settings"),
  Settings: z.array(z.record(z.string(), z.unknown()).pipe(z.looseObject({ Item: z.string() }))),
});

/** What a DeviceInformation answer says; undefined when it says nothing. */
export function queryResponses(answer: CommandResult): Readonly<Record<string, unknown>> | undefined {
  const responses = answer["QueryResponses"];
  return typeof responses === "object" && responses !== null
    ? (responses as Readonly<Record<string, unknown>>)
    : undefined;
}

/** `Status*` of one entry of a ManagedApplicationList answer, and more when the phone has more to say. */
export const ManagedApplication = z.looseObject({
  Status: z.string(),
  ManagementFlags: z.number().int().optional(),
});
export const ManagedApplicationListAnswer = z.looseObject({
  ManagedApplicationList: z.record(z.string(), ManagedApplication),
});
