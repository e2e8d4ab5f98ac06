import { deviceName } from "./device-settings.ts";
import type { PhoneConfig, PhoneView } from "./phone.ts";
import { forbiddenOn } from "./restrictions.ts";
import { isInSetupAssistant } from "./setup-assistant.ts";
import type { PhoneState } from "./state.ts";

/** What can be told of a phone by what it keeps, on or off. */
export function viewOfState(
  state: PhoneState,
  config: PhoneConfig,
): Omit<PhoneView, "status" | "trouble" | "connected" | "prompt"> {
  return {
    udid: config.udid,
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
      ...{ identifier, displayName, managed },
    })),
    appleId: state.account?.appleId ?? null,
    apps: state.apps.map(({ adamId, bundleId, name, state: appState, installed }) => ({
      ...{ adamId, bundleId, name, installed },
      state: appState,
    })),
  };
}
