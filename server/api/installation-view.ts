/** How an installation looks to an admin: Intune's five words, and the error code that admins search the web for. */
import { z } from "@hono/zod-openapi";
import type { ManagedAppState } from "../../shared/app-states.ts";
import type { InstallationReason, InstallationRecord, InstallationState } from "../store/records.ts";
import { Time, timeOf } from "./fields.ts";

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

/** Null: admins know no code for it. */
export const codeByReason: Record<InstallationReason, string | null> = {
  "dep-enrolled": "0x87D13B6B",
  "no-license": "0x87D13B7E",
  "license-refused": "0x87D13B95",
  "user-rejected": "0x87D13B62",
  "install-failed": "0x87D13B64",
  "install-refused": "0x87D1138B",
  "remove-failed": "0x87D1138B",
  "user-removed": "0x87D13B66",
  "apple-unavailable": "0x87D13B80",
  "no-user": null,
  "invitation-failed": null,
  "account-unusable": null,
  unenrolled: null,
  excluded: null,
  cancelled: null,
};

/** What the phone itself said, where our reason has no code of its own. */
export const codeByAppState: Partial<Record<ManagedAppState, string>> = {
  NeedsRedemption: "0x87D13B60",
  UserInstalledApp: "0x87D13B61",
  UserRejected: "0x87D13B62",
  UpdateRejected: "0x87D13B63",
  Failed: "0x87D13B64",
  Redeeming: "0x87D13B65",
  ManagedButUninstalled: "0x87D13B66",
  Unknown: "0x87D13B67",
  ManagementRejected: "0x87D13B68",
};

export const InstallationView = z
  .strictObject({
    id: z.string().openapi({ description: "`<udid>:<adamId>`" }),
    udid: z.string(),
    adamId: z.string(),
    userId: z.string().nullable(),
    desired: z
      .enum(["required", "available", "requiredAndAvailable", "uninstall", "notApplicable"])
      .nullable(),
    state: z.string(),
    label: z.enum(installationLabels),
    reason: z.string().nullable(),
    code: z.string().nullable().openapi({ example: "0x87D13B7E" }),
    detail: z.string().nullable(),
    since: Time,
    attempts: z.number().int(),
    appState: z.string().nullable(),
    appStateAt: Time.nullable(),
    commandUUID: z.string().nullable(),
    commandType: z.string().nullable(),
    dueAt: Time.nullable(),
    waitingSince: Time.nullable(),
  })
  .openapi("Installation");
export type InstallationView = z.infer<typeof InstallationView>;

export function viewInstallation(record: InstallationRecord): InstallationView {
  return {
    id: `${record.udid}:${record.adamId}`,
    udid: record.udid,
    adamId: record.adamId,
    userId: record.userId,
    desired: record.desired,
    state: record.state,
    label: labelByState[record.state],
    reason: record.reason,
    code: errorCode(record),
    detail: record.detail,
    since: timeOf(record.since),
    attempts: record.attempts,
    appState: record.appState,
    appStateAt: timeOf(record.appStateAt),
    commandUUID: record.commandUUID,
    commandType: record.commandType,
    dueAt: timeOf(record.dueAt),
    waitingSince: timeOf(record.waitingSince),
  };
}

export function errorCode(record: Pick<InstallationRecord, "state" | "reason" | "appState">): string | null {
  if (record.state === "installed") return null;
  const code = record.reason === null ? null : codeByReason[record.reason];
  if (code !== null || record.appState === null || record.appState === "absent") return code;
  return codeByAppState[record.appState] ?? null;
}
