/** How a device ceases to be managed: it left, or its record was replaced. */
import { cancelOpenCommands } from "../commands/command-settlement.ts";
import type { CommandContext } from "../commands/command-queue.ts";
import type { Outbox } from "../outbox.ts";
import type { DeviceRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";

/**
 * Marks the device as unenrolled, cancels its open commands and tells the decisions. Its identity is revoked, unless it goes on
 * under the same one. Does nothing to a device that is unenrolled already.
 */
export async function unenrollDevice(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  device: DeviceRecord,
  options: { identityStays?: boolean } = {},
): Promise<void> {
  if (device.state === "unenrolled") return;
  const unenrolled: DeviceRecord = {
    ...device,
    state: "unenrolled",
    pushMagic: null,
    pushToken: null,
    unlockToken: null,
    awaitingConfiguration: false,
  };
  // First of all, so that nothing told of the cancelled commands queues another one.
  await tx.put("devices", unenrolled);
  if (options.identityStays !== true) {
    const identity = await tx.get("identities", device.identity);
    if (identity !== undefined && identity.revokedAt === null) {
      await tx.put("identities", { ...identity, revokedAt: commands.world.now() });
    }
  }
  await cancelOpenCommands(tx, outbox, commands, device.id);
  // Of one that never got as far as a push token the decisions have not heard.
  if (device.state === "enrolled") await commands.hooks.deviceUnenrolled(tx, outbox, unenrolled);
  outbox.after(() => commands.hooks.wake());
}
