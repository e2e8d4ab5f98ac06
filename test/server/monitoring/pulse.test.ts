import { beforeEach, describe, expect, it, vi } from "vitest";
import { createKeyWatch, type KeyWatch } from "../../../server/key-watch.ts";
import { Pulse } from "../../../server/monitoring/pulse-document.ts";
import { createPulseStreams, type PulseStreams } from "../../../server/monitoring/pulse.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import { createRecorder, type Recorder } from "../../../shared/trace.ts";
import { app, device, installation } from "../api/harness.ts";
import { FakeWorld, settle } from "../fake-world.ts";

let world: FakeWorld;
let recorder: Recorder;
let store: ReturnType<typeof openMemoryStore>;
let keyWatch: KeyWatch;
let pulses: PulseStreams;
let failures: unknown[];
let subscriptions: number;
beforeEach(() => {
  world = new FakeWorld();
  const inner = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
  subscriptions = 0;
  recorder = {
    ...inner,
    subscribe(listener) {
      subscriptions += 1;
      const end = inner.subscribe(listener);
      return () => {
        subscriptions -= 1;
        end();
      };
    },
  };
  store = openMemoryStore();
  keyWatch = createKeyWatch(world);
  failures = [];
  pulses = createPulseStreams({
    ...{ world, recorder, store, keyWatch, streamsMax: 3 },
    connectedCount: () => 7,
    onFailure: (error) => failures.push(error),
  });
});

class Reader {
  readonly pulses: Pulse[] = [];
  text = "";
  isOver = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  static async open(keyId = "k1", { takes } = { takes: true }): Promise<Reader> {
    const reader = new Reader(await pulses.open({ caller: { keyId, endsAt: null }, cause: 0 }));
    if (takes) void reader.take();
    await settle();
    return reader;
  }

  async take(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      const text = Buffer.from(value).toString();
      this.text += text;
      for (const [, data = ""] of text.matchAll(/^event: pulse\ndata: (.*)$/gm))
        this.pulses.push(Pulse.parse(JSON.parse(data)));
    }
    this.isOver = true;
  }

  get last(): Pulse {
    const last = this.pulses.at(-1);
    if (last === undefined) throw new Error("The reader has heard nothing.");
    return last;
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

const happen = () => recorder.record("command.queued", { udid: "phone-1" });

describe("a message of the pulse", () => {
  it("comes at once, with how things stand and nothing counted", async () => {
    await store.transaction(async (tx) => {
      await tx.put("devices", device("phone-1"));
      await tx.put("devices", device("phone-2", { state: "unenrolled" }));
      await tx.put("installations", installation("phone-1", "1", { state: "removing" }));
      await tx.put("installations", installation("phone-1", "2", { state: "waitingForTerms" }));
      await tx.put("installations", installation("phone-2", "1", { state: "failed" }));
      await tx.put("apps", app("1", { total: 10, assigned: 4, available: 6 }));
      await tx.put("apps", app("2", { total: 9, assigned: 8, available: 1 }));
    });
    const reader = await Reader.open();
    expect(reader.text).toMatch(/^retry: 2000\n\nevent: pulse\n/);
    expect(reader.pulses).toEqual([
      {
        at: new Date(world.now()).toISOString(),
        intervalMs: 0,
        connected: 7,
        phones: { enrolling: 0, enrolled: 1, unenrolled: 1 },
        installations: { installed: 1, failed: 1, pending: 1, notInstalled: 0, notApplicable: 0 },
        licenses: [
          { adamId: "2", name: "App 2", owned: 9, used: 8, available: 1 },
          { adamId: "1", name: "App 1", owned: 10, used: 4, available: 6 },
        ],
        counts: expect.objectContaining({ commandsQueued: 0, faults: 0 }) as object,
        changed: [],
      },
    ]);
    expect(await pulses.read()).toEqual(reader.last);
  });

  it("names the fifty apps of which most is in use", async () => {
    await store.transaction(async (tx) => {
      for (let n = 0; n < 60; n += 1) await tx.put("apps", app(String(n), { assigned: n }));
    });
    const { licenses } = await pulses.read();
    expect([licenses.length, licenses[0]?.used, licenses.at(-1)?.used]).toEqual([50, 59, 10]);
  });

  it("comes a quarter of a second after something happened, and twice a second while it goes on", async () => {
    const reader = await Reader.open();
    await world.advance(1_000);
    const startedAt = world.now();
    const times: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      happen();
      const before = reader.pulses.length;
      await world.advance(10);
      if (reader.pulses.length > before) times.push(world.now() - startedAt);
    }
    expect(times).toEqual([250, 750, 1_250, 1_750]);
    expect(reader.pulses.map(({ intervalMs }) => intervalMs)).toEqual([0, 1_250, 500, 500, 500]);
    await world.advance(1_000);
    const queued = reader.pulses.map(({ counts }) => counts.commandsQueued);
    expect(queued.reduce((sum, each) => sum + each, 0)).toBe(200);
    expect(reader.last.changed).toEqual(["commands", "events"]);
  });

  it("stays away while nothing happens, but for a sign of life", async () => {
    const reader = await Reader.open();
    recorder.record("wire", {});
    recorder.record("stream.opened", { keyId: "k2" });
    recorder.record("api.request", { method: "GET", path: "/api/v1/users" });
    recorder.record("api.answered", { method: "GET", path: "/api/v1/users", status: 200 });
    await world.advance(15_000);
    expect(reader.pulses).toHaveLength(1);
    expect(reader.text).toMatch(/\n\n: still here\n\n$/);
    recorder.record("api.answered", { method: "GET", path: "/api/v1/users", status: 401 });
    await world.advance(250);
    expect(reader.last.changed).toEqual(["audit", "events"]);
  });

  it("misses nothing that happens while the first is being made", async () => {
    const read = store.read.bind(store);
    vi.spyOn(store, "read").mockImplementationOnce(async (run) => {
      const result = await read(run);
      happen();
      return result;
    });
    const reader = await Reader.open();
    await world.advance(250);
    expect(reader.last.counts.commandsQueued).toBe(1);
  });
});

