import { z } from "@hono/zod-openapi";
import { transact } from "../outbox.ts";
import { changePolicies } from "../deployments/policy-change.ts";
import { Policies, PolicyChange, readPolicies } from "../policies.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { eventQuery, findEvents } from "./event-query.ts";
import { Time } from "./fields.ts";

const Event = z
  .looseObject({ seq: z.number().int(), time: Time, run: z.string(), event: z.string() })
  .openapi("Event");
export type EventView = z.infer<typeof Event>;

export function systemRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { store, events, metrics, deployments } = dependencies;
  const setPolicies = (decide: (before: Policies) => Policies, cause: number): Promise<Policies> =>
    transact(dependencies, async (tx, outbox) => {
      const after = decide(await readPolicies(tx));
      await changePolicies(tx, outbox, after, dependencies.world.now(), cause);
      outbox.after(() => deployments.wake());
      return after;
    });
  return [
    endpoint({
      method: "get",
      path: "/api/v1/events",
      role: "read-only",
      tag: "Server",
      summary: "What happened lately, oldest first; ask again with `nextAfter` to follow",
      query: z.strictObject({
        ...eventQuery,
        after: z.coerce.number().int().min(0).default(0).openapi({ description: "A `seq`." }),
        limit: z.coerce.number().int().min(1).max(1_000).default(200),
      }),
      answer: {
        status: 200,
        schema: z.strictObject({
          items: z.array(Event),
          nextAfter: z.number().int(),
          oldestSeq: z
            .number()
            .int()
            .openapi({ description: "Older ones are not kept; 0 when there is none." }),
        }),
      },
      async handle({ query }) {
        return { ...findEvents(events, query), oldestSeq: events.oldestSeq };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/policies",
      role: "read-only",
      tag: "Server",
      summary: "The policies in force",
      answer: { status: 200, schema: Policies },
      async handle() {
        return await store.read((reader) => readPolicies(reader));
      },
    }),
    endpoint({
      method: "put",
      path: "/api/v1/policies",
      role: "admin",
      tag: "Server",
      summary: "Sets the policies; what is left out takes its default",
      body: Policies,
      requestExample: { licenseOnUnenroll: "reclaim" },
      answer: { status: 200, schema: Policies },
      async handle({ body, cause }) {
        return await setPolicies(() => body, cause);
      },
    }),
    endpoint({
      method: "patch",
      path: "/api/v1/policies",
      role: "admin",
      tag: "Server",
      summary: "Changes some policies; what is left out stays as it is",
      body: PolicyChange,
      requestExample: { conflictRules: "2017" },
      answer: { status: 200, schema: Policies },
      async handle({ body, cause }) {
        return await setPolicies((before) => ({ ...before, ...body }), cause);
      },
    }),
    endpoint({
      method: "get",
      path: "/metrics",
      role: "read-only",
      tag: "Server",
      summary: "Prometheus metrics",
      quiet: true,
      answer: { status: 200, schema: z.string(), mediaType: metrics.contentType },
      handle: () => metrics.text(),
    }),
  ];
}
