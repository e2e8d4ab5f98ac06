import { describe, expect, it } from "vitest";
import { createRecorder, drawLife, type TraceEvent } from "../../shared/trace.ts";

function recorderOf(life?: number) {
  const events: TraceEvent[] = [];
  const options = { now: () => 0, run: "test", keepsWire: false };
  const recorder = createRecorder(life === undefined ? options : { ...options, life });
  recorder.subscribe((event) => events.push(event));
  return { recorder, events };
}

describe("the cause of an event", () => {
  it.each([undefined, 7, 2 ** 20 - 1])("is the seq of the earlier event (life %s)", (life) => {
    const { recorder, events } = recorderOf(life);
    const queued = recorder.record("command.queued");
    const pushed = recorder.record("command.pushed", { cause: queued });
    recorder.record("command.acknowledged", { cause: pushed });
    expect(events.map(({ seq, cause }) => [seq, cause])).toEqual([
      [1, undefined],
      [2, 1],
      [3, 2],
    ]);
    expect(recorder.seqOf(pushed)).toBe(2);
    expect(Number.isSafeInteger(pushed)).toBe(true);
  });

  it("is left out when it happened in an earlier or later life of the process", () => {
    const [before, after] = [recorderOf(7), recorderOf(8)];
    const stored = before.recorder.record("command.queued");
    after.recorder.record("command.pushed", { cause: stored });
    before.recorder.record("command.pushed", { cause: after.recorder.record("command.queued") });
    expect([...after.events, ...before.events].map((event) => "cause" in event)).toEqual(
      Array.from({ length: 4 }, () => false),
    );
    expect(after.recorder.seqOf(stored)).toBeUndefined();
  });

  it("is left out where there is none", () => {
    const { recorder, events } = recorderOf();
    recorder.record("command.queued", { cause: 0 });
    expect(events[0]).not.toHaveProperty("cause");
  });
});

describe("the life of a process", () => {
  it.each([
    [Buffer.alloc(4), 0],
    [Buffer.alloc(4, 0xff), 2 ** 20 - 1],
  ])("is drawn from random bytes %o", (bytes, life) => {
    expect(drawLife((length) => bytes.subarray(0, length))).toBe(life);
  });
});
