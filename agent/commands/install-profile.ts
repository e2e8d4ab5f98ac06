import { InstallProfile } from "../../shared/commands.ts";
import { installProfile as install } from "../profiles.ts";
import { accessRights, acknowledged, commandHandler, errorReport, type Report } from "./handler.ts";

/** Installs a configuration profile, or puts it in the place of the one with the same identifier. */
export const installProfile = commandHandler({
  schema: InstallProfile,
  right: accessRights.manageProfiles,
  perform(phone, command): Report {
    const refusal = install(phone, command.Payload, "server");
    return refusal ? errorReport(...refusal) : acknowledged();
  },
});
