/** Which phones a user's seat of an app is for. */
import type { DeviceRecord, InstallationRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { isPresent, isUnderWay } from "./next-step.ts";
import { isOffered, isToBeInstalled } from "./wish.ts";

/** Phones of one user: a person has few. */
const phonesPerUserMax = 100;

export interface HolderPhone {
  readonly installation: InstallationRecord;
  readonly device: DeviceRecord | undefined;
}

/** All installations of one app on the phones of one user, whatever became of the phones. `seatId` is the assignment's id. */
export async function phonesOfHolder(reader: Reader, seatId: string): Promise<HolderPhone[]> {
  const query = { index: "byHolder", partition: seatId, limit: phonesPerUserMax } as const;
  const phones: HolderPhone[] = [];
  for (const installation of await reader.list("installations", query)) {
    phones.push({ installation, device: await reader.get("devices", installation.udid) });
  }
  return phones;
}

function isManaged({ installation, device }: HolderPhone): boolean {
  return (
    installation.state !== "notApplicable" &&
    device?.state === "enrolled" &&
    device.userId === installation.userId
  );
}

/** Whether this phone has the app, is getting it, or is to get it: the seat can't go back. */
export function needsSeat(phone: HolderPhone, now: number): boolean {
  const { installation } = phone;
  if (!isManaged(phone)) return false;
  if (installation.commandUUID !== null || hasApp(phone)) return true;
  if (installation.override) return false;
  if (isToBeInstalled(installation, now) && installation.state !== "failed") return true;
  // Its user deleted it there and keeps the licence.
  return isOffered(installation, now) && installation.appState === "ManagedButUninstalled";
}

function hasApp({ installation: { appState } }: HolderPhone): boolean {
  return isPresent(appState) || isUnderWay(appState);
}

/** Whether the app is on this phone or on its way there: it counts against Apple's limit of devices for one licence. */
export function countsAgainstLimit(phone: HolderPhone): boolean {
  const { installation } = phone;
  if (!isManaged(phone)) return false;
  return (
    hasApp(phone) || (installation.commandUUID !== null && installation.commandType === "InstallApplication")
  );
}
