import { ManagedApplicationFeedback } from "../../shared/commands.ts";
import { readDictionary, writeDictionary } from "../managed-app-settings.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";
import { managedAmong, withDictionary } from "./managed-application-configuration.ts";

/**
 * Tells what managed apps have put down for the server, and deletes it if that is wished: this answer is kept until the server has
 * it, so nothing is lost.
 */
export const managedApplicationFeedback = commandHandler({
  schema: ManagedApplicationFeedback,
  right: accessRights.manageApps,
  perform(phone, command): Report {
    const items = managedAmong(phone, command.Identifiers).map((app) => {
      const item = withDictionary(app, "Feedback", readDictionary(app, "feedback"));
      if (command.DeleteFeedback === true) writeDictionary(app, "feedback", undefined);
      return item;
    });
    return { Status: "Acknowledged", ManagedApplicationFeedback: items };
  },
});
