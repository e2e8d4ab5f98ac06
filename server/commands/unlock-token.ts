/**
 * The unlock token of a phone: with it anybody could open the phone, so it is kept sealed, and is put into ClearPasscode at the last
 * moment. It is in no stored command, no answer and no event.
 */
import { PippinError } from "../../shared/errors.ts";
import type { JsonValue } from "../../shared/json.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import type { SecretBox } from "../secrets.ts";
import type { CommandRecord, DeviceRecord } from "../store/records.ts";
import type { Store } from "../store/store.ts";

const requestType = "ClearPasscode";

function contextOf(udid: string): string {
  return `devices/${udid} unlockToken`;
}

export function sealUnlockToken(box: SecretBox, udid: string, token: Uint8Array): string {
  return box.seal(Buffer.from(token).toString("base64"), contextOf(udid));
}

/** Throws invalid_request when whoever asks brings a token along: it would be stored with the command. */
export function refuseUnlockToken(type: string, command: PlistDictionary): void {
  if (type === requestType && "UnlockToken" in command)
    throw new PippinError(
      "invalid_request",
      "Expected ClearPasscode without an UnlockToken: the server puts in the one that the phone gave.",
    );
}

/** Throws conflict when the command needs a token and the phone gave none. */
export function requireUnlockToken(type: string, device: DeviceRecord): void {
  if (type === requestType && !device.unlockToken)
    throw new PippinError(
      "conflict",
      "The device gave no unlock token at check-in, so its passcode can't be cleared.",
    );
}

export function needsUnlockToken(command: CommandRecord): boolean {
  return command.requestType === requestType;
}

/** The command as it goes to the phone. Throws what the store throws, and store_corrupt when the token can't be opened. */
export async function withUnlockToken(
  context: { readonly store: Store; readonly box: SecretBox },
  command: CommandRecord,
): Promise<JsonValue> {
  const device = await context.store.read((reader) => reader.get("devices", command.udid));
  // A phone that enrolled anew since then answers that the command is malformed.
  if (!device?.unlockToken) return command.command;
  const token = context.box.open(device.unlockToken, contextOf(command.udid));
  return { ...(command.command as Record<string, JsonValue>), UnlockToken: { $data: token } };
}
