import { ApplyRedemptionCode } from "../../shared/commands.ts";
import { mdmErrors } from "../../shared/results.ts";
import { accessRights, commandHandler, errorReport, type Report } from "./handler.ts";

/**
 * Brings the code that a paid app waits for, so that its installation goes on. Whether the code is any good turns out when it is
 * redeemed in the name of the person's Apple ID.
 */
export const applyRedemptionCode = commandHandler({
  schema: ApplyRedemptionCode,
  right: accessRights.manageApps,
  perform(phone, command, context): Report {
    const { apps, installer } = phone;
    const app = apps.find(command.Identifier);
    if (!app || app.state === "absent")
      return errorReport({ code: mdmErrors.appNotManaged, description: "The app is not managed." });
    if (app.state !== "NeedsRedemption")
      return errorReport({
        code: mdmErrors.notWaitingForCode,
        description: "The app is not waiting for a redemption code.",
      });
    app.redemptionCode = command.RedemptionCode;
    app.commandUUID = context.commandUUID;
    apps.putLast(app);
    apps.move(app, installer.continueInstall(app), context);
    installer.begin(app);
    return { Status: "Acknowledged" };
  },
});
