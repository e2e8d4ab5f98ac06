/** Commands after which the phone is gone, for a while or for good. */
import { EraseDevice, RestartDevice, ShutDownDevice } from "../../shared/commands.ts";
import type { DepartureKind } from "../state.ts";
import type { PhoneCore } from "../core.ts";
import {
  accessRights,
  acknowledged,
  commandHandler,
  errorReport,
  notSupervised,
  type PerformContext,
  type Report,
} from "./handler.ts";

/** The result is told first; what follows is on disk with it, so that no loss of power takes it away. */
function depart(phone: PhoneCore, kind: DepartureKind, context: PerformContext): Report {
  phone.store.state.departure = { kind, commandUUID: context.commandUUID };
  return acknowledged();
}

/** Since iOS 10.3, on supervised phones. A lab's phone knows it whatever version it claims to have. */
export const restartDevice = commandHandler({
  schema: RestartDevice,
  right: accessRights.lockAndClearPasscode,
  perform: (phone, _command, context): Report =>
    phone.supervised ? depart(phone, "restart", context) : errorReport(notSupervised),
});

/** As RestartDevice; but only a person can switch the phone on again. */
export const shutDownDevice = commandHandler({
  schema: ShutDownDevice,
  right: accessRights.lockAndClearPasscode,
  perform: (phone, _command, context): Report =>
    phone.supervised ? depart(phone, "shutDown", context) : errorReport(notSupervised),
});

/** Everything goes. Whether the server got the answer is not waited for long: Apple's phones send it once. */
export const eraseDevice = commandHandler({
  schema: EraseDevice,
  right: accessRights.eraseDevice,
  perform: (phone, _command, context): Report => depart(phone, "erase", context),
});
