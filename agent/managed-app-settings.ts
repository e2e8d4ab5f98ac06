/** What a server gives the apps it manages: a configuration to read, and attributes that the system heeds. */
import { plistFromJson, plistToJson, type PlistDictionary } from "../shared/plist.ts";
import { isBusy, isManaged, type Apps } from "./apps.ts";
import type { AppRecord } from "./state.ts";

export type ManagedAppSetting = "configuration" | "attributes";

/** Undefined when there is none. */
export function readDictionary(
  app: AppRecord,
  member: ManagedAppSetting | "feedback",
): PlistDictionary | undefined {
  const stored = app[member];
  return stored === undefined ? undefined : (plistFromJson(stored) as PlistDictionary); // it was made from one
}

/** Replaces it as a whole; undefined takes it away. The caller saves. */
export function writeDictionary(
  app: AppRecord,
  member: ManagedAppSetting | "feedback",
  content: PlistDictionary | undefined,
): void {
  if (content === undefined) delete app[member];
  else app[member] = plistToJson(content);
}

/**
 * For the command Settings (`ApplicationConfiguration`, `ApplicationAttributes`): replaces what the app has, or takes it away.
 * Answers whether the server manages that app, or is bringing it; otherwise nothing changes.
 */
export function setForManagedApp(
  apps: Pick<Apps, "find">,
  bundleId: string,
  setting: ManagedAppSetting,
  content: PlistDictionary | undefined,
): boolean {
  const app = apps.find(bundleId);
  if (!app || !(isManaged(app) || isBusy(app))) return false;
  writeDictionary(app, setting, content);
  return true;
}
