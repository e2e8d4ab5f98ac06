import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import {
  drawApiKey,
  drawRotation,
  revokeApiKey,
  rotateApiKey,
  rotationGraceMsMax,
  storeApiKey,
} from "../api-keys.ts";
import { Name } from "../directory/directory.ts";
import { transact } from "../outbox.ts";
import type { ApiKeyRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { RecordId, Time, TimeInput, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const KeyRole = z.enum(["admin", "operator", "read-only"]);
const keyFields = {
  id: z.string(),
  name: z.string(),
  role: KeyRole,
  createdAt: Time,
  revokedAt: Time.nullable(),
  expiresAt: Time.nullable().openapi({ description: "Refused from then on; null: never." }),
  lastUsedAt: Time.nullable().openapi({ description: "To the hour." }),
  formerSecretUntil: Time.nullable().openapi({
    description: "Until then the secret before the last rotation is good too.",
  }),
};
const KeyView = z.strictObject(keyFields).openapi("ApiKey");
export type KeyView = z.infer<typeof KeyView>;
const NewKeyView = z
  .strictObject({ ...keyFields, key: z.string().openapi({ description: "Shown this once." }) })
  .openapi("NewApiKey");
export type NewKeyView = z.infer<typeof NewKeyView>;

/** Without the hashes. */
function viewKey(record: ApiKeyRecord): z.infer<typeof KeyView> {
  const { id, name, role, createdAt, revokedAt, expiresAt, lastUsedAt, previous } = record;
  return {
    id,
    name,
    role,
    createdAt: timeOf(createdAt),
    revokedAt: timeOf(revokedAt),
    expiresAt: timeOf(expiresAt),
    lastUsedAt: timeOf(lastUsedAt),
    formerSecretUntil: timeOf(previous?.until ?? null),
  };
}

export function keyRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { world, store, keyWatch } = dependencies;
  return [
    endpoint({
      method: "get",
      path: "/api/v1/keys",
      role: "admin",
      tag: "API keys",
      summary: "Lists the API keys, revoked ones included",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(KeyView) },
      async handle({ query }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "apiKeys", index: "all", ...query }),
        );
        return { items: page.records.map(viewKey), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/keys",
      role: "admin",
      tag: "API keys",
      summary: "Creates an API key and shows it, this once",
      creates: true,
      secretFields: ["key"],
      body: z.strictObject({ name: Name, role: KeyRole, expiresAt: TimeInput.nullable().default(null) }),
      requestExample: { name: "nightly CI", role: "operator", expiresAt: "2099-07-01T00:00:00Z" },
      answer: { status: 201, schema: NewKeyView },
      refusals: ["limit_exceeded"],
      async handle({ body, cause }) {
        const expiresAt = body.expiresAt === null ? null : Date.parse(body.expiresAt);
        if (expiresAt !== null && expiresAt <= world.now()) throw mustBeLater();
        const { record, key } = drawApiKey(world, { name: body.name, role: body.role, expiresAt });
        await transact(dependencies, async (tx, outbox) => {
          await storeApiKey(tx, record);
          outbox.record("admin.changed", { what: "key.created", keyId: record.id, role: record.role, cause });
        });
        return { ...viewKey(record), key };
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/keys/{id}",
      role: "admin",
      tag: "API keys",
      summary: "Revokes an API key; it is refused from the next request on",
      params: z.strictObject({ id: RecordId }),
      answer: { status: 204 },
      refusals: ["not_found", "conflict"],
      async handle({ params, cause }) {
        const now = world.now();
        await transact(dependencies, async (tx, outbox) => {
          await revokeApiKey(tx, params.id, now);
          outbox.record("admin.changed", { what: "key.revoked", keyId: params.id, cause });
          outbox.after(() => keyWatch.ended(params.id));
        });
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/keys/{id}/rotate",
      role: "admin",
      tag: "API keys",
      summary: "Gives an API key a new secret and shows it, this once",
      description:
        "The present secret is refused from the next request on, or after `graceSeconds`. A secret from an earlier rotation ends now. " +
        "Answers that have no end, such as the event stream, end at once and may be asked for again.",
      creates: true,
      secretFields: ["key"],
      params: z.strictObject({ id: RecordId }),
      body: z.strictObject({
        graceSeconds: z
          .number()
          .int()
          .min(0)
          .max(rotationGraceMsMax / 1_000)
          .default(0),
      }),
      requestExample: { graceSeconds: 3_600 },
      answer: { status: 200, schema: NewKeyView },
      refusals: ["not_found", "conflict"],
      async handle({ params, body, cause }) {
        const now = world.now();
        const { key, keyHash } = drawRotation(world);
        const graceMs = body.graceSeconds * 1_000;
        const record = await transact(dependencies, async (tx, outbox) => {
          const rotated = await rotateApiKey(tx, params.id, { keyHash, graceMs, now });
          outbox.record("admin.changed", {
            what: "key.rotated",
            keyId: params.id,
            graceSeconds: body.graceSeconds,
            cause,
          });
          outbox.after(() => keyWatch.ended(params.id));
          return rotated;
        });
        return { ...viewKey(record), key };
      },
    }),
  ];
}

function mustBeLater(): PippinError {
  return new PippinError("invalid_request", "body.expiresAt: expected a time that is still to come", {
    details: { errors: [{ path: "body.expiresAt", expected: "a time that is still to come" }] },
  });
}
