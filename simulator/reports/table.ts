/** The result of a run as a person reads it. */
import { formatDuration } from "../scenarios/duration.ts";
import type { RunSummary } from "../scenarios/scenario.ts";

/** People named one by one; in a larger fleet nobody reads them. */
const peopleShownMax = 50;

type Align = "left" | "right";

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        align[column] === "right" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "─".repeat(width))), ...rows.map(line)].join("\n");
}

const wordsForTerms: Readonly<Record<string, string>> = {
  notInvited: "not invited",
  invited: "invited, not accepted",
  accepted: "accepted",
  retired: "retired",
};

export function renderSummary(summary: RunSummary): string {
  const apps = [...summary.apps].sort(
    (a, b) => activity(b) - activity(a) || a.name.localeCompare(b.name, "en"),
  );
  const appRows = apps.map((app) =>
    [
      app.name,
      app.adamId,
      app.total,
      app.used,
      app.installed,
      app.failedNoLicense,
      app.failedOther,
      app.waitingForTerms,
      app.notApplicable,
    ].map(String),
  );
  const appTable = table(
    [
      "App",
      "App Store id",
      "Owned",
      "Used",
      "Installed",
      "No licence",
      "Failed",
      "Waiting for terms",
      "Not applicable",
    ],
    appRows,
    ["left", "left", "right", "right", "right", "right", "right", "right", "right"],
  );
  const people = [...summary.people].sort((a, b) => a.name.localeCompare(b.name, "en"));
  const peopleTable = table(
    ["Person", "VPP terms", "Phones"],
    people
      .slice(0, peopleShownMax)
      .map((person) => [
        person.name,
        wordsForTerms[person.termsStatus] ?? person.termsStatus,
        String(person.phones),
      ]),
    ["left", "left", "right"],
  );
  const unshown = people.length - peopleShownMax;
  const others = unshown > 0 ? [`… and ${unshown} more`] : [];
  const verdict = summary.passed ? "PASSED" : "FAILED";
  const facts = [
    `${summary.devices} phones, ${summary.users} people, seed ${summary.seed}, ${spanOf(summary.durationMs)}`,
    `ledger: ${agreement(summary.drift)}; broken invariants: ${summary.violations.length}`,
    ...summary.violations.map((violation) => `  ! ${violation}`),
    ...summary.failures.map((failure) => `  ✗ ${failure}`),
  ];
  return [appTable, "", peopleTable, ...others, "", `${summary.scenario}: ${verdict}`, ...facts].join("\n");
}

function agreement(drift: number | null): string {
  if (drift === null) return "Apple could not be asked";
  return drift === 0 ? "Apple and the server agree" : `${drift} seats differ`;
}

/** To a tenth of a second, while tenths matter. */
function spanOf(ms: number): string {
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : formatDuration(Math.round(ms / 1_000) * 1_000);
}

/** Apps that something happens with come first. */
function activity(app: RunSummary["apps"][number]): number {
  return (
    app.used + app.installed + app.failedNoLicense + app.failedOther + app.waitingForTerms + app.notApplicable
  );
}

/** The last line of stdout for machines. */
export function summaryJson(summary: RunSummary): string {
  return JSON.stringify(summary);
}
