import { InstalledApplicationList } from "../../shared/commands.ts";
import { isBusy, isManaged } from "../apps.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/** Lists the apps that are on the phone, or just arriving, whoever put them there. */
export const installedApplicationList = commandHandler({
  schema: InstalledApplicationList,
  right: accessRights.seeInstalledApps,
  waitsForUnlock: false,
  perform(phone, command): Report {
    const wanted = command.Identifiers && new Set(command.Identifiers);
    const apps = phone.apps.list().filter((app) => {
      if (!app.installed && app.state !== "Installing") return false;
      if (wanted && !wanted.has(app.bundleId)) return false;
      return command.ManagedAppsOnly !== true || isManaged(app) || isBusy(app);
    });
    return {
      Status: "Acknowledged",
      InstalledApplicationList: apps.map((app) => ({
        Identifier: app.bundleId,
        Name: app.name,
        Version: app.version,
        ShortVersion: app.version,
        ExternalVersionIdentifier: app.externalVersionIdentifier,
        BundleSize: app.bytes,
        DynamicSize: 0,
        IsValidated: true,
        Installing: !app.installed,
        AppStoreVendable: true,
        DeviceBasedVPP: false,
        BetaApp: false,
        AdHocCodeSigned: false,
        HasUpdateAvailable: false,
      })),
    };
  },
});
