import { describe, expect, it } from "vitest";
import { createApps } from "../../agent/apps.ts";
import { openPhoneStore, type AppRecord } from "../../agent/state.ts";
import { appEvents, managedAppStates, placeAfter } from "../../shared/app-states.ts";
import { createRecorder, type TraceEvent } from "../../shared/trace.ts";
import { pages } from "./fake-apple.ts";
import { PhoneLab, udid } from "./phone-lab.ts";

const states: readonly AppRecord["state"][] = ["absent", ...managedAppStates];

describe("an app's state", () => {
  it("moves as the table says and in no other way, for every state and event", async () => {
    const { world } = new PhoneLab();
    const store = await openPhoneStore(world, "/phones/apps", udid);
    const recorder = createRecorder({ now: () => 0, run: "test", keepsWire: false });
    const events: TraceEvent[] = [];
    recorder.subscribe((event) => events.push(event));
    const apps = createApps({ store, recorder, udid, changed: () => undefined });
    let moves = 0;
    for (const from of states)
      for (const trigger of appEvents) {
        const app = apps.claim(pages);
        app.state = from;
        const before = app.moves;
        const to = placeAfter(from, trigger);
        if (to !== undefined) {
          apps.move(app, trigger);
          moves += 1;
          expect([app.state, app.moves]).toEqual([to, before + 1]);
        } else {
          expect(() => apps.move(app, trigger), `${trigger} in ${from}`).toThrow(
            expect.objectContaining({ code: "conflict" }),
          );
          expect([app.state, app.moves]).toEqual([from, before]);
        }
      }
    expect(moves).toBeGreaterThan(90);
    // What isn't on disk yet hasn't happened.
    expect(events).toEqual([]);
    await store.save();
    expect(events).toHaveLength(moves);
  });
});
