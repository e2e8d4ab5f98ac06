/** The scenarios that come with Pippin, the journey and one file for each story, and those that people bring. */
import { pathToFileURL } from "node:url";
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

/** Whether it names a file, in YAML or in a language that Node runs. */
export function isScenarioFile(name: string): boolean {
  return yaml.test(name) || program.test(name);
}
const yaml = /\.ya?ml$/i;
const program = /\.[cm]?[jt]s$/;

/**
 * A scenario of the library by its name, or the one in a file (`isScenarioFile`, an absolute path). Throws unknown_scenario,
 * invalid_scenario.
 */
export async function findScenario(name: string, disk: Pick<Disk, "readFile">): Promise<Scenario> {
  if (isScenarioFile(name)) {
    const content = await disk.readFile(name);
    if (content === undefined) throw new PippinError("unknown_scenario", `There is no file ${name}.`);
    return yaml.test(name) ? scenarioOf(readScenario(content.toString("utf8"), name)) : importScenario(name);
  }
  if (name === journey.name) return journey;
  const names = storyFiles().map((fileName) => fileName.replace(/\.yaml$/, ""));
  if (names.includes(name)) return scenarioOf(readScenario(readStory(`${name}.yaml`), `${name}.yaml`));
  throw new PippinError("unknown_scenario", unknownName("scenario", name, [journey.name, ...names]));
}

async function importScenario(path: string): Promise<Scenario> {
  let found: unknown;
  try {
    found = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    // What `defineScenario` says of it is said already; the rest is of the file's own making.
    const said = error instanceof Error ? (error instanceof PippinError ? error.message : String(error)) : "";
    throw new PippinError("invalid_scenario", `${path}: ${said}`, { cause: error });
  }
  if (isScenario(found)) return found;
  throw new PippinError("invalid_scenario", `${path}: expected \`export default defineScenario({ … })\``);
}

function isScenario(value: unknown): value is Scenario {
  const { name, title, run } = (value ?? {}) as Partial<Record<keyof Scenario, unknown>>;
  return typeof name === "string" && typeof title === "string" && typeof run === "function";
}
