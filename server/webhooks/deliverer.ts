/** Sends what is due to each webhook: a few at a time, those about one phone one after another. */
import type { World } from "../../shared/world.ts";
import type { ServerContext } from "../context.ts";
import { transact } from "../outbox.ts";
import { backoffMs, readPolicies, type Policies } from "../policies.ts";
import type { SecretBox } from "../secrets.ts";
import type { WebhookDeliveryRecord, WebhookRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { openLane, webhooksMax } from "./notices.ts";
import { sealContextOf } from "./seal-context.ts";
import { signatureOf } from "./signature.ts";

/** Deliveries under way to one webhook: a slow receiver holds up itself, and nobody else. */
const widthMax = 4;
/** Settled deliveries that stay visible for each webhook. */
const deliveredKept = 200;
const failedKept = 1_000;
/** By how much a wait is made longer or shorter, so that receivers which failed together are not asked together again. */
const jitter = 0.2;
/** Of an answer no more than this is taken off the wire, and none of it is read. */
const answerBytesMax = 64 * 1024;

interface Outcome {
  /** Null when no answer came. */
  readonly status: number | null;
  /** Undefined when it was delivered. */
  readonly error: string | undefined;
}

export interface DelivererOptions {
  readonly context: ServerContext;
  readonly box: SecretBox;
  readonly wake: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class Deliverer {
  readonly #options: DelivererOptions;
  /** Ids of deliveries under way, by webhook. */
  readonly #underWay = new Map<string, Set<string>>();
  /** What gives up the deliveries under way. */
  readonly #stops = new Set<() => void>();
  #isStopping = false;
  readonly #tasks = new Set<Promise<void>>();

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Begins what is due and may begin. Answers with the time of what is due next. */
  async turn(): Promise<number | null> {
    const { world, store } = this.#options.context;
    const now = world.now();
    const { due, nextAt, policies } = await store.read(async (reader) => {
      const found: { webhook: WebhookRecord; delivery: WebhookDeliveryRecord }[] = [];
      let next: number | null = null;
      for (const webhook of await reader.list("webhooks", {
        index: "enabled",
        partition: "",
        limit: webhooksMax,
      })) {
        const busy = this.#underWay.get(webhook.id);
        let free = widthMax - (busy?.size ?? 0);
        const query = { index: "due", partition: webhook.id, limit: widthMax * 2 } as const;
        for (const delivery of await reader.list("webhookDeliveries", query)) {
          // One that ends wakes the loop: nothing is to be waited for while all hands are full.
          if (free === 0 || delivery.nextAt === null) break;
          if (busy?.has(delivery.id) === true) continue;
          if (delivery.nextAt > now) {
            next = Math.min(next ?? Infinity, delivery.nextAt);
            break;
          }
          free -= 1;
          found.push({ webhook, delivery });
        }
      }
      return { due: found, nextAt: next, policies: await readPolicies(reader) };
    });
    for (const { webhook, delivery } of due) this.#begin(webhook, delivery, policies);
    return nextAt;
  }

  /** What is under way is given up: it is sent again after the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const stop of [...this.#stops]) stop();
    await Promise.all(this.#tasks);
  }

  #begin(webhook: WebhookRecord, delivery: WebhookDeliveryRecord, policies: Policies): void {
    const busy = this.#underWay.get(webhook.id) ?? new Set();
    this.#underWay.set(webhook.id, busy.add(delivery.id));
    const task = this.#deliver(webhook, delivery, policies)
      .catch((error: unknown) => this.#options.onFailure(error))
      .finally(() => {
        busy.delete(delivery.id);
        if (busy.size === 0) this.#underWay.delete(webhook.id);
        this.#tasks.delete(task);
        this.#options.wake();
      });
    this.#tasks.add(task);
  }

  async #deliver(webhook: WebhookRecord, delivery: WebhookDeliveryRecord, policies: Policies): Promise<void> {
    const { context, box } = this.#options;
    const { world } = context;
    const secret = box.open(webhook.secret, sealContextOf(webhook.id));
    const enough = new AbortController();
    const stop = () => enough.abort();
    this.#stops.add(stop);
    const outcome = await send(world, enough, policies.webhookTimeoutSeconds * 1_000, {
      url: webhook.url,
      body: delivery.body,
      headers: {
        "content-type": "application/json",
        "user-agent": "pippin-webhooks",
        "pippin-delivery": delivery.id,
        "pippin-event": delivery.event,
        "pippin-attempt": String(delivery.attempts + 1),
        "pippin-signature": signatureOf(secret, delivery.body, world.now()),
      },
    }).finally(() => this.#stops.delete(stop));
    // Nobody knows whether it arrived; at least once means to send it again.
    if (this.#isStopping && outcome.error !== undefined) return;
    // Drawn here: a transaction may run more than once.
    const chance = 1 + jitter * (2 * world.random() - 1);
    await transact(context, async (tx, outbox) => {
      const now = world.now();
      const current = await tx.get("webhookDeliveries", delivery.id);
      if (current?.state === "waiting") await settle(tx, current, outcome, policies, chance, now);
      const before = await tx.get("webhooks", webhook.id);
      if (before === undefined) return;
      const after = standing(before, outcome, now);
      await tx.put("webhooks", after);
      if (after.state !== before.state)
        outbox.record("webhook.changed", { webhookId: after.id, from: before.state, to: after.state });
    });
  }
}

/** One attempt. Redirects are not followed, and any answer but 2xx is a failure. */
async function send(
  world: World,
  /** Ends the exchange: no more of it is wanted. */
  enough: AbortController,
  timeoutMs: number,
  { url, headers, body }: { url: string; headers: Record<string, string>; body: string },
): Promise<Outcome> {
  let status: number | null = null;
  let bytes = 0;
  // Counts for the whole exchange: a receiver may also begin an answer and never end it.
  const timer = world.after(timeoutMs, () => enough.abort());
  try {
    await world.request(url, {
      method: "POST",
      headers,
      body,
      timeoutMs: timeoutMs + 1_000,
      stream: {
        head: (code) => (status = code),
        piece: (data) => {
          bytes += data.length;
          if (bytes > answerBytesMax) enough.abort();
        },
        signal: enough.signal,
      },
    });
  } catch (error) {
    // An answer that breaks off has told its status before.
    if (status === null) {
      const why = error instanceof Error ? error.message : "unknown";
      return {
        status,
        error: enough.signal.aborted ? `No answer within ${timeoutMs} ms.` : why.slice(0, 300),
      };
    }
  } finally {
    timer.cancel();
  }
  return judge(status);
}

function judge(status: number | null): Outcome {
  const isDelivered = status !== null && status >= 200 && status < 300;
  return { status, error: isDelivered ? undefined : `The receiver answered with status ${status}.` };
}

async function settle(
  tx: Transaction,
  delivery: WebhookDeliveryRecord,
  { status, error }: Outcome,
  policies: Policies,
  chance: number,
  now: number,
): Promise<void> {
  const attempts = delivery.attempts + 1;
  const attempted = {
    ...delivery,
    attempts,
    lastAttemptAt: now,
    lastStatus: status,
    lastError: error ?? null,
  };
  const isGivenUp = error !== undefined && attempts >= policies.webhookAttemptsMax;
  if (error !== undefined && !isGivenUp) {
    const waitMs = backoffMs(policies.webhookRetry, attempts - 1) * chance;
    await tx.put("webhookDeliveries", { ...attempted, nextAt: now + Math.round(waitMs) });
    return;
  }
  const state = isGivenUp ? "failed" : "delivered";
  await tx.put("webhookDeliveries", { ...attempted, state, nextAt: null, settledAt: now });
  await openLane(tx, delivery, now);
  await forgetOld(tx, delivery.webhookId, state);
}

async function forgetOld(tx: Transaction, webhookId: string, state: "delivered" | "failed"): Promise<void> {
  const kept = state === "delivered" ? deliveredKept : failedKept;
  const tooMany = (await tx.count("webhookDeliveries", state, webhookId)) - kept;
  if (tooMany <= 0) return;
  const query = { index: state, partition: webhookId, limit: Math.min(tooMany, 100) } as const;
  for (const old of await tx.list("webhookDeliveries", query)) await tx.delete("webhookDeliveries", old.id);
}

function standing(webhook: WebhookRecord, { error }: Outcome, now: number): WebhookRecord {
  if (error === undefined)
    return { ...webhook, state: "ok", failingSince: null, failures: 0, lastSuccessAt: now };
  return {
    ...webhook,
    state: "failing",
    failingSince: webhook.failingSince ?? now,
    failures: webhook.failures + 1,
    lastError: error,
  };
}
