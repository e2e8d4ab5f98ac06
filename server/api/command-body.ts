/** A command as a client writes it: Apple's dictionary as JSON. */
import { z } from "@hono/zod-openapi";
import type { JsonValue } from "../../shared/json.ts";
import { encodePlist, plistFromJson, type PlistDictionary } from "../../shared/plist.ts";

export const CommandBody = z.looseObject({ RequestType: z.string().min(1).max(64) }).openapi({
  description:
    'Apple\'s Command dictionary. A date is written {"$date": "2016-07-01T09:30:00.000Z"}, data {"$data": "<base64>"}.',
});

/**
 * Throws malformed_plist for what can't be written for a phone: a `null`, too many or too deeply nested values. It is tried here,
 * in the stricter of the two formats, since a command that fails when it is sent would block those behind it.
 */
export function toCommandDictionary(body: z.output<typeof CommandBody>): PlistDictionary {
  const json = body as JsonValue; // It came out of JSON.parse.
  const command = plistFromJson(json) as PlistDictionary; // An object with a RequestType is no $date and no $data.
  encodePlist({ CommandUUID: "00000000-0000-0000-0000-000000000000", Command: command }, "plist-xml");
  return command;
}
