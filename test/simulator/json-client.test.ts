import { describe, expect, it } from "vitest";
import type { World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import { JsonClient } from "../../simulator/json-client.ts";
import { createVirtualWorld } from "../../simulator/virtual/virtual-world.ts";

/** A client, and the keys of the requests it sent; the other side answers one after the other. */
async function ask(answers: readonly { status: number; body: object }[], patienceMs = 60_000) {
  const virtual = createVirtualWorld({ seed: "client" });
  const keys: (string | undefined)[] = [];
  const { world: plain } = virtual.process("client");
  const world: World = worldWith(plain, {
    request(...[, options]: Parameters<World["request"]>) {
      keys.push(options?.headers?.["idempotency-key"]);
      const { status, body } = answers[Math.min(keys.length, answers.length) - 1] ?? {
        status: 500,
        body: {},
      };
      return Promise.resolve({ status, headers: {}, body: Buffer.from(JSON.stringify(body)) });
    },
  });
  const client = new JsonClient({ world, baseUrl: "http://server", key: "k", patienceMs });
  const [outcome] = await Promise.allSettled([virtual.run(() => client.post<object>("/groups", {}))]);
  const isAnswered = outcome.status === "fulfilled";
  return {
    keys,
    body: isAnswered ? outcome.value : undefined,
    error: isAnswered ? undefined : (outcome.reason as unknown),
  };
}

const underWay = { status: 409, body: { code: "request_under_way" } };

describe("a request whose first answer was lost", () => {
  it("is sent again under the same key until the one that is under way has its answer", async () => {
    const { body, keys } = await ask([
      { status: 503, body: {} },
      underWay,
      underWay,
      { status: 201, body: { id: "g" } },
    ]);
    expect(body).toEqual({ id: "g" });
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
  });

  it("is given up when patience has run out, and at once when the answer is another refusal", async () => {
    const endless = await ask([underWay], 2_000);
    expect(endless.error).toMatchObject({ status: 409, code: "request_under_way" });
    expect(endless.keys.length).toBeGreaterThan(4);
    const refused = await ask([underWay, { status: 409, body: { code: "conflict" } }]);
    expect(refused.error).toMatchObject({ status: 409, code: "conflict" });
    expect(refused.keys).toHaveLength(2);
  });
});
