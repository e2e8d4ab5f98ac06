/** Spans of time as people write them: `90s`, `2h`, `1h30m`, `7d`, `1y`. */
import { z } from "zod";

const unitMs = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  /** Of 365 days, as a token lasts. */
  y: 31_536_000_000,
} as const;
const units = Object.entries(unitMs).reverse();
const partPattern = /(\d+(?:\.\d+)?)(ms|[smhdwy])/g;
const wholePattern = /^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/;
/** A hundred years: more than any lab's clock is asked for. */
const durationMsMax = 36_525 * unitMs.d;

/** Milliseconds, or undefined for what is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!wholePattern.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(partPattern))
    ms += Number(count) * unitMs[unit as keyof typeof unitMs];
  return ms <= durationMsMax ? Math.round(ms) : undefined;
}

/** The shortest way to write it in whole units: `1h30m`. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  if (rest === 0) return "0s";
  let text = "";
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    // Nobody says 2w for a fortnight of days in a report; weeks and years are for reading only.
    if (count === 0 || unit === "w" || unit === "y") continue;
    text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** A duration in a scenario, in milliseconds once read. */
export const Duration = z.string().transform((text, context): number => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: "expected a duration such as 90s, 2h, 1h30m or 7d" });
  return z.NEVER;
});

/** `2s..30s`, or one duration for both ends. */
export const DurationRange = z.string().transform((text, context): { minMs: number; maxMs: number } => {
  const [first = "", second = first, ...more] = text.split("..");
  const [minMs, maxMs] = [parseDuration(first), parseDuration(second)];
  if (minMs !== undefined && maxMs !== undefined && minMs <= maxMs && more.length === 0)
    return { minMs, maxMs };
  context.addIssue({
    code: "custom",
    message: "expected a duration or a range such as 2s..30s, the shorter first",
  });
  return z.NEVER;
});

/** A time of day such as `22:30`, in minutes since midnight of the lab's clock (UTC). */
export const TimeOfDay = z.string().transform((text, context): number => {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours !== undefined && minutes !== undefined) return Number(hours) * 60 + Number(minutes);
  context.addIssue({ code: "custom", message: "expected a time of day such as 22:30" });
  return z.NEVER;
});

/** The same, and above 0. */
export const Span = Duration.refine((ms) => ms > 0, "expected more than no time");
