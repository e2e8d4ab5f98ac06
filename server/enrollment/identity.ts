/** Issues identity certificates to phones that enrol. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { fingerprintOf, issueCertificate, readSigningRequest } from "../../shared/certificates.ts";
import { PippinError } from "../../shared/errors.ts";
import type { ServerContext } from "../context.ts";
import { transact } from "../outbox.ts";
import type { EnrollmentTokenRecord, IdentityRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { serialFrom, type DeviceAuthority } from "./authority.ts";
import { findEnrollmentToken } from "./enrollment-token.ts";

const lifetimeMs = 365 * 24 * 60 * 60 * 1000;
/** Apple's are 25 or 40 characters; a lab may name its phones otherwise. */
const udidForm = /^[A-Za-z0-9-]{8,64}$/;

/** The challenge of a token's profile: made from the token's id, so that none is stored. */
export function enrollmentChallenge(authority: DeviceAuthority, tokenId: string): string {
  return createHmac("sha256", authority.challengeKey)
    .update(`enrolment challenge ${tokenId}`)
    .digest("base64url");
}

function requireChallenge(given: string, authority: DeviceAuthority, tokenId: string): void {
  const expected = Buffer.from(enrollmentChallenge(authority, tokenId));
  const bytes = Buffer.from(given);
  if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) {
    throw new PippinError(
      "unauthorized",
      "Expected the Challenge of the enrolment profile as a bearer token.",
    );
  }
}

async function findIssued(reader: Reader, request: string, now: number): Promise<IdentityRecord | undefined> {
  const [newest] = await reader.list("identities", {
    index: "byRequest",
    partition: request,
    order: "descending",
    limit: 1,
  });
  return newest !== undefined && newest.revokedAt === null && newest.expiresAt > now ? newest : undefined;
}

function requireUse(token: EnrollmentTokenRecord): void {
  if (token.usesLeft < 1) {
    throw new PippinError(
      "enrollment_token_invalid",
      "This enrolment link has been used. Ask for a new one.",
    );
  }
}

/**
 * Issues the certificate that a phone asks for; its common name is the phone's UDID. A phone that asks again with the same key,
 * because the answer was lost, gets the same certificate, and the token has no use less for it.
 *
 * Throws enrollment_token_invalid, enrollment_token_expired, unauthorized (challenge), malformed_certificate, invalid_request.
 */
export async function issueIdentity(
  context: ServerContext,
  authority: DeviceAuthority,
  input: { token: string; challenge: string; signingRequest: Uint8Array },
): Promise<Buffer> {
  const { world, store } = context;
  const now = world.now();
  const token = await store.read((reader) => findEnrollmentToken(reader, input.token, now));
  requireChallenge(input.challenge, authority, token.id);
  const { commonName, publicKeyPem, publicKeyHash } = readSigningRequest(input.signingRequest);
  if (!udidForm.test(commonName)) {
    throw new PippinError(
      "invalid_request",
      "Expected the phone's UDID as common name: 8 to 64 letters, digits and hyphens.",
    );
  }
  // A fleet may share keys among phones, so the key alone doesn't say who asks.
  const request = `${token.id} ${commonName} ${publicKeyHash}`;
  const sign = (identity: Pick<IdentityRecord, "serial" | "issuedAt" | "expiresAt">) =>
    issueCertificate({
      authority,
      commonName,
      publicKeyPem,
      serial: Buffer.from(identity.serial, "hex"),
      notBefore: identity.issuedAt,
      notAfter: identity.expiresAt,
    });

  const earlier = await store.read((reader) => findIssued(reader, request, now));
  // The signature has no chance in it: from the same facts comes the same certificate.
  if (earlier !== undefined) return sign(earlier);

  requireUse(token);
  const facts = {
    serial: serialFrom(world.randomBytes(16)).toString("hex"),
    issuedAt: now,
    expiresAt: now + lifetimeMs,
  };
  const certificate = sign(facts);
  const id = fingerprintOf(certificate);
  const issued = await transact(context, async (tx, outbox) => {
    const current = await findEnrollmentToken(tx, input.token, now);
    // The same phone may have asked twice at once.
    const other = await findIssued(tx, request, now);
    if (other !== undefined) return other;
    requireUse(current);
    await tx.put("enrollmentTokens", { ...current, usesLeft: current.usesLeft - 1 });
    const identity: IdentityRecord = {
      id,
      ...facts,
      enrollmentTokenId: current.id,
      request,
      kind: current.kind,
      userId: current.userId,
      udid: null,
      revokedAt: null,
    };
    await tx.put("identities", identity);
    outbox.record("enrollment.started", {
      udid: commonName,
      kind: identity.kind,
      ...(identity.userId === null ? {} : { userId: identity.userId }),
      enrollmentTokenId: current.id,
    });
    return identity;
  });
  return issued.id === id ? certificate : sign(issued);
}
