import { ProfileList } from "../../shared/commands.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import type { PhoneCore } from "../core.ts";
import type { EnrollmentRecord, InstalledProfile } from "../state.ts";
import { accessRights, acknowledged, commandHandler, type Report } from "./handler.ts";

/** Lists the profiles: first the one that brought the phone under management. */
export const profileList = commandHandler({
  schema: ProfileList,
  right: accessRights.seeProfiles,
  perform(phone): Report {
    const { enrollment, profiles } = phone.store.state;
    return acknowledged({
      ProfileList: [
        ...(enrollment ? [managementItem(phone, enrollment)] : []),
        ...profiles.map((profile) => item(phone, profile)),
      ],
    });
  },
});

function managementItem(phone: PhoneCore, { profile, rootCertificate }: EnrollmentRecord): PlistDictionary {
  return {
    ...identity(profile),
    PayloadOrganization: profile.organisation,
    PayloadRemovalDisallowed: false,
    HasRemovalPasscode: false,
    IsEncrypted: false,
    ...managed(phone, true),
    SignerCertificates: [Buffer.from(rootCertificate, "base64")],
    PayloadContent: profile.payloads.map(head),
  };
}

function item(phone: PhoneCore, profile: InstalledProfile): PlistDictionary {
  return {
    ...identity(profile),
    ...texts(profile),
    PayloadRemovalDisallowed: profile.removalDisallowed,
    HasRemovalPasscode: profile.hasRemovalPasscode,
    IsEncrypted: false,
    ...managed(phone, profile.managed),
    SignerCertificates: profile.signer === null ? [] : [Buffer.from(profile.signer, "base64")],
    PayloadContent: profile.payloads.map((payload) => ({ ...head(payload), ...texts(payload) })),
  };
}

/** A supervised phone doesn't say: there the server may remove and replace every profile (Apple, "Profile List"). */
function managed(phone: PhoneCore, isManaged: boolean): PlistDictionary {
  return phone.supervised ? {} : { IsManaged: isManaged };
}

type Named = EnrollmentRecord["profile"]["payloads"][number];

function identity(payload: Named): PlistDictionary {
  return {
    PayloadVersion: payload.version,
    PayloadIdentifier: payload.identifier,
    PayloadUUID: payload.uuid,
    PayloadDisplayName: payload.displayName,
  };
}

function head(payload: Named): PlistDictionary {
  return { PayloadType: payload.type, ...identity(payload) };
}

function texts(payload: { organisation: string | null; description: string | null }): PlistDictionary {
  return {
    ...(payload.organisation === null ? {} : { PayloadOrganization: payload.organisation }),
    ...(payload.description === null ? {} : { PayloadDescription: payload.description }),
  };
}
