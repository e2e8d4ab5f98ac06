import { beforeEach, describe, expect, it } from "vitest";
import { createEventRing, type EventRing } from "../../../server/event-ring.ts";
import { createKeyWatch, type KeyWatch } from "../../../server/key-watch.ts";
import { createEventStreams, type EventStreams } from "../../../server/monitoring/event-stream.ts";
import { createRecorder, type Recorder, type TraceEvent } from "../../../shared/trace.ts";
import { FakeWorld, settle } from "../fake-world.ts";

let world: FakeWorld;
let recorder: Recorder;
let events: TraceEvent[];
let ring: EventRing;
let keyWatch: KeyWatch;
let streams: EventStreams;
beforeEach(() => {
  world = new FakeWorld();
  recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
  events = [];
  recorder.subscribe((event) => events.push(event));
  ring = createEventRing(recorder, { capacity: 50 });
  keyWatch = createKeyWatch(world);
  streams = createEventStreams({ world, recorder, ring, keyWatch, streamsMax: 3 });
});

interface Frame {
  id?: string;
  event?: string;
  data?: unknown;
  comment?: string;
  retry?: string;
}

/** A reader as a browser is one: it takes what comes, and remembers the last id. */
class Reader {
  readonly frames: Frame[] = [];
  lastEventId: string | undefined;
  ended = false;
  failed = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffer = "";

  constructor(body: ReadableStream<Uint8Array>, { takes } = { takes: true }) {
    this.#reader = body.getReader();
    if (takes) void this.take();
  }

  async take(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#parse(Buffer.from(value).toString());
      }
      this.ended = true;
    } catch {
      this.failed = true;
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }

  /** Events by name, without what is said about the stream itself. */
  get names(): string[] {
    return this.frames.flatMap(({ event }) => (event === undefined ? [] : [event]));
  }

  #parse(text: string): void {
    this.#buffer += text;
    for (let end = this.#buffer.indexOf("\n\n"); end >= 0; end = this.#buffer.indexOf("\n\n")) {
      const frame: Record<string, unknown> = {};
      for (const line of this.#buffer.slice(0, end).split("\n")) {
        const [, name = "", value = ""] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
        if (name === "data") frame["data"] = JSON.parse(value);
        else frame[name === "" ? "comment" : name] = value;
      }
      if (typeof frame["id"] === "string") this.lastEventId = frame["id"];
      this.frames.push(frame);
      this.#buffer = this.#buffer.slice(end + 2);
    }
  }
}

const caller = { keyId: "k1", endsAt: null };
const everything = { prefixes: [], ids: {} };

function open(
  options: {
    after?: number;
    lastEventId?: number;
    filter?: typeof everything | object;
    takes?: boolean;
  } = {},
): Reader {
  const filter = { ...everything, ...options.filter };
  const { after, lastEventId } = options;
  const body = streams.open({ filter, after, lastEventId, caller, cause: 0 });
  return new Reader(body, { takes: options.takes ?? true });
}

