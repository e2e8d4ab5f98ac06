/** The scenarios that come with Pippin, the journey and one file for each story, and those that people bring. */
import { PippinError } from "../../shared/errors.ts";
import type { Disk } from "../../shared/world.ts";
import { readStory, storyFiles } from "../assets.ts";
import { journey } from "./journey.ts";
import { scenarioOf } from "./play.ts";
import { readScenario } from "./read-scenario.ts";
import type { ScenarioFile } from "./scenario-file.ts";
import type { Scenario } from "./scenario.ts";
import { unknownName } from "./vocabulary.ts";

/** The stories, as they are written. */
export function storyLibrary(): readonly ScenarioFile[] {
  return storyFiles().map((fileName) => readScenario(readStory(fileName), fileName));
}

export function scenarioLibrary(): readonly Scenario[] {
  return [journey, ...storyLibrary().map(scenarioOf)];
}

/**
 * A scenario of the library by its name, or the one in a file (a path that ends in .yaml or .yml, absolute). Throws
 * unknown_scenario, invalid_scenario.
 */
export async function findScenario(name: string, disk: Pick<Disk, "readFile">): Promise<Scenario> {
  if (/\.ya?ml$/i.test(name)) {
    const content = await disk.readFile(name);
    if (content === undefined) throw new PippinError("unknown_scenario", `There is no file ${name}.`);
    return scenarioOf(readScenario(content.toString("utf8"), name));
  }
  if (name === journey.name) return journey;
  const names = storyFiles().map((fileName) => fileName.replace(/\.yaml$/, ""));
  if (names.includes(name)) return scenarioOf(readScenario(readStory(`${name}.yaml`), `${name}.yaml`));
  throw new PippinError("unknown_scenario", unknownName("scenario", name, [journey.name, ...names]));
}
