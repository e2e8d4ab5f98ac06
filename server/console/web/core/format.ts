/** Times, ages and amounts as people read them, in the language that is chosen. */
import { useEffect, useState } from "preact/hooks";
import type { Language } from "../../../../shared/web/messages.ts";
import { usePreferences } from "../../../../shared/web/preferences.ts";
import { serverNow } from "./pulse.ts";

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

export interface Format {
  /** Date and time of day. */
  time(iso: string | null): string;
  date(iso: string | null): string;
  /** Day and time of day, short: for lists. */
  stamp(iso: string | null): string;
  /** Time of day, to the second. */
  clock(iso: string): string;
  /** “3 minutes ago”, “in 2 days”. */
  age(iso: string | null, now?: number): string;
  number(value: number): string;
}

export const nothing = "–";
const ageStepMs = 20_000;

const formats = new Map<Language, Format>();

export function formatFor(language: Language): Format {
  const made = formats.get(language);
  if (made) return made;
  const time = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const stamp = new Intl.DateTimeFormat(language, {
    ...{ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  });
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const format: Format = {
    time: (iso) => (iso === null ? nothing : time.format(new Date(iso))),
    date: (iso) => (iso === null ? nothing : date.format(new Date(iso))),
    stamp: (iso) => (iso === null ? nothing : stamp.format(new Date(iso))),
    clock: (iso) => clock.format(new Date(iso)),
    age(iso, now = serverNow()) {
      if (iso === null) return nothing;
      const seconds = Math.round((Date.parse(iso) - now) / 1_000);
      const [unit, size] =
        steps.find(([, length]) => Math.abs(seconds) >= length) ?? (["second", 1] as const);
      return relative.format(Math.trunc(seconds / size), unit);
    },
    number: (value) => value.toLocaleString(language),
  };
  formats.set(language, format);
  return format;
}

/** Ages go on by themselves. */
export function useFormat(): Format {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((turn) => turn + 1), ageStepMs);
    return () => clearInterval(timer);
  }, []);
  return formatFor(usePreferences().language);
}
