/**
 * The twenty states of a managed app (Apple, `ManagedApplicationList`, `Status`), what can happen in each of them, and where that
 * leads. Apple names the states and not the ways between them: those are ours.
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
/** `absent` is ours: the phone doesn't list the app. */
export type AppPlace = ManagedAppState | "absent";

/** Reported once; the entry is missing from the next list. */
export const reportedOnce: ReadonlySet<ManagedAppState> = new Set([
  "UserInstalledApp",
  "UserRejected",
  "UpdateRejected",
  "ManagementRejected",
  "Failed",
]);

type Transitions = Readonly<Partial<Record<AppPlace, AppPlace>>>;

/** Nothing of the app is on its way, so an install may begin. */
const idle = [
  "absent",
  "ManagedButUninstalled",
  "UserInstalledApp",
  "UserRejected",
  "ManagementRejected",
  "Failed",
] as const;
/** Not managed, but perhaps on the phone as the person's own. */
const unmanaged = ["absent", "UserInstalledApp", "UserRejected", "ManagementRejected", "Failed"] as const;

function lead(to: AppPlace, ...from: readonly AppPlace[]): Transitions {
  return Object.fromEntries(from.map((place) => [place, to]));
}

/** By what happened: from which state to which. What isn't here can't happen. */
const transitions = {
  // An install, from the command on.
  installQueued: lead("Queued", ...idle, "NeedsRedemption"),
  redemptionNeeded: lead("NeedsRedemption", ...idle),
  installAsked: lead("Prompting", ...idle, "Queued", "NeedsRedemption"),
  loginAsked: lead(
    "PromptingForLogin",
    ...idle,
    ...(["Queued", "NeedsRedemption", "Prompting", "Redeeming", "ValidatingPurchase", "Unknown"] as const),
  ),
  redemptionBegun: lead("Redeeming", "Queued", "NeedsRedemption", "Prompting", "PromptingForLogin"),
  validationBegun: lead(
    "ValidatingPurchase",
    ...idle,
    ...(["Queued", "Prompting", "PromptingForLogin", "Redeeming"] as const),
  ),
  downloadBegun: lead("Installing", "ValidatingPurchase", "Unknown"),
  installed: lead("Managed", "Installing"),
  installRejected: lead("UserRejected", "Prompting", "PromptingForLogin"),
  installFailed: lead(
    "Failed",
    ...(["Queued", "PromptingForLogin", "Redeeming", "ValidatingPurchase", "Installing", "Unknown"] as const),
  ),
  /** The person was quicker than the server. */
  installedByPerson: lead(
    "UserInstalledApp",
    ...(["absent", "Queued", "NeedsRedemption", "Prompting", "PromptingForLogin"] as const),
  ),

  // An app that the person installed comes under management.
  managementAsked: lead("PromptingForManagement", ...unmanaged),
  managementTaken: lead("Managed", ...unmanaged, "PromptingForManagement"),
  managementRejected: lead("ManagementRejected", "PromptingForManagement"),

  // The person deletes a managed app and gets it back.
  deleted: lead("ManagedButUninstalled", "Managed"),
  putBack: lead("Managed", "ManagedButUninstalled"),

  // An update. When it comes to nothing the app stays as it was.
  updateAsked: lead("PromptingForUpdate", "Managed"),
  updateLoginAsked: lead(
    "PromptingForUpdateLogin",
    ...(["Managed", "PromptingForUpdate", "ValidatingUpdate", "Unknown"] as const),
  ),
  updateValidationBegun: lead(
    "ValidatingUpdate",
    ...(["Managed", "PromptingForUpdate", "PromptingForUpdateLogin"] as const),
  ),
  updateBegun: lead("Updating", "ValidatingUpdate", "Unknown"),
  updated: lead("Managed", "Updating"),
  updateRejected: lead("UpdateRejected", "PromptingForUpdate", "PromptingForUpdateLogin"),
  updateFailed: lead(
    "Managed",
    ...(["PromptingForUpdateLogin", "ValidatingUpdate", "Updating", "Unknown"] as const),
  ),

  /** The phone went off in the middle of a download, and can't say how far it got until it has asked the App Store. */
  interrupted: lead("Unknown", "Installing", "Updating"),
  /** The server has the list in which it stood. */
  reported: {
    ...lead("absent", "UserInstalledApp", "UserRejected", "ManagementRejected", "Failed"),
    ...lead("Managed", "UpdateRejected"),
  },
  /** Something newer came before the report of a rejected update. */
  superseded: lead("Managed", "UpdateRejected"),
  /** The server takes the app away or drops the request, or the management profile goes. */
  removed: lead("absent", ...managedAppStates),
} satisfies Record<string, Transitions>;

/** What can happen to an app that a server manages, or wants to. */
export type AppEvent = keyof typeof transitions;
export const appEvents = Object.keys(transitions) as readonly AppEvent[];

/** Where `event` leads an app that stands at `from`; undefined when it can't happen there. */
export function placeAfter(from: AppPlace, event: AppEvent): AppPlace | undefined {
  const leads: Transitions = transitions[event];
  return Object.hasOwn(leads, from) ? leads[from] : undefined;
}

const moves = new Set(
  Object.values<Transitions>(transitions).flatMap((leads) =>
    Object.entries(leads).map(([from, to]) => `${from} ${to}`),
  ),
);

/** Whether anything leads from here to there. */
export function canMoveApp(from: AppPlace, to: AppPlace): boolean {
  return moves.has(`${from} ${to}`);
}

export function isManagedAppState(value: string): value is ManagedAppState {
  return (managedAppStates as readonly string[]).includes(value);
}
