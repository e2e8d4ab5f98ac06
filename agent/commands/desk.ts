import type { Command } from "../../shared/commands.ts";
import { CommandEnvelope } from "../../shared/commands.ts";
import { plistFromJson, plistToJson, type PlistDictionary } from "../../shared/plist.ts";
import { mdmErrors } from "../../shared/results.ts";
import type { PhoneCore } from "../core.ts";
import { performedMax, type Performed, type PhoneState, type Unreceived } from "../state.ts";
import { throwIfHalted, untilHalted } from "../tasks.ts";
import { applyRedemptionCode } from "./apply-redemption-code.ts";
import { certificateList } from "./certificate-list.ts";
import { clearPasscode } from "./clear-passcode.ts";
import { deviceConfigured } from "./device-configured.ts";
import { deviceInformation } from "./device-information.ts";
import { deviceLock } from "./device-lock.ts";
import {
  errorChain,
  errorReport,
  type CommandHandler,
  type PerformContext,
  type ReadCommand,
  type Report,
} from "./handler.ts";
import { installApplication } from "./install-application.ts";
import { installProfile } from "./install-profile.ts";
import { installedApplicationList } from "./installed-application-list.ts";
import { inviteToProgram } from "./invite-to-program.ts";
import { managedApplicationAttributes } from "./managed-application-attributes.ts";
import { managedApplicationConfiguration } from "./managed-application-configuration.ts";
import { managedApplicationFeedback } from "./managed-application-feedback.ts";
import { managedApplicationList, settleReportedState } from "./managed-application-list.ts";
import { hindranceOf } from "./not-now.ts";
import { eraseDevice, restartDevice, shutDownDevice } from "./power.ts";
import { profileList } from "./profile-list.ts";
import { removeApplication } from "./remove-application.ts";
import { removeProfile } from "./remove-profile.ts";
import { securityInfo } from "./security-info.ts";
import { changeSettings } from "./settings.ts";
import { validateApplications } from "./validate-applications.ts";

/** A Map, not an object: a RequestType of "constructor" must find nothing. */
export const commandHandlers: ReadonlyMap<string, CommandHandler> = new Map([
  ["ApplyRedemptionCode", applyRedemptionCode],
  ["CertificateList", certificateList],
  ["ClearPasscode", clearPasscode],
  ["DeviceConfigured", deviceConfigured],
  ["DeviceInformation", deviceInformation],
  ["DeviceLock", deviceLock],
  ["EraseDevice", eraseDevice],
  ["InstallApplication", installApplication],
  ["InstallProfile", installProfile],
  ["InstalledApplicationList", installedApplicationList],
  ["InviteToProgram", inviteToProgram],
  ["ManagedApplicationAttributes", managedApplicationAttributes],
  ["ManagedApplicationConfiguration", managedApplicationConfiguration],
  ["ManagedApplicationFeedback", managedApplicationFeedback],
  ["ManagedApplicationList", managedApplicationList],
  ["ProfileList", profileList],
  ["RemoveApplication", removeApplication],
  ["RemoveProfile", removeProfile],
  ["RestartDevice", restartDevice],
  ["SecurityInfo", securityInfo],
  ["Settings", changeSettings],
  ["ShutDownDevice", shutDownDevice],
  ["ValidateApplications", validateApplications],
]);

/** Performs commands, one at a time and each once, and keeps their results until the server has them. */
export interface CommandDesk {
  /**
   * The command's result, on disk. A command that was performed before is not performed again: its old result comes back.
   * Throws Halted when the phone stops first; then nothing has happened.
   */
  perform(commandUUID: string, command: unknown, signal: AbortSignal): Promise<PlistDictionary>;
  /** The result goes out now, after so many messages of the connection have come in. */
  sending(commandUUID: string, receivedCount: number): void;
  /**
   * Message `number` came in: a zero-byte one, or a command with another CommandUUID. The server has every result that was sent
   * before it.
   */
  received(number: number, commandUUID?: string): void;
  /** Resolves when the server has the result of this command. */
  untilReceived(commandUUID: string): Promise<void>;
  /** For a new connection: what must be sent again, oldest first, and counts as sent now. */
  unreceivedResults(receivedCount: number): PlistDictionary[];
}

export function createCommandDesk(phone: PhoneCore): CommandDesk {
  return new DurableDesk(phone);
}

/** A class, not an object of functions: a fleet has thousands of them. */
class DurableDesk implements CommandDesk {
  readonly #phone: PhoneCore;
  /** How many messages had come in when a result was sent on the present connection. */
  readonly #sentAfter = new Map<string, number>();
  /** Who waits for a result to be received. */
  readonly #awaited = new Map<string, () => void>();

  constructor(phone: PhoneCore) {
    this.#phone = phone;
  }

