import { describe, expect, it } from "vitest";
import { lastEventOf, recordCommandEvent } from "../../../server/commands/command-trail.ts";
import { createRecorder, type TraceEvent } from "../../../shared/trace.ts";

const commandOf = (number: number) => ({ id: `C${number}`, udid: "phone", requestType: "ProfileList" });
const quiet = () => createRecorder({ now: () => 0, run: "test", keepsWire: false });

describe("the trail of a command", () => {
  it("ties each event to the one before", () => {
    const recorder = quiet();
    const cause = recorder.record("admin.changed", { what: "a command wanted" });
    const events: TraceEvent[] = [];
    recorder.subscribe((event) => events.push(event));
    const queued = recordCommandEvent(recorder, "command.queued", commandOf(1), { cause });
    recordCommandEvent(recorder, "command.queued", commandOf(2));
    const pushed = recordCommandEvent(recorder, "command.pushed", commandOf(1));
    recordCommandEvent(recorder, "command.acknowledged", commandOf(1));
    expect(events.map((event) => event.cause)).toEqual([cause, undefined, queued, pushed]);
    expect(lastEventOf(recorder, "C1")).toBe(5);
    expect(lastEventOf(recorder, "C3")).toBeUndefined();
    expect(lastEventOf(quiet(), "C1")).toBeUndefined();
  });

  it("is remembered for the latest 25,000 commands, and forgotten after the latest 50,000", () => {
    const recorder = quiet();
    const count = 110_000;
    for (let number = 1; number <= count; number += 1)
      recordCommandEvent(recorder, "command.queued", commandOf(number));
    expect(lastEventOf(recorder, `C${count}`)).toBe(count);
    expect(lastEventOf(recorder, `C${count - 24_999}`)).toBe(count - 24_999);
    expect(lastEventOf(recorder, `C${count - 50_000}`)).toBeUndefined();
    expect(lastEventOf(recorder, "C1")).toBeUndefined();
  });
});
