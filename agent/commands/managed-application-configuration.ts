import { ManagedApplicationConfiguration } from "../../shared/commands.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { isManaged } from "../apps.ts";
import type { PhoneCore } from "../core.ts";
import { readDictionary } from "../managed-app-settings.ts";
import type { AppRecord } from "../state.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/** Tells the configuration of each managed app that is asked about. Other apps are left out. */
export const managedApplicationConfiguration = commandHandler({
  schema: ManagedApplicationConfiguration,
  right: accessRights.manageApps,
  perform: (phone, command): Report => ({
    Status: "Acknowledged",
    ApplicationConfigurations: managedAmong(phone, command.Identifiers).map((app) =>
      withDictionary(app, "Configuration", readDictionary(app, "configuration")),
    ),
  }),
});

/** In the order asked, each once. */
export function managedAmong({ apps }: PhoneCore, bundleIds: readonly string[]): AppRecord[] {
  return [...new Set(bundleIds)].flatMap((bundleId) => {
    const app = apps.find(bundleId);
    return app && isManaged(app) ? [app] : [];
  });
}

export function withDictionary(
  app: AppRecord,
  key: string,
  content: PlistDictionary | undefined,
): PlistDictionary {
  return { Identifier: app.bundleId, ...(content === undefined ? {} : { [key]: content }) };
}
