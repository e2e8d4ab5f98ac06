/** What the server learns about a device from the answer to a command, in the transaction that stores the answer. */
import { queryResponses } from "../../shared/commands.ts";
import type { CommandResult } from "../../shared/results.ts";
import { devicesOfSerial, perOwnerMax } from "../deployments/installations.ts";
import { unenrollDevice } from "../enrollment/unenrollment.ts";
import type { Outbox } from "../outbox.ts";
import type { CommandRecord, DeviceRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import type { CommandContext } from "./command-queue.ts";

const textCharactersMax = 255;

/** To be called once for each command, when its result has settled it. */
export async function noteEffects(
  tx: Transaction,
  outbox: Outbox,
  context: CommandContext,
  { udid, requestType }: Pick<CommandRecord, "udid" | "requestType">,
  result: CommandResult,
): Promise<void> {
  if (result.Status !== "Acknowledged") return;
  if (requestType !== "DeviceInformation" && requestType !== "EraseDevice") return;
  const device = await tx.get("devices", udid);
  if (device === undefined) return;
  if (requestType === "DeviceInformation") await noteInformation(tx, device, result, context.world.now());
  // The phone is about to forget all it has. What is queued for it would find nobody, and it may never come back.
  else await unenrollDevice(tx, outbox, context, device);
}

/** What is shown of a phone is what it last told. A query that it left out says nothing. */
async function noteInformation(
  tx: Transaction,
  device: DeviceRecord,
  result: CommandResult,
  now: number,
): Promise<void> {
  const told = queryResponses(result);
  if (told === undefined) return;
  const text = <T>(name: string, known: T): string | T => {
    const value = told[name];
    const isText = typeof value === "string" && value.length > 0 && value.length <= textCharactersMax;
    return isText ? value : known;
  };
  const after: DeviceRecord = {
    ...device,
    deviceName: text("DeviceName", device.deviceName ?? null),
    osVersion: text("OSVersion", device.osVersion),
    buildVersion: text("BuildVersion", device.buildVersion ?? null),
    productName: text("ProductName", device.productName),
    serialNumber: await serialAfter(tx, device, text("SerialNumber", device.serialNumber)),
  };
  const names = ["deviceName", "osVersion", "buildVersion", "productName", "serialNumber"] as const;
  if (names.every((name) => after[name] === (device[name] ?? null))) return;
  await tx.put("devices", after);
  // It may be able to hold licences itself now.
  if (after.osVersion !== device.osVersion || after.serialNumber !== device.serialNumber)
    await wakeUnlicensable(tx, device.id, now);
}

/** Licences go by the serial number: one that is in use stays, and one of another phone is not this one's. */
async function serialAfter(
  tx: Transaction,
  { id, serialNumber }: DeviceRecord,
  told: string | null,
): Promise<string | null> {
  if (told === null || told === serialNumber) return serialNumber;
  const isOthers = (await devicesOfSerial(tx, told)).some(
    (other) => other.id !== id && other.state !== "unenrolled",
  );
  const holdsSeats = serialNumber !== null && (await tx.count("assignments", "bySerial", serialNumber)) > 0;
  return isOthers || holdsSeats ? serialNumber : told;
}

async function wakeUnlicensable(tx: Transaction, udid: string, now: number): Promise<void> {
  const query = { index: "byDevice", partition: udid, limit: perOwnerMax } as const;
  for (const installation of await tx.list("installations", query)) {
    const { reason } = installation;
    if (reason !== "ios-too-old" && reason !== "no-serial-number") continue;
    await tx.put("installations", { ...installation, dueAt: now });
  }
}
