/** The passcode, and what profiles ask of it. */
import type { PhoneState } from "./state.ts";

export const passcodeCharactersMax = 64;

/** What keeps this passcode (or having none) from complying with the profiles; undefined when nothing does. */
export function passcodeFault(
  state: Pick<PhoneState, "profiles">,
  passcode: string | null,
): string | undefined {
  for (const { passcodePolicy: policy } of state.profiles) {
    if (policy === null) continue;
    if (passcode === null) {
      if (policy.forcePIN) return "a passcode is required";
      continue;
    }
    if (passcode.length < policy.minLength) return `at least ${policy.minLength} characters are required`;
    if (policy.requireAlphanumeric && !(/\p{L}/u.test(passcode) && /\d/.test(passcode)))
      return "letters and digits are required";
  }
  return undefined;
}
