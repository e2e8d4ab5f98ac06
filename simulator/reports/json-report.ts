/** For other programs: one JSON document about all runs. The same seeds give the same document, as nothing in it is by a real clock. */
import { verdictOf, type RunOutcome } from "./outcome.ts";

const formatVersion = 1;

/** In pieces: of a hundred thousand runs the whole would be longer than a string can be. */
export function* jsonReport(outcomes: readonly RunOutcome[]): Generator<Buffer> {
  const failed = outcomes.filter((outcome) => verdictOf(outcome) === "failed").length;
  const head = {
    format: "pippin-report",
    version: formatVersion,
    passed: failed === 0,
    runs: outcomes.length,
    failed,
  };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"results":[`);
  for (const [index, outcome] of outcomes.entries())
    yield Buffer.from(`${index === 0 ? "" : ","}\n${JSON.stringify(resultOf(outcome))}`);
  yield Buffer.from("\n]}\n");
}

function resultOf(outcome: RunOutcome): Record<string, unknown> {
  const { scenario, title, seed, world, replay, summary, error, measured } = outcome;
  return {
    scenario,
    title,
    seed,
    world,
    passed: verdictOf(outcome) === "passed",
    replay,
    ...(error === undefined ? {} : { error }),
    ...(summary === undefined ? {} : { summary }),
    measured,
  };
}
