import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ServerContext } from "../../../server/context.ts";
import { transact, type Companion } from "../../../server/outbox.ts";
import { Policies, writePolicies } from "../../../server/policies.ts";
import { createSecretBox, type SecretBox } from "../../../server/secrets.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import type { WebhookDeliveryRecord } from "../../../server/store/records.ts";
import type { Store } from "../../../server/store/store.ts";
import { createNotices } from "../../../server/webhooks/notices.ts";
import { createWebhookService, type WebhookService } from "../../../server/webhooks/webhook-service.ts";
import { createRecorder, type EventIds, type EventName, type TraceEvent } from "../../../shared/trace.ts";
import type { World } from "../../../shared/world.ts";
import { createVirtualWorld, type VirtualWorld } from "../../../simulator/virtual/virtual-world.ts";

interface Told {
  readonly at: number;
  readonly delivery: string;
  readonly attempt: number;
  readonly event: string;
  readonly signature: string;
  readonly text: string;
  readonly body: { deliveryId: string; event: string; time: string; data: Record<string, unknown> };
}

/** A receiver that answers as the test says. */
async function startReceiver(
  virtual: VirtualWorld,
  host: string,
  answer: (told: Told) => Response | Promise<Response>,
) {
  const { world } = virtual.process(host);
  const told: Told[] = [];
  await world.serve({
    host,
    port: 80,
    async handle(request) {
      const text = await request.text();
      const header = (name: string) => request.headers.get(name) ?? "";
      told.push({
        at: world.now(),
        delivery: header("pippin-delivery"),
        attempt: Number(header("pippin-attempt")),
        event: header("pippin-event"),
        signature: header("pippin-signature"),
        text,
        body: JSON.parse(text) as Told["body"],
      });
      const last = told.at(-1);
      if (!last) throw new Error("nothing was told");
      return answer(last);
    },
  });
  return { url: `http://${host}/hook`, told, world };
}

interface Site {
  readonly virtual: VirtualWorld;
  readonly context: ServerContext;
  readonly webhooks: WebhookService;
  readonly events: TraceEvent[];
  readonly store: Store;
  readonly box: SecretBox;
  fact(event: EventName, details: EventIds & Record<string, unknown>): Promise<void>;
  deliveries(webhookId: string): Promise<WebhookDeliveryRecord[]>;
}

function openSite(
  virtual: VirtualWorld,
  options: { store?: Store; world?: World; waitingMax?: number } = {},
): Site {
  const world = options.world ?? virtual.process("server").world;
  const store = options.store ?? openMemoryStore();
  const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
  const events: TraceEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  const companions: Companion[] = [];
  const context = { world, store, recorder, companions };
  const box = createSecretBox(Buffer.alloc(32, 1), (length) => world.randomBytes(length));
  const webhooks = createWebhookService({
    context,
    box,
    onFailure: (error) => {
      throw error;
    },
    ...(options.waitingMax === undefined ? {} : { waitingMax: options.waitingMax }),
  });
  companions.push(webhooks.companion);
  webhooks.start();
  return {
    virtual,
    context,
    webhooks,
    events,
    store,
    box,
    fact: (event, details) => transact(context, async (_tx, outbox) => outbox.record(event, details)),
    deliveries: (webhookId) =>
      store.read((reader) =>
        reader.list("webhookDeliveries", { index: "byWebhook", partition: webhookId, limit: 1_000 }),
      ),
  };
}

const ok = () => new Response("fine, and nobody reads it");
const input = (url: string) => ({ url, events: [], enabled: true, secret: "a-secret-for-this-test" });

/** A whole test in one virtual world. */
function inWorld(body: (virtual: VirtualWorld) => Promise<void>): () => Promise<void> {
  return async () => {
    const virtual = createVirtualWorld({ seed: 5 });
    await virtual.run(() => body(virtual));
  };
}

