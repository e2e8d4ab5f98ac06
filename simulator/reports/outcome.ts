/** What came of one run, as all reports tell it. */
import { formatDuration } from "../scenarios/duration.ts";
import type { RunSummary, ThresholdResult } from "../scenarios/scenario.ts";
import { hasTrouble, type CommandFigures } from "./figures.ts";
import type { LatencyFigures } from "./latencies.ts";
import type { RunRecord } from "./run-record.ts";

/** A run of which nothing is known but its events has no summary and no error. */
export interface RunOutcome {
  readonly scenario: string;
  /** One line about it. */
  readonly title: string;
  readonly seed: string;
  /** Undefined when only its trace is known. */
  readonly world: "virtual" | "live" | undefined;
  /** The command that plays it again; empty when nobody can tell. */
  readonly replay: string;
  /** Undefined when it did not come to its end. */
  readonly summary: RunSummary | undefined;
  /** Why it did not, in words. */
  readonly error: string | undefined;
  /** How long it took in real time. */
  readonly tookMs: number;
  readonly measured: Measured;
}

export interface Measured {
  /** From the first push of a command to the phone's final answer. */
  readonly acknowledgement: LatencyFigures;
  /** From the wish for an app to the app on its phone. */
  readonly installation: LatencyFigures;
  readonly commands: CommandFigures;
  /** Installations by state, at the end. */
  readonly installations: Readonly<Record<string, number>>;
  /** Phones that were seen, and of those the ones with something that failed. */
  readonly phones: { readonly seen: number; readonly withTrouble: number };
  /** From the first event to the last, by the lab's clock. */
  readonly spanMs: number;
  /** By name. */
  readonly events: Readonly<Record<string, number>>;
}

export function measuredIn({ figures }: RunRecord): Measured {
  return {
    acknowledgement: figures.acknowledgement.figures,
    installation: figures.wishToInstalled.figures,
    commands: figures.commands,
    installations: sorted(figures.states),
    phones: {
      seen: figures.phones.size,
      withTrouble: [...figures.phones.values()].filter(hasTrouble).length,
    },
    spanMs: figures.lastAtMs - (figures.firstAtMs ?? figures.lastAtMs),
    events: sorted(figures.counts),
  };
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export type Verdict = "passed" | "failed" | "unknown";

export function verdictOf({ summary, error }: RunOutcome): Verdict {
  if (error !== undefined) return "failed";
  if (summary === undefined) return "unknown";
  return summary.passed ? "passed" : "failed";
}

/** What went wrong beside limits that weren't kept: those have their own place in every report. */
export function failuresOf({ summary, error }: RunOutcome): string[] {
  if (error !== undefined) return [error];
  if (summary === undefined) return [];
  return summary.failures.filter((failure) => !failure.startsWith("threshold: "));
}

export function thresholdsOf({ summary }: RunOutcome): readonly ThresholdResult[] {
  return summary?.thresholds ?? [];
}

/** As exact as anybody wants it: `7 ms`, `1.4 s`, `3m20s`, `1d2h`; `–` for what was not measured. */
export function spanWords(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(1)} s`;
  return formatDuration(Math.round(ms / 1_000) * 1_000);
}

export function agreementWords(drift: number | null): string {
  if (drift === null) return "Apple could not be asked";
  return drift === 0 ? "Apple and the server agree" : `${drift} seats differ`;
}
