/** The filters that the list and the stream of events share. */
import { z } from "@hono/zod-openapi";
import { DirectoryId } from "../directory/directory.ts";
import type { EventRing } from "../event-ring.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import {
  eventPrefixForm,
  eventPrefixesMax,
  matchesEvent,
  type EventFilter,
} from "../monitoring/event-filter.ts";
import { AdamId, RecordId, Udid } from "./fields.ts";

export const eventQuery = {
  events: z
    .string()
    .max(1_000)
    .transform((text) => text.split(","))
    .refine(
      (prefixes) =>
        prefixes.length <= eventPrefixesMax && prefixes.every((prefix) => eventPrefixForm.test(prefix)),
      "expected beginnings of event names, separated by commas",
    )
    .optional()
    .openapi({
      type: "string",
      example: "installation.,license.",
      description: "Only events whose name begins so.",
    }),
  udid: Udid.optional(),
  userId: DirectoryId.optional(),
  adamId: AdamId.optional(),
  deploymentId: RecordId.optional(),
  commandUUID: RecordId.optional(),
};

interface EventQuery {
  readonly events?: string[] | undefined;
  readonly udid?: string | undefined;
  readonly userId?: string | undefined;
  readonly adamId?: string | undefined;
  readonly deploymentId?: string | undefined;
  readonly commandUUID?: string | undefined;
}

export function filterOf({
  events,
  udid,
  userId,
  adamId,
  deploymentId,
  commandUUID,
}: EventQuery): EventFilter {
  const given = Object.entries({ udid, userId, adamId, deploymentId, commandUUID });
  return {
    prefixes: events ?? [],
    ids: Object.fromEntries(given.filter(([, id]) => id !== undefined)),
  };
}

/** The next events that fit. All that are held may be looked at: they are in memory, and bounded. */
export function findEvents(
  ring: EventRing,
  query: EventQuery & { readonly after: number; readonly limit: number },
): { items: TraceEvent[]; nextAfter: number } {
  const filter = filterOf(query);
  const items: TraceEvent[] = [];
  let nextAfter = query.after;
  for (;;) {
    const batch = ring.after(nextAfter, 1_000);
    for (const event of batch) {
      nextAfter = event.seq;
      if (matchesEvent(event, filter)) items.push(event);
      if (items.length === query.limit) return { items, nextAfter };
    }
    if (batch.length < 1_000) return { items, nextAfter };
  }
}
