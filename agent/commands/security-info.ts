import { SecurityInfo } from "../../shared/commands.ts";
import { passcodeFault } from "../passcode.ts";
import { accessRights, acknowledged, commandHandler, type Report } from "./handler.ts";

/** Block-level and file-level encryption, as every iPhone has it. */
const blocksAndFiles = 3;

/** Tells how well the phone is protected: what an iPhone of 2016 knew of it. */
export const securityInfo = commandHandler({
  schema: SecurityInfo,
  right: accessRights.querySecurity,
  perform(phone): Report {
    const { state } = phone.store;
    const complies = passcodeFault(state, state.passcode) === undefined;
    return acknowledged({
      SecurityInfo: {
        HardwareEncryptionCaps: blocksAndFiles,
        PasscodePresent: state.passcode !== null,
        PasscodeCompliant: complies,
        PasscodeCompliantWithProfiles: complies,
      },
    });
  },
});
