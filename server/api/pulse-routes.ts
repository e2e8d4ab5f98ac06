import { z } from "@hono/zod-openapi";
import { Pulse } from "../monitoring/pulse-document.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { eventStreamType } from "./event-stream-routes.ts";

const tag = "Monitoring";

export function pulseRoutes({ pulse }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/pulse",
      role: "read-only",
      tag,
      summary: "How things stand now, in a few numbers",
      description:
        "What a message of the stream says. Nothing is counted: `counts` are zero and `changed` is empty.",
      answer: { status: 200, schema: Pulse.openapi("Pulse") },
      handle: () => pulse.read(),
    }),
    endpoint({
      method: "get",
      path: "/api/v1/pulse/stream",
      role: "read-only",
      tag,
      summary: "The same again and again while something happens, as server-sent events",
      description:
        "An event `pulse` comes at once, and then from a quarter of a second after something happened, about twice a second at most. It has the numbers " +
        "of `GET /api/v1/pulse`, what happened since the message before (`counts`, over `intervalMs`), and which subjects were touched (`changed`). " +
        "An event `end` says why the stream ends, as in the stream of events.",
      answer: {
        status: 200,
        mediaType: eventStreamType,
        schema: z.unknown().openapi({ type: "string", description: "Server-sent events." }),
      },
      refusals: ["unavailable"],
      handle: ({ caller, cause }) => pulse.open({ caller, cause }),
    }),
  ];
}
