/** The enrolment profile: what a phone installs to come under management. */
import { pemToDer } from "../../shared/certificates.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import type { World } from "../../shared/world.ts";
import type { DeviceAuthority } from "./authority.ts";

/** Every right there is (bits 1 to 4096). */
const accessRightsAll = 8191;
const identifier = "com.pippin.enrollment";

export interface ProfileOptions {
  readonly authority: DeviceAuthority;
  /** Where the phone opens its channel, e.g. `ws://127.0.0.1:8080/mdm/channel`. */
  readonly serverUrl: string;
  /** Where the phone sends its signing request. */
  readonly identityUrl: string;
  /** Shown with the signing request: whoever has the profile may ask. */
  readonly challenge: string;
}

/** An unsigned enrolment profile, with UUIDs of its own; and the same without its secrets, for a trace. */
export function buildEnrollmentProfile(
  world: World,
  options: ProfileOptions,
): { profile: PlistDictionary; redacted: PlistDictionary } {
  const payload = (type: string, name: string, title: string) => ({
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: `${identifier}.${name}`,
    PayloadUUID: world.uuid(),
    PayloadDisplayName: title,
  });
  const root = {
    ...payload("com.apple.security.root", "authority", "Pippin Device Authority"),
    PayloadContent: pemToDer(options.authority.certificatePem),
  };
  const identity = payload("com.pippin.security.csr", "identity", "Device Identity");
  const identityWith = (secrets: { url: string; challenge: string }) => ({
    ...identity,
    PayloadContent: {
      URL: secrets.url,
      // `%UDID%` stands for the phone's own.
      Subject: [[["O", "Pippin"]], [["CN", "%UDID%"]]],
      Challenge: secrets.challenge,
      Keysize: 2048,
      "Key Type": "RSA",
    },
  });
  const management = {
    ...payload("com.apple.mdm", "mdm", "Device Management"),
    IdentityCertificateUUID: identity.PayloadUUID,
    Topic: options.authority.topic,
    ServerURL: options.serverUrl,
    AccessRights: accessRightsAll,
    CheckOutWhenRemoved: true,
    SignMessage: false,
  };
  const head = {
    PayloadType: "Configuration",
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: world.uuid(),
    PayloadDisplayName: "Pippin Device Management",
    PayloadOrganization: "Pippin",
  };
  const { identityUrl: url, challenge } = options;
  return {
    profile: { ...head, PayloadContent: [root, identityWith({ url, challenge }), management] },
    redacted: {
      ...head,
      PayloadContent: [root, identityWith({ url: "redacted", challenge: "redacted" }), management],
    },
  };
}
