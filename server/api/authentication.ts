/** Who is asking: a bearer key, and a brake for peers that keep showing wrong ones. */
import { PippinError } from "../../shared/errors.ts";
import { findApiKey, mayActAs } from "../api-keys.ts";
import type { ServerContext } from "../context.ts";
import type { Role } from "../store/records.ts";
import type { Caller } from "./endpoint.ts";

const failuresMax = 20;
const windowMs = 60_000;
const peersMax = 10_000;

export interface Identified extends Caller {
  /** The key itself, for sealing what only its holder may read again. Goes no further than the edge. */
  readonly secret: string;
}

export interface Authenticator {
  /** Throws unauthorized, or limit_exceeded once the peer has failed too often. */
  identify(request: Request, peerAddress: string): Promise<Identified>;
}

/**
 * A valid key is served even from an address that failed too often: keys can't be guessed, so the brake is there to keep noise
 * cheap, and an honest client must not be shut out by its neighbour behind the same address.
 */
export function createAuthenticator(context: ServerContext): Authenticator {
  const failures = new Map<string, { count: number; until: number }>();

  function refuse(address: string, message: string): never {
    const now = context.world.now();
    const entry = failures.get(address);
    if (entry && now < entry.until) {
      entry.count += 1;
      if (entry.count > failuresMax) {
        const retryAfterSeconds = Math.ceil((entry.until - now) / 1_000);
        throw new PippinError("limit_exceeded", "Too many requests without a valid key from this address.", {
          details: { retryAfterSeconds },
        });
      }
    } else {
      failures.delete(address);
      if (failures.size >= peersMax) forgetOldest(failures);
      failures.set(address, { count: 1, until: now + windowMs });
    }
    throw new PippinError("unauthorized", message);
  }

  return {
    async identify(request, peerAddress) {
      const header = request.headers.get("authorization");
      if (header === null) refuse(peerAddress, "Expected the header Authorization: Bearer <API key>.");
      const [, secret] = /^Bearer +([!-~]{1,256}) *$/i.exec(header) ?? [];
      if (secret === undefined) {
        refuse(peerAddress, "Expected an Authorization header of the form Bearer <API key>.");
      }
      const record = await context.store.read((reader) => findApiKey(reader, secret));
      if (!record) refuse(peerAddress, "The API key is unknown or revoked.");
      return { keyId: record.id, role: record.role, secret };
    },
  };
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

/** A Map keeps the order of insertion, and every entry lives equally long: the first is the oldest. */
function forgetOldest(failures: Map<string, unknown>): void {
  for (const address of failures.keys()) {
    failures.delete(address);
    return;
  }
}
