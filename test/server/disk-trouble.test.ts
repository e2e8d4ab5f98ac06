import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startHousekeeping } from "../../server/housekeeping.ts";
import { startServer, type RunningServer } from "../../server/start-server.ts";
import { openLowdbStore } from "../../server/store/lowdb-store.ts";
import { returnWithinMsOf } from "../../shared/channel.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { createRecorder, type TraceEvent } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import fixtures from "../../simulator/virtual/keys.json" with { type: "json" };
import { FaultyDisk } from "../support/faulty-disk.ts";
import { Harness } from "./channel/harness.ts";
import { FakeWorld, settle } from "./fake-world.ts";
import { udidOf } from "./test-server.ts";

const adminKey = "pk_a-key-for-this-test-alone";
const [ownKeys] = fixtures.keyPairs;

describe("the running server, when its disk refuses", () => {
  let disk: FaultyDisk;
  let world: World;
  let server: RunningServer;
  let events: TraceEvent[];

  async function start(): Promise<void> {
    const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
    recorder.subscribe((event) => events.push(event));
    server = await startServer(world, recorder, {
      host: "127.0.0.1",
      port: 0,
      dataDirectory: "/data",
      appleUrl: "http://127.0.0.1:9",
      insecureDevKey: adminKey,
    });
  }

  beforeEach(async () => {
    disk = new FaultyDisk();
    events = [];
    world = worldWith(createLiveWorld(), {
      disk,
      generateKeyPair: () => (ownKeys ? Promise.resolve(ownKeys) : Promise.reject(new Error("no keys"))),
    });
    await start();
  });
  afterEach(async () => {
    disk.failing = () => undefined;
    await server.stop();
  });

  async function ask(method: string, path: string, json?: object) {
    const { status, headers, body } = await world.request(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const isJson = /json/.test(headers["content-type"] ?? "");
    return {
      status,
      headers,
      body: (isJson ? JSON.parse(body.toString()) : {}) as Record<string, unknown>,
      text: body.toString(),
    };
  }
  const createGroup = (id: string) => ask("POST", "/api/v1/groups", { id, name: id });
  const groups = async () => {
    const { body } = await ask("GET", "/api/v1/groups");
    return (body["items"] as { id: string }[]).map(({ id }) => id);
  };

  it.each([
    ["full", "store_full", 507],
    ["not_writable", "store_unwritable", 503],
  ] as const)("(%s) it says %s, reads on, and stores again when it can", async (code, expected, status) => {
    expect((await createGroup("before")).status).toBe(201);
    disk.failing = (operation) => (operation === "append" ? code : undefined);
    for (let times = 0; times < 3; times += 1) {
      const refused = await createGroup("during");
      expect([refused.status, refused.body["code"], refused.headers["retry-after"]]).toEqual([
        status,
        expected,
        "10",
      ]);
      expect(refused.headers["content-type"]).toBe("application/problem+json");
    }
    expect(await groups()).toEqual(["before"]);
    const unready = await ask("GET", "/readyz");
    expect([unready.status, unready.body["failing"]]).toEqual([503, ["store"]]);
    expect((await ask("GET", "/metrics")).text).toContain("pippin_store_healthy 0");

    disk.failing = () => undefined;
    expect((await createGroup("during")).status).toBe(201);
    expect((await ask("GET", "/readyz")).status).toBe(200);
    expect(await groups()).toEqual(["before", "during"]);
    const told = events.filter(({ event }) => event.startsWith("disk."));
    expect(told.map(({ event }) => event)).toEqual(["disk.failed", "disk.recovered"]);
    expect(told[0]).toMatchObject({ code: expected });
    await server.stop();
    await start();
    expect(await groups()).toEqual(["before", "during"]);
  });

  it("(failing) it stores nothing more, reads on, stops in good order, and has everything at the next start", async () => {
    expect((await createGroup("before")).status).toBe(201);
    disk.failing = (operation) => (operation === "append" ? "io" : undefined);
    const refused = await createGroup("during");
    expect([refused.status, refused.body["code"]]).toEqual([503, "store_failed"]);
    disk.failing = () => undefined;
    expect((await createGroup("during")).body["code"]).toBe("store_failed");
    expect(await groups()).toEqual(["before"]);
    await server.stop();
    await start();
    expect(await groups()).toEqual(["before"]);
    expect((await createGroup("during")).status).toBe(201);
  });

  it("answers a create under its Idempotency-Key as if it had never been asked, once there is space", async () => {
    disk.failing = (operation) => (operation === "append" ? "full" : undefined);
    const once = () =>
      world.request(`${server.url}/api/v1/groups`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${adminKey}`,
          "content-type": "application/json",
          "idempotency-key": "one",
        },
        body: '{"id":"sales","name":"Sales"}',
      });
    expect((await once()).status).toBe(507);
    disk.failing = () => undefined;
    expect((await once()).status).toBe(201);
    expect((await once()).headers["idempotency-replayed"]).toBe("true");
  });
});

describe("a phone's result that can't be stored", () => {
  const udid = udidOf(1);

  async function withCommand() {
    const disk = new FaultyDisk();
    const server = new Harness({ store: await openLowdbStore({ disk, directory: "/data" }) });
    const phone = await server.enrol(udid);
    const id = await server.queue(udid);
    phone.idle();
    expect(await phone.nextCommand()).toBe(id);
    return { disk, server, phone, id };
  }

  it.each(["full", "io"] as const)("(disk: %s) is not acknowledged, and comes again", async (code) => {
    const { disk, server, phone, id } = await withCommand();
    disk.failing = (operation) => (operation === "append" ? code : undefined);
    phone.answer(id);
    await expect(phone.next()).rejects.toThrow("closed with 1013");
    expect(returnWithinMsOf(phone.closed?.reason ?? "")).toBeGreaterThanOrEqual(10_000);
    expect(await server.command(id)).toMatchObject({ state: "sent", result: null });
    expect(server.named("command.acknowledged")).toEqual([]);
    if (code === "io") return;

    disk.failing = () => undefined;
    const again = await server.connect(phone.identity);
    again.answer(id);
    expect(await again.next()).toEqual({});
    expect(await server.command(id)).toMatchObject({ state: "acknowledged", duplicateResults: 0 });
    expect(server.named("command.acknowledged")).toHaveLength(1);
    disk.crash();
    const restarted = await openLowdbStore({ disk: disk.restarted(), directory: "/data" });
    expect((await restarted.read((reader) => reader.get("commands", id)))?.state).toBe("acknowledged");
  });
});

describe("a disk that has space again", () => {
  it("is noticed within seconds, also when nobody stores anything", async () => {
    const world = new FakeWorld();
    const disk = new FaultyDisk();
    const listeners: (() => void)[] = [];
    const store = await openLowdbStore({
      disk,
      directory: "/data",
      trouble: () => listeners.forEach((listen) => listen()),
    });
    const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
    const housekeeping = startHousekeeping({ world, store, recorder }, (error) => {
      throw error;
    });
    listeners.push(() => housekeeping.wake());
    disk.failing = (operation) => (operation === "append" ? "full" : undefined);
    await expect(store.transaction((tx) => tx.sequence())).rejects.toMatchObject({ code: "store_full" });
    for (let turns = 0; turns < 30; turns += 1) await settle();
    await world.advance(60_000);
    expect(store.healthy).toBe(false);
    disk.failing = () => undefined;
    await world.advance(10_000);
    for (let turns = 0; turns < 30; turns += 1) await settle();
    expect(store.healthy).toBe(true);
    await housekeeping.stop();
    await store.close();
  });
});
