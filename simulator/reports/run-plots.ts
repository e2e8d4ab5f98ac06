/** What is drawn of a run. */
import type { CoursePoint } from "./course.ts";
import type { AppNames } from "./event-words.ts";
import type { Plot, Series } from "./plots.ts";
import type { RunRecord } from "./run-record.ts";

const appPlotsMax = 12;

const stateSeries: readonly Series[] = (
  [
    ["installed", "Installed", "leaf"],
    ["installing", "Installing", "sky"],
    ["waitingForTerms", "Waiting for terms", "honey"],
    ["pending", "Pending", "stone"],
    ["removing", "Removing", "plum"],
    ["failed", "Failed", "russet"],
    ["notInstalled", "Not installed", "mist"],
    ["notApplicable", "Not applicable", "fog"],
  ] as const
).map(([key, label, tone]) => ({ key, label, tone, shape: "area" }));

/** Licences of each app, installations by state, and phones, in the course of a run. */
export function plotsOf(record: RunRecord, apps: AppNames): Plot[] {
  const fromMs = record.figures.firstAtMs ?? 0;
  const span = { fromMs, toMs: record.figures.lastAtMs };
  const plots: Plot[] = [];
  const seats = [...record.seats].filter(([, course]) =>
    course.points.some(({ values }) => values["apple"] !== 0 || values["server"] !== 0),
  );
  for (const [adamId, { points }] of seats.slice(0, appPlotsMax)) {
    const owned = points.some(({ values }) => values["owned"] !== undefined);
    const name = apps.get(adamId) ?? adamId;
    plots.push({
      id: `seats-${adamId}`,
      title: `Licences of ${name}`,
      description: `Licences of ${name} in use: ${lastOf(points, "apple")} at the end by Apple's book, ${lastOf(points, "server")} by the server's.`,
      series: [
        { key: "apple", label: "in use, says Apple", tone: "leaf", shape: "area" },
        { key: "server", label: "in use, says the server", tone: "ink", shape: "dashed" },
        ...(owned ? [{ key: "owned", label: "owned", tone: "honey", shape: "line" } as const] : []),
      ],
      points,
      ...span,
    });
  }
  const states = record.states.points;
  const seen = stateSeries.filter(({ key }) => states.some(({ values }) => (values[key] ?? 0) > 0));
  if (states.length > 0) {
    plots.push({
      id: "states",
      title: "Installations by state",
      description: `Installations at the end: ${seen.map(({ key, label }) => `${label} ${lastOf(states, key)}`).join(", ")}.`,
      series: seen,
      points: states,
      ...span,
    });
  }
  const phones = record.phones.points;
  if (phones.length > 0) {
    plots.push({
      id: "phones",
      title: "Phones",
      description: `Phones at the end: ${lastOf(phones, "enrolled")} enrolled, ${lastOf(phones, "connected")} connected.`,
      series: [
        { key: "connected", label: "connected", tone: "sky", shape: "area" },
        { key: "enrolled", label: "enrolled", tone: "ink", shape: "line" },
      ],
      points: phones,
      ...span,
    });
  }
  return plots;
}

function lastOf(points: readonly CoursePoint[], key: string): number {
  return points.at(-1)?.values[key] ?? 0;
}
