/** A create that is sent twice under one Idempotency-Key happens once. */
import { createCipheriv, createDecipheriv, createHash, createHmac } from "node:crypto";
import { PippinError } from "../../shared/errors.ts";
import type { JsonValue } from "../../shared/json.ts";
import type { ServerContext } from "../context.ts";
import type { Store, Transaction } from "../store/store.ts";
import type { Identified } from "./authentication.ts";

const keptMs = 24 * 60 * 60 * 1_000;
/** Past it the oldest answers are forgotten before their day is over. */
const answersMax = 10_000;
/** Status of a request that is under way, or was when the server stopped. */
const underWay = 0;
/** How many requests with a key are in the hands of this process. */
const inHand = new WeakMap<Store, Map<string, number>>();

export interface IdempotentRequest {
  readonly caller: Identified;
  readonly key: string;
  /** Method and path, with the body's bytes. */
  readonly target: string;
  readonly body: Buffer | undefined;
}

export interface StoredAnswer {
  readonly status: number;
  /** The body, as it was sent. */
  readonly text: string;
  readonly replayed: boolean;
}

/** The request's Idempotency-Key. Throws invalid_request. */
export function idempotencyKeyOf(request: Request): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (/^[!-~]{1,128}$/.test(key)) return key;
  throw new PippinError(
    "invalid_request",
    "header.idempotency-key: expected 1 to 128 visible ASCII characters",
    {
      details: {
        errors: [{ path: "header.idempotency-key", expected: "1 to 128 visible ASCII characters" }],
      },
    },
  );
}

/**
 * Answers with what was answered before, or performs the request and keeps its answer for a day.
 *
 * At most once: a request that was interrupted (by a crash or a fault of ours) may have happened, so it isn't done again under
 * its key. A refusal changed nothing and is not kept. Throws idempotency_mismatch, request_under_way,
 * request_interrupted, and what `perform` throws.
 */
export async function answerOnce(
  context: ServerContext,
  request: IdempotentRequest,
  perform: () => Promise<{ status: number; text: string }>,
): Promise<StoredAnswer> {
  const id = `${request.caller.keyId} ${request.key}`;
  const requestHash = createHash("sha256")
    .update(`${request.target}\n`)
    .update(request.body ?? "")
    .digest("hex");
  const hands = inHand.get(context.store) ?? new Map<string, number>();
  inHand.set(context.store, hands);
  hands.set(id, (hands.get(id) ?? 0) + 1);
  try {
    return await performOnce(context, { ...request, id, requestHash }, () => hands.get(id) === 1, perform);
  } finally {
    const left = (hands.get(id) ?? 1) - 1;
    if (left === 0) hands.delete(id);
    else hands.set(id, left);
  }
}

async function performOnce(
  context: ServerContext,
  request: IdempotentRequest & { readonly id: string; readonly requestHash: string },
  isAlone: () => boolean,
  perform: () => Promise<{ status: number; text: string }>,
): Promise<StoredAnswer> {
  const { id, requestHash } = request;
  const createdAt = context.world.now();
  const known = await context.store.transaction(async (tx) => {
    const existing = await tx.get("idempotency", id);
    if (existing && existing.createdAt > createdAt - keptMs) return existing;
    await forgetOld(tx, createdAt);
    await tx.put("idempotency", { id, requestHash, status: underWay, body: null, createdAt });
    return undefined;
  });
  if (known) {
    if (known.requestHash !== requestHash) {
      throw new PippinError("idempotency_mismatch", "This Idempotency-Key was used for a different request.");
    }
    if (known.status === underWay) {
      if (!isAlone()) {
        throw new PippinError("request_under_way", "The request with this Idempotency-Key is under way.");
      }
      throw new PippinError(
        "request_interrupted",
        "The request with this Idempotency-Key was interrupted: look whether it happened, and repeat it under a new key if not.",
      );
    }
    const text = open(known.body, request.caller.secret);
    if (text === undefined) {
      throw new PippinError(
        "request_interrupted",
        "The request with this Idempotency-Key was answered to the former secret of this API key, and can't be shown to its new one: look at what it made.",
      );
    }
    return { status: known.status, text, replayed: true };
  }
  try {
    const { status, text } = await perform();
    const body = seal(text, request.caller.secret, context.world.randomBytes(12));
    await context.store.transaction((tx) =>
      tx.put("idempotency", { id, requestHash, status, body, createdAt }),
    );
    return { status, text, replayed: false };
  } catch (error) {
    if (error instanceof PippinError && error.status < 500) {
      await context.store.transaction((tx) => tx.delete("idempotency", id));
    }
    throw error;
  }
}

async function forgetOld(tx: Transaction, now: number): Promise<void> {
  const query = { index: "byAge", partition: "", limit: 20 } as const;
  for (const record of await tx.list("idempotency", { ...query, sortMax: now - keptMs })) {
    await tx.delete("idempotency", record.id);
  }
  const tooMany = (await tx.count("idempotency", "byAge", "")) - answersMax + 1;
  if (tooMany <= 0) return;
  for (const record of await tx.list("idempotency", { ...query, limit: Math.min(tooMany, 20) })) {
    await tx.delete("idempotency", record.id);
  }
}

/**
 * An answer may hold something that is shown only once, e.g. a new API key. Sealed under the caller's own key it can be replayed
 * to the caller, while the store gives it away to nobody.
 */
function seal(text: string, secret: string, iv: Buffer): JsonValue {
  const cipher = createCipheriv("aes-256-gcm", sealingKey(secret), iv);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return {
    iv: iv.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    sealed: sealed.toString("base64"),
  };
}

/** Undefined when the answer was sealed under another secret: the key was rotated since. */
function open(body: JsonValue, secret: string): string | undefined {
  const { iv, tag, sealed } = body as { iv: string; tag: string; sealed: string };
  const decipher = createDecipheriv("aes-256-gcm", sealingKey(secret), Buffer.from(iv, "base64"));
  decipher.setAuthTag(Buffer.from(tag, "base64"));
  const text = decipher.update(Buffer.from(sealed, "base64"));
  try {
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}

function sealingKey(secret: string): Buffer {
  return createHmac("sha256", secret).update("pippin idempotent answers").digest();
}
