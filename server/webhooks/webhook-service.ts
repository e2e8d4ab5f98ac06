/** Webhooks as admins set them up, and the loop that delivers to them. */
import { PippinError } from "../../shared/errors.ts";
import { startLoop, type Loop } from "../background.ts";
import type { ServerContext } from "../context.ts";
import { transact, type Companion } from "../outbox.ts";
import type { SecretBox } from "../secrets.ts";
import type { WebhookDeliveryRecord, WebhookRecord } from "../store/records.ts";
import { createDirectNotices } from "./direct-notices.ts";
import { Deliverer } from "./deliverer.ts";
import { createNotices, webhooksMax } from "./notices.ts";
import { sealContextOf } from "./seal-context.ts";

const waitingMaxDefault = 10_000;
/** Deliveries that are deleted in one transaction. */
const deleteBatch = 500;

export interface WebhookInput {
  readonly url: string;
  readonly events: readonly string[];
  readonly enabled: boolean;
  /** Drawn when left out. */
  readonly secret?: string | undefined;
}

export interface WebhookService {
  /** To be among the companions of the context that facts come from. */
  readonly companion: Companion;
  /** The secret is shown this once. Throws limit_exceeded. */
  create(input: WebhookInput, cause: number): Promise<{ webhook: WebhookRecord; secret: string }>;
  /** Throws not_found. */
  change(id: string, input: Partial<WebhookInput>, cause: number): Promise<WebhookRecord>;
  /** With everything that waits for it. Throws not_found. */
  remove(id: string, cause: number): Promise<void>;
  /** Sends a delivery that is settled once more, under its own id. Throws not_found, conflict. */
  redeliver(id: string, deliveryId: string, cause: number): Promise<WebhookDeliveryRecord>;
  /** Begins to deliver. Nothing is sent before. */
  start(): void;
  stop(): Promise<void>;
}

export interface WebhookOptions {
  readonly context: ServerContext;
  readonly box: SecretBox;
  readonly onFailure: (error: unknown) => void;
  readonly waitingMax?: number;
}

export function createWebhookService(options: WebhookOptions): WebhookService {
  const { context, box, onFailure, waitingMax = waitingMaxDefault } = options;
  const { world, store } = context;
  let loop: Loop | undefined;
  const wake = () => loop?.wake();
  const companion = createNotices(context, { waitingMax, wake });
  const direct = createDirectNotices(context, companion, onFailure);
  const deliverer = new Deliverer({ context, box, wake, onFailure });

  async function find(id: string): Promise<WebhookRecord> {
    const webhook = await store.read((reader) => reader.get("webhooks", id));
    if (webhook === undefined) throw new PippinError("not_found", `There is no webhook ${id}.`);
    return webhook;
  }

  async function deleteDeliveries(webhookId: string): Promise<void> {
    for (;;) {
      const count = await store.transaction(async (tx) => {
        const query = { index: "byWebhook", partition: webhookId, limit: deleteBatch } as const;
        const batch = await tx.list("webhookDeliveries", query);
        for (const { id } of batch) await tx.delete("webhookDeliveries", id);
        return batch.length;
      });
      if (count < deleteBatch) return;
    }
  }

  return {
    companion,

    async create({ url, events, enabled, secret: given }, cause) {
      const id = world.uuid().toLowerCase();
      const secret = given ?? `whsec_${world.randomBytes(32).toString("base64url")}`;
      const now = world.now();
      const webhook: WebhookRecord = {
        id,
        url,
        events: [...events],
        secret: box.seal(secret, sealContextOf(id)),
        enabled,
        createdAt: now,
        updatedAt: now,
        state: "ok",
        failingSince: null,
        failures: 0,
        lastSuccessAt: null,
        lastError: null,
        dropped: 0,
      };
      await transact(context, async (tx, outbox) => {
        if ((await tx.count("webhooks", "all", "")) >= webhooksMax)
          throw new PippinError("limit_exceeded", `There may be at most ${webhooksMax} webhooks.`);
        await tx.put("webhooks", webhook);
        outbox.record("admin.changed", { what: "webhook.created", webhookId: id, cause });
      });
      return { webhook, secret };
    },

    async change(id, { url, events, enabled, secret }, cause) {
      const sealed = secret === undefined ? undefined : box.seal(secret, sealContextOf(id));
      const changed = await transact(context, async (tx, outbox) => {
        const before = await tx.get("webhooks", id);
        if (before === undefined) throw new PippinError("not_found", `There is no webhook ${id}.`);
        const after: WebhookRecord = {
          ...before,
          ...(url === undefined ? {} : { url }),
          ...(events === undefined ? {} : { events: [...events] }),
          ...(enabled === undefined ? {} : { enabled }),
          ...(sealed === undefined ? {} : { secret: sealed }),
          updatedAt: world.now(),
        };
        await tx.put("webhooks", after);
        outbox.record("admin.changed", { what: "webhook.changed", webhookId: id, cause });
        outbox.after(wake);
        return after;
      });
      return changed;
    },

    async remove(id, cause) {
      await find(id);
      await store.transaction(async (tx) => {
        const webhook = await tx.get("webhooks", id);
        if (webhook) await tx.put("webhooks", { ...webhook, enabled: false });
      });
      // The webhook itself goes last: cut short, it is still there, shut off, to be deleted again.
      await deleteDeliveries(id);
      await transact(context, async (tx, outbox) => {
        await tx.delete("webhooks", id);
        outbox.record("admin.changed", { what: "webhook.deleted", webhookId: id, cause });
      });
    },

    async redeliver(id, deliveryId, cause) {
      await find(id);
      return await transact(context, async (tx, outbox) => {
        const before = await tx.get("webhookDeliveries", deliveryId);
        if (before?.webhookId !== id)
          throw new PippinError("not_found", `There is no delivery ${deliveryId}.`);
        if (before.state === "waiting")
          throw new PippinError("conflict", "The delivery is still under way: it is tried again by itself.");
        const after: WebhookDeliveryRecord = {
          ...before,
          // Those behind it have gone long ago: it waits for nobody, and nobody waits for it.
          lane: before.id,
          state: "waiting",
          attempts: 0,
          nextAt: world.now(),
          settledAt: null,
        };
        await tx.put("webhookDeliveries", after);
        outbox.record("admin.changed", { what: "webhook.redelivered", webhookId: id, deliveryId, cause });
        outbox.after(wake);
        return after;
      });
    },

    start() {
      loop ??= startLoop(world, () => deliverer.turn(), onFailure);
      direct.start();
    },

    async stop() {
      direct.stop();
      await loop?.stop();
      await deliverer.stop();
      await direct.finished();
    },
  };
}
