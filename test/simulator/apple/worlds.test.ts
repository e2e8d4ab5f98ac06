import { expect, it } from "vitest";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { createRecorder } from "../../../shared/trace.ts";
import type { World } from "../../../shared/world.ts";
import { startApple } from "../../../simulator/start-apple.ts";
import { createVirtualWorld } from "../../../simulator/virtual/virtual-world.ts";
import { controlKey, pages } from "./bench.ts";

/** Forty phones' worth of requests at once for ten licences, over a listener of the world. Answers with the trace. */
async function crowd(appleWorld: World, clientWorld: World): Promise<{ given: number; trace: string }> {
  const recorder = createRecorder({ now: () => appleWorld.now(), run: "test", keepsWire: true });
  const events: unknown[] = [];
  recorder.subscribe((event) => events.push(event));
  const apple = await startApple(appleWorld, recorder, { host: "127.0.0.1", port: 0, controlKey });
  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await clientWorld.request(`${apple.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${controlKey}` },
      body: JSON.stringify(body),
    });
    return JSON.parse(answer.body.toString()) as Record<string, unknown>;
  };
  const { organisationId } = await post("/control/v1/organisations", {
    name: "Contoso",
    appleId: "vpp@contoso.com",
  });
  await post(`/control/v1/organisations/${String(organisationId)}/licenses`, { adamId: pages, quantity: 10 });
  const { sToken } = await post(`/control/v1/organisations/${String(organisationId)}/tokens`, {});
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const clientUserIdStr = `u${index}`;
      await post("/mdm/registerVPPUserSrv", { sToken, clientUserIdStr });
      return post("/mdm/manageVPPLicensesByAdamIdSrv", {
        sToken,
        adamIdStr: pages,
        associateClientUserIdStrs: [clientUserIdStr],
      });
    }),
  );
  const tooLong = await clientWorld.request(`${apple.url}/mdm/registerVPPUserSrv`, {
    method: "POST",
    body: "x".repeat(1024 * 1024 + 1),
  });
  expect(tooLong.status).toBe(413);
  expect(apple.violations()).toEqual([]);
  await apple.stop();
  return { given: answers.filter(({ status }) => status === 0).length, trace: JSON.stringify(events) };
}

it("serves a real socket", async () => {
  const world = createLiveWorld();
  expect((await crowd(world, world)).given).toBe(10);
});

it("lives in the virtual world, where the same seed gives the same trace and another seed another", async () => {
  const run = async (seed: number): Promise<{ given: number; trace: string }> => {
    const world = createVirtualWorld({ seed });
    const apple = world.process("apple").world;
    const client = world.process("client").world;
    return world.run(() => crowd(apple, client));
  };
  const first = await run(1);
  expect(first.given).toBe(10);
  expect((await run(1)).trace).toBe(first.trace);
  expect((await run(2)).trace).not.toBe(first.trace);
});
