import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where the check wants the counts of this run. */
const results = process.env["PIPPIN_TEST_RESULTS"];

/** Files that wait for processes, browsers and whole labs: begun last, one of them would go on alone after all others. */
const longOnes = [/\/e2e\/kill-/, /\/(?:e2e|doubles|model|journey)\//, /\/(?:stories|example)\.test\.ts$/];

function rank({ moduleId }: TestSpecification): number {
  const found = longOnes.findIndex((long) => long.test(moduleId));
  return found < 0 ? longOnes.length : found;
}

class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongOnesFirst },
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Some tests do little but wait for processes of their own: one worker more than cores keeps the cores busy.
    maxWorkers: availableParallelism() + 1,
    // The virtual world leaves much behind, and little of it for long.
    execArgv: ["--max-semi-space-size=64"],
    // No test leaves anything behind in a module, and loading them anew for each file takes as long as many of the tests.
    isolate: false,
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
  },
});
