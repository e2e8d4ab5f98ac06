/** Tokens that let phones enrol: the secret part of an enrolment link. */
import { createHash } from "node:crypto";
import { PippinError } from "../../shared/errors.ts";
import type { ServerContext } from "../context.ts";
import type { EnrollmentKind, EnrollmentTokenRecord } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";

export const enrollmentPath = "/enroll";
const minuteMs = 60 * 1000;
const dayMs = 24 * 60 * minuteMs;
export const tokenLifetimeMs = { min: minuteMs, max: 90 * dayMs, default: 7 * dayMs };
export const tokenUses = { min: 1, max: 10_000, default: 1 };
const tokenForm = /^[\w-]{43}$/;

export interface EnrollmentTokenRequest {
  readonly kind: EnrollmentKind;
  /** Whose phone enrols; null for a phone without a user. */
  readonly userId: string | null;
  /** One minute to 90 days; default 7 days. */
  readonly expiresInMs?: number;
  /** Phones that may enrol with it: 1 to 10,000; default 1. */
  readonly uses?: number;
}

export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function within(value: number, range: { min: number; max: number }, what: string): number {
  if (!Number.isSafeInteger(value) || value < range.min || value > range.max) {
    throw new PippinError("invalid_request", `Expected ${what} from ${range.min} to ${range.max}.`);
  }
  return value;
}

/** Makes a token. It is in the answer and nowhere else: the store keeps its hash. Throws invalid_request, not_found (user). */
export async function createEnrollmentToken(
  tx: Transaction,
  context: ServerContext,
  request: EnrollmentTokenRequest,
): Promise<{ record: EnrollmentTokenRecord; token: string; path: string }> {
  const { world } = context;
  const expiresInMs = within(request.expiresInMs ?? tokenLifetimeMs.default, tokenLifetimeMs, "expiresInMs");
  const uses = within(request.uses ?? tokenUses.default, tokenUses, "uses");
  if (request.userId !== null && (await tx.get("users", request.userId)) === undefined) {
    throw new PippinError("not_found", "There is no such user.");
  }
  const token = world.randomBytes(32).toString("base64url");
  const now = world.now();
  const record: EnrollmentTokenRecord = {
    id: world.uuid(),
    tokenHash: hashToken(token),
    kind: request.kind,
    userId: request.userId,
    createdAt: now,
    expiresAt: now + expiresInMs,
    usesLeft: uses,
  };
  await tx.put("enrollmentTokens", record);
  return { record, token, path: `${enrollmentPath}/${token}` };
}

/** Throws enrollment_token_invalid, enrollment_token_expired. Whether a use is left is not asked here. */
export async function findEnrollmentToken(
  reader: Reader,
  token: string,
  now: number,
): Promise<EnrollmentTokenRecord> {
  const [record] = tokenForm.test(token)
    ? await reader.list("enrollmentTokens", { index: "byHash", partition: hashToken(token), limit: 1 })
    : [];
  if (record === undefined) {
    throw new PippinError("enrollment_token_invalid", "This enrolment link is not known. Ask for a new one.");
  }
  if (record.expiresAt <= now) {
    throw new PippinError("enrollment_token_expired", "This enrolment link has expired. Ask for a new one.");
  }
  return record;
}
