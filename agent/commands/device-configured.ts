import { DeviceConfigured } from "../../shared/commands.ts";
import { mdmErrors } from "../../shared/results.ts";
import { finishSetup } from "../setup-assistant.ts";
import { accessRights, acknowledged, commandHandler, errorReport, type Report } from "./handler.ts";

/** Lets a phone from the enrolment program go on with Setup Assistant. One that has finished it has nothing left to do. */
export const deviceConfigured = commandHandler({
  schema: DeviceConfigured,
  right: accessRights.none,
  perform(phone): Report {
    // Apple: for phones of the enrolment program alone. To others the request means nothing.
    if (phone.config.kind !== "dep")
      return errorReport({
        code: mdmErrors.invalidRequestType,
        description: "The phone was not enrolled through the enrolment program.",
      });
    finishSetup(phone.store.state);
    phone.prompts.refresh();
    return acknowledged();
  },
});
