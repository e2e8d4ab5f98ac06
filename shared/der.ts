/** ASN.1 in its distinguished encoding, by node-forge, with the strictness that bytes from strangers need. */
import forge from "node-forge";
import { PippinError } from "./errors.ts";

const { asn1 } = forge;
export type Asn1 = forge.asn1.Asn1;

export const certificateBytesMax = 64 * 1024;
const depthMax = 32;

export const oids = {
  sha256: "2.16.840.1.101.3.4.2.1",
  rsaEncryption: "1.2.840.113549.1.1.1",
  sha256WithRsa: "1.2.840.113549.1.1.11",
  cmsData: "1.2.840.113549.1.7.1",
  cmsSignedData: "1.2.840.113549.1.7.2",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  commonName: "2.5.4.3",
} as const;

export function malformed(sentence: string, cause?: unknown): PippinError {
  return new PippinError("malformed_certificate", sentence, { cause });
}

export function encodeDer(node: Asn1): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), "latin1");
}

/**
 * Reads bytes that are one DER value and nothing else. What doesn't come out the same when written again isn't DER: a signature
 * over it could be read in two ways. Throws PippinError `malformed_certificate`.
 */
export function parseDer(bytes: Uint8Array, bytesMax: number): Asn1 {
  if (bytes.length > bytesMax)
    throw malformed(`Certificates and the like take at most ${bytesMax} bytes here.`);
  // The type declarations know the second argument as a boolean only.
  const options = { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth: depthMax };
  const { node, again } = attempt("one ASN.1 value in DER", () => {
    const read = asn1.fromDer(Buffer.from(bytes).toString("latin1"), options as unknown as boolean);
    return { node: read, again: encodeDer(read) };
  });
  if (!again.equals(bytes)) throw malformed("Expected one ASN.1 value in DER.");
  return node;
}

/** For one call into a library that throws errors of many kinds at bytes it can't read. */
export function attempt<T>(expected: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw malformed(`Expected ${expected}.`, error);
  }
}

export const sequence = (...parts: Asn1[]) => universal(asn1.Type.SEQUENCE, parts);
export const setOf = (...parts: Asn1[]) => universal(asn1.Type.SET, parts);
export const octets = (bytes: Uint8Array) =>
  universal(asn1.Type.OCTETSTRING, Buffer.from(bytes).toString("latin1"));
export const integer = (value: number) => universal(asn1.Type.INTEGER, asn1.integerToDer(value).getBytes());
export const oid = (name: string) => universal(asn1.Type.OID, asn1.oidToDer(name).getBytes());
export const nothing = () => universal(asn1.Type.NULL, "");
/** `[number]`, constructed: a wrapper (EXPLICIT) or a SET or SEQUENCE by another tag (IMPLICIT). */
export const tagged = (number: number, ...parts: Asn1[]) =>
  asn1.create(asn1.Class.CONTEXT_SPECIFIC, number, true, parts);

export function bitString(bytes: Uint8Array): Asn1 {
  return universal(asn1.Type.BITSTRING, `\0${Buffer.from(bytes).toString("latin1")}`);
}

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280, 4.1.2.5). */
export function time(atMs: number): Asn1 {
  const date = new Date(atMs);
  return date.getUTCFullYear() < 2050
    ? universal(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : universal(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

function universal(type: forge.asn1.Type, value: string | Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, typeof value !== "string", value);
}

type Kind = "SEQUENCE" | "SET" | "OID" | "OCTETSTRING" | "BITSTRING" | "INTEGER";

function isKind(node: Asn1, kind: Kind): boolean {
  return node.tagClass === asn1.Class.UNIVERSAL && node.type === asn1.Type[kind];
}

/** The parts of a SEQUENCE or SET. */
export function parts(node: Asn1 | undefined, kind: "SEQUENCE" | "SET"): Asn1[] {
  if (!node || !isKind(node, kind) || typeof node.value === "string")
    throw malformed(`The ASN.1 value must have a ${kind} where its kind has one.`);
  return node.value;
}

/** The parts of `[number]`, or undefined when the node is something else. */
export function taggedParts(node: Asn1 | undefined, number: number): Asn1[] | undefined {
  const isIt = node?.tagClass === asn1.Class.CONTEXT_SPECIFIC && Number(node.type) === number;
  return isIt && typeof node.value !== "string" ? node.value : undefined;
}

/** The bytes of an OCTET STRING, INTEGER or BIT STRING (of whole bytes). */
export function contentOf(node: Asn1 | undefined, kind: "OCTETSTRING" | "INTEGER" | "BITSTRING"): Buffer {
  if (!node || !isKind(node, kind) || typeof node.value !== "string")
    throw malformed(`The ASN.1 value must have a ${kind} where its kind has one.`);
  const bytes = Buffer.from(node.value, "latin1");
  if (kind !== "BITSTRING") return bytes;
  if (bytes[0] !== 0) throw malformed("A BIT STRING must hold whole bytes here.");
  return bytes.subarray(1);
}

export function isOid(node: Asn1 | undefined, name: string): boolean {
  return node !== undefined && isKind(node, "OID") && node.value === asn1.oidToDer(name).getBytes();
}

/** The text of a UTF8String, PrintableString or IA5String; undefined for others. */
export function textOf(node: Asn1 | undefined): string | undefined {
  if (!node || node.tagClass !== asn1.Class.UNIVERSAL || typeof node.value !== "string") return undefined;
  if (node.type === asn1.Type.UTF8) return Buffer.from(node.value, "latin1").toString("utf8");
  return node.type === asn1.Type.PRINTABLESTRING || node.type === asn1.Type.IA5STRING
    ? node.value
    : undefined;
}
