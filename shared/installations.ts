/** Words for what became of an app on a phone, as the admin API says them and scenarios ask for them. */
export const installationStates = [
  "pending",
  "waitingForTerms",
  "installing",
  "installed",
  "removing",
  "notInstalled",
  "failed",
  "notApplicable",
] as const;
export type InstallationState = (typeof installationStates)[number];

/** Why an installation is in its state, where the state alone doesn't say. */
export const installationReasons = [
  "dep-enrolled",
  "no-user",
  "no-license",
  "license-refused",
  "shared-apple-id",
  "foreign-apple-id",
  "user-retired",
  "user-rejected",
  "install-failed",
  "install-refused",
  "remove-failed",
  "user-removed",
  "invitation-failed",
  "account-unusable",
  "apple-unavailable",
  "unenrolled",
  "excluded",
  "device-limit",
  "license-revoked",
  "reclaimed",
  "cancelled",
  "before-deadline",
  "device-licensing-off",
  "not-device-assignable",
  "ios-too-old",
  "no-serial-number",
] as const;
export type InstallationReason = (typeof installationReasons)[number];
