/** Limits for what is measured in a run: `acknowledgement.p95: "< 30s"`. */
import { z } from "zod";
import { formatDuration, parseDuration } from "./duration.ts";
import { metrics, type MetricUnit, type RunMetrics } from "./metrics.ts";
import type { ThresholdResult } from "./scenario.ts";
import { unknownName } from "./vocabulary.ts";

export interface Threshold {
  readonly metric: string;
  readonly sign: Sign;
  readonly bound: number;
  /** As the scenario writes it. */
  readonly limit: string;
}

const signs = {
  "<": (value: number, bound: number) => value < bound,
  "<=": (value: number, bound: number) => value <= bound,
  ">": (value: number, bound: number) => value > bound,
  ">=": (value: number, bound: number) => value >= bound,
} as const;
type Sign = keyof typeof signs;

const written = /^(<=|>=|<|>)\s*(\S+)$/;
const decimal = /^\d+(?:\.\d+)?$/;
const examples: Readonly<Record<MetricUnit, string>> = {
  time: '"< 30s"',
  count: '"<= 3"',
  share: '"< 5%"',
  rate: '">= 100"',
};

function parseBound(text: string, unit: MetricUnit): number | undefined {
  if (unit === "time") return parseDuration(text);
  if (unit === "share") {
    const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
    return percent === undefined ? undefined : Number(percent) / 100;
  }
  return decimal.test(text) ? Number(text) : undefined;
}

/** By metric. A metric that there isn't and a limit that doesn't fit its unit are mistakes. */
export const Thresholds = z.record(z.string(), z.string()).transform((given, context): Threshold[] =>
  Object.entries(given).flatMap(([metric, limit]) => {
    const complain = (message: string) => {
      context.addIssue({ code: "custom", path: [metric], message });
      return [];
    };
    const kind = metrics.get(metric);
    if (kind === undefined) return complain(unknownName("metric", metric, metrics.keys()));
    const [, sign, text = ""] = written.exec(limit.trim()) ?? [];
    const bound = parseBound(text, kind.unit);
    if (sign === undefined || bound === undefined)
      return complain(`expected a limit such as ${examples[kind.unit]}`);
    return [{ metric, sign: sign as Sign, bound, limit: limit.trim() }];
  }),
);

/** Holds what was measured against the limits. What was not there to be measured has kept no limit. */
export function judge(thresholds: readonly Threshold[], measured: RunMetrics): ThresholdResult[] {
  return thresholds.map(({ metric, sign, bound, limit }) => {
    const value = measured.value(metric) ?? null;
    const unit = metrics.get(metric)?.unit ?? "count";
    return { metric, limit, value, unit, ok: value !== null && signs[sign](value, bound) };
  });
}

/** `acknowledgement.p95 is 41s, expected < 30s` */
export function thresholdSentence({ metric, limit, value, unit }: ThresholdResult): string {
  if (value === null) return `${metric}: nothing was measured, expected ${limit}`;
  return `${metric} is ${formatMetric(value, unit)}, expected ${limit}`;
}

/** As a limit would write it. */
export function formatMetric(value: number, unit: MetricUnit): string {
  switch (unit) {
    case "time":
      return formatDuration(value);
    case "share":
      return `${Math.round(value * 1_000) / 10}%`;
    case "rate":
      return String(Math.round(value * 10) / 10);
    case "count":
      return String(value);
  }
}
