/** Who is calling? A phone proves it by signing the server's nonce with the key of its identity certificate. */
import { readIssuedCertificate, verifyWithKey } from "../../shared/certificates.ts";
import { Proof, proofBytesMax, proofMessage } from "../../shared/channel.ts";
import { PippinError } from "../../shared/errors.ts";
import { decodePlist, type PlistFormat } from "../../shared/plist.ts";
import type { ServerContext } from "../context.ts";
import type { ProvenIdentity } from "./session.ts";

const proofLimits = { bytesMax: proofBytesMax, depthMax: 4, objectsMax: 64 };

export interface ProofQuestion {
  readonly nonce: Uint8Array;
  readonly audience: string;
  readonly authority: { readonly certificatePem: string };
  readonly format: PlistFormat;
}

export type ProofVerdict =
  | { readonly outcome: "proven"; readonly identity: ProvenIdentity; readonly udid: string | null }
  /** The proof is wrong. */
  | { readonly outcome: "refused"; readonly reason: string }
  /** The proof is right, and the server doesn't manage this phone (any more). */
  | { readonly outcome: "unknown"; readonly reason: string };

const refused = (reason: string): ProofVerdict => ({ outcome: "refused", reason });

/** Undefined for what came from outside and can't be read; a mistake of our own is thrown on. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PippinError) return undefined;
    throw error;
  }
}

/** Judges one answer to one challenge. Throws only what the store throws. */
export async function judgeProof(
  context: ServerContext,
  question: ProofQuestion,
  answer: Buffer,
): Promise<ProofVerdict> {
  if (answer.length > proofBytesMax) return refused("proof too long");
  const message = readable(() => decodePlist(answer, question.format, proofLimits));
  const proof = Proof.safeParse(message);
  if (!proof.success) return refused("expected a Proof");
  const { Certificate: der, Signature: signature } = proof.data;
  const facts = readable(() => readIssuedCertificate(der, question.authority, context.world.now()));
  if (facts === undefined) return refused("certificate unreadable");
  if (typeof facts === "string") return refused(`certificate ${facts}`);
  const signed = proofMessage(question.nonce, question.audience);
  if (!verifyWithKey(signed, signature, facts.publicKey)) return refused("signature wrong");

  // Only now, so that nobody learns who is enrolled by showing somebody else's certificate.
  const { record, device } = await context.store.read(async (reader) => {
    const record = await reader.get("identities", facts.fingerprint);
    const udid = record?.udid;
    return { record, device: udid ? await reader.get("devices", udid) : undefined };
  });
  if (record === undefined) return { outcome: "unknown", reason: "identity not known" };
  const isCurrent = device !== undefined && device.identity === record.id && device.state !== "unenrolled";
  if (record.udid !== null && !isCurrent) return { outcome: "unknown", reason: "not enrolled any more" };
  // Revoked while the enrolment stands: that may be taken back, so the phone is not told to enrol again.
  if (record.revokedAt !== null) return refused("identity revoked");
  const identity = { id: record.id, commonName: facts.commonName };
  return { outcome: "proven", identity, udid: record.udid };
}
