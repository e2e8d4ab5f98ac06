/** Bearer keys of the admin API. */
import { createHash } from "node:crypto";
import { PippinError } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";
import type { ServerContext } from "./context.ts";
import type { ApiKeyRecord, Role } from "./store/records.ts";
import type { Reader, Transaction } from "./store/store.ts";

const rank: Record<Role, number> = { "read-only": 0, operator: 1, admin: 2 };
const keysMax = 1_000;
/** `lastUsedAt` may be behind by so much: being exact would cost a write for every request. */
const lastUsedStepMs = 60 * 60_000;
/** How long the former secret may go on being used after a rotation, at most. */
export const rotationGraceMsMax = 7 * 24 * 60 * 60_000;
/** The one key whose secret is public; it lives under this id so that it can be found and shut off again. */
export const knownKeyId = "insecure-dev-key";

export function mayActAs(role: Role, needed: Role): boolean {
  return rank[role] >= rank[needed];
}

export interface NewApiKey {
  record: ApiKeyRecord;
  /** Shown once: only its hash is stored. */
  key: string;
}

/** Draws a key. It is apart from storing it because a transaction may run more than once. */
export function drawApiKey(
  world: World,
  input: { name: string; role: Role; expiresAt?: number | null },
): NewApiKey {
  const key = drawSecret(world);
  const record: ApiKeyRecord = {
    id: world.uuid().toLowerCase(),
    name: input.name,
    role: input.role,
    keyHash: hashApiKey(key),
    createdAt: world.now(),
    revokedAt: null,
    expiresAt: input.expiresAt ?? null,
    lastUsedAt: null,
    previous: null,
  };
  return { record, key };
}

function drawSecret(world: World): string {
  return `pk_${world.randomBytes(32).toString("base64url")}`;
}

/** Throws limit_exceeded. */
export async function storeApiKey(tx: Transaction, record: ApiKeyRecord): Promise<void> {
  if ((await tx.count("apiKeys", "all", "")) >= keysMax) {
    throw new PippinError("limit_exceeded", `At most ${keysMax} API keys are kept, revoked ones included.`);
  }
  await tx.put("apiKeys", record);
}

/** A key as whoever shows it may use it. */
export interface ApiKeyInUse {
  readonly record: ApiKeyRecord;
  /** Of the secret. */
  readonly keyHash: string;
  /** From then on (milliseconds since 1970) this secret is refused; null while nothing ends it. */
  readonly endsAt: number | null;
}

/**
 * The key's record, unless it is unknown, revoked, expired or rotated away.
 *
 * The look-up needs no constant time: it compares hashes of 256 random bits. Whoever times it learns at best some leading bits
 * of a hash, and can't make a key from those.
 */
export async function findApiKey(reader: Reader, key: string, now: number): Promise<ApiKeyInUse | undefined> {
  const keyHash = hashApiKey(key);
  const [record] = await reader.list("apiKeys", { index: "byHash", partition: keyHash, limit: 1 });
  return record && useOfKey(record, keyHash, now);
}

/** The key with that one of its secrets, unless it is revoked or expired, or the secret rotated away. */
export function useOfKey(record: ApiKeyRecord, keyHash: string, now: number): ApiKeyInUse | undefined {
  const { previous } = record;
  if (record.revokedAt !== null) return undefined;
  const isFormer = previous?.keyHash === keyHash;
  if (record.keyHash !== keyHash && !isFormer) return undefined;
  const graceEnd = record.keyHash === keyHash ? null : (previous?.until ?? null);
  const ends = [record.expiresAt, graceEnd].filter((end) => end !== null);
  const endsAt = ends.length === 0 ? null : Math.min(...ends);
  return endsAt !== null && endsAt <= now ? undefined : { record, keyHash, endsAt };
}

/** Throws not_found, or conflict for the last admin key. Revoking twice is the same as once. */
export async function revokeApiKey(tx: Transaction, id: string, now: number): Promise<void> {
  const record = await tx.get("apiKeys", id);
  if (!record) throw new PippinError("not_found", `There is no API key ${id}.`);
  if (record.revokedAt !== null) return;
  if (isLastingAdmin(record)) {
    const all = await tx.list("apiKeys", { index: "all", partition: "", limit: keysMax });
    if (!all.some((other) => other.id !== id && isLastingAdmin(other))) {
      throw new PippinError(
        "conflict",
        "This is the last admin key that doesn't expire: create another one before revoking it.",
      );
    }
  }
  await tx.put("apiKeys", { ...record, revokedAt: now, previous: null });
}

