import { DeviceInformation } from "../../shared/commands.ts";
import type { PlistValue } from "../../shared/plist.ts";
import type { PhoneCore } from "../core.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/** Decimal gigabytes, as the settings show them. */
const capacityGb = 59.6;
const bytesPerGb = 1_000_000_000;

/** What a query answers; undefined leaves it out, as for a query nobody knows. */
type Query = (phone: PhoneCore) => PlistValue | undefined;

const queries = new Map<string, Query>([
  ["UDID", ({ config }) => config.udid],
  ["DeviceName", ({ config }) => config.deviceName],
  ["OSVersion", ({ config }) => config.osVersion],
  ["BuildVersion", ({ config }) => config.buildVersion],
  ["ModelName", () => "iPhone"],
  ["Model", ({ config }) => config.productName],
  ["ProductName", ({ config }) => config.productName],
  ["SerialNumber", ({ config }) => config.serialNumber],
  ["DeviceCapacity", () => capacityGb],
  ["AvailableDeviceCapacity", availableCapacityGb],
  ["IsSupervised", ({ supervised }) => supervised],
  ["IsMultiUser", () => false],
  ["IsDeviceLocatorServiceEnabled", () => false],
  ["AwaitingConfiguration", () => false],
  ["iTunesStoreAccountIsActive", ({ store }) => store.state.account !== null],
  ["iTunesStoreAccountHash", ({ store }) => store.state.account?.itsIdHash],
]);
/** Without the right to manage apps, the person's store account is none of the server's business. */
const appQueries: ReadonlySet<string> = new Set(["iTunesStoreAccountIsActive", "iTunesStoreAccountHash"]);

/** Answers the queries that this phone knows and may answer, and is silent about the others. */
export const deviceInformation = commandHandler({
  schema: DeviceInformation,
  right: accessRights.queryDevice,
  waitsForUnlock: false,
  perform(phone, command): Report {
    const rights = phone.store.state.enrollment?.accessRights ?? 0;
    const responses: [string, PlistValue][] = [];
    for (const name of new Set(command.Queries)) {
      if (appQueries.has(name) && (rights & accessRights.manageApps) === 0) continue;
      const value = queries.get(name)?.(phone);
      if (value !== undefined) responses.push([name, value]);
    }
    return { Status: "Acknowledged", QueryResponses: Object.fromEntries(responses) };
  },
});

function availableCapacityGb({ apps }: PhoneCore): number {
  let usedBytes = 0;
  for (const app of apps.list()) if (app.installed) usedBytes += app.bytes;
  return Math.max(0, Math.round((capacityGb - usedBytes / bytesPerGb) * 1000) / 1000);
}
