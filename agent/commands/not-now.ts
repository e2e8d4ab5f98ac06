/** Why a phone puts a command off, and which commands it puts off for it. */
import type { PhoneState } from "../state.ts";

/**
 * `locked`: the keys of protected data are out of reach. `setupAssistant`: nobody uses the phone yet. `busy`: it restores, updates
 * or is otherwise not at leisure.
 */
export type Hindrance = "locked" | "setupAssistant" | "busy";

/** Apple: these are carried out at any time, they are never answered NotNow on iOS (MDM protocol, "NotNow"). */
const never: readonly Hindrance[] = [];
/** They touch nothing that is protected while the phone is locked; but Apple does not promise them to be always possible. */
const whenBusy: readonly Hindrance[] = ["busy"];
/** They write what is protected while the phone is locked. */
const whenLocked: readonly Hindrance[] = ["locked", "busy"];
/** They ask the person something, who must have finished Setup Assistant (for installs: before iOS 16). */
const untilInUse: readonly Hindrance[] = ["locked", "setupAssistant", "busy"];

/**
 * Command by command. What Apple guarantees and forbids is Apple's word: the list of commands that are never put off,
 * InviteToProgram "not before Setup Assistant is finished", InstallApplication in Setup Assistant since iOS 16 only. About the others
 * Apple says no more than that a phone may put them off; where they stand is our choice, by what they touch.
 */
export const notNow: ReadonlyMap<string, readonly Hindrance[]> = new Map([
  ["CertificateList", never], // in the older of Apple's two lists; since iOS 15.4 it waits for the first unlock
  ["ClearPasscode", never],
  ["DeviceInformation", never],
  ["DeviceLock", never],
  ["EraseDevice", never],
  ["InstalledApplicationList", never],
  ["ProfileList", never],
  ["DeviceConfigured", whenBusy],
  ["ManagedApplicationAttributes", whenBusy],
  ["ManagedApplicationConfiguration", whenBusy],
  ["ManagedApplicationFeedback", whenBusy],
  ["ManagedApplicationList", whenBusy],
  ["RestartDevice", whenBusy],
  ["SecurityInfo", whenBusy],
  ["ShutDownDevice", whenBusy],
  ["ValidateApplications", whenBusy],
  ["InstallProfile", whenLocked],
  ["RemoveApplication", whenLocked],
  ["RemoveProfile", whenLocked],
  ["Settings", whenLocked],
  ["ApplyRedemptionCode", untilInUse],
  ["InstallApplication", untilInUse],
  ["InviteToProgram", untilInUse],
]);

/** What keeps this phone from this command now; undefined when nothing does. */
export function hindranceOf(state: PhoneState, requestType: string): Hindrance | undefined {
  const present: Readonly<Record<Hindrance, boolean>> = {
    locked: state.locked,
    setupAssistant: state.setup !== "done",
    busy: state.busy,
  };
  return (notNow.get(requestType) ?? never).find((hindrance) => present[hindrance]);
}
