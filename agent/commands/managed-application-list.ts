import { reportedOnce } from "../../shared/app-states.ts";
import { ManagedApplicationList } from "../../shared/commands.ts";
import type { PlistDictionary, PlistValue } from "../../shared/plist.ts";
import type { Apps } from "../apps.ts";
import { knownTo } from "../os-version.ts";
import type { AppRecord } from "../state.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/** Tells what became of the apps the server asked for. */
export const managedApplicationList = commandHandler({
  schema: ManagedApplicationList,
  right: accessRights.manageApps,
  perform(phone, command, context): Report {
    const wanted = command.Identifiers && new Set(command.Identifiers);
    // Object.fromEntries defines its keys: a bundle id of "__proto__" is an entry like any other.
    const entries: [string, PlistDictionary][] = [];
    for (const app of phone.apps.list()) {
      const { state, bundleId } = app;
      if (state === "absent" || (wanted && !wanted.has(bundleId))) continue;
      if (reportedOnce.has(state)) context.reportsOnce(bundleId);
      entries.push([bundleId, entryOf(app, phone.config.osVersion)]);
    }
    return { Status: "Acknowledged", ManagedApplicationList: Object.fromEntries(entries) };
  },
});

function entryOf(app: AppRecord, osVersion: string): PlistDictionary {
  const entry: PlistDictionary = {
    Status: app.state,
    ManagementFlags: app.managementFlags,
    ...knownTo<PlistValue>(osVersion, {
      HasConfiguration: ["7.0", app.configuration !== undefined],
      HasFeedback: ["7.0", app.feedback !== undefined],
      IsValidated: ["9.2", true],
      ...(app.installed ? { ExternalVersionIdentifier: ["10.3", app.externalVersionIdentifier] } : {}),
    }),
  };
  if (app.unusedRedemptionCode !== undefined) {
    entry.UnusedRedemptionCode = app.unusedRedemptionCode;
    // Told once: this list is kept until the server has it.
    delete app.unusedRedemptionCode;
  }
  return entry;
}

/**
 * The server has the list in which the app's state stood: one that is reported once gives way to what holds from now on.
 * Answers whether it did; the app may have moved on meanwhile.
 */
export function settleReportedState(apps: Apps, bundleId: string, moves: number): boolean {
  const app = apps.find(bundleId);
  if (!app || app.moves !== moves || app.state === "absent" || !reportedOnce.has(app.state)) return false;
  apps.move(app, "reported", { reason: "reported" });
  return true;
}
