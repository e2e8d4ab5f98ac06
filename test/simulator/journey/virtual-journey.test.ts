import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { runVirtual } from "../../../simulator/lab.ts";
import { journey } from "../../../simulator/scenarios/journey.ts";
import type { RunSummary } from "../../../simulator/scenarios/scenario.ts";

const silent = () => undefined;

async function traced(seed: string): Promise<{ summary: RunSummary; digest: string; lines: number }> {
  const digest = createHash("sha256");
  let lines = 0;
  const onEvent = (event: TraceEvent) => {
    digest.update(`${JSON.stringify(event)}\n`);
    lines += 1;
  };
  const summary = await runVirtual({ seed, progress: silent, onEvent }, (lab) => journey.run(lab));
  return { summary, digest: digest.digest("hex"), lines };
}

describe("the journey in the virtual world", () => {
  it("leaves byte-identical traces when run twice with one seed", async () => {
    const [first, second] = [await traced("7"), await traced("7")];
    expect(first.summary.failures).toEqual([]);
    expect(first.lines).toBeGreaterThan(5_000);
    expect(second.digest).toBe(first.digest);
    expect(second.summary).toEqual(first.summary);
  });

  it("goes another way with another seed", async () => {
    const [one, other] = [await traced("7"), await traced("8")];
    expect(other.digest).not.toBe(one.digest);
  });
});
