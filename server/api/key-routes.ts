import { z } from "@hono/zod-openapi";
import { drawApiKey, revokeApiKey, storeApiKey } from "../api-keys.ts";
import { Name } from "../directory/directory.ts";
import { transact } from "../outbox.ts";
import type { ApiKeyRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { RecordId, Time, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const KeyRole = z.enum(["admin", "operator", "read-only"]);
const keyFields = {
  id: z.string(),
  name: z.string(),
  role: KeyRole,
  createdAt: Time,
  revokedAt: Time.nullable(),
};
const KeyView = z.strictObject(keyFields).openapi("ApiKey");
const NewKeyView = z
  .strictObject({ ...keyFields, key: z.string().openapi({ description: "Shown this once." }) })
  .openapi("NewApiKey");

/** Without the hash. */
function viewKey(record: ApiKeyRecord): z.infer<typeof KeyView> {
  const { id, name, role, createdAt, revokedAt } = record;
  return { id, name, role, createdAt: timeOf(createdAt), revokedAt: timeOf(revokedAt) };
}

export function keyRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { world, store } = dependencies;
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
      body: z.strictObject({ name: Name, role: KeyRole }),
      requestExample: { name: "nightly CI", role: "operator" },
      answer: { status: 201, schema: NewKeyView },
      refusals: ["limit_exceeded"],
      async handle({ body, cause }) {
        const { record, key } = drawApiKey(world, body);
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
        });
      },
    }),
  ];
}
