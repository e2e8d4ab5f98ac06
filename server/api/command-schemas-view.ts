/** The commands that are known here, as JSON schemas: what a client may write without `raw`, and how little of it is enough. */
import { z } from "@hono/zod-openapi";
import { commandSchemas } from "../../shared/command-schemas.ts";
import { withoutFilledIn } from "./command-body.ts";

export const CommandSchemaView = z
  .strictObject({
    requestType: z.string(),
    schema: z
      .record(z.string(), z.unknown())
      .openapi({ description: "JSON Schema of the Command dictionary, as it is written in a request." }),
    example: z
      .record(z.string(), z.unknown())
      .openapi({ description: "The least that is accepted, with values to be replaced." }),
  })
  .openapi("CommandSchema");
export type CommandSchemaView = z.infer<typeof CommandSchemaView>;

/** What a command can't do without; one that isn't here needs nothing. */
const leastMembers: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map<
  string,
  Readonly<Record<string, unknown>>
>([
  ["ApplyRedemptionCode", { Identifier: "com.example.app", RedemptionCode: "CODE" }],
  ["DeviceInformation", { Queries: ["DeviceName", "OSVersion", "IsSupervised"] }],
  ["InstallApplication", { iTunesStoreID: 361309726, Options: { PurchaseMethod: 1 } }],
  ["InstallProfile", { Payload: { $data: "" } }],
  ["InviteToProgram", { ProgramID: "com.apple.cloudvpp", InvitationURL: "https://invitation.example/" }],
  ["ManagedApplicationAttributes", { Identifiers: ["com.example.app"] }],
  ["ManagedApplicationConfiguration", { Identifiers: ["com.example.app"] }],
  ["ManagedApplicationFeedback", { Identifiers: ["com.example.app"] }],
  ["RemoveApplication", { Identifier: "com.example.app" }],
  ["RemoveProfile", { Identifier: "com.example.profile" }],
  ["Settings", { Settings: [{ Item: "DeviceName", DeviceName: "iPhone" }] }],
]);

/** What JSON has no word for is written as property lists are: `{"$data": "<base64>"}`. */
const data = {
  type: "object",
  properties: { $data: { type: "string", contentEncoding: "base64" } },
  required: ["$data"],
  additionalProperties: false,
} as const;

let views: readonly CommandSchemaView[] | undefined;

export function viewCommandSchemas(): readonly CommandSchemaView[] {
  views ??= [...commandSchemas].map(([requestType, schema]) => ({
    requestType,
    schema: z.toJSONSchema(withoutFilledIn(schema, requestType).strict(), {
      unrepresentable: "any",
      override({ zodSchema, jsonSchema }) {
        if (zodSchema._zod.def.type === "custom") Object.assign(jsonSchema, data);
      },
    }),
    example: { RequestType: requestType, ...leastMembers.get(requestType) },
  }));
  return views;
}