/** A key that keeps the house from being locked with nobody inside. */
function isLastingAdmin(record: ApiKeyRecord): boolean {
  const { id, role, revokedAt, expiresAt } = record;
  return role === "admin" && id !== knownKeyId && revokedAt === null && expiresAt === null;
}

/** A new secret for a key, drawn before the transaction that stores it. */
export function drawRotation(world: World): { key: string; keyHash: string } {
  const key = drawSecret(world);
  return { key, keyHash: hashApiKey(key) };
}

/**
 * Puts a new secret in the place of the key's present one, which may go on being used for `graceMs`. A secret from an earlier
 * rotation ends now. Throws not_found, conflict (revoked, expired, or the well-known key).
 */
export async function rotateApiKey(
  tx: Transaction,
  id: string,
  rotation: { readonly keyHash: string; readonly graceMs: number; readonly now: number },
): Promise<ApiKeyRecord> {
  const record = await tx.get("apiKeys", id);
  if (!record) throw new PippinError("not_found", `There is no API key ${id}.`);
  if (record.revokedAt !== null || (record.expiresAt !== null && record.expiresAt <= rotation.now)) {
    throw new PippinError("conflict", "This API key is revoked or has expired: create a new one.");
  }
  if (id === knownKeyId) {
    throw new PippinError("conflict", "The well-known key is what the server was started with.");
  }
  const { keyHash, graceMs, now } = rotation;
  const previous = graceMs > 0 ? { keyHash: record.keyHash, until: now + graceMs } : null;
  const rotated: ApiKeyRecord = { ...record, keyHash, previous };
  await tx.put("apiKeys", rotated);
  return rotated;
}

/** Notes that a key was used, at most once an hour. Answers whether there was anything to note. */
export function isUseDue(record: ApiKeyRecord, now: number): boolean {
  return record.lastUsedAt === null || now - record.lastUsedAt >= lastUsedStepMs;
}

/** In a transaction of its own, so that the reading of a key costs none. */
export async function noteUse(context: ServerContext, id: string): Promise<void> {
  const now = context.world.now();
  await context.store.transaction(async (tx) => {
    const record = await tx.get("apiKeys", id);
    if (record && isUseDue(record, now)) await tx.put("apiKeys", { ...record, lastUsedAt: now });
  });
}

/** The generated admin key when there are no keys yet, else undefined: the caller prints it, nobody sees it again. */
export async function ensureFirstKey(context: ServerContext): Promise<string | undefined> {
  const first = drawApiKey(context.world, { name: "first", role: "admin" });
  const stored = await context.store.transaction(async (tx) => {
    const keys = await tx.list("apiKeys", { index: "all", partition: "", limit: 2 });
    if (keys.some((key) => key.id !== knownKeyId)) return false;
    await storeApiKey(tx, first.record);
    return true;
  });
  return stored ? first.key : undefined;
}

/** Lets a well-known key in, for a lab bound to loopback. */
export async function ensureKnownKey(context: ServerContext, key: string): Promise<void> {
  const now = context.world.now();
  await context.store.transaction(async (tx) => {
    const known = await tx.get("apiKeys", knownKeyId);
    await tx.put("apiKeys", {
      id: knownKeyId,
      name: "well-known, for development only",
      role: "admin",
      keyHash: hashApiKey(key),
      createdAt: known?.createdAt ?? now,
      revokedAt: null,
      expiresAt: null,
      lastUsedAt: known?.lastUsedAt ?? null,
      previous: null,
    });
  });
}

/** For a start without the flag: a data folder that once had the well-known key must not keep it. */
export async function revokeKnownKey(context: ServerContext): Promise<void> {
  const now = context.world.now();
  await context.store.transaction(async (tx) => {
    const known = await tx.get("apiKeys", knownKeyId);
    if (known && known.revokedAt === null) await tx.put("apiKeys", { ...known, revokedAt: now });
  });
}

function hashApiKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
