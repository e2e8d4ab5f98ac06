import { describe, expect, it } from "vitest";
import { checkTrace } from "../../simulator/checks/check-trace.ts";
import { journey } from "../../simulator/scenarios/journey.ts";
import { smallJourney, smallOutcome, smallPassword } from "../support/small-journey.ts";
import { performedTwice, runWithKills, type KillPlan } from "./kill-run.ts";
import { queueWithFaults } from "./queue-run.ts";

/** What may become of the writes that a kill interrupts, in turn. */
const leftovers = ["lost", "torn", "kept"] as const;
const leftover = (index: number): KillPlan["unsynced"] => leftovers[index % leftovers.length] ?? "lost";

/** Events of a run that nobody disturbs, about; a run with kills has more. */
const journeyEvents = 5_400;
const smallEvents = 640;

describe("a server that is killed in the virtual world and started again on its data", () => {
  const runCount = 5;
  const killsEach = 4;
  const runs = Array.from({ length: runCount }, (_, index) => ({
    seed: String(701 + index),
    unsynced: leftover(index),
    // Together the runs cover the journey evenly, each with kills early and late.
    killAfter: Array.from({ length: killsEach }, (_, kill) =>
      Math.round((journeyEvents / killsEach) * (kill + (index + 0.5) / runCount)),
    ),
    downMs: (index * 700) % 4_000,
    ...(index % 3 === 0 ? { againAfterMs: index * 5 } : {}),
    keepsWire: true,
  }));

  it.each(runs)(
    "completes the journey with seed $seed, killed after events $killAfter, unsynced writes $unsynced",
    async (plan) => {
      const { outcome, events, killCount } = await runWithKills(plan, (lab) => journey.run(lab));
      expect(killCount).toBeGreaterThanOrEqual(killsEach);
      expect(outcome.failures).toEqual([]);
      expect(outcome).toMatchObject({ passed: true, drift: 0, violations: [], devices: 44, users: 40 });
      expect(performedTwice(events)).toEqual([]);
      expect(checkTrace(events)).toEqual([]);
    },
  );

  it.each(leftovers)(
    "keeps every rule and everything it acknowledged, wherever it is killed in a small journey; unsynced writes %s",
    async (unsynced) => {
      const offset = leftovers.indexOf(unsynced);
      for (let at = 1 + 11 * offset; at < smallEvents; at += 33) {
        const plan = { killAfter: [at, at + 60 + (at % 50)], downMs: (at * 397) % 4_000 };
        const seed = String(at);
        const again = at % 2 === 0 ? { againAfterMs: (at * 13) % 40 } : {};
        const { outcome, events } = await runWithKills(
          { seed, unsynced, ...plan, ...again, keepsWire: true },
          smallJourney,
        );
        const replay = `seed ${seed}, killed after ${plan.killAfter.join(" and ")}`;
        expect(outcome, replay).toEqual(smallOutcome);
        expect(performedTwice(events), replay).toEqual([]);
        expect(checkTrace(events, { secrets: [smallPassword] }), replay).toEqual([]);
      }
    },
  );

  it("would be found out, if a phone performed a command twice", () => {
    const event = { time: "", run: "", event: "command.performed", udid: "u", commandUUID: "c" } as const;
    expect(performedTwice([{ ...event, seq: 1 }])).toEqual([]);
    expect(
      performedTwice([
        { ...event, seq: 1 },
        { ...event, seq: 2 },
      ]),
    ).toEqual(["u c"]);
  });
});

describe("a queue of twenty commands", () => {
  it.each(["lost", "torn", "kept", "cut"] as const)(
    "is worked off in order and once, whatever breaks in between: %s",
    async (fault) => {
      for (let seed = 1; seed <= 10; seed += 1) {
        const { states, events } = await queueWithFaults({
          seed: String(seed),
          commandCount: 20,
          faultAfter: [2 + ((seed * 5) % 17), 30 + seed, 46 + (seed % 8)],
          delayMs: (seed * 0.97) % 9,
          fault,
        });
        const replay = `seed ${seed}`;
        expect(states, replay).toEqual(Array.from({ length: 20 }, () => "acknowledged"));
        expect(performedTwice(events), replay).toEqual([]);
        expect(checkTrace(events), replay).toEqual([]);
      }
    },
  );
});
