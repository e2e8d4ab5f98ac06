/** The error codes that admins search the web for, and where each comes from. Values as Intune documents them. */
import type { ManagedAppState } from "../../shared/app-states.ts";
import type { RejectionReason } from "../../shared/commands.ts";
import { mdmErrorDomain, mdmErrors } from "../../shared/results.ts";
import type { InstallationReason, InstallationRecord } from "../store/records.ts";

/** Status details by name and number (Microsoft Graph, `resultantAppStateDetail`). */
export const statusDetails = {
  noAdditionalDetails: 0,
  iosAppStoreUpdateFailedToInstall: 1000,
  vppAppHasUpdateAvailable: 1001,
  userRejectedUpdate: 1002,
  seeInstallErrorCode: 2000,
  autoInstallDisabled: 3000,
  managedAppNoLongerPresent: 3001,
  userRejectedInstall: 3002,
  userIsNotLoggedIntoAppStore: 3003,
  seeUninstallErrorCode: 4000,
  contentDownloaded: 5002,
  minimumOsVersionNotMet: -1002,
  platformNotApplicable: -1006,
} as const;
export type StatusDetail = keyof typeof statusDetails;

/** What a row asks for; all of it has to hold. */
export interface ErrorCause {
  readonly reason?: InstallationReason;
  /** What the phone last said of the app. */
  readonly appState?: ManagedAppState;
  /** Why the phone refused the last command. */
  readonly rejection?: RejectionReason;
  /** The first error of that refusal, of Apple's MCMDMErrorDomain. */
  readonly mdmError?: number;
  /** The app is there all the same. */
  readonly installed?: true;
}

export interface ErrorCodeRow {
  readonly when: ErrorCause;
  readonly hex: string;
  /** As a signed 32-bit number: the form in which Intune's pages show it as well. */
  readonly decimal: number;
  readonly meaning: string;
  readonly statusDetail: StatusDetail;
}

