/** Check-in messages: how a device comes under management and leaves it. */
import type { Authenticate, CheckinMessage, CheckOut, TokenUpdate } from "../../shared/checkin.ts";
import type { CommandContext } from "../commands/command-queue.ts";
import { releaseFromSetup } from "../commands/setup-release.ts";
import { sealUnlockToken } from "../commands/unlock-token.ts";
import { unenrollDevice } from "../enrollment/unenrollment.ts";
import type { Outbox } from "../outbox.ts";
import { transact } from "../outbox.ts";
import type { SecretBox } from "../secrets.ts";
import type { DeviceRecord, IdentityRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";

/** Devices that may share a serial number before the rest is left alone; there is one at most unless data was damaged. */
const sameSerialMax = 100;

export interface CheckinContext extends CommandContext {
  readonly box: SecretBox;
}

export type CheckinOutcome =
  /** `replaced`: devices whose enrolment ended by this one; the sender's own among them when it enrolled anew. */
  | { readonly outcome: "stored"; readonly firstToken: boolean; readonly replaced: readonly string[] }
  /** The server doesn't manage this phone (any more). */
  | { readonly outcome: "unknown" };

const stored = { outcome: "stored", firstToken: false, replaced: [] } as const;

/** Stores what the message says. The caller has made sure that the message's UDID belongs to the identity. */
export async function takeCheckin(
  context: CheckinContext,
  identityId: string,
  message: CheckinMessage,
): Promise<CheckinOutcome> {
  // Sealing draws random bytes, which a transaction that may run twice must not.
  const sealed = message.MessageType === "TokenUpdate" ? sealSecrets(context.box, message) : noSecrets;
  return await transact(context, async (tx, outbox) => {
    const identity = await tx.get("identities", identityId);
    if (identity === undefined || identity.revokedAt !== null) return { outcome: "unknown" };
    if (message.MessageType === "Authenticate") {
      return await authenticate(tx, outbox, context, identity, message);
    }
    const device = await tx.get("devices", message.UDID);
    if (device === undefined || device.identity !== identityId || device.state === "unenrolled") {
      return { outcome: "unknown" };
    }
    return message.MessageType === "TokenUpdate"
      ? await updateToken(tx, outbox, context, device, message, sealed)
      : await checkOut(tx, outbox, context, device, message);
  });
}

/** What of a TokenUpdate is kept sealed. */
interface SealedSecrets {
  readonly pushMagic: string;
  /** Undefined when the message has none: then an earlier one stays good (Apple, "Token Update"). */
  readonly unlockToken: string | undefined;
}
const noSecrets: SealedSecrets = { pushMagic: "", unlockToken: undefined };

function sealSecrets(box: SecretBox, { UDID: udid, PushMagic, UnlockToken }: TokenUpdate): SealedSecrets {
  return {
    pushMagic: box.seal(PushMagic, `devices/${udid} pushMagic`),
    unlockToken: UnlockToken && sealUnlockToken(box, udid, UnlockToken),
  };
}

async function authenticate(
  tx: Transaction,
  outbox: Outbox,
  context: CheckinContext,
  identity: IdentityRecord,
  message: Authenticate,
): Promise<CheckinOutcome> {
  const { UDID: udid, SerialNumber: serialNumber = null } = message;
  const replaced: string[] = [];
  const before = await tx.get("devices", udid);
  if (before !== undefined) {
    // The phone was wiped, or its profile replaced. Or the same message comes again: then nothing of the new enrolment is lost.
    await unenrollDevice(tx, outbox, context, before, { identityStays: before.identity === identity.id });
    if (before.identity !== identity.id) replaced.push(udid);
  }
  if (serialNumber !== null) {
    const sameSerial = await tx.list("devices", {
      index: "bySerial",
      partition: serialNumber,
      limit: sameSerialMax,
    });
    for (const other of sameSerial) {
      if (other.id === udid || other.state === "unenrolled") continue;
      await unenrollDevice(tx, outbox, context, other);
      replaced.push(other.id);
    }
  }
  // Whoever it was issued for may have been deleted before the phone came.
  const owner = identity.userId === null ? undefined : await tx.get("users", identity.userId);
  const device: DeviceRecord = {
    id: udid,
    serialNumber,
    kind: identity.kind,
    supervised: identity.kind === "configurator" || identity.kind === "dep",
    userId: owner?.id ?? null,
    state: "enrolling",
    identity: identity.id,
    topic: message.Topic,
    pushMagic: null,
    pushToken: null,
    unlockToken: null,
    awaitingConfiguration: false,
    deviceName: message.DeviceName ?? null,
    buildVersion: message.BuildVersion ?? null,
    productName: message.ProductName ?? null,
    osVersion: message.OSVersion ?? null,
    enrolledAt: null,
    lastSeenAt: context.world.now(),
  };
  await tx.put("devices", device);
  if (identity.udid === null) await tx.put("identities", { ...identity, udid });
  outbox.record("checkin.authenticate", {
    udid,
    kind: device.kind,
    ...(device.userId === null ? {} : { userId: device.userId }),
    ...(serialNumber === null ? {} : { serialNumber }),
    ...(replaced.length === 0 ? {} : { replaced }),
  });
  return { outcome: "stored", firstToken: false, replaced };
}

async function updateToken(
  tx: Transaction,
  outbox: Outbox,
  context: CheckinContext,
  device: DeviceRecord,
  message: TokenUpdate,
  { pushMagic, unlockToken }: SealedSecrets,
): Promise<CheckinOutcome> {
  const now = context.world.now();
  const firstToken = device.state === "enrolling";
  const updated: DeviceRecord = {
    ...device,
    state: "enrolled",
    pushMagic,
    pushToken: Buffer.from(message.Token).toString("base64"),
    unlockToken: unlockToken ?? device.unlockToken ?? null,
    awaitingConfiguration: message.AwaitingConfiguration ?? false,
    enrolledAt: firstToken ? now : device.enrolledAt,
    lastSeenAt: now,
  };
  await tx.put("devices", updated);
  outbox.record("checkin.tokenUpdate", {
    udid: device.id,
    awaitingConfiguration: updated.awaitingConfiguration,
  });
  if (firstToken) {
    outbox.record("enrollment.completed", {
      udid: device.id,
      kind: device.kind,
      ...(device.userId === null ? {} : { userId: device.userId }),
    });
    await context.hooks.deviceEnrolled(tx, outbox, updated);
    outbox.after(() => context.hooks.wake());
  }
  if (updated.awaitingConfiguration) await releaseFromSetup(tx, outbox, context, updated);
  return { ...stored, firstToken };
}

async function checkOut(
  tx: Transaction,
  outbox: Outbox,
  context: CheckinContext,
  device: DeviceRecord,
  message: CheckOut,
): Promise<CheckinOutcome> {
  outbox.record("checkin.checkOut", { udid: message.UDID });
  await unenrollDevice(tx, outbox, context, device);
  return stored;
}
