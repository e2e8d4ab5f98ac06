import { InviteToProgram, vppProgramId, type InvitationResult } from "../../shared/commands.ts";
import { mdmErrors } from "../../shared/results.ts";
import { accessRights, commandHandler, errorReport, type Report } from "./handler.ts";

const urlCharactersMax = 2_048;

/**
 * Takes note of an invitation to the volume-purchase program. `Acknowledged` says that the terms will be shown, never that
 * anybody accepted them.
 */
export const inviteToProgram = commandHandler({
  schema: InviteToProgram,
  right: accessRights.manageApps,
  perform(phone, command, context): Report {
    // Apple lists only three invitation results, none of which says "not on this device"; a command that the kind of enrolment
    // rules out is answered as one that isn't authorised.
    if (phone.config.refusesVpp ?? phone.config.kind === "dep")
      return errorReport({
        code: mdmErrors.notAuthorised,
        description: "A phone enrolled this way does not take part in the volume-purchase program.",
      });
    const answer = (result: InvitationResult): Report => ({
      Status: "Acknowledged",
      InvitationResult: result,
    });
    if (command.ProgramID !== vppProgramId) return answer("InvalidProgramID");
    if (!isWebAddress(command.InvitationURL)) return answer("InvalidInvitationURL");
    phone.invitations.add({ url: command.InvitationURL, commandUUID: context.commandUUID });
    return answer("Acknowledged");
  },
});

function isWebAddress(text: string): boolean {
  if (text.length > urlCharactersMax || !URL.canParse(text)) return false;
  return ["http:", "https:"].includes(new URL(text).protocol);
}