describe("many readers", () => {
  it("hear the same, of which the store is asked once", async () => {
    const readers = [await Reader.open(), await Reader.open(), await Reader.open()];
    const reads = vi.spyOn(store, "read");
    happen();
    await world.advance(250);
    expect(reads).toHaveBeenCalledTimes(1);
    expect(subscriptions).toBe(1);
    for (const { last } of readers) expect(last.counts.commandsQueued).toBe(1);
  });

  it("are not more than there is room for", async () => {
    const readers = [await Reader.open(), await Reader.open(), await Reader.open()];
    const caller = { keyId: "k2", endsAt: null };
    await expect(pulses.open({ caller, cause: 0 })).rejects.toMatchObject({ code: "limit_exceeded" });
    await readers[0]?.close();
    expect((await Reader.open()).pulses).toHaveLength(1);
  });

  it("cost nothing once they are gone", async () => {
    const [first, second] = [await Reader.open(), await Reader.open()];
    happen();
    await first.close();
    expect([pulses.count, subscriptions]).toEqual([1, 1]);
    await second.close();
    expect([pulses.count, subscriptions, keyWatch.count, world.timerCount]).toEqual([0, 0, 0, 0]);
    happen();
    const later = await Reader.open();
    await world.advance(1_000);
    expect(later.pulses).toHaveLength(1);
  });

  it("of whom one is slow: it gets in one message what the others got in several", async () => {
    const slow = await Reader.open("k1", { takes: false });
    const quick = await Reader.open();
    happen();
    await world.advance(500);
    recorder.record("installation.changed", { from: "installing", to: "installed" });
    happen();
    await world.advance(500);
    expect(quick.pulses).toHaveLength(3);
    void slow.take();
    await settle();
    expect(slow.pulses).toHaveLength(1);
    expect(slow.last.counts).toMatchObject({ commandsQueued: 2, installed: 1 });
    expect(slow.last.changed).toEqual(["commands", "installations", "apps", "events"]);
  });
});

describe("the pulse ends", () => {
  it("with its key, and not with another", async () => {
    const [mine, other] = [await Reader.open("k1"), await Reader.open("k2")];
    keyWatch.ended("k1");
    await settle();
    expect([mine.isOver, other.isOver, pulses.count]).toEqual([true, false, 1]);
    expect(mine.text).toMatch(/event: end\ndata: \{"reason":"key-ended"\}\n\n$/);
  });

  it("when the server stops, and begins no more", async () => {
    const reader = await Reader.open();
    pulses.stop();
    await settle();
    expect(reader.text).toMatch(/event: end\ndata: \{"reason":"server-stopping"\}\n\n$/);
    const caller = { keyId: "k1", endsAt: null };
    await expect(pulses.open({ caller, cause: 0 })).rejects.toMatchObject({ code: "unavailable" });
    expect([subscriptions, world.timerCount]).toEqual([0, 0]);
  });
});

it("a store that fails costs a message and no count", async () => {
  const reader = await Reader.open();
  const reads = vi.spyOn(store, "read").mockRejectedValue(new Error("no store"));
  happen();
  await world.advance(2_000);
  expect([reader.pulses.length, failures.length]).toEqual([1, 1]);
  await expect(Reader.open()).rejects.toThrow("no store");
  expect(pulses.count).toBe(1);
  reads.mockRestore();
  recorder.record("user.accepted", { userId: "anna" });
  await world.advance(500);
  expect(reader.last.counts.commandsQueued).toBe(1);
  expect(reader.last.changed).toEqual(["commands", "users", "events"]);
});
