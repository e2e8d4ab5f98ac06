/** What the server learns about a device from the answer to a command, in the transaction that stores the answer. */
import { DeviceInformationAnswer } from "../../shared/commands.ts";
import type { CommandResult } from "../../shared/results.ts";
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
  if (requestType === "DeviceInformation") await noteInformation(tx, device, result);
  // The phone is about to forget all it has. What is queued for it would find nobody, and it may never come back.
  else await unenrollDevice(tx, outbox, context, device);
}

/** What is shown of a phone is what it last told. A query that it left out says nothing. */
async function noteInformation(tx: Transaction, device: DeviceRecord, result: CommandResult): Promise<void> {
  const answer = DeviceInformationAnswer.safeParse(result);
  if (!answer.success) return;
  const { QueryResponses: told } = answer.data;
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
    serialNumber: text("SerialNumber", device.serialNumber),
  };
  const names = ["deviceName", "osVersion", "buildVersion", "productName", "serialNumber"] as const;
  if (names.some((name) => after[name] !== (device[name] ?? null))) await tx.put("devices", after);
}
