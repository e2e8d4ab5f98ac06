import { readCertificate } from "../../shared/certificates.ts";
import { CertificateList } from "../../shared/commands.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { accessRights, acknowledged, commandHandler, type Report } from "./handler.ts";

/** Lists the phone's identity, the authority that gave it, and what configuration profiles brought. */
export const certificateList = commandHandler({
  schema: CertificateList,
  right: accessRights.seeProfiles,
  perform(phone): Report {
    const { enrollment, profiles } = phone.store.state;
    const identities = enrollment ? [enrollment.certificate] : [];
    const others = enrollment ? [enrollment.rootCertificate] : [];
    for (const profile of profiles) others.push(...profile.certificates);
    return acknowledged({
      CertificateList: [
        ...identities.map((certificate) => item(certificate, true)),
        ...[...new Set(others)].map((certificate) => item(certificate, false)),
      ],
    });
  },
});

function item(base64: string, isIdentity: boolean): PlistDictionary {
  const der = Buffer.from(base64, "base64");
  return { CommonName: readCertificate(der).commonName, IsIdentity: isIdentity, Data: der };
}
