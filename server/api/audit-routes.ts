import { z } from "@hono/zod-openapi";
import type { Recorder } from "../../shared/trace.ts";
import type { AuditRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { RecordId, Time, TimeInput, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const AuditView = z
  .strictObject({
    id: z.string(),
    at: Time,
    keyId: z.string().nullable().openapi({ description: "Who; null when nobody could be identified." }),
    keyName: z.string().nullable(),
    role: z.enum(["admin", "operator", "read-only"]).nullable(),
    address: z.string(),
    operation: z.string().openapi({ example: "PATCH /api/v1/deployments/{deploymentId}" }),
    target: z.string().openapi({ example: "deployments/6F9619FF" }),
    request: z.unknown().openapi({ description: "What was asked for, without secrets." }),
    before: z
      .unknown()
      .openapi({ description: "What it was done to, as it was; null when there was nothing." }),
    after: z.unknown(),
    result: z.enum(["done", "refused", "failed"]),
    code: z.string().nullable(),
    event: z.number().int().nullable().openapi({
      description: "`seq` of the request's event; null when that was before the server last started.",
    }),
    suppressed: z
      .number()
      .int()
      .openapi({ description: "Refusals before this one that were too many to be written." }),
  })
  .openapi("AuditRecord");
export type AuditView = z.infer<typeof AuditView>;

function viewRecord(recorder: Recorder, { cause, at, ...record }: AuditRecord): z.infer<typeof AuditView> {
  return { ...record, at: timeOf(at), event: recorder.seqOf(cause) ?? null };
}

export function auditRoutes({ store, recorder }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/audit",
      role: "admin",
      tag: "Audit",
      summary: "What was done through the API, or tried, newest first",
      query: z.strictObject({
        ...pageQuery,
        keyId: RecordId.optional(),
        operation: z.string().min(1).max(200).optional().openapi({ example: "PUT /api/v1/policies" }),
        target: z
          .string()
          .min(1)
          .max(300)
          .optional()
          .openapi({ example: "users/anna", description: "It, or anything below it." }),
        result: z.enum(["done", "refused", "failed"]).optional(),
        from: TimeInput.optional().openapi({ description: "Not before." }),
        to: TimeInput.optional().openapi({ description: "Not after." }),
      }),
      answer: { status: 200, schema: pageOf(AuditView) },
      async handle({ query: { keyId, operation, target, result, from, to, limit, cursor } }) {
        const folders = (record: AuditRecord) => `${record.target}/`.startsWith(`${target}/`);
        const [index, partition] =
          target !== undefined
            ? (["byTarget", target] as const)
            : keyId !== undefined
              ? (["byKey", keyId] as const)
              : operation !== undefined
                ? (["byOperation", operation] as const)
                : (["all", ""] as const);
        const page = await store.read((reader) =>
          readPage(reader, {
            collection: "audit",
            index,
            partitions: [partition],
            order: "descending",
            limit,
            cursor,
            ...(from === undefined ? {} : { sortMin: Date.parse(from) }),
            ...(to === undefined ? {} : { sortMax: Date.parse(to) }),
            filter: (record) =>
              (target === undefined || folders(record)) &&
              (keyId === undefined || record.keyId === keyId) &&
              (operation === undefined || record.operation === operation) &&
              (result === undefined || record.result === result),
          }),
        );
        return {
          items: page.records.map((record) => viewRecord(recorder, record)),
          nextCursor: page.nextCursor,
        };
      },
    }),
  ];
}
