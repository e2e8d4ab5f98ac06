/** Bearer keys of the admin API. */
import { createHash } from "node:crypto";
import { PippinError } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";
import type { ServerContext } from "./context.ts";
import type { ApiKeyRecord, Role } from "./store/records.ts";
import type { Reader, Transaction } from "./store/store.ts";

const rank: Record<Role, number> = { "read-only": 0, operator: 1, admin: 2 };
const keysMax = 1_000;
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
export function drawApiKey(world: World, input: { name: string; role: Role }): NewApiKey {
  const key = `pk_${world.randomBytes(32).toString("base64url")}`;
  const record: ApiKeyRecord = {
    id: world.uuid().toLowerCase(),
    name: input.name,
    role: input.role,
    keyHash: hashApiKey(key),
    createdAt: world.now(),
    revokedAt: null,
  };
  return { record, key };
}

/** Throws limit_exceeded. */
export async function storeApiKey(tx: Transaction, record: ApiKeyRecord): Promise<void> {
  if ((await tx.count("apiKeys", "all", "")) >= keysMax) {
    throw new PippinError("limit_exceeded", `At most ${keysMax} API keys are kept, revoked ones included.`);
  }
  await tx.put("apiKeys", record);
}

/** Draws and stores a key in a transaction of the caller's. */
export async function createApiKey(
  tx: Transaction,
  world: World,
  input: { name: string; role: Role },
): Promise<NewApiKey> {
  const created = drawApiKey(world, input);
  await storeApiKey(tx, created.record);
  return created;
}

/**
 * The key's record, unless it is unknown or revoked.
 *
 * The look-up needs no constant time: it compares hashes of 256 random bits. Whoever times it learns at best some leading bits
 * of a hash, and can't make a key from those.
 */
export async function findApiKey(reader: Reader, key: string): Promise<ApiKeyRecord | undefined> {
  const [record] = await reader.list("apiKeys", { index: "byHash", partition: hashApiKey(key), limit: 1 });
  return record && record.revokedAt === null ? record : undefined;
}

/** Throws not_found, or conflict for the last admin key. Revoking twice is the same as once. */
export async function revokeApiKey(tx: Transaction, id: string, now: number): Promise<void> {
  const record = await tx.get("apiKeys", id);
  if (!record) throw new PippinError("not_found", `There is no API key ${id}.`);
  if (record.revokedAt !== null) return;
  if (record.role === "admin" && record.id !== knownKeyId) {
    const all = await tx.list("apiKeys", { index: "all", partition: "", limit: keysMax });
    const others = all.filter(
      (other) =>
        other.id !== id && other.id !== knownKeyId && other.role === "admin" && other.revokedAt === null,
    );
    if (others.length === 0) {
      throw new PippinError("conflict", "This is the last admin key: create another one before revoking it.");
    }
  }
  await tx.put("apiKeys", { ...record, revokedAt: now });
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
