/** What is set on the phone, and what holds where nothing is. */
import type { PhoneConfig } from "./phone.ts";
import type { PhoneState } from "./state.ts";

export function deviceName(state: PhoneState, config: PhoneConfig): string {
  return state.settings.deviceName ?? config.deviceName;
}
