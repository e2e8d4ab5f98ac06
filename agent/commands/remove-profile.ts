import { RemoveProfile } from "../../shared/commands.ts";
import { removeProfileForServer } from "../profiles.ts";
import { accessRights, acknowledged, commandHandler, errorReport, type Report } from "./handler.ts";

/** Removes a configuration profile. The management profile goes too when it is named, once the server knows that it will. */
export const removeProfile = commandHandler({
  schema: RemoveProfile,
  right: accessRights.manageProfiles,
  perform(phone, command, context): Report {
    const { state } = phone.store;
    if (command.Identifier === state.enrollment?.profile.identifier) {
      state.departure = { kind: "removeManagement", commandUUID: context.commandUUID };
      return acknowledged();
    }
    const refusal = removeProfileForServer(phone, command.Identifier);
    return refusal ? errorReport(...refusal) : acknowledged();
  },
});
