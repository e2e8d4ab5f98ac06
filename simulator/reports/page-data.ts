/** Which timelines go into the page, and in what form. A page of a few megabytes opens everywhere; the trace has the rest. */
import type { TraceEvent } from "../../shared/trace.ts";
import { eventWords, payloadIn, topicOf, type AppNames, type EventTopic } from "./event-words.ts";
import { hasTrouble, type PhoneFigures } from "./figures.ts";
import { spanWords } from "./outcome.ts";
import type { RunRecord } from "./run-record.ts";
import type { Timeline } from "./timelines.ts";

/** In characters of JSON, roughly: for everything, for what happened to no phone in particular, and for each phone. */
const budget = { page: 3_000_000, lab: 600_000, phone: 400_000 } as const;
const messageLengthMax = 6_000;
/** So many phones in all, of which so many that failed and so many of the slowest; the rest is a sample of the others. */
const phonesMax = { all: 60, failed: 30, slow: 15 } as const;
const hidden: ReadonlySet<string> = new Set(["seq", "time", "run", "event", "cause", "bytes"]);

/** Short names, as there are thousands of them. */
export interface PageEvent {
  /** seq */
  readonly s: number;
  /** Milliseconds since the run began. */
  readonly t: number;
  /** The event's name. */
  readonly e: string;
  readonly k: EventTopic;
  /** In words. */
  readonly w: string;
  /** Its further members. */
  readonly d: Readonly<Record<string, unknown>>;
  /** seq of its cause. */
  readonly c?: number;
  /** Its message: language, bytes, text, what is wrong with it. */
  readonly m?: { readonly l: string; readonly b: number; readonly x: string; readonly p?: string };
}

export interface PagePhone {
  readonly udid: string;
  readonly why: "failed" | "slow" | "sample";
  readonly figures: PhoneFigures;
  readonly events: readonly PageEvent[];
  /** Events that are missing in the middle. */
  readonly left: number;
}

export interface PageTimelines {
  readonly startMs: number;
  readonly lab: readonly PageEvent[];
  /** Events of the lab that are missing. */
  readonly labLeft: number;
  readonly phones: readonly PagePhone[];
  /** Phones whose timelines are not here. */
  readonly phonesLeft: number;
}

export function pageTimelines(record: RunRecord, apps: AppNames): PageTimelines {
  const startMs = record.figures.firstAtMs ?? 0;
  const phones: PagePhone[] = [];
  const chosen = choosePhones(record);
  let spent = budget.lab;
  for (const { figures, why } of chosen) {
    const timeline = record.timelines.phone(figures.udid);
    if (timeline === undefined) continue;
    const { events, size } = pageEvents(timeline.events, startMs, apps, budget.phone);
    if (spent + size > budget.page) break;
    spent += size;
    phones.push({ udid: figures.udid, why, figures, events, left: timeline.left });
  }
  const told = new Set(phones.flatMap(({ events }) => events.flatMap(({ c }) => c ?? [])));
  const lab = labEvents(record.timelines.lab, told, startMs, apps);
  return {
    startMs,
    lab,
    labLeft: record.timelines.lab.events.length + record.timelines.lab.left - lab.length,
    phones,
    phonesLeft: record.figures.phones.size - phones.length,
  };
}

type Choice = Pick<PagePhone, "figures" | "why">;

function choosePhones(record: RunRecord): Choice[] {
  const all = record.phonesByInterest;
  const failed = all.filter(hasTrouble).slice(0, phonesMax.failed);
  const well = all.filter((phone) => !hasTrouble(phone));
  const slow = well.slice(0, phonesMax.slow);
  const rest = well.slice(phonesMax.slow);
  // Evenly from those that are left, so that neither the quick nor the first are all that is seen.
  const room = Math.min(rest.length, phonesMax.all - failed.length - slow.length);
  const step = Math.max(1, rest.length / room);
  const sample = Array.from({ length: room }, (_, index) => {
    return rest[Math.floor(index * step)];
  }).filter((phone) => phone !== undefined);
  const as = (why: PagePhone["why"]) => (figures: PhoneFigures) => ({ figures, why });
  return [...failed.map(as("failed")), ...slow.map(as("slow")), ...sample.map(as("sample"))];
}

