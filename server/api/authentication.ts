/** Who is asking: a bearer key, and a brake for peers that keep showing wrong ones. */
import { PippinError } from "../../shared/errors.ts";
import { findApiKey, isUseDue, mayActAs, noteUse } from "../api-keys.ts";
import type { ServerContext } from "../context.ts";
import type { Role } from "../store/records.ts";
import type { Caller } from "./endpoint.ts";
import { createFailureBrake } from "./failure-brake.ts";

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
  const brake = createFailureBrake(context.world);

  function refuse(address: string, message: string): never {
    brake.failed(address);
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
      const now = context.world.now();
      const found = await context.store.read((reader) => findApiKey(reader, secret, now));
      if (!found) refuse(peerAddress, "The API key is unknown, revoked or expired.");
      const { record, endsAt } = found;
      if (isUseDue(record, now)) await noteUseAnyhow(context, record.id);
      return { keyId: record.id, role: record.role, endsAt, secret };
    },
  };
}

/** While nothing can be stored, keys still open what is to be read. */
async function noteUseAnyhow(context: ServerContext, keyId: string): Promise<void> {
  try {
    await noteUse(context, keyId);
  } catch (error) {
    if (!(error instanceof PippinError)) throw error;
  }
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
