/** For GitHub's build pages: annotations, which are lines of output, and the summary of a step in Markdown. */
import { formatMetric, thresholdSentence } from "../scenarios/threshold.ts";
import {
  agreementWords,
  failuresOf,
  spanWords,
  thresholdsOf,
  verdictOf,
  type RunOutcome,
} from "./outcome.ts";

/** GitHub shows no more of one step. */
const annotationsMax = 10;
/** And takes a summary of a mebibyte. */
const summaryBytesMax = 900_000;
const rowsMax = 200;
const failuresMax = 20;

/** Lines to be printed: one error for each run that failed, with all that was wrong. */
export function githubAnnotations(outcomes: readonly RunOutcome[]): string[] {
  const failed = outcomes.filter((outcome) => verdictOf(outcome) === "failed");
  const shown = failed.length > annotationsMax ? failed.slice(0, annotationsMax - 1) : failed;
  const lines = shown.map((outcome) => {
    const problems = problemsOf(outcome);
    const text = [...problems.slice(0, failuresMax), moreOf(problems.length - failuresMax), outcome.replay];
    return annotation(`${outcome.scenario}, seed ${outcome.seed}`, text.filter(Boolean).join("\n"));
  });
  const left = failed.length - shown.length;
  return left === 0 ? lines : [...lines, annotation("Pippin", `${left} more runs failed.`)];
}

function annotation(title: string, message: string): string {
  return `::error title=${escapeProperty(title)}::${escapeData(message)}`;
}

/** As GitHub's own toolkit does it. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function problemsOf(outcome: RunOutcome): string[] {
  const limits = thresholdsOf(outcome).filter(({ ok }) => !ok);
  return [...failuresOf(outcome), ...(outcome.summary?.violations ?? []), ...limits.map(thresholdSentence)];
}

function moreOf(count: number): string {
  return count > 0 ? `and ${count} more` : "";
}

/** To be appended to the file that GitHub names in GITHUB_STEP_SUMMARY. */
export function githubSummary(outcomes: readonly RunOutcome[]): string {
  const failed = outcomes.filter((outcome) => verdictOf(outcome) === "failed");
  // Those that failed are what people look for.
  const shown = [...failed, ...outcomes.filter((outcome) => !failed.includes(outcome))].slice(0, rowsMax);
  const head =
    failed.length === 0
      ? `✅ ${outcomes.length === 1 ? "The run" : `All ${outcomes.length} runs`} passed`
      : `❌ ${failed.length} of ${outcomes.length} runs failed`;
  const parts = [
    `## Pippin: ${head}\n`,
    markdownTable(["", "Scenario", "Seed", "Phones", "Answer p50", "p95", "p99", "Ledger"], shown.map(rowOf)),
    ...(outcomes.length > shown.length
      ? [`${outcomes.length - shown.length} more runs are not shown.\n`]
      : []),
    ...failed.slice(0, rowsMax).map(failureSection),
    ...outcomes
      .slice(0, rowsMax)
      .filter((outcome) => thresholdsOf(outcome).length > 0)
      .map(thresholdSection),
    ...(outcomes.length === 1 ? outcomes.map(appSection) : []),
  ];
  let text = "";
  for (const part of parts) {
    if (Buffer.byteLength(text) + Buffer.byteLength(part) > summaryBytesMax)
      return `${text}\nThere is more.\n`;
    text += `${part}\n`;
  }
  return text;
}

function rowOf(outcome: RunOutcome): string[] {
  const { scenario, seed, summary, measured } = outcome;
  const { p50Ms, p95Ms, p99Ms } = measured.acknowledgement;
  return [
    verdictOf(outcome) === "passed" ? "✅" : "❌",
    scenario,
    seed,
    String(summary?.devices ?? measured.phones.seen),
    ...[p50Ms, p95Ms, p99Ms].map(spanWords),
    summary ? agreementWords(summary.drift) : "–",
  ];
}

function failureSection(outcome: RunOutcome): string {
  const problems = problemsOf(outcome);
  const shown = [...problems.slice(0, failuresMax), moreOf(problems.length - failuresMax)].filter(Boolean);
  const title = `${outcome.scenario}, seed ${outcome.seed}`;
  return `<details open><summary>${escapeHtml(title)}</summary>\n\n${codeBlock(shown.join("\n"))}\n\nReplay: ${codeSpan(outcome.replay)}\n\n</details>\n`;
}

function thresholdSection(outcome: RunOutcome): string {
  const rows = thresholdsOf(outcome).map(({ metric, limit, value, unit, ok }) => [
    ok ? "✅" : "❌",
    metric,
    limit,
    value === null ? "nothing was measured" : formatMetric(value, unit),
  ]);
  const title = `### Limits of ${escapeMarkdown(outcome.scenario)}, seed ${escapeMarkdown(outcome.seed)}\n`;
  return `${title}\n${markdownTable(["", "Measured", "Limit", "Value"], rows)}`;
}

function appSection({ summary }: RunOutcome): string {
  const apps = (summary?.apps ?? []).filter((app) => app.total > 0 || app.used > 0 || app.installed > 0);
  if (apps.length === 0) return "";
  return `### Licences\n\n${markdownTable(
    ["App", "Owned", "Used", "Installed", "No licence", "Failed"],
    apps.map((app) => [
      app.name,
      ...[app.total, app.used, app.installed, app.failedNoLicense, app.failedOther].map(String),
    ]),
  )}`;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  return [line(head), `|${head.map(() => " --- |").join("")}`, ...rows.map(line)].join("\n") + "\n";
}

function escapeMarkdown(text: string): string {
  return escapeHtml(text)
    .replace(/[\\`*_{}[\]()#+!|~]/g, (character) => `\\${character}`)
    .replace(/\s+/g, " ");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** With a fence that is longer than any in the text. */
function codeBlock(text: string): string {
  const fence = fenceFor(text, 3);
  return `${fence}text\n${text}\n${fence}`;
}

function codeSpan(text: string): string {
  const fence = fenceFor(text, 1);
  return `${fence} ${text.replace(/\s+/g, " ")} ${fence}`;
}

function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  return "`".repeat(Math.max(least, longest + 1));
}
