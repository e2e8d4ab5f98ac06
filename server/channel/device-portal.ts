/** The company portal's messages (shared/portal.ts): a phone that has proved who it is asks, and is answered from the store. */
import {
  PortalRequest,
  type PortalAnswer,
  type PortalAppsAnswer,
  type PortalInstallAnswer,
} from "../../shared/portal.ts";
import type { CommandContext } from "../commands/command-queue.ts";
import { listOffers, wishFor } from "../deployments/portal.ts";
import { transact } from "../outbox.ts";
import type { DeviceRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";

export type PortalOutcome =
  | { readonly outcome: "answered"; readonly answer: PortalAnswer }
  | { readonly outcome: "malformed" }
  /** The message speaks for another phone than the one whose identity was proved. */
  | { readonly outcome: "impostor"; readonly claimed: string }
  /** The server doesn't manage this phone (any more). */
  | { readonly outcome: "unknown" };

/** Throws what the store throws: then nothing was put on record, and the phone may ask again. */
export async function answerPortal(
  context: CommandContext,
  phone: { readonly udid: string; readonly identityId: string },
  message: unknown,
): Promise<PortalOutcome> {
  const parsed = PortalRequest.safeParse(message);
  if (!parsed.success) return { outcome: "malformed" };
  const request = parsed.data;
  if (request.UDID !== phone.udid) return { outcome: "impostor", claimed: request.UDID };
  const now = context.world.now();
  const { RequestID } = request;
  if (request.MessageType === "PortalApps") {
    const offers = await context.store.read(async (reader) => {
      const device = await enrolledDevice(reader, phone);
      return device && (await listOffers(reader, device, now));
    });
    if (offers === undefined) return { outcome: "unknown" };
    const answer: PortalAppsAnswer = {
      MessageType: "PortalAppsAnswer",
      RequestID,
      Apps: [...offers.apps],
      Complete: offers.complete,
    };
    return { outcome: "answered", answer };
  }

  const { AdamID: adamId } = request;
  const { udid } = phone;
  const cause = context.recorder.record("portal.requested", { udid, adamId });
  const accepted = await transact(context, async (tx, outbox) => {
    const device = await enrolledDevice(tx, phone);
    if (device === undefined) return undefined;
    const isAccepted = await wishFor(tx, outbox, device, adamId, now, cause);
    if (isAccepted) outbox.after(() => context.hooks.wake());
    else outbox.record("portal.refused", { udid, adamId, reason: "NotOffered", cause });
    return isAccepted;
  });
  if (accepted === undefined) return { outcome: "unknown" };
  const answer: PortalInstallAnswer = {
    MessageType: "PortalInstallAnswer",
    RequestID,
    AdamID: adamId,
    ...(accepted ? { Outcome: "Accepted" } : { Outcome: "Refused", Reason: "NotOffered" }),
  };
  return { outcome: "answered", answer };
}

async function enrolledDevice(
  reader: Reader,
  { udid, identityId }: { readonly udid: string; readonly identityId: string },
): Promise<DeviceRecord | undefined> {
  const device = await reader.get("devices", udid);
  return device?.state === "enrolled" && device.identity === identityId ? device : undefined;
}