/** The first row that fits counts: what the phone itself gave as the cause tells more than the reason it led to. */
export const errorCodes: readonly ErrorCodeRow[] = [
  // What the phone gave as the cause of a refusal.
  row({ rejection: "AppStoreDisabled" }, "0x87D13B94", "The App Store is disabled on the phone."),
  row(
    { rejection: "CouldNotVerifyAppID" },
    "0x87D15607",
    "The App Store could not validate the id of the app.",
  ),
  row({ rejection: "AppAlreadyInstalled" }, "0x87D15609", "The app is already installed."),
  row({ rejection: "AppAlreadyQueued" }, "0x87D1560A", "The app is already queued for installation."),
  row({ mdmError: mdmErrors.storeIdNotValidated }, "0x87D15607", "The id of the app could not be validated."),
  row({ mdmError: mdmErrors.manifestNotValidated }, "0x87D15608", "The manifest could not be validated."),
  row({ mdmError: mdmErrors.appAlreadyInstalled }, "0x87D15609", "The app is already installed."),
  row({ mdmError: mdmErrors.appAlreadyQueued }, "0x87D1560A", "The app is already queued for installation."),
  row({ mdmError: mdmErrors.appNotManaged }, "0x87D1560D", "The app is not managed."),
  row(
    { mdmError: mdmErrors.appInstallationDisabled },
    "0x87D1560F",
    "The installation of apps is disabled on the phone.",
  ),
  row({ mdmError: mdmErrors.appCannotBePurchased }, "0x87D15613", "The app can't be purchased."),
  row(
    { mdmError: mdmErrors.cannotRemoveInThisState },
    "0x87D15614",
    "The app can't be removed in its present state.",
    "seeUninstallErrorCode",
  ),
  row({ mdmError: 12037 }, "0x87D15615", "The redemption code is not valid."),
  row({ mdmError: 12038 }, "0x87D15616", "The app is not managed."),
  row(
    { mdmError: mdmErrors.storeLoginRequired },
    "0x87D15618",
    "Somebody has to sign in to the App Store.",
    "userIsNotLoggedIntoAppStore",
  ),
  row({ mdmError: 29000 }, "0x87D19858", "The phone is not supervised."),
  row(
    { mdmError: mdmErrors.userDeclined },
    "0x87D13B62",
    "The user refused to install the app.",
    "userRejectedInstall",
  ),
  row({ mdmError: mdmErrors.licenseNotFound }, "0x87D13B95", "Apple found no licence for the app."),

  // Why the server can't go on.
  row({ reason: "dep-enrolled" }, "0x87D13B6B", "The phone came through Apple's enrolment program."),
  row({ reason: "no-user" }, "0x87D13B6B", "The app is licensed to users, and the phone has none."),
  row({ reason: "no-license" }, "0x87D13B7E", "Apple has no licence of the app left."),
  row(
    { reason: "ios-too-old" },
    "0x87D13B69",
    "A licence of the phone itself needs iOS 9 or later.",
    "minimumOsVersionNotMet",
  ),
  row({ reason: "not-device-assignable" }, "0x87D13B95", "The app's developer lets no phone hold a licence."),
  row({ reason: "no-serial-number" }, "0x87D13B95", "Without its serial number a phone can hold no licence."),
  row({ reason: "license-refused" }, "0x87D13B95", "Apple gave no licence for the app."),
  row({ reason: "shared-apple-id" }, "0x87D13B95", "Two users share one Apple ID, which has the licence."),
  row({ reason: "foreign-apple-id" }, "0x87D13B95", "The Apple ID is not one that can hold the licence."),
  row({ reason: "user-retired" }, "0x87D13B95", "The user is retired from the program and has no licence."),
  row({ reason: "apple-unavailable" }, "0x87D13B80", "The iTunes Store can't be reached."),
  row(
    { reason: "user-rejected", appState: "ManagementRejected" },
    "0x87D13B68",
    "The user declined the management of the app.",
    "userRejectedInstall",
  ),
  row(
    { reason: "user-rejected" },
    "0x87D13B62",
    "The user refused to install the app.",
    "userRejectedInstall",
  ),
  row(
    { reason: "user-removed" },
    "0x87D13B66",
    "The app is managed, but its user removed it.",
    "managedAppNoLongerPresent",
  ),
  row({ reason: "install-failed" }, "0x87D13B64", "The installation failed."),
  row({ reason: "install-refused" }, "0x87D1138B", "The phone answered the installation with an error."),
  row(
    { reason: "remove-failed" },
    "0x87D1138B",
    "The phone answered the removal with an error.",
    "seeUninstallErrorCode",
  ),

  // What the phone last said of the app, where no reason says more.
  row({ appState: "NeedsRedemption" }, "0x87D13B60", "A redemption code is needed."),
  row({ appState: "UserInstalledApp" }, "0x87D13B61", "The user had installed the app before."),
  row(
    { appState: "UserRejected" },
    "0x87D13B62",
    "The user refused to install the app.",
    "userRejectedInstall",
  ),
  row(
    { appState: "UpdateRejected", installed: true },
    "0x87D13B63",
    "The user refused the update.",
    "userRejectedUpdate",
  ),
  row({ appState: "Failed" }, "0x87D13B64", "The installation failed."),
  row({ appState: "Redeeming" }, "0x87D13B65", "The redemption code is being redeemed."),
  row(
    { appState: "ManagedButUninstalled" },
    "0x87D13B66",
    "The app is managed, but its user removed it.",
    "managedAppNoLongerPresent",
  ),
  row({ appState: "Unknown" }, "0x87D13B67", "The phone does not know the state of the app."),
  row(
    { appState: "ManagementRejected" },
    "0x87D13B68",
    "The user declined the management of the app.",
    "userRejectedInstall",
  ),
  row(
    { appState: "PromptingForLogin" },
    "0x87D13B99",
    "The user has to sign in to the App Store.",
    "userIsNotLoggedIntoAppStore",
  ),
  row(
    { appState: "PromptingForUpdate", installed: true },
    "0x87D13B9F",
    "The app is installed, and there is a newer version.",
    "vppAppHasUpdateAvailable",
  ),
  row(
    { appState: "PromptingForUpdateLogin", installed: true },
    "0x87D13B9F",
    "The app is installed, and there is a newer version.",
    "vppAppHasUpdateAvailable",
  ),
];

