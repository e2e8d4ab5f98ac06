import type { ManagedAppState } from "../../shared/app-states.ts";
import { RemoveApplication } from "../../shared/commands.ts";
import { mdmErrors } from "../../shared/results.ts";
import { isManaged } from "../apps.ts";
import type { PhoneCore } from "../core.ts";
import type { AppRecord } from "../state.ts";
import { accessRights, commandHandler, errorReport, type Report } from "./handler.ts";

/** Nothing is on the phone yet, or the person hasn't agreed yet: the request is simply dropped. */
const pending: ReadonlySet<AppRecord["state"]> = new Set<ManagedAppState>([
  "Queued",
  "NeedsRedemption",
  "Prompting",
  "PromptingForLogin",
  "PromptingForManagement",
]);
/** The update goes with the app. */
const updateAsked: ReadonlySet<AppRecord["state"]> = new Set<ManagedAppState>([
  "PromptingForUpdate",
  "PromptingForUpdateLogin",
]);
const changing: ReadonlySet<AppRecord["state"]> = new Set<ManagedAppState>([
  "Redeeming",
  "ValidatingPurchase",
  "Installing",
  "ValidatingUpdate",
  "Updating",
  "Unknown",
]);

/** Removes a managed app with its data, or drops an install that waits for the person. */
export const removeApplication = commandHandler({
  schema: RemoveApplication,
  right: accessRights.manageApps,
  perform(phone, command, context): Report {
    const app = phone.apps.find(command.Identifier);
    if (app && changing.has(app.state))
      return errorReport({
        code: mdmErrors.cannotRemoveInThisState,
        description: "The app is being installed or updated.",
      });
    if (!app || !(isManaged(app) || pending.has(app.state) || updateAsked.has(app.state)))
      return errorReport({ code: mdmErrors.appNotManaged, description: "The app is not managed." });
    removeApp(phone, app, context);
    return { Status: "Acknowledged" };
  },
});

/** Takes the app off the phone. An app that the person installed and never gave into management stays. */
export function removeApp(
  phone: Pick<PhoneCore, "apps" | "installer">,
  app: AppRecord,
  details?: { cause?: () => number; reason?: string },
): void {
  phone.installer.drop(app);
  if (!pending.has(app.state)) app.installed = false;
  phone.apps.move(app, "removed", details);
}
