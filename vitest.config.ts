import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Where the check wants the counts of this run. */
const results = process.env["PIPPIN_TEST_RESULTS"];

export default defineConfig({
  test: {
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
