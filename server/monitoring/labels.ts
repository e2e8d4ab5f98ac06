/** The five words that admins know for what became of an app, and how those of several phones add up to one. */
import { installationStates, type InstallationState } from "../store/records.ts";

export const installationLabels = [
  "Installed",
  "Not Installed",
  "Failed",
  "Install Pending",
  "Not Applicable",
] as const;
export type InstallationLabel = (typeof installationLabels)[number];

/** The word for each state: it says what is on the phone, so an app that is being removed is still installed. */
export const labelByState: Record<InstallationState, InstallationLabel> = {
  pending: "Install Pending",
  waitingForTerms: "Install Pending",
  installing: "Install Pending",
  installed: "Installed",
  removing: "Installed",
  notInstalled: "Not Installed",
  failed: "Failed",
  notApplicable: "Not Applicable",
};

export function statesOf(label: InstallationLabel): InstallationState[] {
  return installationStates.filter((state) => labelByState[state] === label);
}

/** How many there are of each, e.g. of the phones of one user. */
export interface LabelCounts {
  installed: number;
  failed: number;
  pending: number;
  notInstalled: number;
  notApplicable: number;
}

export const countByLabel: Record<InstallationLabel, keyof LabelCounts> = {
  Installed: "installed",
  "Not Installed": "notInstalled",
  Failed: "failed",
  "Install Pending": "pending",
  "Not Applicable": "notApplicable",
};

export function noCounts(): LabelCounts {
  return { installed: 0, failed: 0, pending: 0, notInstalled: 0, notApplicable: 0 };
}

/**
 * The one word for all phones of a user: failed when any failed; pending when any is pending and none failed; installed when all
 * succeeded; not applicable when it is so to all. Phones that the app is not for count only when there is no other: a user with an
 * installed phone and one of Apple's enrolment program has the app.
 */
export function labelOfUser(phones: LabelCounts): InstallationLabel {
  if (phones.failed > 0) return "Failed";
  if (phones.pending > 0) return "Install Pending";
  if (phones.notInstalled > 0) return "Not Installed";
  if (phones.installed > 0) return "Installed";
  return phones.notApplicable > 0 ? "Not Applicable" : "Not Installed";
}
