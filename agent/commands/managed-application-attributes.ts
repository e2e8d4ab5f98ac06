import { ManagedApplicationAttributes } from "../../shared/commands.ts";
import { readDictionary } from "../managed-app-settings.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";
import { managedAmong, withDictionary } from "./managed-application-configuration.ts";

/** Tells the attributes of each managed app that is asked about. Other apps are left out. */
export const managedApplicationAttributes = commandHandler({
  schema: ManagedApplicationAttributes,
  right: accessRights.manageApps,
  perform: (phone, command): Report => ({
    Status: "Acknowledged",
    ApplicationAttributes: managedAmong(phone, command.Identifiers).map((app) =>
      withDictionary(app, "Attributes", readDictionary(app, "attributes")),
    ),
  }),
});
