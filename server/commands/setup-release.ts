/** Letting phones go on that wait in Setup Assistant. */
import type { Outbox } from "../outbox.ts";
import { readPolicies } from "../policies.ts";
import type { DeviceRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { enqueueCommand, openCommandsMax, type CommandContext } from "./command-queue.ts";

/**
 * Queues DeviceConfigured for a phone that said that it waits for it, unless policy has an admin do so or one is queued already. The
 * phone's own word at the end, TokenUpdate without AwaitingConfiguration, is what ends the waiting.
 */
export async function releaseFromSetup(
  tx: Transaction,
  outbox: Outbox,
  context: CommandContext,
  device: DeviceRecord,
): Promise<void> {
  const { setupAssistant } = await readPolicies(tx);
  if (setupAssistant === "hold") return;
  const open = await tx.list("commands", { index: "open", partition: device.id, limit: openCommandsMax });
  if (open.length >= openCommandsMax || open.some((command) => command.requestType === "DeviceConfigured"))
    return;
  await enqueueCommand(tx, outbox, context, {
    udid: device.id,
    command: { RequestType: "DeviceConfigured" },
    origin: "enrolment",
  });
}
