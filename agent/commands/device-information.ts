import { createHash } from "node:crypto";
import { DeviceInformation } from "../../shared/commands.ts";
import type { PlistValue } from "../../shared/plist.ts";
import type { PhoneCore } from "../core.ts";
import { deviceName } from "../device-settings.ts";
import { isInSetupAssistant } from "../setup-assistant.ts";
import { accessRights, acknowledged, commandHandler, type Report } from "./handler.ts";

/** Decimal gigabytes, as the settings show them. */
const capacityGb = 59.6;
const bytesPerGb = 1_000_000_000;
/** GSM and CDMA. */
const bothTechnologies = 3;
/** Country and network of a test network: no operator has them. */
const [testCountry, testNetwork, testCarrier] = ["001", "01", "Pippin"];

/** What a query answers; undefined leaves it out, as for a query nobody knows. */
type Query = (phone: PhoneCore) => PlistValue | undefined;

/** By the right that a server needs for it (Apple, "Device Information"), and of an iPhone with iOS 9.3. */
const queries: ReadonlyMap<number, Readonly<Record<string, Query>>> = new Map<
  number,
  Readonly<Record<string, Query>>
>([
  [
    accessRights.none,
    {
      UDID: ({ config }) => config.udid,
      OrganizationInfo: ({ store }) => store.state.settings.organizationInfo ?? undefined,
      MDMOptions: mdmOptions,
      AwaitingConfiguration: ({ store }) => isInSetupAssistant(store.state),
      // It makes no backups, so there is no date.
      LastCloudBackupDate: () => undefined,
    },
  ],
  [
    accessRights.manageApps,
    {
      iTunesStoreAccountIsActive: ({ store }) => store.state.account !== null,
      iTunesStoreAccountHash: ({ store }) => store.state.account?.itsIdHash,
    },
  ],
  [
    accessRights.queryDevice,
    {
      DeviceName: ({ store, config }) => deviceName(store.state, config),
      OSVersion: ({ config }) => config.osVersion,
      BuildVersion: ({ config }) => config.buildVersion,
      ModelName: () => "iPhone",
      Model: ({ config }) => config.productName,
      ProductName: ({ config }) => config.productName,
      SerialNumber: ({ config }) => config.serialNumber,
      DeviceCapacity: () => capacityGb,
      AvailableDeviceCapacity: availableCapacityGb,
      IMEI: ({ config }) => imei(config.udid),
      MEID: ({ config }) => imei(config.udid).replaceAll(" ", "").slice(0, 14),
      ModemFirmwareVersion: () => "1.60.00",
      CellularTechnology: () => bothTechnologies,
      BatteryLevel: () => 0.8,
      IsSupervised: ({ supervised }) => supervised,
      IsMultiUser: () => false,
      IsDeviceLocatorServiceEnabled: () => false,
      IsActivationLockEnabled: () => false,
      IsDoNotDisturbInEffect: () => false,
      IsCloudBackupEnabled: () => false,
      IsMDMLostModeEnabled: () => false,
      EASDeviceIdentifier: ({ config }) => digest(config.udid, "mail").slice(0, 26).toUpperCase(),
    },
  ],
  [
    accessRights.queryNetwork,
    {
      ICCID: ({ config }) => `8999 ${groups(digits(config.udid, "sim", 15))}`,
      BluetoothMAC: ({ config }) => macAddress(config.udid, "bluetooth"),
      WiFiMAC: ({ config }) => macAddress(config.udid, "wifi"),
      CurrentCarrierNetwork: () => testCarrier,
      SubscriberCarrierNetwork: () => testCarrier,
      CarrierSettingsVersion: () => "24.1",
      DataRoamingEnabled: ({ store }) => store.state.settings.dataRoaming,
      VoiceRoamingEnabled: ({ store }) => store.state.settings.voiceRoaming,
      PersonalHotspotEnabled: ({ store }) => store.state.settings.personalHotspot,
      IsRoaming: () => false,
      SubscriberMCC: () => testCountry,
      SubscriberMNC: () => testNetwork,
      CurrentMCC: () => testCountry,
      CurrentMNC: () => testNetwork,
    },
  ],
]);

/** By name, with the right that it needs. */
const queriesByName: ReadonlyMap<string, { readonly right: number; readonly answer: Query }> = new Map(
  [...queries].flatMap(([right, group]) =>
    Object.entries(group).map(([name, answer]) => [name, { right, answer }] as const),
  ),
);

/** Answers the queries that this phone knows and the server may ask, and is silent about the others. */
export const deviceInformation = commandHandler({
  schema: DeviceInformation,
  right: accessRights.none,
  perform(phone, command): Report {
    const rights = phone.store.state.enrollment?.accessRights ?? 0;
    const responses: [string, PlistValue][] = [];
    for (const name of new Set(command.Queries)) {
      const query = queriesByName.get(name);
      if (query === undefined || (rights & query.right) !== query.right) continue;
      const value = query.answer(phone);
      if (value !== undefined) responses.push([name, value]);
    }
    return acknowledged({ QueryResponses: Object.fromEntries(responses) });
  },
});

function mdmOptions({ store }: PhoneCore): PlistValue {
  const { activationLockAllowedWhileSupervised: allowed } = store.state.settings;
  return allowed === null ? {} : { ActivationLockAllowedWhileSupervised: allowed };
}

function availableCapacityGb({ apps }: PhoneCore): number {
  let usedBytes = 0;
  for (const app of apps.list()) if (app.installed) usedBytes += app.bytes;
  return Math.max(0, Math.round((capacityGb - usedBytes / bytesPerGb) * 1000) / 1000);
}

/** What was burnt into the phone is made from its UDID: the same each time, and different from phone to phone. */
function digest(udid: string, purpose: string): string {
  return createHash("sha256").update(`${purpose} of ${udid}`).digest("hex");
}

function digits(udid: string, purpose: string, count: number): string {
  return Array.from(digest(udid, purpose).slice(0, count), (hex) =>
    String(Number.parseInt(hex, 16) % 10),
  ).join("");
}

function groups(text: string): string {
  return text.replace(/(.{4})(?=.)/g, "$1 ");
}

/** Locally administered, so that it is no real maker's. */
function macAddress(udid: string, purpose: string): string {
  const pairs = `02${digest(udid, purpose).slice(0, 10)}`.match(/../g) ?? [];
  return pairs.join(":");
}

/** Fifteen digits, the last of which checks the others (Luhn), written as iPhones write it. */
function imei(udid: string): string {
  const body = `35${digits(udid, "radio", 12)}`;
  const sum = Array.from(body, Number).reduce((total, digit, index) => {
    const weighed = index % 2 === 1 ? digit * 2 : digit;
    return total + (weighed > 9 ? weighed - 9 : weighed);
  }, 0);
  const all = `${body}${(10 - (sum % 10)) % 10}`;
  return [all.slice(0, 2), all.slice(2, 8), all.slice(8, 14), all.slice(14)].join(" ");
}
