import { timingSafeEqual } from "node:crypto";
import { ClearPasscode } from "../../shared/commands.ts";
import { clearPasscode as clear } from "../lock.ts";
import { accessRights, acknowledged, commandHandler, errorReport, type Report } from "./handler.ts";

/** Takes the passcode away, for whoever has the token that the phone gave at check-in. */
export const clearPasscode = commandHandler({
  schema: ClearPasscode,
  right: accessRights.lockAndClearPasscode,
  perform(phone, command): Report {
    const token = Buffer.from(phone.store.state.enrollment?.unlockToken ?? "", "base64");
    const given = Buffer.from(command.UnlockToken);
    const isRight = token.length > 0 && given.length === token.length && timingSafeEqual(given, token);
    if (!isRight)
      return errorReport({
        code: 5013,
        domain: "MCPasscodeErrorDomain",
        description: "The passcode could not be cleared: the unlock token is not this phone's.",
      });
    clear(phone);
    return acknowledged();
  },
});
