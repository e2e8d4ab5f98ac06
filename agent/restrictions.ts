/** What configuration profiles forbid on this phone. */
import type { PhoneKind } from "./phone.ts";
import type { PhoneState } from "./state.ts";

/** Of all that a restrictions payload may say: what this phone does something about. All of it is allowed unless a profile says no. */
export const restrictionNames = [
  /** The App Store at all: for the person, and for what the server wants installed. */
  "allowAppInstallation",
  /** The App Store's icon: the person can't install, the server can. Supervised phones only. */
  "allowUIAppInstallation",
  "allowAppRemoval",
  "allowEraseContentAndSettings",
  "allowPasscodeModification",
  "allowUIConfigurationProfileInstallation",
] as const;
export type RestrictionName = (typeof restrictionNames)[number];
export type Restrictions = Readonly<Record<RestrictionName, boolean>>;

/** A phone that isn't supervised installs a profile with them and takes no notice of them. */
export const supervisedOnly: ReadonlySet<string> = new Set<RestrictionName>([
  "allowUIAppInstallation",
  "allowAppRemoval",
  "allowEraseContentAndSettings",
  "allowPasscodeModification",
  "allowUIConfigurationProfileInstallation",
]);

/** What holds now: of several profiles the strictest (Apple, "Restrictions"). */
export function restrictions(state: Pick<PhoneState, "profiles">): Restrictions {
  const isAllowed = (name: RestrictionName): boolean =>
    state.profiles.every((profile) => profile.restrictions[name] !== false);
  return Object.fromEntries(restrictionNames.map((name) => [name, isAllowed(name)])) as Restrictions;
}

const nothing: readonly RestrictionName[] = [];

/** What the profiles forbid on a phone of that kind. */
export function forbiddenOn(
  state: Pick<PhoneState, "profiles">,
  kind: PhoneKind,
): readonly RestrictionName[] {
  if (state.profiles.length === 0) return nothing;
  const supervised = kind === "configurator" || kind === "dep";
  const allowed = restrictions(state);
  return restrictionNames.filter((name) => !allowed[name] && (supervised || !supervisedOnly.has(name)));
}
