/**
 * The twenty states of a managed app (Apple, `ManagedApplicationList`, `Status`), and where each may go. `absent` is ours: the
 * phone doesn't list the app.
 */
export const managedAppStates = [
  "Queued",
  "NeedsRedemption",
  "Redeeming",
  "Prompting",
  "PromptingForLogin",
  "ValidatingPurchase",
  "Installing",
  "Managed",
  "ManagedButUninstalled",
  "PromptingForUpdate",
  "PromptingForUpdateLogin",
  "PromptingForManagement",
  "Updating",
  "ValidatingUpdate",
  "Unknown",
  "UserInstalledApp",
  "UserRejected",
  "UpdateRejected",
  "ManagementRejected",
  "Failed",
] as const;
export type ManagedAppState = (typeof managedAppStates)[number];

/** Reported once; the entry is missing from the next list. */
export const reportedOnce: ReadonlySet<ManagedAppState> = new Set([
  "UserInstalledApp",
  "UserRejected",
  "UpdateRejected",
  "ManagementRejected",
  "Failed",
]);

const beginnings = [
  "Queued",
  "Prompting",
  "PromptingForLogin",
  "NeedsRedemption",
  "PromptingForManagement",
] as const;
const endings = ["UserRejected", "Failed"] as const;

const moves: Record<ManagedAppState | "absent", readonly (ManagedAppState | "absent")[]> = {
  absent: [...beginnings, "UserInstalledApp", "Failed"],
  Queued: [
    "Prompting",
    "PromptingForLogin",
    "ValidatingPurchase",
    "Installing",
    "NeedsRedemption",
    ...endings,
    "absent",
  ],
  NeedsRedemption: ["Redeeming", "Failed", "absent"],
  Redeeming: ["ValidatingPurchase", "Installing", "Failed", "absent"],
  Prompting: ["PromptingForLogin", "ValidatingPurchase", "Queued", ...endings, "absent"],
  PromptingForLogin: ["ValidatingPurchase", ...endings, "absent"],
  ValidatingPurchase: ["Installing", "PromptingForLogin", "Failed", "absent"],
  Installing: ["Managed", "Failed", "UserInstalledApp", "absent"],
  Managed: [
    "ManagedButUninstalled",
    "PromptingForUpdate",
    "PromptingForUpdateLogin",
    "ValidatingUpdate",
    "Updating",
    "absent",
  ],
  ManagedButUninstalled: [...beginnings, "Managed", "ValidatingPurchase", "Installing", "absent"],
  PromptingForUpdate: [
    "PromptingForUpdateLogin",
    "ValidatingUpdate",
    "Updating",
    "UpdateRejected",
    "Managed",
    "absent",
  ],
  PromptingForUpdateLogin: ["ValidatingUpdate", "UpdateRejected", "Managed", "absent"],
  ValidatingUpdate: ["Updating", "Managed", "absent"],
  Updating: ["Managed", "absent"],
  PromptingForManagement: ["Managed", "ManagementRejected", "absent"],
  Unknown: [...managedAppStates.filter((state) => state !== "Unknown"), "absent"],
  UserInstalledApp: [...beginnings, "absent"],
  UserRejected: [...beginnings, "absent"],
  UpdateRejected: ["Managed", "absent"],
  ManagementRejected: [...beginnings, "absent"],
  Failed: [...beginnings, "absent"],
};

export function canMoveApp(from: ManagedAppState | "absent", to: ManagedAppState | "absent"): boolean {
  return moves[from].includes(to);
}

export function isManagedAppState(value: string): value is ManagedAppState {
  return (managedAppStates as readonly string[]).includes(value);
}
