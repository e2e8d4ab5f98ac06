/** Phones and their commands as an admin may see them: push tokens, magics and unlock tokens stay out. */
import { z } from "@hono/zod-openapi";
import type { JsonValue } from "../../shared/json.ts";
import { encodePlist, plistFromJson } from "../../shared/plist.ts";
import type { CommandRecord, DeviceRecord } from "../store/records.ts";
import { Time, timeOf } from "./fields.ts";
import { hideSecrets } from "./hidden-values.ts";

export const EnrollmentKindField = z.enum(["user", "device", "configurator", "dep"]);
export const DeviceStateField = z.enum(["enrolling", "enrolled", "unenrolled"]);

export const DeviceView = z
  .strictObject({
    udid: z.string(),
    serialNumber: z.string().nullable(),
    kind: EnrollmentKindField,
    supervised: z.boolean(),
    userId: z.string().nullable(),
    state: DeviceStateField,
    connected: z.boolean(),
    awaitingConfiguration: z
      .boolean()
      .openapi({ description: "It waits in Setup Assistant for DeviceConfigured." }),
    canClearPasscode: z.boolean().openapi({ description: "The phone gave the server an unlock token." }),
    deviceName: z
      .string()
      .nullable()
      .openapi({ description: "As the phone last told, like the next three." }),
    buildVersion: z.string().nullable(),
    productName: z.string().nullable(),
    osVersion: z.string().nullable(),
    enrolledAt: Time.nullable(),
    lastSeenAt: Time,
  })
  .openapi("Device");
export type DeviceView = z.infer<typeof DeviceView>;

export function viewDevice(device: DeviceRecord, connected: boolean): z.infer<typeof DeviceView> {
  return {
    udid: device.id,
    serialNumber: device.serialNumber,
    kind: device.kind,
    supervised: device.supervised,
    userId: device.userId,
    state: device.state,
    connected,
    awaitingConfiguration: device.awaitingConfiguration,
    canClearPasscode: Boolean(device.unlockToken),
    deviceName: device.deviceName ?? null,
    buildVersion: device.buildVersion ?? null,
    productName: device.productName,
    osVersion: device.osVersion,
    enrolledAt: timeOf(device.enrolledAt),
    lastSeenAt: timeOf(device.lastSeenAt),
  };
}

const commandFields = {
  commandUUID: z.string(),
  udid: z.string(),
  requestType: z.string(),
  state: z.enum([
    "queued",
    "sent",
    "deferred",
    "acknowledged",
    "failed",
    "malformed",
    "cancelled",
    "expired",
  ]),
  createdAt: Time,
  expiresAt: Time,
  sentAt: Time.nullable(),
  settledAt: Time.nullable(),
  sendCount: z.number().int(),
  notNowCount: z.number().int(),
  duplicateResults: z.number().int(),
  installationId: z.string().nullable(),
  origin: z.string().openapi({ description: "`reconciler`, or the id of the API key that asked for it." }),
};
export const CommandView = z.strictObject(commandFields).openapi("Command");
export type CommandView = z.infer<typeof CommandView>;
export const CommandDetail = z
  .strictObject({
    ...commandFields,
    command: z.unknown().openapi({ description: "The Command dictionary as JSON; secrets are replaced." }),
    result: z.unknown().openapi({ description: "What the phone answered, likewise; null before it did." }),
  })
  .openapi("CommandDetail");
export type CommandDetail = z.infer<typeof CommandDetail>;

export const CommandPlists = z
  .strictObject({
    command: z.string().openapi({ description: "What goes to the phone, as XML; secrets are replaced." }),
    result: z
      .string()
      .nullable()
      .openapi({ description: "What the phone answered, likewise; null before it did." }),
  })
  .openapi("CommandPlists");
export type CommandPlists = z.infer<typeof CommandPlists>;

export function viewCommand(command: CommandRecord): z.infer<typeof CommandView> {
  return {
    commandUUID: command.id,
    udid: command.udid,
    requestType: command.requestType,
    state: command.state,
    createdAt: timeOf(command.createdAt),
    expiresAt: timeOf(command.expiresAt),
    sentAt: timeOf(command.sentAt),
    settledAt: timeOf(command.settledAt),
    sendCount: command.sendCount,
    notNowCount: command.notNowCount,
    duplicateResults: command.duplicateResults,
    installationId: command.installationId?.replace(" ", ":") ?? null,
    origin: command.origin,
  };
}

export function viewCommandDetail(command: CommandRecord): z.infer<typeof CommandDetail> {
  return {
    ...viewCommand(command),
    command: hideSecrets(command.command),
    result: hideSecrets(command.result),
  };
}

export function viewCommandPlists({ id, command, result }: CommandRecord): z.infer<typeof CommandPlists> {
  return {
    command: xmlOf({ CommandUUID: id, Command: command }),
    result: result === null ? null : xmlOf(result),
  };
}

function xmlOf(json: JsonValue): string {
  // A secret is replaced by a text, so what was a property list still is one.
  const shown = plistFromJson(hideSecrets(json) as JsonValue);
  return encodePlist(shown as object, "plist-xml").toString("utf8");
}