/** Each reason in a sentence. What is a reason but has no row above is none that admins know a code for. */
export const reasonSentences: Record<InstallationReason, string> = {
  "dep-enrolled": "Phones of Apple's enrolment program get no volume-purchase app.",
  "no-user": "The phone has no user, and licences go to users.",
  "no-license": "No licence is left; it is tried again when one comes free.",
  "license-refused": "Apple refused the licence.",
  "shared-apple-id": "Another user joined with the same Apple ID.",
  "foreign-apple-id": "The user's Apple ID can't hold the licence.",
  "user-retired": "The user is retired from the program.",
  "user-rejected": "The person refused.",
  "install-failed": "The installation failed for good.",
  "install-refused": "The phone refused the installation.",
  "remove-failed": "The phone could not remove the app.",
  "user-removed": "The person deleted the app.",
  "invitation-failed": "The invitation could not be delivered.",
  "account-unusable": "The volume-purchase account can't be used now.",
  "apple-unavailable": "Apple's service could not be reached.",
  unenrolled: "The phone has left management.",
  excluded: "A deployment says that the app is not for this user.",
  "device-limit": "The licence is in use on five phones already.",
  "license-revoked": "An admin revoked the licence.",
  reclaimed: "An admin reclaimed the licence.",
  cancelled: "An admin cancelled the installation.",
  "before-deadline": "The app is offered until its deadline, and pushed then.",
  "device-licensing-off": "By policy no phone gets a licence of its own.",
  "not-device-assignable": "The app can't be licensed to a phone, only to users.",
  "ios-too-old": "The phone's iOS can't hold a licence itself: that needs iOS 9.",
  "no-serial-number": "The phone has not told its serial number, by which Apple would know it.",
};
export const installationReasons = Object.keys(reasonSentences) as InstallationReason[];

function row(
  when: ErrorCause,
  hex: string,
  meaning: string,
  statusDetail: StatusDetail = "seeInstallErrorCode",
): ErrorCodeRow {
  return { when, hex, decimal: Number(hex) - 2 ** 32, meaning, statusDetail };
}

/** What an installation record says about its error. */
export type ErrorFacts = Pick<InstallationRecord, "state" | "reason" | "appState" | "deviceError">;

/** The row that applies; undefined when admins know no code for it, or nothing is amiss. */
export function errorOf(facts: ErrorFacts): ErrorCodeRow | undefined {
  return errorCodes.find(({ when }) => fits(when, facts));
}

/** Reasons behind which an answer of the phone lies. With any other, what it once refused is history. */
const refusedByPhone: ReadonlySet<InstallationReason | null> = new Set<InstallationReason>([
  "install-refused",
  "install-failed",
  "remove-failed",
]);

function fits(when: ErrorCause, { state, reason, appState, deviceError }: ErrorFacts): boolean {
  if ((state === "installed") !== (when.installed === true)) return false;
  const refusal = refusedByPhone.has(reason) || state === "removing" ? deviceError : null;
  const mdmError = refusal?.domain === mdmErrorDomain ? refusal.code : null;
  const facts: readonly (readonly [wanted: unknown, found: unknown])[] = [
    [when.reason, reason],
    [when.appState, appState],
    [when.rejection, refusal?.rejection],
    [when.mdmError, mdmError],
  ];
  if (facts.some(([wanted, found]) => wanted !== undefined && wanted !== found)) return false;
  // Nothing is asked of the phone any more, or the server itself wrote the state: then the app's state is no error.
  const byStateAlone = when.appState !== undefined && when.reason === undefined;
  return !byStateAlone || !(state === "removing" || (state === "notInstalled" && reason === null));
}
