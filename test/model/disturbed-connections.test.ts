/** The end is the same whatever connections do: messages come twice, channels break. */
import { describe, expect, it } from "vitest";
import type { VirtualNetwork } from "../../simulator/virtual/virtual-network.ts";
import { journey } from "../../simulator/scenarios/journey.ts";
import { performedTwice } from "../e2e/kill-run.ts";
import { smallJourney, smallOutcome } from "../support/small-journey.ts";
import { doubling, endsTheSame, messagesCount, parts, playDisturbed, timeoutMs } from "./disturbed.ts";

describe("the same end", () => {
  it("comes of a small journey that nobody disturbs", async () => {
    const { outcome, messages } = await playDisturbed({ seed: "calm" }, smallJourney);
    expect(outcome).toEqual(smallOutcome);
    expect(messages).toBeGreaterThan(messagesCount);
  });

  it.each(["a", "b", "c", "d"])(
    "comes when every message of a phone arrives twice (seed %s)",
    async (seed) => {
      const { outcome, events } = await playDisturbed({ seed, phoneWorld: doubling }, smallJourney);
      expect(outcome).toEqual(smallOutcome);
      expect(performedTwice(events)).toEqual([]);
    },
  );

  it.each(["1", "2"])(
    "comes of the whole journey when every message of its 44 phones arrives twice (seed %s)",
    async (seed) => {
      const { outcome, events } = await playDisturbed({ seed, phoneWorld: doubling }, (lab) =>
        journey.run(lab),
      );
      expect(outcome.failures).toEqual([]);
      expect(outcome).toMatchObject({ passed: true, drift: 0, violations: [], devices: 44 });
      expect(performedTwice(events)).toEqual([]);
      expect(events.some(({ event, side }) => event === "command.duplicate" && side === undefined)).toBe(
        true,
      );
    },
  );

  it.each(parts)(
    "comes when all connections break after any one message (part %i)",
    (part) => endsTheSame("cut", { part, turn: 0 }, (lab) => void lab.virtual.network.cutChannels()),
    timeoutMs,
  );

  it.each(parts)(
    "comes when one phone's connection breaks after any one message (part %i)",
    (part) => endsTheSame("cut one", { part, turn: 1 }, (lab, number) => cutOne(lab.virtual.network, number)),
    timeoutMs,
  );
});

/** Each phone in its turn, by the number of the message. */
function cutOne(network: VirtualNetwork, number: number): void {
  let openCount = 0;
  network.cutChannels(() => {
    openCount += 1;
    return false;
  });
  let index = 0;
  network.cutChannels(() => index++ === number % openCount);
}
