import { expect, it } from "vitest";
import { runVirtual } from "../../../simulator/lab.ts";
import { journey } from "../../../simulator/scenarios/journey.ts";

/** One test a seed. Two files share the fifty, so that two cores do. */
export function passesWithSeeds(from: number, to: number): void {
  const seeds = Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
  it.each(seeds)("passes with seed %s, no invariant violated", async (seed) => {
    const summary = await runVirtual({ seed, progress: () => undefined }, (lab) => journey.run(lab));
    expect(summary.failures).toEqual([]);
    expect(summary.violations).toEqual([]);
    expect(summary.drift).toBe(0);
    expect(summary.passed).toBe(true);
  });
}
