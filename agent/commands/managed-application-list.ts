import { reportedOnce } from "../../shared/app-states.ts";
import { ManagedApplicationList } from "../../shared/commands.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import type { Apps } from "../apps.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/** Tells what became of the apps the server asked for. */
export const managedApplicationList = commandHandler({
  schema: ManagedApplicationList,
  right: accessRights.manageApps,
  waitsForUnlock: false,
  perform(phone, command, context): Report {
    const wanted = command.Identifiers && new Set(command.Identifiers);
    // Object.fromEntries defines its keys: a bundle id of "__proto__" is an entry like any other.
    const entries: [string, PlistDictionary][] = [];
    for (const app of phone.apps.list()) {
      const { state, bundleId } = app;
      if (state === "absent" || (wanted && !wanted.has(bundleId))) continue;
      if (reportedOnce.has(state)) context.reportsOnce(bundleId);
      const entry: PlistDictionary = {
        Status: state,
        ManagementFlags: app.managementFlags,
        HasConfiguration: false,
        HasFeedback: false,
        IsValidated: true,
      };
      if (app.installed) entry.ExternalVersionIdentifier = app.externalVersionIdentifier;
      entries.push([bundleId, entry]);
    }
    return { Status: "Acknowledged", ManagedApplicationList: Object.fromEntries(entries) };
  },
});

/**
 * The server has the list in which the app's state stood: one that is reported once gives way to what holds from now on.
 * Answers whether it did; the app may have moved on meanwhile.
 */
export function settleReportedState(apps: Apps, bundleId: string, moves: number): boolean {
  const app = apps.find(bundleId);
  if (!app || app.moves !== moves || app.state === "absent" || !reportedOnce.has(app.state)) return false;
  apps.move(app, app.state === "UpdateRejected" ? "Managed" : "absent", { reason: "reported" });
  return true;
}
