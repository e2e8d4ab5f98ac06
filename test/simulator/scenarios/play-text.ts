/** Plays a scenario that a test writes down, in the virtual world. */
import type { TraceEvent } from "../../../shared/trace.ts";
import { runVirtual } from "../../../simulator/lab.ts";
import { play } from "../../../simulator/scenarios/play.ts";
import { readScenario } from "../../../simulator/scenarios/read-scenario.ts";
import type { RunSummary } from "../../../simulator/scenarios/scenario.ts";

export interface Played {
  readonly summary: RunSummary;
  readonly events: readonly TraceEvent[];
}

/** Two people, Anna and Bert, in the group Staff, and two licences of Pages; `steps` is what happens, as YAML. */
export async function playSteps(
  steps: string,
  options: { seed?: string; ledger?: "unchecked" } = {},
): Promise<Played> {
  const { seed, ledger = "exact" } = options;
  const head = `name: test
title: a test
ledger: ${ledger}
world:
  licenses: { Pages: 2 }
  people:
    - { id: anna, groups: [Staff] }
    - { id: bert, groups: [Staff] }
steps:`;
  return playText(`${head}\n${steps}`, seed);
}

export async function playText(text: string, seed = "1"): Promise<Played> {
  const file = readScenario(text, "test.yaml");
  const events: TraceEvent[] = [];
  const summary = await runVirtual(
    { seed, progress: () => undefined, keepsWire: false, onEvent: (event) => void events.push(event) },
    (lab) => play(lab, file),
  );
  return { summary, events };
}
