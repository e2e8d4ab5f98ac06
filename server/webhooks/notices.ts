/** Writes a delivery for every webhook that wants to hear of a fact, in the transaction that makes the fact true. */
import type { EventIds } from "../../shared/trace.ts";
import type { ServerContext } from "../context.ts";
import { matchesName } from "../monitoring/event-filter.ts";
import type { Companion, Fact } from "../outbox.ts";
import type { WebhookDeliveryRecord, WebhookRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";

export const webhooksMax = 20;

/** What is no news: requests to the API itself, and the webhooks' own ups and downs, which would lead to ever more of them. */
const never = ["api.", "webhook.", "wire"];

export interface NoticeOptions {
  /** Deliveries that may wait for one webhook; beyond, the oldest is dropped. */
  readonly waitingMax: number;
  /** Something is to be delivered. */
  readonly wake: () => void;
}

export function createNotices(
  context: Pick<ServerContext, "world">,
  { waitingMax, wake }: NoticeOptions,
): Companion {
  return {
    async join(tx, facts) {
      // All that a server without webhooks pays.
      if ((await tx.count("webhooks", "enabled", "")) === 0) return undefined;
      const webhooks = await tx.list("webhooks", { index: "enabled", partition: "", limit: webhooksMax });
      const now = context.world.now();
      let count = 0;
      for (const fact of facts) {
        if (never.some((beginning) => fact.event.startsWith(beginning))) continue;
        for (const webhook of webhooks) {
          if (!matchesName(fact.event, webhook.events)) continue;
          await putDelivery(tx, context, webhook, fact, now);
          count += 1;
        }
      }
      if (count === 0) return undefined;
      for (const { id } of webhooks) await dropOldest(tx, id, waitingMax);
      return wake;
    },
  };
}

async function putDelivery(
  tx: Transaction,
  { world }: Pick<ServerContext, "world">,
  webhook: WebhookRecord,
  { event, details }: Fact,
  now: number,
): Promise<void> {
  const id = world.uuid();
  const lane = details.udid ?? id;
  const isFirst = details.udid === undefined || (await isLaneEmpty(tx, webhook.id, lane));
  await tx.put("webhookDeliveries", {
    id,
    webhookId: webhook.id,
    sequence: await tx.sequence(),
    lane,
    event,
    body: bodyOf(id, event, details, now),
    state: "waiting",
    createdAt: now,
    attempts: 0,
    nextAt: isFirst ? now : null,
    lastAttemptAt: null,
    lastStatus: null,
    lastError: null,
    settledAt: null,
  });
}

function bodyOf(
  deliveryId: string,
  event: string,
  details: EventIds & Readonly<Record<string, unknown>>,
  now: number,
): string {
  // The number of an event that led to this one means something within one run of the server only.
  const { cause: _cause, ...data } = details;
  return JSON.stringify({ deliveryId, event, time: new Date(now).toISOString(), data });
}

async function isLaneEmpty(tx: Transaction, webhookId: string, lane: string): Promise<boolean> {
  return (await tx.count("webhookDeliveries", "lane", `${webhookId} ${lane}`)) === 0;
}

async function dropOldest(tx: Transaction, webhookId: string, waitingMax: number): Promise<void> {
  const tooMany = (await tx.count("webhookDeliveries", "waiting", webhookId)) - waitingMax;
  if (tooMany <= 0) return;
  const webhook = await tx.get("webhooks", webhookId);
  if (webhook === undefined) return;
  const oldest = await tx.list("webhookDeliveries", {
    index: "waiting",
    partition: webhookId,
    limit: Math.min(tooMany, 1_000),
  });
  for (const delivery of oldest) {
    await tx.delete("webhookDeliveries", delivery.id);
    await openLane(tx, delivery, delivery.createdAt);
  }
  await tx.put("webhooks", { ...webhook, dropped: webhook.dropped + oldest.length });
}

/** The delivery is out of the way: the next one of its lane may go. */
export async function openLane(
  tx: Transaction,
  { webhookId, lane }: Pick<WebhookDeliveryRecord, "webhookId" | "lane">,
  now: number,
): Promise<void> {
  const [next] = await tx.list("webhookDeliveries", {
    index: "lane",
    partition: `${webhookId} ${lane}`,
    limit: 1,
  });
  if (next && next.nextAt === null) await tx.put("webhookDeliveries", { ...next, nextAt: now });
}
