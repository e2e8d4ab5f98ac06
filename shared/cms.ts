/** Signed messages (CMS SignedData, RFC 5652) with their content inside: how an enrolment profile travels. */
import { createHash } from "node:crypto";
import {
  attempt,
  contentOf,
  encodeDer,
  integer,
  isOid,
  malformed,
  nothing,
  octets,
  oid,
  oids,
  parseDer,
  parts,
  sequence,
  setOf,
  tagged,
  taggedParts,
  time,
  type Asn1,
} from "./der.ts";
import { certificateFromBytes, pemToDer, signBytes, verifyWithKey } from "./rsa.ts";

/** A profile is some 10 KB; one that carries certificates and pictures is larger. */
export const cmsBytesMax = 256 * 1024;
const certificatesMax = 8;

interface Signer {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * Signs `content` and wraps it together with the signer's certificate: SHA-256, RSASSA-PKCS1-v1_5, and the signed attributes
 * contentType, messageDigest and signingTime. The same arguments give the same bytes.
 *
 * @param signingTime milliseconds since 1970; written in whole seconds
 */
export function signCms(content: Uint8Array, signer: Signer, signingTime: number): Buffer {
  const certificate = parseDer(pemToDer(signer.certificatePem), cmsBytesMax);
  const attributes = [
    attribute(oids.contentType, oid(oids.cmsData)),
    attribute(oids.messageDigest, octets(sha256(content))),
    attribute(oids.signingTime, time(signingTime)),
  ].sort((a, b) => Buffer.compare(encodeDer(a), encodeDer(b))); // the order of a SET OF in DER
  const signature = signBytes(encodeDer(setOf(...attributes)), signer.privateKeyPem);
  const { issuer, serial } = issuerAndSerial(certificate);
  const signedData = sequence(
    integer(1),
    setOf(sequence(oid(oids.sha256), nothing())),
    sequence(oid(oids.cmsData), tagged(0, octets(content))),
    tagged(0, certificate),
    setOf(
      sequence(
        integer(1),
        sequence(issuer, serial),
        sequence(oid(oids.sha256), nothing()),
        tagged(0, ...attributes),
        sequence(oid(oids.rsaEncryption), nothing()),
        octets(signature),
      ),
    ),
  );
  return encodeDer(sequence(oid(oids.cmsSignedData), tagged(0, signedData)));
}

/**
 * Opens a signed message of one signer and checks the digest and the signature. Whether the signer is to be trusted is the
 * caller's to check, by `verifyIssuedBy` or by comparing certificates. Throws PippinError `malformed_certificate` when it can't be
 * read or was tampered with.
 */
export function verifyCms(der: Uint8Array): { content: Buffer; signerCertificate: Buffer } {
  const outer = parts(parseDer(der, cmsBytesMax), "SEQUENCE");
  if (!isOid(outer[0], oids.cmsSignedData)) throw malformed("Expected a signed message (CMS SignedData).");
  const [, , encapsulated, ...rest] = parts(taggedParts(outer[1], 0)?.[0], "SEQUENCE");
  const [contentType, wrapped] = parts(encapsulated, "SEQUENCE");
  if (!isOid(contentType, oids.cmsData)) throw malformed("A signed message must hold plain data.");
  const content = contentOf(taggedParts(wrapped, 0)?.[0], "OCTETSTRING");

  const certificates = taggedParts(rest[0], 0) ?? [];
  if (certificates.length > certificatesMax)
    throw malformed(`A signed message carries at most ${certificatesMax} certificates.`);
  const signers = parts(rest.at(-1), "SET");
  if (signers.length !== 1) throw malformed("A signed message must have exactly one signer.");
  const [, signerId, digestAlgorithm, signedAttributes, signatureAlgorithm, signature] = parts(
    signers[0],
    "SEQUENCE",
  );

  const certificate = certificates.find((candidate) => isSigner(candidate, signerId));
  if (!certificate) throw malformed("A signed message must carry its signer's certificate.");
  if (!isOid(parts(digestAlgorithm, "SEQUENCE")[0], oids.sha256))
    throw malformed("The digest must be SHA-256.");
  const algorithm = parts(signatureAlgorithm, "SEQUENCE")[0];
  if (!isOid(algorithm, oids.rsaEncryption) && !isOid(algorithm, oids.sha256WithRsa))
    throw malformed("The signature must be RSA.");

  const attributes = taggedParts(signedAttributes, 0);
  if (!attributes) throw malformed("A signed message must have signed attributes.");
  const isData = isOid(attributeValue(attributes, oids.contentType), oids.cmsData);
  const digest = contentOf(attributeValue(attributes, oids.messageDigest), "OCTETSTRING");
  if (!isData || !digest.equals(sha256(content)))
    throw malformed("The signed digest isn't that of the content.");

  const signerCertificate = encodeDer(certificate);
  const key = attempt(
    "a signer's certificate with an RSA key",
    () => certificateFromBytes(signerCertificate).publicKey,
  );
  // What is signed is the SET itself, not the [0] it travels as (RFC 5652, 5.4).
  const isGenuine = verifyWithKey(encodeDer(setOf(...attributes)), contentOf(signature, "OCTETSTRING"), key);
  if (!isGenuine) throw malformed("The signature isn't the signer's.");
  return { content, signerCertificate };
}

function attribute(name: string, value: Asn1): Asn1 {
  return sequence(oid(name), setOf(value));
}

/** The only value of the only attribute by that name. */
function attributeValue(attributes: Asn1[], name: string): Asn1 {
  const found = attributes.map((entry) => parts(entry, "SEQUENCE")).filter((entry) => isOid(entry[0], name));
  const values = found.length === 1 ? parts(found[0]?.[1], "SET") : [];
  if (values.length !== 1 || !values[0])
    throw malformed("A signed message must have each signed attribute once, with one value.");
  return values[0];
}

function isSigner(certificate: Asn1, signerId: Asn1 | undefined): boolean {
  const { issuer, serial } = issuerAndSerial(certificate);
  return signerId !== undefined && encodeDer(sequence(issuer, serial)).equals(encodeDer(signerId));
}

function issuerAndSerial(certificate: Asn1): { issuer: Asn1; serial: Asn1 } {
  const fields = parts(parts(certificate, "SEQUENCE")[0], "SEQUENCE");
  // Version 1 leaves its number out.
  const first = taggedParts(fields[0], 0) ? 1 : 0;
  const [serial, issuer] = [fields[first], fields[first + 2]];
  if (!serial || !issuer) throw malformed("A certificate must have a serial number and an issuer.");
  return { issuer, serial };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