describe("a webhook", () => {
  it(
    "is told of facts, signed over the bytes that were sent",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      const receiver = await startReceiver(virtual, "10.0.0.7", ok);
      const { webhook } = await site.webhooks.create(input(receiver.url), 0);
      await site.fact("license.taken", { userId: "anna", adamId: "1", cause: 7 });
      await site.context.world.sleep(1_000);
      const [created, told] = receiver.told;
      expect(created?.body).toMatchObject({ event: "admin.changed", data: { what: "webhook.created" } });
      expect(told?.body).toEqual({
        deliveryId: told?.delivery,
        event: "license.taken",
        time: expect.stringMatching(/^2016-06-15T/) as string,
        data: { userId: "anna", adamId: "1" },
      });
      const [, seconds = "", hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(told?.signature ?? "") ?? [];
      const expected = createHmac("sha256", "a-secret-for-this-test").update(`${seconds}.${told?.text}`);
      expect(hex).toBe(expected.digest("hex"));
      expect(Math.abs(Number(seconds) * 1_000 - (told?.at ?? 0))).toBeLessThan(2_000);
      expect(await site.deliveries(webhook.id)).toMatchObject([
        { state: "delivered", attempts: 1, lastStatus: 200 },
        { state: "delivered", attempts: 1, lastStatus: 200 },
      ]);
      await site.webhooks.stop();
    }),
  );

  it(
    "hears only of what it asked for, and of nothing once it is shut off or gone",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      const receiver = await startReceiver(virtual, "10.0.0.7", ok);
      const { webhook } = await site.webhooks.create(
        { ...input(receiver.url), events: ["license.", "user.r"] },
        0,
      );
      for (const event of [
        "license.taken",
        "user.accepted",
        "user.retired",
        "api.request",
        "webhook.changed",
      ] as const)
        await site.fact(event, { userId: "anna" });
      await site.context.world.sleep(1_000);
      expect(receiver.told.map(({ event }) => event)).toEqual(["license.taken", "user.retired"]);
      await site.webhooks.change(webhook.id, { enabled: false }, 0);
      await site.fact("license.taken", {});
      await site.webhooks.change(webhook.id, { enabled: true }, 0);
      await site.fact("license.returned", {});
      await site.context.world.sleep(1_000);
      expect(receiver.told.slice(2).map(({ event }) => event)).toEqual(["license.returned"]);
      await site.webhooks.remove(webhook.id, 0);
      await site.fact("license.taken", {});
      await site.context.world.sleep(1_000);
      expect(receiver.told).toHaveLength(3);
      expect(await site.deliveries(webhook.id)).toEqual([]);
      await site.webhooks.stop();
    }),
  );

  it(
    "gets what is about one phone in order, also when the first attempt fails, while other phones don't wait",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      let refusals = 2;
      const receiver = await startReceiver(virtual, "10.0.0.7", ({ body }) =>
        body.data["udid"] === "a" && refusals-- > 0 ? new Response("", { status: 503 }) : ok(),
      );
      const { webhook } = await site.webhooks.create({ ...input(receiver.url), events: ["command."] }, 0);
      for (let number = 1; number <= 4; number += 1) {
        for (const udid of ["a", "b"]) await site.fact("command.acknowledged", { udid, number });
      }
      await site.context.world.sleep(60_000);
      const of = (udid: string) =>
        receiver.told.filter(({ body }) => body.data["udid"] === udid).map(({ body }) => body.data["number"]);
      expect(of("a")).toEqual([1, 1, 1, 2, 3, 4]);
      expect(of("b")).toEqual([1, 2, 3, 4]);
      const lastOfB = receiver.told.findLastIndex(({ body }) => body.data["udid"] === "b");
      const secondOfA = receiver.told.findIndex(
        ({ body }) => body.data["udid"] === "a" && body.data["number"] === 2,
      );
      expect(lastOfB).toBeLessThan(secondOfA);
      const tries = receiver.told.filter(({ body }) => body.data["udid"] === "a").slice(0, 3);
      expect(new Set(tries.map(({ delivery }) => delivery)).size).toBe(1);
      expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(new Set(tries.map(({ text }) => text)).size).toBe(1);
      expect((await site.deliveries(webhook.id)).every(({ state }) => state === "delivered")).toBe(true);
      await site.webhooks.stop();
    }),
  );

  it(
    "that fails is asked again ever more rarely, is seen to fail, and is given up after the last attempt",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      let isWell = false;
      const receiver = await startReceiver(virtual, "10.0.0.7", () =>
        isWell ? ok() : new Response("", { status: 500 }),
      );
      const retry = { firstSeconds: 10, factor: 2, maxSeconds: 60 };
      await site.store.transaction((tx) =>
        writePolicies(tx, Policies.parse({ webhookRetry: retry, webhookAttemptsMax: 6 })),
      );
      const { webhook } = await site.webhooks.create(
        { ...input(receiver.url), events: ["sync.", "command."] },
        0,
      );
      await site.fact("command.failed", { udid: "a", number: 1 });
      await site.fact("command.failed", { udid: "a", number: 2 });
      await site.context.world.sleep(200_000);
      const first = receiver.told.filter(({ body }) => body.data["number"] === 1);
      const waits = first.slice(1).map(({ at }, index) => (at - (first[index]?.at ?? 0)) / 1_000);
      expect(waits).toHaveLength(5);
      for (const [index, wait] of waits.entries()) {
        const base = Math.min(10 * 2 ** index, 60);
        expect(wait).toBeGreaterThan(base * 0.79);
        expect(wait).toBeLessThan(base * 1.22);
      }
      expect(new Set(waits.map((wait, index) => wait / Math.min(10 * 2 ** index, 60))).size).toBe(5);
      const [given, next] = await site.deliveries(webhook.id);
      expect(given).toMatchObject({ state: "failed", attempts: 6, lastStatus: 500, nextAt: null });
      expect(next).toMatchObject({ state: "waiting" });
      const standing = await site.store.read((reader) => reader.get("webhooks", webhook.id));
      expect(standing).toMatchObject({
        state: "failing",
        lastError: "The receiver answered with status 500.",
      });
      expect(standing?.failures).toBeGreaterThanOrEqual(6);
      // The receiver is well again: what waits goes out, and an admin sends the one that was given up.
      isWell = true;
      await site.context.world.sleep(100_000);
      expect(await site.store.read((reader) => reader.get("webhooks", webhook.id))).toMatchObject({
        state: "ok",
        failingSince: null,
        failures: 0,
      });
      expect(site.events.filter(({ event }) => event === "webhook.changed").map(({ to }) => to)).toEqual([
        "failing",
        "ok",
      ]);
      await site.webhooks.redeliver(webhook.id, given?.id ?? "", 0);
      await site.context.world.sleep(1_000);
      expect(receiver.told.at(-1)).toMatchObject({ delivery: given?.id, attempt: 1, text: given?.body });
      expect((await site.deliveries(webhook.id)).map(({ state }) => state)).toEqual([
        "delivered",
        "delivered",
      ]);
      await expect(site.webhooks.redeliver(webhook.id, "none", 0)).rejects.toMatchObject({
        code: "not_found",
      });
      await site.webhooks.stop();
    }),
  );

  it.each<[string, () => Response | Promise<Response>, string]>([
    ["that never answers", () => new Promise<Response>(() => undefined), "No answer within 10000 ms."],
    ["that answers with a redirect", () => Response.redirect("http://10.0.0.9/", 302), "status 302"],
    ["that refuses", () => new Response("", { status: 400 }), "status 400"],
  ])("%s has not got it", async (_name, answer, error) => {
    await inWorld(async (virtual) => {
      const site = openSite(virtual);
      const elsewhere = await startReceiver(virtual, "10.0.0.9", ok);
      const receiver = await startReceiver(virtual, "10.0.0.7", answer);
      const { webhook } = await site.webhooks.create({ ...input(receiver.url), events: ["license."] }, 0);
      await site.fact("license.taken", {});
      await site.context.world.sleep(11_000);
      const [delivery] = await site.deliveries(webhook.id);
      expect(delivery).toMatchObject({
        state: "waiting",
        lastError: expect.stringContaining(error) as string,
      });
      expect(elsewhere.told).toEqual([]);
      await site.webhooks.stop();
    })();
  });

  it.each<[string, () => Response]>([
    ["is longer than anybody reads", () => new Response("x".repeat(5_000_000))],
    [
      "begins and never ends",
      () => new Response(new ReadableStream({ start: (c) => c.enqueue(Buffer.from("x")) })),
    ],
    ["has no body", () => new Response(null, { status: 204 })],
  ])("has got it when its answer %s", async (_name, answer) => {
    await inWorld(async (virtual) => {
      const site = openSite(virtual);
      const receiver = await startReceiver(virtual, "10.0.0.7", answer);
      const { webhook } = await site.webhooks.create({ ...input(receiver.url), events: ["license."] }, 0);
      await site.fact("license.taken", {});
      await site.context.world.sleep(11_000);
      expect(await site.deliveries(webhook.id)).toMatchObject([{ state: "delivered", attempts: 1 }]);
      expect(receiver.told).toHaveLength(1);
      await site.webhooks.stop();
    })();
  });

  it(
    "that nobody is at, or that is slow, holds up no other",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      const slow = await startReceiver(virtual, "10.0.0.8", () => new Promise<Response>(() => undefined));
      const quick = await startReceiver(virtual, "10.0.0.7", ok);
      await site.webhooks.create({ ...input("http://10.0.0.6/"), events: ["license."] }, 0);
      await site.webhooks.create({ ...input(slow.url), events: ["license."] }, 0);
      await site.webhooks.create({ ...input(quick.url), events: ["license."] }, 0);
      const startedAt = site.context.world.now();
      for (let number = 0; number < 30; number += 1) await site.fact("license.taken", { number });
      await site.context.world.sleep(3_000);
      expect(quick.told.map(({ body }) => body.data["number"]).sort()).toHaveLength(30);
      expect(Math.max(...quick.told.map(({ at }) => at)) - startedAt).toBeLessThan(3_000);
      expect(slow.told).toHaveLength(4);
      await site.webhooks.stop();
    }),
  );

  it(
    "gets at least once what was not known to have arrived when the server was killed, under the same id",
    inWorld(async (virtual) => {
      const server = virtual.process("server");
      const site = openSite(virtual, { world: server.world });
      const receiver = await startReceiver(virtual, "10.0.0.7", async () => {
        if (server.alive) {
          // It arrived; the server does not live to learn it.
          server.kill();
          await new Promise(() => undefined);
        }
        return ok();
      });
      await site.webhooks.create({ ...input(receiver.url), events: ["license."] }, 0);
      void site.fact("license.taken", { number: 1, udid: "a" });
      void site.fact("license.returned", { number: 2, udid: "a" });
      await receiver.world.sleep(1_000);
      expect(receiver.told).toHaveLength(1);
      const again = openSite(virtual, { store: site.store, world: virtual.process("server").world });
      await receiver.world.sleep(1_000);
      expect(receiver.told.map(({ body }) => body.data["number"])).toEqual([1, 1, 2]);
      expect(receiver.told[1]?.delivery).toBe(receiver.told[0]?.delivery);
      await again.webhooks.stop();
    }),
  );

  it(
    "loses the oldest when too many wait, and says how many",
    inWorld(async (virtual) => {
      const site = openSite(virtual, { waitingMax: 5 });
      let isWell = false;
      const receiver = await startReceiver(virtual, "10.0.0.7", () =>
        isWell ? ok() : new Response("", { status: 500 }),
      );
      const { webhook } = await site.webhooks.create({ ...input(receiver.url), events: ["command."] }, 0);
      for (let number = 1; number <= 12; number += 1)
        await site.fact("command.failed", { udid: "a", number });
      const waiting = await site.deliveries(webhook.id);
      expect(waiting).toHaveLength(5);
      expect(await site.store.read((reader) => reader.get("webhooks", webhook.id))).toMatchObject({
        dropped: 7,
      });
      isWell = true;
      receiver.told.length = 0;
      await site.context.world.sleep(60_000);
      const numbers = receiver.told.map(({ body }) => body.data["number"]);
      expect(numbers.slice(-5)).toEqual([8, 9, 10, 11, 12]);
      await site.webhooks.stop();
    }),
  );

  it(
    "keeps a bounded history of what was delivered",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      const receiver = await startReceiver(virtual, "10.0.0.7", ok);
      const { webhook } = await site.webhooks.create({ ...input(receiver.url), events: ["license."] }, 0);
      for (let number = 1; number <= 230; number += 1) await site.fact("license.taken", { number });
      await site.context.world.sleep(60_000);
      expect(receiver.told).toHaveLength(230);
      const kept = await site.deliveries(webhook.id);
      expect(kept).toHaveLength(200);
      await site.webhooks.stop();
    }),
  );

  it(
    "also hears of what no transaction tells, once",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      const receiver = await startReceiver(virtual, "10.0.0.7", ok);
      await site.webhooks.create({ ...input(receiver.url), events: ["sync.", "connection.", "token."] }, 0);
      site.context.recorder.record("sync.started", { trigger: "manual" });
      site.context.recorder.record("connection.opened", { udid: "a" });
      await site.fact("token.changed", { state: "valid" });
      await site.context.world.sleep(1_000);
      expect(receiver.told.map(({ event }) => event).sort()).toEqual(["sync.started", "token.changed"]);
      await site.webhooks.stop();
    }),
  );

  it(
    "has its secret shown once and sealed at rest",
    inWorld(async (virtual) => {
      const site = openSite(virtual);
      const given = await site.webhooks.create(input("http://10.0.0.7/"), 0);
      const drawn = await site.webhooks.create({ ...input("http://10.0.0.7/"), secret: undefined }, 0);
      expect(given.secret).toBe("a-secret-for-this-test");
      expect(drawn.secret).toMatch(/^whsec_[\w-]{43}$/);
      for (const { webhook, secret } of [given, drawn]) {
        const stored = await site.store.read((reader) => reader.get("webhooks", webhook.id));
        expect(JSON.stringify(stored)).not.toContain(secret);
        expect(site.box.open(stored?.secret ?? "", `webhooks/${webhook.id}`)).toBe(secret);
      }
      await site.webhooks.stop();
    }),
  );
});

describe("a server without webhooks", () => {
  it("pays one look into an index for each transaction that tells of facts", async () => {
    const store = openMemoryStore();
    const calls: string[] = [];
    const notices = createNotices(
      { world: createVirtualWorld({ seed: 1 }).process("server").world },
      {
        waitingMax: 10,
        wake: () => calls.push("wake"),
      },
    );
    await store.transaction(async (tx) => {
      const watched = new Proxy(tx, {
        get: (target, name: keyof typeof tx) => {
          calls.push(name);
          return target[name].bind(target);
        },
      });
      expect(await notices.join(watched, [{ event: "license.taken", details: {} }])).toBeUndefined();
    });
    expect(calls).toEqual(["count"]);
  });
});
