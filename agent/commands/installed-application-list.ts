import { InstalledApplicationList } from "../../shared/commands.ts";
import { isAtLeast } from "../../shared/os-version.ts";
import type { PlistDictionary, PlistValue } from "../../shared/plist.ts";
import { isBusy, isManaged } from "../apps.ts";
import { knownTo } from "../os-version.ts";
import type { AppRecord } from "../state.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/** Lists the apps that are on the phone, or just arriving, whoever put them there. */
export const installedApplicationList = commandHandler({
  schema: InstalledApplicationList,
  right: accessRights.seeInstalledApps,
  perform(phone, command): Report {
    const { osVersion } = phone.config;
    const wanted = command.Identifiers && new Set(command.Identifiers);
    const apps = phone.apps.list().filter((app) => {
      if (!app.installed && !isArriving(app)) return false;
      if (wanted && !wanted.has(app.bundleId)) return false;
      return command.ManagedAppsOnly !== true || countsAsManaged(app);
    });
    const items = command.Items && isAtLeast(osVersion, "14.0") ? new Set(command.Items) : undefined;
    return {
      Status: "Acknowledged",
      InstalledApplicationList: apps.map((app) => only(itemOf(app, osVersion), items)),
    };
  },
});

function itemOf(app: AppRecord, osVersion: string): PlistDictionary {
  return {
    Identifier: app.bundleId,
    Name: app.name,
    Version: app.version,
    ShortVersion: app.version,
    BundleSize: app.bytes,
    DynamicSize: 0,
    Installing: !app.installed,
    ...knownTo<PlistValue>(osVersion, {
      IsValidated: ["9.2", true],
      ExternalVersionIdentifier: ["11.0", app.externalVersionIdentifier],
      AppStoreVendable: ["11.3", true],
      DeviceBasedVPP: ["11.3", false],
      BetaApp: ["11.3", false],
      AdHocCodeSigned: ["11.3", false],
      HasUpdateAvailable: ["11.3", false],
    }),
  };
}

function isArriving({ state }: AppRecord): boolean {
  return state === "Installing" || state === "Unknown";
}

/**
 * Real phones go on listing an app whose management the person has declined; it is ManagedApplicationList that tells the truth. Here
 * that lasts until the refusal was reported.
 */
function countsAsManaged(app: AppRecord): boolean {
  return isManaged(app) || isBusy(app) || app.state === "ManagementRejected";
}

/** The identifier always; of the rest what was asked for. */
function only(item: PlistDictionary, names: ReadonlySet<string> | undefined): PlistDictionary {
  if (!names) return item;
  return Object.fromEntries(Object.entries(item).filter(([key]) => key === "Identifier" || names.has(key)));
}
