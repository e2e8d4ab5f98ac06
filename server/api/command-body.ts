/** A command as a client writes it: Apple's dictionary as JSON. */
import { z } from "@hono/zod-openapi";
import { commandSchemas } from "../../shared/command-schemas.ts";
import { PippinError } from "../../shared/errors.ts";
import type { JsonValue } from "../../shared/json.ts";
import { encodePlist, plistFromJson, type PlistDictionary } from "../../shared/plist.ts";
import { invalidRequest } from "./problem-response.ts";

/** A command with a profile in it; anything larger would not fit into the queue either. */
export const commandBodyBytesMax = 2 * 1024 * 1024;

const requestTypes = [...commandSchemas.keys()].sort();

const Command = z.looseObject({ RequestType: z.string().min(1).max(64) }).openapi({
  description:
    'Apple\'s Command dictionary. A date is written {"$date": "2016-07-01T09:30:00.000Z"}, data {"$data": "<base64>"}. ' +
    `Known are ${requestTypes.join(", ")}; any other, or one with other members, needs \`raw\`. ` +
    "ClearPasscode is sent without UnlockToken: the server puts it in.",
});

/** The members of a request that carry a command. */
export const commandFields = {
  command: Command,
  raw: z.boolean().optional().openapi({
    description:
      "Sends the command as it is, unknown members and unknown commands included: the phone judges it.",
  }),
};

/** Keys that the server itself puts in, on the way to the phone. */
const filledIn: Readonly<Record<string, Readonly<Record<string, true>>>> = {
  ClearPasscode: { UnlockToken: true },
};

/**
 * The command as a property list. Unless it is raw, it must be one that is known here and have its members and no others. Throws
 * invalid_request, and malformed_plist for what can't be written for a phone: a `null`, too many or too deeply nested values. It is
 * tried here, in the stricter of the two formats, since a command that fails when it is sent would block those behind it.
 */
export function toCommandDictionary(body: {
  command: z.output<typeof Command>;
  raw?: boolean | undefined;
}): PlistDictionary {
  const json = body.command as JsonValue; // It came out of JSON.parse.
  const command = plistFromJson(json) as PlistDictionary; // An object with a RequestType is no $date and no $data.
  encodePlist({ CommandUUID: "00000000-0000-0000-0000-000000000000", Command: command }, "plist-xml");
  if (body.raw !== true) requireKnown(command);
  return command;
}

function requireKnown(command: PlistDictionary): void {
  const type = String(command["RequestType"]);
  const schema = commandSchemas.get(type);
  if (schema === undefined) {
    const sentence = `expected one of ${requestTypes.join(", ")}, or raw: true`;
    throw new PippinError("invalid_request", `body.command.RequestType: ${sentence}`, {
      details: { errors: [{ path: "body.command.RequestType", expected: sentence }] },
    });
  }
  const parsed = withoutFilledIn(schema, type).strict().safeParse(command);
  if (!parsed.success) throw invalidRequest("body.command", parsed.error);
}

/** As a client writes it. */
export function withoutFilledIn(schema: z.ZodObject, type: string): z.ZodObject {
  const names = Object.hasOwn(filledIn, type) ? filledIn[type] : undefined;
  return names === undefined ? schema : schema.omit(names);
}