  async perform(commandUUID: string, input: unknown, signal: AbortSignal): Promise<PlistDictionary> {
    const { recorder, store, config, apps } = this.#phone;
    const { state } = store;
    const { udid } = config;
    const before = state.performed.find((entry) => entry.commandUUID === commandUUID);
    if (before) return this.#repeat(before);

    const envelope = CommandEnvelope.safeParse({ CommandUUID: commandUUID, Command: input });
    const command = envelope.success ? envelope.data.Command : undefined;
    const requestType = command?.RequestType ?? "";
    const work = command ? this.#judge(command) : malformed;
    if (work === "NotNow") {
      // Not kept: the server sends it again, and then it is performed.
      const hindrance = hindranceOf(state, requestType) ?? "";
      recorder.record("command.deferred", { udid, commandUUID, requestType, side: "phone", hindrance });
      return { UDID: udid, CommandUUID: commandUUID, Status: "NotNow" };
    }
    if (isReadCommand(work)) await untilHalted(work.prepare(this.#phone, signal), signal);
    throwIfHalted(signal);

    // From here to the entry in `performed` nothing may wait: a save in between would tear them apart.
    let seq = 0;
    // Before any move of an app, so that it is recorded before them; its status is known by then.
    const details = { udid, commandUUID, requestType, status: "" };
    store.whenSaved(() => {
      seq = recorder.record("command.performed", details);
    });
    const reportedOnce: Unreceived["reportedOnce"] = [];
    const context: PerformContext = {
      commandUUID,
      cause: () => seq,
      reportsOnce(bundleId) {
        const app = apps.find(bundleId);
        if (app) reportedOnce.push({ bundleId, moves: app.moves });
      },
    };
    const report = isReadCommand(work) ? work.perform(this.#phone, context) : work;
    details.status = report.Status;
    const result: PlistDictionary = { UDID: udid, CommandUUID: commandUUID, ...report };
    state.performed.push({ commandUUID, requestType, result: plistToJson(result) });
    if (state.performed.length > performedMax) state.performed.shift();
    state.unreceived.push({ commandUUID, reportedOnce });
    await store.save();
    return result;
  }

  sending(commandUUID: string, receivedCount: number): void {
    this.#sentAfter.set(commandUUID, receivedCount);
  }

  received(number: number, commandUUID?: string): void {
    let moved = false;
    this.#state.unreceived = this.#state.unreceived.filter((waiting) => {
      const sent = this.#sentAfter.get(waiting.commandUUID);
      if (sent === undefined || number <= sent || waiting.commandUUID === commandUUID) return true;
      this.#sentAfter.delete(waiting.commandUUID);
      this.#awaited.get(waiting.commandUUID)?.();
      this.#awaited.delete(waiting.commandUUID);
      for (const { bundleId, moves } of waiting.reportedOnce)
        moved = settleReportedState(this.#phone.apps, bundleId, moves) || moved;
      return false;
    });
    // A lost acknowledgement only makes the phone send a result again, so it waits for the next write; a state doesn't.
    if (moved) this.#phone.tasks.run(() => this.#phone.store.save());
  }

  async untilReceived(commandUUID: string): Promise<void> {
    if (!this.#state.unreceived.some((waiting) => waiting.commandUUID === commandUUID)) return;
    await new Promise<void>((resolve) => this.#awaited.set(commandUUID, resolve));
  }

  unreceivedResults(receivedCount: number): PlistDictionary[] {
    this.#sentAfter.clear();
    const results: PlistDictionary[] = [];
    for (const { commandUUID } of this.#state.unreceived) {
      const entry = this.#state.performed.find((performed) => performed.commandUUID === commandUUID);
      if (!entry) continue;
      this.#sentAfter.set(commandUUID, receivedCount);
      results.push(resultOf(entry));
    }
    return results;
  }

  get #state(): PhoneState {
    return this.#phone.store.state;
  }

  /** What is to be done with the command, or the answer when there is nothing to do. */
  #judge(command: Command): ReadCommand | Report | "NotNow" {
    const handler = commandHandlers.get(command.RequestType);
    if (!handler)
      return errorReport({
        code: mdmErrors.invalidRequestType,
        description: "The phone does not know this request type.",
      });
    const readCommand = handler.read(command);
    if (!readCommand) return malformed;
    if (((this.#state.enrollment?.accessRights ?? 0) & handler.right) !== handler.right)
      return errorReport({
        code: mdmErrors.notAuthorised,
        description: "The profile does not give the server the right to this.",
      });
    return hindranceOf(this.#state, command.RequestType) === undefined ? readCommand : "NotNow";
  }

  #repeat(entry: Performed): PlistDictionary {
    const { commandUUID, requestType } = entry;
    this.#phone.recorder.record("command.duplicate", {
      udid: this.#phone.config.udid,
      commandUUID,
      requestType,
      side: "phone",
    });
    if (!this.#state.unreceived.some((waiting) => waiting.commandUUID === commandUUID))
      this.#state.unreceived.push({ commandUUID, reportedOnce: [] });
    return resultOf(entry);
  }
}

function isReadCommand(work: ReadCommand | Report): work is ReadCommand {
  return typeof work.perform === "function";
}

const malformed: Report = {
  Status: "CommandFormatError",
  ErrorChain: errorChain({
    code: mdmErrors.malformedRequest,
    description: "The command lacks a key, or a key has the wrong type.",
  }),
};

function resultOf(entry: Performed): PlistDictionary {
  return plistFromJson(entry.result) as PlistDictionary; // it was made from one
}
