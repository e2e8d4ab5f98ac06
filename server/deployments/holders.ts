/** Which phones a seat is for, and whose seat a phone's app lives on. */
import type {
  AssignmentRecord,
  DeviceRecord,
  InstallationOverride,
  InstallationRecord,
  LicenseType,
  SeatHolder,
} from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { installationsOfSeat, seatIdOf } from "./installations.ts";
import { isPresent, isUnderWay } from "./next-step.ts";
import { isOffered, isToBeInstalled } from "./wish.ts";

export interface HolderPhone {
  readonly installation: InstallationRecord;
  readonly device: DeviceRecord | undefined;
  /**
   * Of a user's seat: whether the phone has one of its own instead. `coming`: it is to have one, and the app lives on the user's seat
   * until then.
   */
  readonly ownSeat: "none" | "coming" | "held";
}

/** All installations that the seat is for, whatever became of the phones. */
export async function phonesOfHolder(
  reader: Reader,
  seat: SeatHolder & { adamId: string },
): Promise<HolderPhone[]> {
  const phones: HolderPhone[] = [];
  for (const installation of await installationsOfSeat(reader, seat, seat.adamId)) {
    const device = await reader.get("devices", installation.udid);
    const ownSeat = seat.userId === null ? "none" : await placeOfOwnSeat(reader, installation, device);
    phones.push({ installation, device, ownSeat });
  }
  return phones;
}

/** The seat that the phone holds by its serial number, whatever its state. */
export async function ownSeatOf(
  reader: Reader,
  { adamId }: { readonly adamId: string },
  device: DeviceRecord | undefined,
): Promise<AssignmentRecord | undefined> {
  const serialNumber = device?.serialNumber ?? null;
  if (serialNumber === null) return undefined;
  return await reader.get("assignments", seatIdOf({ userId: null, serialNumber }, adamId));
}

/** Whose licence counts on this phone: one of its own, once it has it, else what the deployments ask for. */
export async function licenseTypeOf(reader: Reader, installation: InstallationRecord): Promise<LicenseType> {
  const device = await reader.get("devices", installation.udid);
  const ownSeat = await ownSeatOf(reader, installation, device);
  return ownSeat ? "device" : (installation.licenseType ?? "user");
}

/** Who holds, or would hold, the licence that counts on this phone. */
export async function holderFor(reader: Reader, installation: InstallationRecord): Promise<SeatHolder> {
  if ((await licenseTypeOf(reader, installation)) === "user") return { userId: installation.userId };
  const device = await reader.get("devices", installation.udid);
  return { userId: null, serialNumber: device?.serialNumber ?? null };
}

/** Lets the deployments have their say again on every phone whose app lives on the seat. */
export async function dropOverrides(
  tx: Transaction,
  seat: SeatHolder & { adamId: string },
  verb: InstallationOverride["verb"],
  now: number,
): Promise<void> {
  for (const phone of await phonesOfHolder(tx, seat)) {
    const { installation } = phone;
    if (installation.override?.verb !== verb || !livesOnSeat(phone)) continue;
    await tx.put("installations", { ...installation, override: null, dueAt: now });
  }
}

async function placeOfOwnSeat(
  reader: Reader,
  installation: InstallationRecord,
  device: DeviceRecord | undefined,
): Promise<HolderPhone["ownSeat"]> {
  const seat = await ownSeatOf(reader, installation, device);
  if (seat?.state === "held") return "held";
  return seat?.state === "associating" || installation.licenseType === "device" ? "coming" : "none";
}

function isManaged({ installation, device }: HolderPhone): boolean {
  return (
    installation.state !== "notApplicable" &&
    device?.state === "enrolled" &&
    device.userId === installation.userId
  );
}

/** Whether this phone has the app, is getting it, or is to get it by this seat: the seat can't go back. */
export function needsSeat(phone: HolderPhone, now: number): boolean {
  const { installation, ownSeat } = phone;
  if (!isManaged(phone) || ownSeat === "held") return false;
  if (installation.commandUUID !== null || hasApp(phone)) return true;
  if (installation.override || ownSeat === "coming") return false;
  if (isToBeInstalled(installation, now) && installation.state !== "failed") return true;
  // Its user deleted it there and keeps the licence.
  return isOffered(installation, now) && installation.appState === "ManagedButUninstalled";
}

/** Whether what is done with the seat is done to the app on this phone. */
export function livesOnSeat(phone: HolderPhone): boolean {
  if (phone.ownSeat === "coming") return phone.installation.commandUUID !== null || hasApp(phone);
  return phone.ownSeat === "none";
}

function hasApp({ installation: { appState } }: HolderPhone): boolean {
  return isPresent(appState) || isUnderWay(appState);
}

/** Whether the app is on this phone or on its way there: it counts against Apple's limit of devices for one licence. */
export function countsAgainstLimit(phone: HolderPhone): boolean {
  const { installation } = phone;
  if (!isManaged(phone) || phone.ownSeat === "held") return false;
  return (
    hasApp(phone) || (installation.commandUUID !== null && installation.commandType === "InstallApplication")
  );
}
