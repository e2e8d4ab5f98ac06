/** The configuration profiles on the phone: what puts them there and what takes them away. */
import { mdmErrors } from "../shared/results.ts";
import type { ErrorCause } from "./commands/handler.ts";
import { readConfigurationProfile } from "./configuration-profile.ts";
import type { PhoneBase } from "./core.ts";
import type { InstalledProfile } from "./state.ts";

/** So that a hostile server can't fill the phone. */
const profilesMax = 64;

type ProfilePhone = Pick<PhoneBase, "config" | "supervised" | "changed" | "recorder"> & {
  readonly store: Pick<PhoneBase["store"], "state" | "whenSaved">;
};
type Causes = readonly [ErrorCause, ...ErrorCause[]];

const installationFailed: ErrorCause = {
  code: 4001,
  domain: "MCInstallationErrorDomain",
  description: "The profile could not be installed.",
};

/**
 * Installs a profile, in place of the one with the same identifier if there is one. Answers with the reasons when it is not taken;
 * then nothing has changed. The change lasts once the caller has saved it.
 */
export function installProfile(
  phone: ProfilePhone,
  bytes: Uint8Array,
  by: "server" | "person",
): Causes | undefined {
  const { state } = phone.store;
  const reading = readConfigurationProfile(bytes, phone);
  if (!reading.ok) return [installationFailed, reading.cause];
  const { profile } = reading;
  if (profile.identifier === state.enrollment?.profile.identifier)
    return [
      installationFailed,
      {
        code: mdmErrors.invalidReplacementProfile,
        description: "The management profile can't be replaced by a configuration profile.",
      },
    ];
  const index = state.profiles.findIndex(({ identifier }) => identifier === profile.identifier);
  const before = state.profiles[index];
  if (by === "server" && before && !isServers(phone, before)) return [installationFailed, notManaged];
  if (before === undefined && state.profiles.length >= profilesMax)
    return [
      installationFailed,
      { code: 4016, domain: "MCInstallationErrorDomain", description: "There are too many profiles." },
    ];
  const installed: InstalledProfile = { ...profile, managed: by === "server" || before?.managed === true };
  if (before === undefined) state.profiles.push(installed);
  else state.profiles[index] = installed;
  note(phone, installed, before === undefined ? "installed" : "replaced");
  return undefined;
}

const notManaged: ErrorCause = {
  code: mdmErrors.profileNotManaged,
  description: "The profile was not installed by this server.",
};

/** On a supervised phone the server may touch every profile; elsewhere only those that it installed. */
function isServers(phone: ProfilePhone, profile: InstalledProfile): boolean {
  return profile.managed || phone.supervised;
}

/** The server has a profile removed. Answers with the reasons when it can't be. */
export function removeProfileForServer(phone: ProfilePhone, identifier: string): Causes | undefined {
  const profile = findProfile(phone, identifier);
  if (profile === undefined)
    return [
      { code: mdmErrors.profileNotInstalled, description: `The profile “${identifier}” is not installed.` },
    ];
  if (!isServers(phone, profile)) return [notManaged];
  removeInstalled(phone, profile);
  return undefined;
}

export function findProfile(phone: ProfilePhone, identifier: string): InstalledProfile | undefined {
  return phone.store.state.profiles.find((profile) => profile.identifier === identifier);
}

export function removeInstalled(phone: ProfilePhone, profile: InstalledProfile): void {
  const { state } = phone.store;
  state.profiles = state.profiles.filter((other) => other !== profile);
  note(phone, profile, "removed");
}

/** What the server installed goes with the management (Apple, "Remove Profile"). */
export function removeManagedProfiles(phone: ProfilePhone): void {
  for (const profile of [...phone.store.state.profiles]) if (profile.managed) removeInstalled(phone, profile);
}

function note(phone: ProfilePhone, profile: InstalledProfile, change: string): void {
  const { udid } = phone.config;
  const { identifier, managed } = profile;
  phone.store.whenSaved(() =>
    phone.recorder.record("profile.changed", { udid, identifier, change, managed }),
  );
  phone.changed();
}
