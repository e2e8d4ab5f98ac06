import { deviceName } from "./device-settings.ts";
import type { PhoneConfig, PhoneView } from "./phone.ts";
import { forbiddenOn } from "./restrictions.ts";
import { isInSetupAssistant } from "./setup-assistant.ts";
import type { PhoneState } from "./state.ts";

/** What can't be told of a phone by what it keeps. */
export type Passing = Pick<PhoneView, "status" | "trouble" | "connected" | "prompt">;

/** Written out member by member, here and below: it is made at every change of every phone, and a spread takes several times as long. */
export function viewPhone(state: PhoneState, config: PhoneConfig, passing: Passing): PhoneView {
  return {
    udid: config.udid,
    status: passing.status,
    trouble: passing.trouble,
    connected: passing.connected,
    prompt: passing.prompt,
    enrolled: state.enrollment?.stage === "enrolled",
    locked: state.locked,
    lockMessage: state.lockMessage,
    hasPasscode: state.passcode !== null,
    busy: state.busy,
    airplane: state.airplane,
    inSetupAssistant: isInSetupAssistant(state),
    deviceName: deviceName(state, config),
    forbidden: forbiddenOn(state, config.kind),
    profiles: state.profiles.map(({ identifier, displayName, managed }) => ({
      identifier,
      displayName,
      managed,
    })),
    appleId: state.account?.appleId ?? null,
    apps: state.apps.map(({ adamId, bundleId, name, state: appState, installed }) => ({
      adamId,
      bundleId,
      name,
      installed,
      state: appState,
    })),
  };
}
