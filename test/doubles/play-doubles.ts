/** Plays scenarios, each with its double's bug, in a process whose modules `play-doubles.mjs` has prepared. */
import { storyText } from "../support/small-story.ts";

type Library = typeof import("../../simulator/scenarios/library.ts");
type LabModule = typeof import("../../simulator/lab.ts");

/** What came of one double. */
export interface Outcome {
  readonly double: string;
  /** Expectations that were not met. */
  readonly failures: readonly string[];
  /** Why it came to no end: a double that can't be played shows nothing. */
  readonly crash?: string;
}

export async function playDouble(double: string): Promise<Outcome> {
  const scenario = double.replace(/~.*/, "");
  // The two beginnings, from which whatever the double changes is reached.
  const query = `?double=${double}`;
  try {
    const { findScenario } = (await import(`../../simulator/scenarios/library.ts${query}`)) as Library;
    const { runVirtual } = (await import(`../../simulator/lab.ts${query}`)) as LabModule;
    const readFile = () => Promise.resolve(Buffer.from(storyText(scenario)));
    const found = await findScenario(scenario === "journey" ? scenario : `${scenario}.yaml`, { readFile });
    const options = { seed: "1", progress: () => undefined, keepsWire: false };
    const { failures } = await runVirtual(options, (lab) => found.run(lab));
    return { double, failures };
  } catch (error) {
    const crash = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { double, failures: [], crash };
  }
}
