import { z } from "@hono/zod-openapi";
import { DirectoryId } from "../directory/directory.ts";
import type { DeviceRecord } from "../store/records.ts";
import { commandBodyBytesMax, commandFields, toCommandDictionary } from "./command-body.ts";
import type { ApiDependencies } from "./dependencies.ts";
import {
  CommandView,
  DeviceStateField,
  DeviceView,
  EnrollmentKindField,
  viewCommand,
  viewDevice,
} from "./device-view.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Udid, missing } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const tag = "Devices";
const DeviceParams = z.strictObject({ udid: Udid });

export function deviceRoutes({ store, push, commands }: ApiDependencies): Endpoint[] {
  const view = (device: DeviceRecord) => viewDevice(device, push.isConnected(device.id));
  return [
    endpoint({
      method: "get",
      path: "/api/v1/devices",
      role: "read-only",
      tag,
      summary: "Lists phones",
      query: z.strictObject({
        ...pageQuery,
        state: DeviceStateField.optional(),
        userId: DirectoryId.optional(),
        kind: EnrollmentKindField.optional(),
        serialNumber: z.string().min(1).max(64).optional(),
        connected: z.enum(["true", "false"]).optional(),
        search: z.string().trim().min(1).max(100).optional().openapi({
          description:
            "A part of the name, the serial number or the UDID, in any case. A page may be short and still have a next one.",
        }),
      }),
      answer: { status: 200, schema: pageOf(DeviceView) },
      async handle({ query: { state, userId, kind, serialNumber, connected, search, limit, cursor } }) {
        const [index, partition] =
          serialNumber !== undefined
            ? (["bySerial", serialNumber] as const)
            : userId !== undefined
              ? (["byUser", userId] as const)
              : state !== undefined
                ? (["byState", state] as const)
                : (["all", ""] as const);
        const part = search?.toLowerCase();
        const names = ({ id, deviceName, serialNumber: serial }: DeviceRecord) => [id, deviceName, serial];
        const filter = (device: DeviceRecord) =>
          (part === undefined || names(device).some((name) => name?.toLowerCase().includes(part))) &&
          (connected === undefined || push.isConnected(device.id) === (connected === "true")) &&
          (userId === undefined || device.userId === userId) &&
          (state === undefined || device.state === state) &&
          (kind === undefined || device.kind === kind);
        const page = await store.read((reader) =>
          readPage(reader, { collection: "devices", index, partitions: [partition], limit, cursor, filter }),
        );
        return { items: page.records.map(view), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/devices/{udid}",
      role: "read-only",
      tag,
      summary: "One phone",
      params: DeviceParams,
      answer: { status: 200, schema: DeviceView },
      refusals: ["not_found"],
      async handle({ params: { udid } }) {
        const device = await store.read((reader) => reader.get("devices", udid));
        if (!device) throw missing("device", udid);
        return view(device);
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/devices/{udid}/commands",
      role: "read-only",
      tag,
      summary: "The phone's commands, newest first",
      params: DeviceParams,
      query: z.strictObject({ ...pageQuery, open: z.enum(["true", "false"]).optional() }),
      answer: { status: 200, schema: pageOf(CommandView) },
      refusals: ["not_found"],
      async handle({ params: { udid }, query: { open, limit, cursor } }) {
        const index = open === undefined ? "byDevice" : open === "true" ? "open" : "settled";
        const page = await store.read(async (reader) => {
          if (!(await reader.get("devices", udid))) throw missing("device", udid);
          return await readPage(reader, {
            collection: "commands",
            index,
            partitions: [udid],
            order: "descending",
            limit,
            cursor,
          });
        });
        return { items: page.records.map(viewCommand), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/devices/{udid}/commands",
      role: "operator",
      tag,
      summary: "Queues a command for one phone",
      creates: true,
      bodyBytesMax: commandBodyBytesMax,
      params: DeviceParams,
      body: z.strictObject(commandFields),
      requestExample: { command: { RequestType: "DeviceInformation", Queries: ["OSVersion"] } },
      answer: { status: 202, schema: z.strictObject({ commandUUID: z.string() }) },
      refusals: ["not_found", "conflict", "queue_full", "malformed_plist"],
      async handle({ params, body, caller, cause }) {
        const command = toCommandDictionary(body);
        const { id } = await commands.enqueue({ udid: params.udid, command, origin: caller.keyId, cause });
        return { commandUUID: id };
      },
    }),
  ];
}
