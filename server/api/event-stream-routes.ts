import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { eventQuery, filterOf } from "./event-query.ts";

export const eventStreamType = "text/event-stream";

/** Throws invalid_request. */
function readLastEventId(lastEventId: string | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === "") return undefined;
  if (/^[0-9]{1,16}$/.test(lastEventId)) return Number(lastEventId);
  throw new PippinError("invalid_request", "header.last-event-id: expected the id of an event", {
    details: { errors: [{ path: "header.last-event-id", expected: "the id of an event" }] },
  });
}

export function eventStreamRoutes({ streams }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/events/stream",
      role: "read-only",
      tag: "Server",
      summary: "Events as they happen, as server-sent events",
      description:
        "Each event has an `id` that no event of another run of the server has, its name as `event` and itself as `data`. A client that comes back with Last-Event-ID goes on " +
        "there; when that is not possible it first gets an event `reset` that says why, and then everything that is kept. An event `end` " +
        "says why the stream ends: `server-stopping`, `key-ended`, `too-slow`. Numbers begin again when the server starts anew: `run` " +
        "and `reset` tell.",
      query: z.strictObject({
        ...eventQuery,
        after: z.coerce.number().int().min(0).optional().openapi({
          description: "A `seq`; 0 for all that are kept. Default: only what happens from now on.",
        }),
      }),
      answer: {
        status: 200,
        mediaType: eventStreamType,
        schema: z.unknown().openapi({ type: "string", description: "Server-sent events." }),
      },
      refusals: ["unavailable"],
      // What the stream does is done by the time it is handed on.
      handle: ({ query, caller, lastEventId, cause }) =>
        Promise.resolve().then(() =>
          streams.open({
            filter: filterOf(query),
            after: query.after,
            lastEventId: readLastEventId(lastEventId),
            caller,
            cause,
          }),
        ),
    }),
  ];
}
