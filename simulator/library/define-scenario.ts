import { scenarioOf } from "../scenarios/play.ts";
import { checkScenario } from "../scenarios/read-scenario.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import type { ScenarioSource } from "../scenarios/scenario-source.ts";

/** A scenario that has been checked, as `pippin run FILE.ts` wants it for a default export. */
export interface DefinedScenario extends Scenario {
  readonly source: ScenarioSource;
}

/**
 * The same as a scenario in YAML, written in TypeScript. Throws PippinError `invalid_scenario` with everything that the compiler could
 * not see: names of apps, people and phones that there are not, durations, limits.
 */
export function defineScenario(source: ScenarioSource): DefinedScenario {
  return { ...scenarioOf(checkScenario(source)), source };
}
