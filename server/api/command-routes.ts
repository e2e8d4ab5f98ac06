import { z } from "@hono/zod-openapi";
import { targetsMax } from "../commands/command-service.ts";
import { DirectoryId } from "../directory/directory.ts";
import { commandBodyBytesMax, commandFields, toCommandDictionary } from "./command-body.ts";
import type { ApiDependencies } from "./dependencies.ts";
import {
  CommandDetail,
  CommandPlists,
  CommandView,
  viewCommand,
  viewCommandDetail,
  viewCommandPlists,
} from "./device-view.ts";
import { CommandSchemaView, viewCommandSchemas } from "./command-schemas-view.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { RecordId, Udid, missing } from "./fields.ts";

const tag = "Devices";
const CommandParams = z.strictObject({ commandUUID: RecordId });

export function commandRoutes({ store, commands }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "post",
      path: "/api/v1/commands",
      role: "operator",
      tag,
      summary: "Queues a command for many phones, or for those of a group",
      description: "A phone that can't take it is listed under `refused`; the others get theirs.",
      creates: true,
      bodyBytesMax: commandBodyBytesMax,
      body: z
        .strictObject({
          udids: z.array(Udid).min(1).max(targetsMax).optional(),
          groupId: DirectoryId.optional(),
          ...commandFields,
        })
        .refine(
          (body) => (body.udids === undefined) !== (body.groupId === undefined),
          "expected either udids or groupId",
        ),
      requestExample: { groupId: "sales", command: { RequestType: "ManagedApplicationList" } },
      answer: {
        status: 202,
        schema: z.strictObject({
          commands: z.array(z.strictObject({ udid: z.string(), commandUUID: z.string() })),
          refused: z.array(z.strictObject({ udid: z.string(), code: z.string(), message: z.string() })),
        }),
      },
      refusals: ["not_found", "limit_exceeded", "malformed_plist"],
      async handle({ body, caller, cause }) {
        const request = { command: toCommandDictionary(body), origin: caller.keyId, cause };
        const { queued, refused } =
          body.groupId === undefined
            ? await commands.enqueueMany(body.udids ?? [], request)
            : await commands.enqueueForGroup(body.groupId, request);
        return { commands: queued, refused };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/commands/{commandUUID}",
      role: "read-only",
      tag,
      summary: "One command, with what the phone answered",
      params: CommandParams,
      answer: { status: 200, schema: CommandDetail },
      refusals: ["not_found"],
      async handle({ params: { commandUUID } }) {
        const command = await store.read((reader) => reader.get("commands", commandUUID));
        if (!command) throw missing("command", commandUUID);
        return viewCommandDetail(command);
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/commands/{commandUUID}/plist",
      role: "read-only",
      tag,
      summary: "One command and its answer as property lists",
      params: CommandParams,
      answer: { status: 200, schema: CommandPlists },
      refusals: ["not_found"],
      async handle({ params: { commandUUID } }) {
        const command = await store.read((reader) => reader.get("commands", commandUUID));
        if (!command) throw missing("command", commandUUID);
        return viewCommandPlists(command);
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/command-schemas",
      role: "read-only",
      tag,
      summary: "The commands that are known here, each with its members and an example",
      answer: { status: 200, schema: z.strictObject({ schemas: z.array(CommandSchemaView) }) },
      handle: () => Promise.resolve({ schemas: [...viewCommandSchemas()] }),
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/commands/{commandUUID}",
      role: "operator",
      tag,
      summary: "Cancels a command that is not settled yet",
      params: CommandParams,
      answer: { status: 200, schema: CommandView },
      refusals: ["not_found", "conflict"],
      async handle({ params, caller, cause }) {
        return viewCommand(await commands.cancel(params.commandUUID, { by: caller.keyId, cause }));
      },
    }),
  ];
}
