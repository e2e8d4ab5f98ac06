/** For build servers: JUnit's XML. A suite for each scenario, a test case for each seed and for each limit that it sets. */
import { thresholdSentence } from "../scenarios/threshold.ts";
import { failuresOf, thresholdsOf, verdictOf, type RunOutcome } from "./outcome.ts";

interface TestCase {
  readonly name: string;
  readonly seconds: number;
  /** What a message is about in one line, and all of it. */
  readonly problem?: { readonly tag: "failure" | "error"; readonly head: string; readonly text: string };
  readonly replay: string;
}

/** In pieces, one for each scenario. */
export function* junitReport(outcomes: readonly RunOutcome[]): Generator<Buffer> {
  const suites = new Map<string, RunOutcome[]>();
  for (const outcome of outcomes) {
    const suite = suites.get(outcome.scenario);
    if (suite) suite.push(outcome);
    else suites.set(outcome.scenario, [outcome]);
  }
  const all = outcomes.flatMap(casesOf);
  yield Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="pippin"${countsOf(all)}>\n`);
  for (const [scenario, runs] of suites) {
    const cases = runs.flatMap(casesOf);
    yield Buffer.from(
      [
        `  <testsuite name="${escapeXml(scenario)}"${countsOf(cases)} skipped="0">`,
        ...cases.map((one) => caseXml(scenario, one)),
        "  </testsuite>\n",
      ].join("\n"),
    );
  }
  yield Buffer.from("</testsuites>\n");
}

function casesOf(outcome: RunOutcome): TestCase[] {
  const { seed, replay, tookMs, error, summary } = outcome;
  const seconds = tookMs / 1_000;
  const problems = [...failuresOf(outcome), ...(summary?.violations ?? [])];
  const thresholds = thresholdsOf(outcome);
  // Whatever made it fail, a run that failed must not look as if it had passed.
  if (problems.length === 0 && verdictOf(outcome) === "failed" && thresholds.every(({ ok }) => ok))
    problems.push("the run failed");
  const [first] = problems;
  const tag = error === undefined ? "failure" : "error";
  return [
    {
      name: `seed ${seed}`,
      seconds,
      replay,
      ...(first === undefined
        ? {}
        : { problem: { tag, head: headOf(first, problems.length), text: problems.join("\n") } }),
    },
    ...thresholds.map((threshold): TestCase => {
      const words = thresholdSentence(threshold);
      return {
        name: `seed ${seed}: ${threshold.metric} ${threshold.limit}`,
        seconds: 0,
        replay,
        ...(threshold.ok ? {} : { problem: { tag: "failure", head: words, text: words } }),
      };
    }),
  ];
}

function headOf(first: string, count: number): string {
  const [line = ""] = first.split("\n");
  return count === 1 ? line : `${line} (and ${count - 1} more)`;
}

function countsOf(cases: readonly TestCase[]): string {
  const count = (tag: string) => cases.filter(({ problem }) => problem?.tag === tag).length;
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0);
  return ` tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" time="${seconds.toFixed(3)}"`;
}

function caseXml(scenario: string, { name, seconds, problem, replay }: TestCase): string {
  const attributes = `classname="${escapeXml(`pippin.${scenario}`)}" name="${escapeXml(name)}" time="${seconds.toFixed(3)}"`;
  if (!problem) return `    <testcase ${attributes}/>`;
  const { tag, head, text } = problem;
  return [
    `    <testcase ${attributes}>`,
    `      <${tag} message="${escapeXml(head)}" type="${tag === "error" ? "not-finished" : "expectation"}">${escapeXml(text)}</${tag}>`,
    `      <system-out>replay: ${escapeXml(replay)}</system-out>`,
    "    </testcase>",
  ].join("\n");
}

/** Also what XML can't carry at all: control characters, half of a surrogate pair. */
function escapeXml(text: string): string {
  return (
    text
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
      // Readers that go by XML 1.1 take the last three for line ends.
      .replace(/[&<>"'\r\u0085\u2028\u2029]/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}
