import { describe, expect, it } from "vitest";
import { createApps } from "../../agent/apps.ts";
import { openPhoneStore, type AppRecord } from "../../agent/state.ts";
import { canMoveApp, managedAppStates } from "../../shared/app-states.ts";
import { createRecorder, type TraceEvent } from "../../shared/trace.ts";
import { pages } from "./fake-apple.ts";
import { PhoneLab, udid } from "./phone-lab.ts";

const states: readonly AppRecord["state"][] = ["absent", ...managedAppStates];

describe("an app's state", () => {
  it("moves as the table says and in no other way, for every pair", async () => {
    const { world } = new PhoneLab();
    const store = await openPhoneStore(world, "/phones/apps", udid);
    const recorder = createRecorder({ now: () => 0, run: "test", keepsWire: false });
    const events: TraceEvent[] = [];
    recorder.subscribe((event) => events.push(event));
    const apps = createApps({ store, recorder, udid, changed: () => undefined });
    let moves = 0;
    for (const from of states)
      for (const to of states) {
        const app = apps.claim(pages);
        app.state = from;
        const before = app.moves;
        if (canMoveApp(from, to)) {
          apps.move(app, to);
          moves += 1;
          expect([app.state, app.moves]).toEqual([to, before + 1]);
        } else {
          expect(() => apps.move(app, to), `${from} to ${to}`).toThrow(
            expect.objectContaining({ code: "conflict" }),
          );
          expect([app.state, app.moves]).toEqual([from, before]);
        }
      }
    expect(moves).toBeGreaterThan(50);
    // What isn't on disk yet hasn't happened.
    expect(events).toEqual([]);
    await store.save();
    expect(events).toHaveLength(moves);
  });
});
