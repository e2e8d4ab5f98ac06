import { z } from "@hono/zod-openapi";
import { eventNames } from "../../shared/trace.ts";
import { eventPrefixForm, eventPrefixesMax } from "../monitoring/event-filter.ts";
import type { WebhookDeliveryRecord, WebhookRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { RecordId, Time, missing, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const tag = "Webhooks";
const count = z.number().int();

/** Loopback and private addresses are welcome: the receiver of a lab usually runs beside it. */
const Url = z
  .string()
  .max(2_000)
  .refine(isTarget, "expected an http or https URL without user name, password and fragment")
  .openapi({ example: "http://127.0.0.1:9000/pippin" });

function isTarget(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "" && hash === "";
}

const EventPrefix = z
  .string()
  .regex(eventPrefixForm, "expected the beginning of an event's name")
  .refine(
    (prefix) => eventNames.some((name) => name.startsWith(prefix)),
    "expected the beginning of an event's name",
  );
const Events = z
  .array(EventPrefix)
  .max(eventPrefixesMax)
  .openapi({ description: "Beginnings of event names, e.g. `installation.`; none for all." });
const Secret = z
  .string()
  .regex(/^[!-~]{16,256}$/, "expected 16 to 256 visible ASCII characters")
  .openapi({ description: "Signs every delivery. Drawn when left out." });

const webhookFields = {
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  enabled: z.boolean(),
  createdAt: Time,
  updatedAt: Time,
  state: z.enum(["ok", "failing"]),
  failingSince: Time.nullable(),
  failures: count.openapi({ description: "Attempts in a row that failed." }),
  lastSuccessAt: Time.nullable(),
  lastError: z.string().nullable(),
  dropped: count.openapi({ description: "Deliveries dropped because too many waited." }),
  waiting: count,
  failed: count.openapi({ description: "Deliveries given up, as far as they are kept." }),
};
const WebhookView = z.strictObject(webhookFields).openapi("Webhook");
export type WebhookView = z.infer<typeof WebhookView>;
const NewWebhookView = z
  .strictObject({ ...webhookFields, secret: z.string().openapi({ description: "Shown this once." }) })
  .openapi("NewWebhook");

const DeliveryView = z
  .strictObject({
    id: z.string().openapi({ description: "The same in every attempt." }),
    event: z.string(),
    udid: z.string().nullable().openapi({ description: "The phone whose deliveries come in order." }),
    state: z.enum(["waiting", "delivered", "failed"]),
    createdAt: Time,
    attempts: count,
    nextAt: Time.nullable().openapi({
      description:
        "When it is sent (again); null when it waits for an earlier one of its phone, or is settled.",
    }),
    lastAttemptAt: Time.nullable(),
    lastStatus: count.nullable(),
    lastError: z.string().nullable(),
    settledAt: Time.nullable(),
  })
  .openapi("WebhookDelivery");
export type DeliveryView = z.infer<typeof DeliveryView>;

/** Without the secret. */
function viewWebhook(webhook: WebhookRecord, counts: { waiting: number; failed: number }) {
  const { secret: _secret, createdAt, updatedAt, failingSince, lastSuccessAt, ...rest } = webhook;
  return {
    ...rest,
    createdAt: timeOf(createdAt),
    updatedAt: timeOf(updatedAt),
    failingSince: timeOf(failingSince),
    lastSuccessAt: timeOf(lastSuccessAt),
    ...counts,
  };
}

function viewDelivery(delivery: WebhookDeliveryRecord): z.infer<typeof DeliveryView> {
  const { body, lane, sequence: _sequence, webhookId: _webhookId, ...rest } = delivery;
  const { data } = JSON.parse(body) as { data: { udid?: string } };
  return {
    ...rest,
    udid: lane === delivery.id ? (data.udid ?? null) : lane,
    createdAt: timeOf(delivery.createdAt),
    nextAt: timeOf(delivery.nextAt),
    lastAttemptAt: timeOf(delivery.lastAttemptAt),
    settledAt: timeOf(delivery.settledAt),
  };
}

export function webhookRoutes({ store, webhooks }: ApiDependencies): Endpoint[] {
  const WebhookParams = z.strictObject({ webhookId: RecordId });
  const view = async (webhook: WebhookRecord) =>
    store.read(async (reader) =>
      viewWebhook(webhook, {
        waiting: await reader.count("webhookDeliveries", "waiting", webhook.id),
        failed: await reader.count("webhookDeliveries", "failed", webhook.id),
      }),
    );

  return [
    endpoint({
      method: "get",
      path: "/api/v1/webhooks",
      role: "admin",
      tag,
      summary: "Lists the webhooks, with how they stand",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(WebhookView) },
      async handle({ query }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "webhooks", index: "all", ...query }),
        );
        const items: z.infer<typeof WebhookView>[] = [];
        for (const webhook of page.records) items.push(await view(webhook));
        return { items, nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/webhooks",
      role: "admin",
      tag,
      summary: "Has events told to a URL",
      description:
        "Each delivery is a POST of `{deliveryId, event, time, data}` with the header `Pippin-Signature: t=<seconds>,v1=<hex>`, an " +
        "HMAC-SHA256 under the secret over `<t>.<body>`. Deliveries come at least once, those about one phone in order. Any answer but " +
        "2xx is tried again.",
      creates: true,
      secretFields: ["secret"],
      body: z.strictObject({
        url: Url,
        events: Events.default([]),
        enabled: z.boolean().default(true),
        secret: Secret.optional(),
      }),
      requestExample: { url: "http://127.0.0.1:9000/pippin", events: ["installation.", "license."] },
      answer: { status: 201, schema: NewWebhookView },
      refusals: ["limit_exceeded"],
      async handle({ body, cause }) {
        const { webhook, secret } = await webhooks.create(body, cause);
        return { ...(await view(webhook)), secret };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/webhooks/{webhookId}",
      role: "admin",
      tag,
      summary: "One webhook, with how it stands",
      params: WebhookParams,
      answer: { status: 200, schema: WebhookView },
      refusals: ["not_found"],
      async handle({ params: { webhookId } }) {
        const webhook = await store.read((reader) => reader.get("webhooks", webhookId));
        if (!webhook) throw missing("webhook", webhookId);
        return await view(webhook);
      },
    }),
    endpoint({
      method: "patch",
      path: "/api/v1/webhooks/{webhookId}",
      role: "admin",
      tag,
      summary: "Changes a webhook; what waits goes to the new URL, signed with the new secret",
      params: WebhookParams,
      secretFields: ["secret"],
      body: z
        .strictObject({ url: Url, events: Events, enabled: z.boolean(), secret: Secret })
        .partial()
        .refine((change) => Object.keys(change).length > 0, "expected url, events, enabled or secret"),
      requestExample: { enabled: false },
      answer: { status: 200, schema: WebhookView },
      refusals: ["not_found"],
      async handle({ params: { webhookId }, body, cause }) {
        return await view(await webhooks.change(webhookId, body, cause));
      },
    }),
    endpoint({
      method: "delete",
      path: "/api/v1/webhooks/{webhookId}",
      role: "admin",
      tag,
      summary: "Deletes a webhook with everything that waits for it",
      params: WebhookParams,
      answer: { status: 204 },
      refusals: ["not_found"],
      async handle({ params: { webhookId }, cause }) {
        await webhooks.remove(webhookId, cause);
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/webhooks/{webhookId}/deliveries",
      role: "admin",
      tag,
      summary: "What is to be told to a webhook, was told, or was given up, newest first",
      params: WebhookParams,
      query: z.strictObject({ ...pageQuery, state: z.enum(["waiting", "delivered", "failed"]).optional() }),
      answer: { status: 200, schema: pageOf(DeliveryView) },
      refusals: ["not_found"],
      async handle({ params: { webhookId }, query: { state, limit, cursor } }) {
        return await store.read(async (reader) => {
          if (!(await reader.get("webhooks", webhookId))) throw missing("webhook", webhookId);
          const page = await readPage(reader, {
            collection: "webhookDeliveries",
            index: state ?? "byWebhook",
            partitions: [webhookId],
            order: "descending",
            limit,
            cursor,
          });
          return { items: page.records.map(viewDelivery), nextCursor: page.nextCursor };
        });
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver",
      role: "admin",
      tag,
      summary: "Sends a delivery that was given up, or has been delivered, once more",
      params: z.strictObject({ webhookId: RecordId, deliveryId: RecordId }),
      answer: { status: 202, schema: DeliveryView },
      refusals: ["not_found", "conflict"],
      async handle({ params: { webhookId, deliveryId }, cause }) {
        return viewDelivery(await webhooks.redeliver(webhookId, deliveryId, cause));
      },
    }),
  ];
}
