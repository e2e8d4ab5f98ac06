/** Configuration profiles for tests. */
import { encodePlist, type PlistDictionary } from "../../shared/plist.ts";

export function payloadOf(type: string, keys: PlistDictionary = {}): PlistDictionary {
  return {
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: `example.payload.${type}`,
    PayloadUUID: `UUID-${type}`,
    PayloadDisplayName: type,
    ...keys,
  };
}

export function profileOf(
  identifier: string,
  payloads: PlistDictionary[],
  keys: object = {},
): PlistDictionary {
  return {
    PayloadType: "Configuration",
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: `UUID-${identifier}`,
    PayloadDisplayName: `Profile ${identifier}`,
    PayloadContent: payloads,
    ...keys,
  };
}

export const wifi = payloadOf("com.apple.wifi.managed", { SSID_STR: "Orchard" });
export const noAppStore = payloadOf("com.apple.applicationaccess", { allowAppInstallation: false });

export function profileBytes(
  identifier = "example.wifi",
  payloads: PlistDictionary[] = [wifi],
  keys: object = {},
): Buffer {
  return encodePlist(profileOf(identifier, payloads, keys), "plist-xml");
}
