/** What a number may be: `12`, `">= 3"`, `"< 5"`, `"2..4"`. */
import { z } from "zod";

export interface Matcher {
  /** As the scenario writes it. */
  readonly text: string;
  matches(value: number): boolean;
  /** How far off a value is: 0 when it matches. */
  distance(value: number): number;
}

const comparison = /^(>=|<=|>|<|=)\s*(\d+(?:\.\d+)?)$/;
const range = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)$/;

function between(text: string, min: number, max: number): Matcher {
  const distance = (value: number) => Math.max(0, min - value, value - max);
  return { text, distance, matches: (value) => distance(value) === 0 };
}

function parseMatcher(text: string): Matcher | undefined {
  const [, from, to] = range.exec(text) ?? [];
  if (from !== undefined && to !== undefined && Number(from) <= Number(to))
    return between(text, Number(from), Number(to));
  const [, sign, number] = comparison.exec(text) ?? [];
  if (sign === undefined || number === undefined) return undefined;
  const bound = Number(number);
  // Counts are whole, and of other numbers nobody asks for the last digit.
  const step = Number.isInteger(bound) ? 1 : Number.EPSILON * bound;
  switch (sign) {
    case ">=":
      return between(text, bound, Infinity);
    case ">":
      return between(text, bound + step, Infinity);
    case "<=":
      return between(text, -Infinity, bound);
    case "<":
      return between(text, -Infinity, bound - step);
    default:
      return between(text, bound, bound);
  }
}

export const Count = z
  .union([z.number().nonnegative(), z.string()], { error: 'expected a number, ">= 3", "< 5" or "2..4"' })
  .transform((given, context): Matcher => {
    const matcher = typeof given === "number" ? between(String(given), given, given) : parseMatcher(given);
    if (matcher !== undefined) return matcher;
    context.addIssue({ code: "custom", message: 'expected a number, ">= 3", "< 5" or "2..4"' });
    return z.NEVER;
  });
