/** Sign-in sessions: a browser shows an API key once and goes on with a secret of its own, which is worth less and ends sooner. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { PippinError } from "../shared/errors.ts";
import type { World } from "../shared/world.ts";
import { useOfKey, type ApiKeyInUse } from "./api-keys.ts";
import type { ServerContext } from "./context.ts";
import type { SessionRecord } from "./store/records.ts";
import type { Reader, Transaction } from "./store/store.ts";

const minuteMs = 60_000;
const lifetimeMs = 12 * 60 * minuteMs;
const idleMs = 60 * minuteMs;
/** `lastSeenAt` may be behind by so much: being exact would cost a write for every request. */
const lastSeenStepMs = minuteMs;
const sessionsMax = 1_000;
/** So that one key can't push out the sessions of all others. */
const sessionsOfKeyMax = 100;
const userAgentCharsMax = 256;

export interface NewSession {
  readonly record: SessionRecord;
  /** For the browser alone: only its hash is stored. */
  readonly secret: string;
}

/** Draws a session. It is apart from storing it because a transaction may run more than once. */
export function drawSession(
  world: World,
  key: ApiKeyInUse,
  from: { readonly address: string; readonly userAgent: string | null },
): NewSession {
  const now = world.now();
  const secret = world.randomBytes(32).toString("base64url");
  const expiresAt = Math.min(now + lifetimeMs, key.endsAt ?? Infinity);
  const record: SessionRecord = {
    id: world.uuid().toLowerCase(),
    secretHash: hashOf(secret),
    keyId: key.record.id,
    keyHash: key.keyHash,
    createdAt: now,
    lastSeenAt: now,
    expiresAt,
    endsAt: endOfUse(expiresAt, now),
    address: from.address,
    userAgent: from.userAgent && from.userAgent.slice(0, userAgentCharsMax),
  };
  return { record, secret };
}

function endOfUse(expiresAt: number, lastSeenAt: number): number {
  return Math.min(expiresAt, lastSeenAt + idleMs);
}

/** Stores it; where there are too many, those go that would end first. Answers with the ids of these. */
export async function storeSession(tx: Transaction, record: SessionRecord): Promise<string[]> {
  const byKey = { index: "byKey", partition: record.keyId, limit: sessionsOfKeyMax } as const;
  const ofKey = (await tx.list("sessions", byKey)).sort((a, b) => a.endsAt - b.endsAt);
  const gone = ofKey.slice(0, Math.max(0, ofKey.length - sessionsOfKeyMax + 1));
  if (gone.length === 0 && (await tx.count("sessions", "all", "")) >= sessionsMax)
    gone.push(...(await tx.list("sessions", { index: "ending", partition: "", limit: 1 })));
  for (const { id } of gone) await tx.delete("sessions", id);
  await tx.put("sessions", record);
  return gone.map(({ id }) => id);
}

export interface SessionInUse {
  readonly record: SessionRecord;
  /** As it is now: the session may do what the key may, as long as the key may. */
  readonly key: ApiKeyInUse;
}

/** Like a key's, the look-up needs no constant time. Undefined when the session is over, or never was. */
export async function findSession(
  reader: Reader,
  secret: string,
  now: number,
): Promise<SessionInUse | undefined> {
  const query = { index: "byHash", partition: hashOf(secret), limit: 1 } as const;
  const [record] = await reader.list("sessions", query);
  return record && (await useOfSession(reader, record, now));
}

/** Undefined when it is over: by time, or because the key is no longer good in the way it was shown. */
export async function useOfSession(
  reader: Reader,
  record: SessionRecord,
  now: number,
): Promise<SessionInUse | undefined> {
  const key = await reader.get("apiKeys", record.keyId);
  const use = key && useOfKey(key, record.keyHash, now);
  return use === undefined || record.endsAt <= now ? undefined : { record, key: use };
}

export function isSightDue(record: SessionRecord, now: number): boolean {
  return now - record.lastSeenAt >= lastSeenStepMs;
}

/** Answers with when the session ends now; undefined when it is gone. */
export async function noteSight(context: ServerContext, id: string): Promise<number | undefined> {
  const now = context.world.now();
  return await context.store.transaction(async (tx) => {
    const record = await tx.get("sessions", id);
    if (record === undefined || !isSightDue(record, now)) return record?.endsAt;
    const endsAt = endOfUse(record.expiresAt, now);
    await tx.put("sessions", { ...record, lastSeenAt: now, endsAt });
    return endsAt;
  });
}

/** Throws not_found, also for a session of another key where only those of `keyId` may be ended. */
export async function endSession(tx: Transaction, id: string, keyId: string | undefined): Promise<void> {
  const record = await tx.get("sessions", id);
  if (record === undefined || (keyId !== undefined && record.keyId !== keyId))
    throw new PippinError("not_found", `There is no session ${id}.`, { details: { id } });
  await tx.delete("sessions", id);
}

/** What a page of ours shows with each change: another site can make the browser send the cookie, but can't know this. */
export function csrfTokenOf(secret: string): string {
  return createHmac("sha256", secret).update("pippin csrf token").digest("base64url");
}

export function isCsrfToken(expected: string, shown: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(expected), digest(shown));
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
