import { PippinError } from "../../shared/errors.ts";
import { journey } from "./journey.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [journey];

/** Throws unknown_scenario, naming those there are. */
export function findScenario(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found) return found;
  const names = scenarios.map((scenario) => scenario.name).join(", ");
  throw new PippinError(
    "unknown_scenario",
    `There is no scenario ${JSON.stringify(name)}. There are: ${names}.`,
  );
}