function pageEvents(
  events: readonly TraceEvent[],
  startMs: number,
  apps: AppNames,
  sizeMax: number,
): { events: PageEvent[]; size: number } {
  let size = 0;
  const made = events.map((event) => {
    const one = pageEvent(event, startMs, apps, size < sizeMax);
    size += JSON.stringify(one).length;
    return one;
  });
  return { events: made, size };
}

/** What led to anything on the phones comes first, then what is no message, then the messages. */
function labEvents(timeline: Timeline, told: Set<number>, startMs: number, apps: AppNames): PageEvent[] {
  const bySeq = new Map(timeline.events.map((event) => [event.seq, event]));
  for (const seq of told) {
    const cause = bySeq.get(seq)?.cause;
    if (cause !== undefined) told.add(cause);
  }
  const rank = (event: TraceEvent) => (told.has(event.seq) ? 0 : event.event === "wire" ? 2 : 1);
  const ranked = [...timeline.events].sort((a, b) => rank(a) - rank(b) || a.seq - b.seq);
  const kept: PageEvent[] = [];
  let size = 0;
  for (const event of ranked) {
    const one = pageEvent(event, startMs, apps, true);
    size += JSON.stringify(one).length;
    if (size > budget.lab) break;
    kept.push(one);
  }
  return kept.sort((a, b) => a.s - b.s);
}

function pageEvent(event: TraceEvent, startMs: number, apps: AppNames, keepsMessage: boolean): PageEvent {
  const payload = payloadIn(event);
  const { seq, cause } = event;
  return {
    s: seq,
    t: Date.parse(event.time) - startMs,
    e: event.event,
    k: topicOf(event.event),
    w: eventWords(event, apps, payload),
    d: Object.fromEntries(Object.entries(event).filter(([name]) => !hidden.has(name))),
    ...(cause === undefined ? {} : { c: cause }),
    ...(payload === undefined || payload.language === "empty"
      ? {}
      : {
          m: {
            l: payload.language,
            b: payload.byteCount,
            x: keepsMessage ? shortened(payload.text) : "",
            ...(payload.problem === undefined ? {} : { p: payload.problem }),
          },
        }),
  };
}

function shortened(text: string): string {
  if (text.length <= messageLengthMax) return text;
  return `${text.slice(0, messageLengthMax)}\n… ${text.length - messageLengthMax} more characters`;
}

/** What is wrong with a phone, in a few words each. */
export function troubles(phone: PhoneFigures, apps: AppNames): string[] {
  const failed = [...phone.installations.values()].filter(({ state }) => state === "failed");
  return [
    ...failed.map(({ adamId, reason }) => `${apps.get(adamId) ?? adamId}: ${reason ?? "failed"}`),
    ...(phone.commandsFailed === 0 ? [] : [commandsFailedWords(phone.commandsFailed)]),
  ];
}

function commandsFailedWords(count: number): string {
  return count === 1 ? "a command failed" : `${count} commands failed`;
}

/** How a phone is called: by its user and its serial number, where they are known. */
export function phoneName({ udid, userId, serialNumber }: PhoneFigures): string {
  return [userId, serialNumber].filter(Boolean).join(" · ") || udid.slice(0, 12);
}

export function slowWords({ slowestMs, slowestInstallMs }: PhoneFigures): {
  answer: string;
  install: string;
} {
  return {
    answer: slowestMs === 0 ? "–" : spanWords(slowestMs),
    install: slowestInstallMs === 0 ? "–" : spanWords(slowestInstallMs),
  };
}