describe("the stream of events", () => {
  it("tells what happens from now on, each event with its number, name and members", async () => {
    recorder.record("sync.started");
    const reader = open();
    await settle();
    expect(reader.frames).toEqual([{ retry: "2000" }]);
    const seq = recorder.record("license.taken", { userId: "anna", adamId: "1" });
    recorder.record("license.returned", { userId: "bert" });
    await settle();
    expect(reader.frames.slice(1)).toEqual([
      {
        id: String(seq),
        event: "license.taken",
        data: {
          seq,
          time: "2026-01-01T00:00:00.000Z",
          run: "test",
          event: "license.taken",
          userId: "anna",
          adamId: "1",
        },
      },
      {
        id: String(seq + 1),
        event: "license.returned",
        data: expect.objectContaining({ userId: "bert" }) as object,
      },
    ]);
  });

  it("goes on behind the last id, without a gap and without a repetition", async () => {
    const first = open();
    await settle();
    recorder.record("sync.started");
    recorder.record("sync.finished");
    await settle();
    await first.cancel();
    recorder.record("license.taken");
    recorder.record("license.returned");
    const second = open({ after: Number(first.lastEventId) });
    await settle();
    recorder.record("user.accepted");
    await settle();
    const told = [...first.names, ...second.names].filter((name) => !name.startsWith("stream."));
    expect(told).toEqual([
      "sync.started",
      "sync.finished",
      "license.taken",
      "license.returned",
      "user.accepted",
    ]);
  });

  it("says so when the place is no longer kept, and tells all that is", async () => {
    const before = recorder.record("sync.started");
    for (let index = 0; index < 120; index += 1) recorder.record("license.taken");
    const reader = open({ after: before });
    await settle();
    expect(reader.names[0]).toBe("reset");
    const kept = ring.after(0, 1_000).map(({ seq }) => seq);
    expect(reader.frames[1]?.data).toMatchObject({ reason: "no-longer-kept", lastEventId: before });
    expect(reader.frames.slice(2).map(({ id }) => Number(id))).toEqual(kept);
    expect(kept).toHaveLength(50);
  });

  it("says so when the number is of another run, and not when it is merely the newest", async () => {
    recorder.record("sync.started");
    const ahead = open({ after: 500 });
    await settle();
    expect(ahead.frames[1]).toMatchObject({
      event: "reset",
      data: { reason: "another-run", lastEventId: 500 },
    });
    expect(ahead.names).toContain("sync.started");
    const newest = open({ after: ring.newestSeq });
    await settle();
    expect(newest.names).not.toContain("reset");
  });

  it("goes on behind an id of its own run of the server, and says so when the id is of another", async () => {
    recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false, life: 5 });
    ring = createEventRing(recorder);
    streams = createEventStreams({ world, recorder, ring, keyWatch });
    const [first, second] = [recorder.record("sync.started"), recorder.record("sync.finished")];
    const goesOn = open({ lastEventId: first });
    const lives = [4, 6].map((life) => createRecorder({ now: () => 0, run: "test", keepsWire: false, life }));
    const lost = lives.map((other) => open({ lastEventId: other.record("sync.started") }));
    await settle();
    expect(goesOn.frames[1]).toMatchObject({ id: String(second), event: "sync.finished" });
    for (const reader of lost) {
      expect(reader.frames[1]).toMatchObject({ event: "reset", data: { reason: "another-run" } });
      expect(reader.names).toContain("sync.started");
    }
  });

  it("is no gap when numbers are missing that the ring never held", async () => {
    for (let index = 0; index < 5; index += 1) recorder.record("api.request", { method: "GET" });
    recorder.record("sync.started");
    const reader = open({ after: 2 });
    await settle();
    expect(reader.names).toEqual(["sync.started", "stream.opened"]);
  });

  it.each<[string, object, string[]]>([
    ["by the beginning of the name", { prefixes: ["license."] }, ["license.taken", "license.returned"]],
    ["by several", { prefixes: ["license.t", "user."] }, ["license.taken", "user.accepted"]],
    ["by user", { ids: { userId: "anna" } }, ["license.taken", "user.accepted"]],
    ["by user and app", { ids: { userId: "anna", adamId: "1" } }, ["license.taken"]],
    ["by phone", { ids: { udid: "x" } }, []],
  ])("is filtered %s", async (_name, filter, names) => {
    const reader = open({ filter });
    await settle();
    recorder.record("license.taken", { userId: "anna", adamId: "1" });
    recorder.record("license.returned", { userId: "bert", adamId: "1" });
    recorder.record("user.accepted", { userId: "anna" });
    await settle();
    expect(reader.names).toEqual(names);
  });

  it("gives signs of life that also move the place past what was filtered out", async () => {
    const reader = open({ filter: { prefixes: ["user."] } });
    await settle();
    const seq = recorder.record("license.taken");
    await settle();
    expect(reader.lastEventId).toBeUndefined();
    await world.advance(15_000);
    expect(reader.frames.at(-1)).toEqual({ comment: "still here", id: String(seq) });
    await world.advance(45_000);
    expect(reader.frames.filter(({ comment }) => comment !== undefined)).toHaveLength(4);
    expect(reader.ended).toBe(false);
  });

  it("keeps nothing for a slow reader, and drops it with a reason once the ring has left it behind", async () => {
    const slow = open({ takes: false });
    const quick = open();
    for (let index = 0; index < 200; index += 1) {
      recorder.record("license.taken");
      if (index % 20 === 0) await settle();
    }
    await settle();
    expect(quick.names.filter((name) => name === "license.taken")).toHaveLength(200);
    expect(quick.ended).toBe(false);
    void slow.take();
    await settle();
    expect(slow.ended).toBe(true);
    expect(slow.frames.at(-1)).toEqual({ event: "end", data: { reason: "too-slow" } });
    expect(slow.frames.length).toBeLessThan(4);
    expect(events.find(({ event }) => event === "stream.closed")).toMatchObject({ reason: "too-slow" });
  });

  it("breaks with a reader that takes nothing for a minute", async () => {
    const stuck = open({ takes: false });
    const waiting = open();
    await world.advance(59_000);
    expect(streams.count).toBe(2);
    await world.advance(16_000);
    expect(streams.count).toBe(1);
    await stuck.take();
    expect(stuck.failed).toBe(true);
    expect(waiting.ended).toBe(false);
  });

  it("ends when the key stops being good, and no other with it", async () => {
    const mine = open();
    const other = new Reader(
      streams.open({ filter: everything, after: undefined, caller: { keyId: "k2", endsAt: null }, cause: 0 }),
    );
    await settle();
    keyWatch.ended("k1");
    await settle();
    expect(mine.frames.at(-1)).toEqual({ event: "end", data: { reason: "key-ended" } });
    expect([mine.ended, other.ended, streams.count, keyWatch.count]).toEqual([true, false, 1, 1]);
  });

  it("ends at its time when the key does", async () => {
    const caller = { keyId: "k3", endsAt: world.now() + 20_000 };
    const reader = new Reader(streams.open({ filter: everything, after: undefined, caller, cause: 0 }));
    await world.advance(19_999);
    expect(reader.ended).toBe(false);
    await world.advance(1);
    expect(reader.ended).toBe(true);
  });

  it("ends when the server stops, and none begins after", async () => {
    const reader = open();
    await settle();
    streams.stop();
    await settle();
    expect(reader.frames.at(-1)).toEqual({ event: "end", data: { reason: "server-stopping" } });
    expect(reader.ended).toBe(true);
    expect(() => open()).toThrow(expect.objectContaining({ code: "unavailable" }) as Error);
  });

  it("leaves nothing behind when its reader goes", async () => {
    const reader = open();
    await settle();
    await reader.cancel();
    expect([streams.count, keyWatch.count, world.timerCount]).toEqual([0, 0, 0]);
    expect(events.at(-1)).toMatchObject({ event: "stream.closed", reason: "client-gone" });
  });

  it("is open a bounded number of times", () => {
    for (let index = 0; index < 3; index += 1) open();
    expect(() => open()).toThrow(expect.objectContaining({ code: "limit_exceeded" }) as Error);
  });
});
