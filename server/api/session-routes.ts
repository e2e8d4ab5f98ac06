import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import { transact } from "../outbox.ts";
import { csrfTokenOf, drawSession, endSession, storeSession, useOfSession } from "../sessions.ts";
import type { SessionInUse } from "../sessions.ts";
import type { Authenticator } from "./authentication.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Caller, type Endpoint } from "./endpoint.ts";
import { missing, RecordId, Time, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";
import { clearedCookie, sessionCookie } from "./session-cookie.ts";

const tag = "Sessions";
const sessionFields = {
  id: z.string(),
  keyId: z.string(),
  keyName: z.string(),
  role: z.enum(["admin", "operator", "read-only"]).openapi({ description: "The key's, as it is now." }),
  createdAt: Time,
  expiresAt: Time.openapi({ description: "At the latest; without a request for an hour, before." }),
  address: z.string().openapi({ description: "Where it was opened from." }),
  userAgent: z.string().nullable(),
};
const OwnSession = z
  .strictObject({
    ...sessionFields,
    csrfToken: z.string().openapi({
      description: "Goes into the header `X-CSRF-Token` of every request that changes something.",
    }),
  })
  .openapi("OwnSession");
export type OwnSession = z.infer<typeof OwnSession>;
const SessionView = z
  .strictObject({
    ...sessionFields,
    lastSeenAt: Time.openapi({ description: "To the minute." }),
    current: z.boolean().openapi({ description: "The one that asks." }),
  })
  .openapi("Session");
export type SessionView = z.infer<typeof SessionView>;

/** Without the hashes. */
function viewFields({ record, key }: SessionInUse) {
  const { id, keyId, createdAt, expiresAt, address, userAgent } = record;
  return {
    id,
    keyId,
    keyName: key.record.name,
    role: key.record.role,
    createdAt: timeOf(createdAt),
    expiresAt: timeOf(expiresAt),
    address,
    userAgent,
  };
}

export function sessionRoutes(
  dependencies: ApiDependencies,
  authenticator: Pick<Authenticator, "identifyKey">,
): Endpoint[] {
  const { world, store, keyWatch } = dependencies;

  async function end(id: string, keyId: string | undefined, cause: number): Promise<void> {
    await transact(dependencies, async (tx, outbox) => {
      await endSession(tx, id, keyId);
      outbox.record("admin.changed", { what: "session.ended", sessionId: id, cause });
      outbox.after(() => keyWatch.sessionEnded(id));
    });
  }

  return [
    endpoint({
      method: "post",
      path: "/api/v1/sessions",
      role: "open",
      tag,
      summary: "Signs a browser in with an API key",
      description:
        "Sets a cookie that no script can read, and stands for the key from then on. A session ends twelve hours after its beginning, after an " +
        "hour without a request, when it is ended here, and when its key is revoked, expires or gets another secret. It is then refused with " +
        '`unauthorized` and `session: "ended"`. A key has at most 100 sessions; the next one takes the place of the one that would end first.',
      secretFields: ["key", "csrfToken"],
      body: z.strictObject({ key: z.string().min(1).max(256) }),
      requestExample: { key: "pk_…" },
      answer: { status: 201, schema: OwnSession },
      async handle({ body, exchange, cause }) {
        const key = await authenticator.identifyKey(body.key, exchange.address);
        exchange.identified({ keyId: key.record.id, role: key.record.role });
        const { record, secret } = drawSession(world, key, exchange);
        await transact(dependencies, async (tx, outbox) => {
          const { id: sessionId, keyId } = record;
          const replaced = await storeSession(tx, record);
          outbox.record("admin.changed", { what: "session.opened", sessionId, keyId, cause });
          for (const gone of replaced) {
            outbox.record("admin.changed", { what: "session.ended", sessionId: gone, replacedBy: sessionId });
            outbox.after(() => keyWatch.sessionEnded(gone));
          }
        });
        const maxAgeMs = record.expiresAt - record.createdAt;
        exchange.setCookie(sessionCookie(secret, { ...exchange, maxAgeMs }));
        return { ...viewFields({ record, key }), csrfToken: csrfTokenOf(secret) };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/sessions/current",
      role: "read-only",
      tag,
      summary: "The session that asks, with its token against forged requests",
      secretFields: ["csrfToken"],
      answer: { status: 200, schema: OwnSession },
      refusals: ["not_found"],
      async handle({ caller }) {
        const { id, csrfToken } = sessionOf(caller);
        const found = await store.read(async (reader) => {
          const record = await reader.get("sessions", id);
          return record && (await useOfSession(reader, record, world.now()));
        });
        if (!found) throw missing("session", id);
        return { ...viewFields(found), csrfToken };
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/sessions/current",
      role: "read-only",
      tag,
      summary: "Signs the browser out",
      answer: { status: 204 },
      refusals: ["not_found"],
      async handle({ caller, exchange, cause }) {
        await end(sessionOf(caller).id, undefined, cause);
        exchange.setCookie(clearedCookie(exchange));
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/sessions",
      role: "read-only",
      tag,
      summary:
        "The sessions there are, newest first: all of them for an admin, those of the same key for others",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(SessionView) },
      async handle({ query, caller }) {
        const mine = caller.role === "admin" ? undefined : caller.keyId;
        const [index, partition] = mine === undefined ? (["all", ""] as const) : (["byKey", mine] as const);
        return await store.read(async (reader) => {
          const page = await readPage(reader, {
            ...{ collection: "sessions", index, partitions: [partition], order: "descending" },
            ...query,
          });
          const items: SessionView[] = [];
          for (const record of page.records) {
            const found = await useOfSession(reader, record, world.now());
            // Those that are over are still to be swept away.
            if (found === undefined) continue;
            const current = record.id === caller.session?.id;
            items.push({ ...viewFields(found), lastSeenAt: timeOf(record.lastSeenAt), current });
          }
          return { items, nextCursor: page.nextCursor };
        });
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/sessions/{sessionId}",
      role: "read-only",
      tag,
      summary: "Ends a session: any for an admin, one of the same key for others",
      params: z.strictObject({ sessionId: RecordId }),
      answer: { status: 204 },
      refusals: ["not_found"],
      async handle({ params, caller, exchange, cause }) {
        await end(params.sessionId, caller.role === "admin" ? undefined : caller.keyId, cause);
        if (params.sessionId === caller.session?.id) exchange.setCookie(clearedCookie(exchange));
      },
    }),
  ];
}

/** Throws not_found for who came with a key. */
function sessionOf({ session }: Caller): { id: string; csrfToken: string } {
  if (session) return session;
  throw new PippinError("not_found", "A request with an API key has no session.");
}
