import { DeviceLock, type LockMessageResult } from "../../shared/commands.ts";
import { lockPhone } from "../lock.ts";
import { accessRights, acknowledged, commandHandler, type Report } from "./handler.ts";

const messageCharactersMax = 4_096;

/** Locks the phone at once. A message is shown on a phone with a passcode only: on others nobody needs to read it. */
export const deviceLock = commandHandler({
  schema: DeviceLock,
  right: accessRights.lockAndClearPasscode,
  perform(phone, command): Report {
    const { Message: message, PhoneNumber: phoneNumber } = command;
    const hasMessage = message !== undefined || phoneNumber !== undefined;
    const isShown = hasMessage && phone.store.state.passcode !== null;
    lockPhone(
      phone,
      isShown
        ? {
            message: message?.slice(0, messageCharactersMax) ?? null,
            phoneNumber: phoneNumber?.slice(0, messageCharactersMax) ?? null,
          }
        : null,
    );
    if (!hasMessage) return acknowledged();
    const result: LockMessageResult = isShown ? "Success" : "NoPasscodeSet";
    return acknowledged({ MessageResult: result });
  },
});
