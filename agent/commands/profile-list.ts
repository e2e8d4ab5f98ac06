import { ProfileList } from "../../shared/commands.ts";
import { accessRights, commandHandler, type Report } from "./handler.ts";

/** Lists the one profile there is: the one that brought the phone under management. */
export const profileList = commandHandler({
  schema: ProfileList,
  right: accessRights.seeProfiles,
  waitsForUnlock: false,
  perform(phone): Report {
    const { enrollment } = phone.store.state;
    if (!enrollment) return { Status: "Acknowledged", ProfileList: [] };
    const { profile } = enrollment;
    return {
      Status: "Acknowledged",
      ProfileList: [
        {
          PayloadUUID: profile.uuid,
          PayloadIdentifier: profile.identifier,
          PayloadVersion: profile.version,
          PayloadDisplayName: profile.displayName,
          PayloadOrganization: profile.organisation,
          PayloadRemovalDisallowed: false,
          HasRemovalPasscode: false,
          IsEncrypted: false,
          IsManaged: true,
          SignerCertificates: [Buffer.from(enrollment.rootCertificate, "base64")],
          PayloadContent: profile.payloads.map((payload) => ({
            PayloadType: payload.type,
            PayloadVersion: payload.version,
            PayloadIdentifier: payload.identifier,
            PayloadUUID: payload.uuid,
            PayloadDisplayName: payload.displayName,
          })),
        },
      ],
    };
  },
});
