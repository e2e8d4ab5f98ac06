/** X.509 and CMS: node-forge builds the ASN.1, the platform's own crypto makes keys and signatures. */
import { createHash, type KeyObject, type X509Certificate } from "node:crypto";
import forge from "node-forge";
import {
  attempt,
  bitString,
  certificateBytesMax,
  contentOf,
  encodeDer,
  isOid,
  malformed,
  nothing,
  oid,
  oids,
  parseDer,
  parts,
  sequence,
  textOf,
  type Asn1,
} from "./der.ts";
import { cached } from "./cached.ts";
import {
  certificateFromBytes,
  checkedRsa,
  derToPem,
  publicKeyOf,
  publicKeyPemOf,
  signBytes,
  trustedCertificateOf,
  verifyBytes,
} from "./rsa.ts";
import type { KeyPair } from "./world.ts";

export { certificateBytesMax } from "./der.ts";
export { cmsBytesMax, signCms, verifyCms } from "./cms.ts";
export { derToPem, pemToDer, publicKeyOf, signBytes, verifyBytes, verifyWithKey } from "./rsa.ts";

export interface Authority {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
export interface CertificateFacts {
  /** SHA-256 of the DER, hex, lower case. */
  readonly fingerprint: string;
  /** Hex, lower case. */
  readonly serial: string;
  readonly commonName: string;
  readonly issuerCommonName: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** PEM. */
  readonly publicKeyPem: string;
}

/** RFC 5280's upper bounds. */
const nameLengthMax = 64;
const serialBytesMax = 20;
const forgeKeysMax = 32;

/**
 * A self-signed CA certificate with its key. It may sign certificates and, for profiles, messages. Times are milliseconds since
 * 1970, kept in whole seconds.
 */
export function createAuthority(options: {
  commonName: string;
  organisation: string;
  keys: KeyPair;
  serial: Uint8Array;
  notBefore: number;
  notAfter: number;
}): Authority {
  const { keys } = options;
  const name = [field("commonName", options.commonName), field("organizationName", options.organisation)];
  const certificate = draft({ ...options, publicKeyPem: keys.publicKeyPem, subject: name, issuer: name });
  certificate.setExtensions([
    { name: "basicConstraints", critical: true, cA: true },
    { name: "keyUsage", critical: true, digitalSignature: true, keyCertSign: true, cRLSign: true },
    { name: "subjectKeyIdentifier" },
  ]);
  const der = signedDer(forge.pki.certificateToAsn1(certificate), keys.privateKeyPem);
  return { certificatePem: derToPem(der, "CERTIFICATE"), privateKeyPem: keys.privateKeyPem };
}

/** A PKCS#10 request in DER, signed with the key it asks for. */
export function createSigningRequest(options: { commonName: string; keys: KeyPair }): Buffer {
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forgeKey(options.keys.publicKeyPem);
  request.setSubject([field("commonName", options.commonName)]);
  request.signatureOid = oids.sha256WithRsa;
  request.signature = "";
  return signedDer(forge.pki.certificationRequestToAsn1(request), options.keys.privateKeyPem);
}

/**
 * Checks a PKCS#10 request's own signature and tells what it asks for. `publicKeyHash` is the SHA-256 of the
 * SubjectPublicKeyInfo, hex. Throws PippinError `malformed_certificate`, also for keys that aren't RSA of 2048 to 4096 bits.
 */
export function readSigningRequest(der: Uint8Array): {
  commonName: string;
  publicKeyPem: string;
  publicKeyHash: string;
} {
  const [info, algorithm, signature] = parts(parseDer(der, certificateBytesMax), "SEQUENCE");
  const [, subject, publicKeyInfo] = parts(info, "SEQUENCE");
  if (!info || !publicKeyInfo) throw malformed("A signing request must have a subject and a public key.");
  if (!algorithm || !encodeDer(algorithm).equals(encodeDer(sequence(oid(oids.sha256WithRsa), nothing()))))
    throw malformed("A signing request must be signed by RSA with SHA-256.");
  const publicKeyDer = encodeDer(publicKeyInfo);
  // As the key's own export writes it, in a tenth of the time; the certificate is made from the same text.
  const publicKeyPem = derToPem(publicKeyDer, "PUBLIC KEY");
  if (!verifyBytes(encodeDer(info), contentOf(signature, "BITSTRING"), publicKeyPem))
    throw malformed("A signing request must be signed with the key it asks for.");
  return {
    commonName: commonNameOf(subject),
    publicKeyPem,
    publicKeyHash: createHash("sha256").update(publicKeyDer).digest("hex"),
  };
}

/**
 * An end-entity certificate in DER: for digital signatures, as a client. Times are milliseconds since 1970, kept in whole seconds.
 * Throws PippinError `malformed_certificate` for keys that aren't RSA of 2048 to 4096 bits.
 */
export function issueCertificate(options: {
  authority: Authority;
  commonName: string;
  publicKeyPem: string;
  serial: Uint8Array;
  notBefore: number;
  notAfter: number;
}): Buffer {
  const issuer = issuerOf(options.authority.certificatePem);
  const certificate = draft({
    ...options,
    subject: [field("commonName", options.commonName)],
    issuer: issuer.name,
  });
  certificate.setExtensions([
    { name: "basicConstraints", critical: true, cA: false },
    { name: "keyUsage", critical: true, digitalSignature: true },
    { name: "extKeyUsage", clientAuth: true },
    { name: "subjectKeyIdentifier" },
    { name: "authorityKeyIdentifier", keyIdentifier: issuer.keyIdentifier },
  ]);
  return signedDer(forge.pki.certificateToAsn1(certificate), options.authority.privateKeyPem);
}

/** Throws PippinError `malformed_certificate`. Says nothing about trust: `verifyIssuedBy` does. */
export function readCertificate(der: Uint8Array): CertificateFacts {
  return factsOf(certificateFromDer(der));
}

/** SHA-256 of the DER, hex, lower case. */
export function fingerprintOf(der: Uint8Array): string {
  return createHash("sha256").update(der).digest("hex");
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  const names = namesOf(certificate);
  return {
    fingerprint: fingerprintOf(certificate.raw),
    serial: certificate.serialNumber.toLowerCase(),
    commonName: onlyName(names.subject),
    issuerCommonName: onlyName(names.issuer),
    ...validityOf(certificate),
    publicKeyPem: publicKeyPemOf(publicKeyOfCertificate(certificate)),
  };
}

export type Trust = "valid" | "untrusted" | "expired" | "not-yet-valid";

/**
 * Whether the authority signed it and both are valid at `now` (milliseconds since 1970). Only a CA certificate counts as an
 * authority: what an end-entity certificate signed is untrusted. Throws PippinError `malformed_certificate` when either can't be
 * read.
 */
export function verifyIssuedBy(der: Uint8Array, authority: { certificatePem: string }, now: number): Trust {
  return trustIn(certificateFromDer(der), authority, now);
}

/**
 * What `verifyIssuedBy` says and, of a certificate that is valid, who holds it, for the price of reading it once. Throws as
 * `readCertificate` does.
 */
export function readIssuedCertificate(
  der: Uint8Array,
  authority: { certificatePem: string },
  now: number,
): { fingerprint: string; commonName: string; publicKey: KeyObject } | Exclude<Trust, "valid"> {
  const certificate = certificateFromDer(der);
  const trust = trustIn(certificate, authority, now);
  if (trust !== "valid") return trust;
  return {
    fingerprint: fingerprintOf(certificate.raw),
    commonName: onlyName(namesOf(certificate).subject),
    publicKey: publicKeyOfCertificate(certificate),
  };
}

function trustIn(certificate: X509Certificate, authority: { certificatePem: string }, now: number): Trust {
  const issuer = trustedCertificateOf(authority.certificatePem);
  const isIssued = issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  if (!isIssued) return "untrusted";
  const periods = [validityOf(certificate), validityOf(issuer)];
  if (periods.some(({ notBefore }) => now < notBefore)) return "not-yet-valid";
  // The last second counts to its end.
  return periods.some(({ notAfter }) => now >= notAfter + 1000) ? "expired" : "valid";
}

function certificateFromDer(der: Uint8Array): X509Certificate {
  if (der.length > certificateBytesMax)
    throw malformed(`A certificate takes at most ${certificateBytesMax} bytes here.`);
  const certificate = attempt("a certificate in DER", () => certificateFromBytes(der));
  // OpenSSL takes PEM too, and passes over what follows.
  if (!certificate.raw.equals(der)) throw malformed("Expected a certificate in DER and nothing else.");
  return certificate;
}

function namesOf(certificate: X509Certificate) {
  return attempt("a certificate with names", () => certificate.toLegacyObject());
}

function publicKeyOfCertificate(certificate: X509Certificate): KeyObject {
  return checkedRsa(attempt("a certificate with an RSA key", () => certificate.publicKey));
}

function validityOf(certificate: X509Certificate): { notBefore: number; notAfter: number } {
  const notBefore = Date.parse(certificate.validFrom);
  const notAfter = Date.parse(certificate.validTo);
  if (Number.isNaN(notBefore) || Number.isNaN(notAfter))
    throw malformed("A certificate must have a period of validity.");
  return { notBefore, notAfter };
}

/** The declarations don't say that a name of odd bytes is undefined here, and that two common names are an array. */
function onlyName(name: { CN?: unknown } | undefined): string {
  if (typeof name?.CN !== "string")
    throw malformed("A certificate must have one common name that is text, and its issuer too.");
  return name.CN;
}

function commonNameOf(subject: Asn1 | undefined): string {
  const fields = parts(subject, "SEQUENCE").flatMap((set) =>
    parts(set, "SET").map((entry) => parts(entry, "SEQUENCE")),
  );
  const names = fields.filter((entry) => isOid(entry[0], oids.commonName));
  const name = names.length === 1 ? textOf(names[0]?.[1]) : undefined;
  if (name === undefined || name === "" || name.length > nameLengthMax)
    throw malformed(`A signing request must have one common name of 1 to ${nameLengthMax} characters.`);
  return name;
}

function field(name: string, value: string): forge.pki.CertificateField {
  if (value === "" || value.length > nameLengthMax)
    throw malformed(`A name in a certificate must have 1 to ${nameLengthMax} characters.`);
  // forge's declarations take the tag of the value for a class.
  return { name, value, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class };
}

/** What an authority's certificate puts into those it issues. */
const issuerOf = cached((pem) => {
  const certificate = attempt("an authority's certificate", () => forge.pki.certificateFromPem(pem));
  return {
    // forge reads a UTF8String as bytes but takes text for writing.
    name: certificate.subject.attributes.map(({ name = "", value }) =>
      field(name, Buffer.from(String(value), "latin1").toString("utf8")),
    ),
    keyIdentifier: certificate.generateSubjectKeyIdentifier().getBytes(),
  };
});

function draft(options: {
  publicKeyPem: string;
  serial: Uint8Array;
  notBefore: number;
  notAfter: number;
  subject: forge.pki.CertificateField[];
  issuer: forge.pki.CertificateField[];
}): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forgeKey(options.publicKeyPem);
  certificate.serialNumber = serialHex(options.serial);
  certificate.validity.notBefore = new Date(options.notBefore);
  certificate.validity.notAfter = new Date(options.notAfter);
  certificate.setSubject(options.subject);
  certificate.setIssuer(options.issuer);
  certificate.signatureOid = certificate.siginfo.algorithmOid = oids.sha256WithRsa;
  certificate.signature = "";
  return certificate;
}

/** A fleet's phones may come with keys from a small pool. */
const forgeKey = cached((publicKeyPem) => {
  publicKeyOf(publicKeyPem); // refuses keys that we don't take
  return attempt("a public key in PEM", () => forge.pki.publicKeyFromPem(publicKeyPem));
}, forgeKeysMax);

/** As few bytes as a positive INTEGER needs. */
function serialHex(serial: Uint8Array): string {
  const digits = Buffer.from(serial)
    .toString("hex")
    .replace(/^(?:00)+/, "");
  const hex = /^[89a-f]/.test(digits) ? `00${digits}` : digits;
  if (hex === "" || hex.length > 2 * serialBytesMax)
    throw malformed(`A serial number must be positive and take at most ${serialBytesMax} bytes.`);
  return hex;
}

/** Signs the first part of an unsigned certificate or request and puts the signature in its last. */
function signedDer(unsigned: Asn1, privateKeyPem: string): Buffer {
  const [body, algorithm] = parts(unsigned, "SEQUENCE");
  if (!body || !algorithm) throw new Error("node-forge made an unsigned structure without its parts");
  unsigned.value = [body, algorithm, bitString(signBytes(encodeDer(body), privateKeyPem))];
  return encodeDer(unsigned);
}
