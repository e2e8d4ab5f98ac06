import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { scenarioLibrary } from "../../simulator/scenarios/library.ts";
import { doubles, occurrences } from "./doubles.ts";
import type { Outcome } from "./play-doubles.ts";

/** So many processes share the doubles. Each plays its own one after the other, as starting a process costs as much as two of them. */
const processCount = 2;
const patienceMs = 240_000;
const unended = { failures: [], crash: "it came to no end" };
/** Their rules are put in as they were: one of the server, one of the phone. */
const unchanged = ["seats-run-out", "prompt-matrix-3-supervised-user"].map((name) => `${name}~unchanged`);
const played = [...doubles.map(({ scenario }) => scenario), ...unchanged];

/** Of those that came to an end: a bug may also keep the virtual world busy for ever, or take the process with it. */
async function playAll(names: readonly string[]): Promise<Outcome[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "play-doubles.mjs"), ...names],
    { timeout: patienceMs, maxBuffer: 16 * 1024 * 1024 },
  ).catch((error: { stdout: string }) => error);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Outcome);
}

describe("a scenario of the library", () => {
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    const shares = Array.from({ length: processCount }, (_, share) =>
      played.filter((_double, index) => index % processCount === share),
    );
    for (const outcome of (await Promise.all(shares.map(playAll))).flat())
      outcomes.set(outcome.double, outcome);
  }, patienceMs + 10_000);

  it("has a double, and each double a scenario", () => {
    const names = scenarioLibrary().map(({ name }) => name);
    expect(doubles.map(({ scenario }) => scenario).sort()).toEqual(names.sort());
  });

  it.each(unchanged)("passes with a rule put in as it was: %s", (name) => {
    expect(outcomes.get(name)).toEqual({ double: name, failures: [] });
  });

  it.each(doubles)("$scenario fails when $bug", (double) => {
    expect(occurrences(double), `the rule has moved: it is to stand in ${double.file} once`).toBe(1);
    const { failures, crash }: Omit<Outcome, "double"> = outcomes.get(double.scenario) ?? unended;
    expect(crash, "a double that can't be played to its end shows nothing").toBeUndefined();
    expect(failures.join("\n")).toContain(double.failsWith);
  });
});
