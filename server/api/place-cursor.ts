/** Cursors of lists that are not simply an index: a few texts that say where the next page begins. */
import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";

const Place = z.array(z.string().max(256)).min(1).max(4);

export function encodePlace(place: readonly string[] | null): string | null {
  return place && Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** Throws invalid_request for a cursor that is none. */
export function decodePlace(cursor: string | undefined): string[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    return Place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch (error) {
    throw new PippinError(
      "invalid_request",
      "query.cursor: expected the nextCursor of an earlier page, unchanged",
      {
        cause: error,
        details: { errors: [{ path: "query.cursor", expected: "the nextCursor of an earlier page" }] },
      },
    );
  }
}
