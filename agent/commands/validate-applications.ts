import { ValidateApplications } from "../../shared/commands.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/**
 * Asks the phone to check the provisioning profiles of enterprise apps with Apple. Apps of the App Store need none, and this phone
 * has no others: there is nothing to check, and nothing to refuse.
 */
export const validateApplications = commandHandler({
  schema: ValidateApplications,
  right: accessRights.manageApps,
  perform: (): Report => ({ Status: "Acknowledged" }),
});
