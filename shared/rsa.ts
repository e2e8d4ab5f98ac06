/** RSA keys and signatures by the platform, synchronous: the thread pool would finish in any order. */
import {
  X509Certificate,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { cached } from "./cached.ts";
import { attempt, malformed } from "./der.ts";

const bitsMin = 2048;
/** Verifying takes time by the square of it. */
const bitsMax = 4096;
/** Each comes once and is looked at there and then; with its key it takes two kilobytes. */
const receivedMax = 32;

// Reading a PEM takes as long as a signature, and the same few come again and again.
const privateKeyOf = cached((pem) =>
  checkedRsa(attempt("an RSA private key in PEM", () => createPrivateKey(pem))),
);
export const publicKeyOf = cached((pem) =>
  checkedRsa(attempt("an RSA public key in PEM", () => createPublicKey(pem))),
);
/** Of certificates that we trust; strangers' ones would drive them out. */
export const trustedCertificateOf = cached((pem) =>
  attempt("a certificate in PEM", () => new X509Certificate(pem)),
);

const receivedCertificateOf = cached(
  (base64) => new X509Certificate(Buffer.from(base64, "base64")),
  receivedMax,
);
/**
 * A certificate that somebody sent, in DER or what OpenSSL takes for it. Whoever gets one looks at it several times in a row: for its
 * names, its issuer, its key. Throws what OpenSSL throws.
 */
export function certificateFromBytes(bytes: Uint8Array): X509Certificate {
  return receivedCertificateOf(Buffer.from(bytes).toString("base64"));
}

/** RSASSA-PKCS1-v1_5 with SHA-256, synchronous. Throws PippinError `malformed_certificate` when the key isn't RSA of 2048 to 4096 bits. */
export function signBytes(message: Uint8Array, privateKeyPem: string): Buffer {
  return sign("sha256", message, privateKeyOf(privateKeyPem));
}

/** False when the signature isn't that key's over that message. Throws as `signBytes` does. */
export function verifyBytes(message: Uint8Array, signature: Uint8Array, publicKeyPem: string): boolean {
  return verifyWithKey(message, signature, publicKeyOf(publicKeyPem));
}

export function verifyWithKey(message: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  return verify("sha256", message, checkedRsa(key), signature);
}

export function publicKeyPemOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

export function checkedRsa(key: KeyObject): KeyObject {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  // With an exponent of 1 anybody could sign.
  if (
    key.asymmetricKeyType !== "rsa" ||
    modulusLength < bitsMin ||
    modulusLength > bitsMax ||
    publicExponent < 3n
  )
    throw malformed(`A key must be RSA of ${bitsMin} to ${bitsMax} bits.`);
  return key;
}

const pemPattern = /^\s*-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----\s*$/;

/** The bytes of the only block. Throws PippinError `malformed_certificate`. */
export function pemToDer(pem: string): Buffer {
  const body = pemPattern.exec(pem)?.[2]?.replace(/\s+/g, "") ?? "";
  const der = Buffer.from(body, "base64");
  if (der.length === 0 || der.toString("base64") !== body) throw malformed("Expected one PEM block.");
  return der;
}

/** `label` is what follows BEGIN, e.g. `CERTIFICATE`. */
export function derToPem(der: Uint8Array, label: string): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
