/** Who is asking: a bearer key or a browser's session, and a brake for peers that keep showing wrong ones. */
import { PippinError } from "../../shared/errors.ts";
import { findApiKey, isUseDue, mayActAs, noteUse, type ApiKeyInUse } from "../api-keys.ts";
import type { ServerContext } from "../context.ts";
import type { KeyWatch } from "../key-watch.ts";
import { csrfTokenOf, findSession, isCsrfToken, isSightDue, noteSight } from "../sessions.ts";
import type { Role } from "../store/records.ts";
import type { Caller } from "./endpoint.ts";
import { createFailureBrake } from "./failure-brake.ts";
import { readSessionCookie } from "./session-cookie.ts";

export interface Identified extends Caller {
  /** The key or the session's secret itself, for sealing what only its holder may read again. Goes no further than the edge. */
  readonly secret: string;
}

export interface Authenticator {
  /** Throws unauthorized, or limit_exceeded once the peer has failed too often. */
  identify(request: Request, peerAddress: string): Promise<Identified>;
  /** For a key that came in another way than as a header. Throws as `identify` does. */
  identifyKey(secret: string, peerAddress: string): Promise<ApiKeyInUse>;
}

/**
 * A browser whose session has ended asks some more times with all of its pages before it notices; that must not look like an
 * attack.
 */
const endedSessionsMax = 300;

/**
 * A valid key is served even from an address that failed too often: keys can't be guessed, so the brake is there to keep noise
 * cheap, and an honest client must not be shut out by its neighbour behind the same address.
 */
export function createAuthenticator(
  context: ServerContext & { readonly keyWatch: Pick<KeyWatch, "sessionGoesOn"> },
): Authenticator {
  const { world, store } = context;
  const brake = createFailureBrake(world);
  const sessionBrake = createFailureBrake(world, { failuresMax: endedSessionsMax });

  function refuse(address: string, message: string): never {
    brake.failed(address);
    throw new PippinError("unauthorized", message);
  }

  async function identifyKey(secret: string, peerAddress: string): Promise<ApiKeyInUse> {
    const now = world.now();
    const found = await store.read((reader) => findApiKey(reader, secret, now));
    if (!found) refuse(peerAddress, "The API key is unknown, revoked or expired.");
    if (isUseDue(found.record, now)) await anyhow(noteUse(context, found.record.id));
    return found;
  }

  async function identifySession(secret: string, peerAddress: string): Promise<Identified> {
    const now = world.now();
    const found = await store.read((reader) => findSession(reader, secret, now));
    if (!found) {
      sessionBrake.failed(peerAddress);
      throw new PippinError("unauthorized", "The session has ended: sign in again.", {
        details: { session: "ended" },
      });
    }
    const { record, key } = found;
    if (isUseDue(key.record, now)) await anyhow(noteUse(context, key.record.id));
    const later = isSightDue(record, now) ? await anyhow(noteSight(context, record.id)) : undefined;
    const endsAt = Math.min(later ?? record.endsAt, key.endsAt ?? Infinity);
    if (later !== undefined) context.keyWatch.sessionGoesOn(record.id, endsAt);
    const session = { id: record.id, csrfToken: csrfTokenOf(secret) };
    return { keyId: key.record.id, role: key.record.role, endsAt, session, secret };
  }

  return {
    identifyKey,
    async identify(request, peerAddress) {
      const header = request.headers.get("authorization");
      const cookie = header === null ? readSessionCookie(request) : undefined;
      if (cookie !== undefined) return await identifySession(cookie, peerAddress);
      if (header === null) refuse(peerAddress, "Expected the header Authorization: Bearer <API key>.");
      const [, secret] = /^Bearer +([!-~]{1,256}) *$/i.exec(header) ?? [];
      if (secret === undefined) {
        refuse(peerAddress, "Expected an Authorization header of the form Bearer <API key>.");
      }
      const { record, endsAt } = await identifyKey(secret, peerAddress);
      return { keyId: record.id, role: record.role, endsAt, secret };
    },
  };
}

/** While nothing can be stored, keys and sessions still open what is to be read. */
async function anyhow<T>(note: Promise<T>): Promise<T | undefined> {
  try {
    return await note;
  } catch (error) {
    if (!(error instanceof PippinError)) throw error;
    return undefined;
  }
}

/** Whether a refusal says so: the browser's cookie is of no more use then. */
export function isSessionEnd(error: unknown): boolean {
  return (
    error instanceof PippinError && error.code === "unauthorized" && error.details?.["session"] === "ended"
  );
}

/** A browser sends its cookie whoever makes it ask: a change needs to come from a page of ours. Throws csrf_token_invalid. */
export function requireOwnPage(request: Request, { session }: Caller): void {
  if (session === undefined || request.method === "GET" || request.method === "HEAD") return;
  const site = request.headers.get("sec-fetch-site");
  const token = request.headers.get("x-csrf-token");
  const isOwnSite = site === null || site === "same-origin" || site === "none";
  if (isOwnSite && token !== null && isCsrfToken(session.csrfToken, token)) return;
  throw new PippinError(
    "csrf_token_invalid",
    isOwnSite
      ? "Expected the header X-CSRF-Token with the token of this session."
      : "A signed-in browser may change something from pages of this server only.",
  );
}

/** Throws forbidden. */
export function requireRole(caller: Caller, needed: Role): void {
  if (mayActAs(caller.role, needed)) return;
  throw new PippinError(
    "forbidden",
    `This needs a key with the role ${needed}; this key is ${caller.role}.`,
    {
      details: { needed },
    },
  );
}
