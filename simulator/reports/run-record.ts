/** What reports tell of a run beyond its summary: figures, how they changed, and what happened to whom. Built from its events, as they come. */
import type { TraceEvent } from "../../shared/trace.ts";
import { dictionariesIn, isDictionary } from "../checks/trace-reading.ts";
import { Course } from "./course.ts";
import { Figures, hasTrouble, type PhoneFigures } from "./figures.ts";
import { Timelines } from "./timelines.ts";

const assetsService = "/getVPPAssetsSrv";
/** More apps than this are not drawn. */
const appsMax = 200;

export interface RunRecordOptions {
  /** Keeps how figures changed, and timelines. Default true. */
  readonly keepsHistory?: boolean;
  /** What all timelines may take. */
  readonly timelineBytesMax?: number;
}

export class RunRecord {
  readonly figures = new Figures();
  readonly timelines: Timelines;
  /** Installations by state. */
  readonly states = new Course();
  /** Phones: `enrolled`, `connected`. */
  readonly phones = new Course();
  /** Licences of each app by adamId: `apple`, `server`, `owned`. */
  readonly seats = new Map<string, Course>();
  readonly #keepsHistory: boolean;
  #latest = { time: "", atMs: 0 };

  constructor(options: RunRecordOptions = {}) {
    this.#keepsHistory = options.keepsHistory ?? true;
    this.timelines = new Timelines({
      interest: (udid) => interestOf(this.figures.phones.get(udid)),
      ...(options.timelineBytesMax === undefined ? {} : { bytesMax: options.timelineBytesMax }),
    });
  }

  /** To be called for every event, in order. */
  take(event: TraceEvent): void {
    const atMs = this.#timeOf(event);
    this.figures.take(event, atMs);
    if (!this.#keepsHistory) return;
    this.timelines.take(event);
    switch (event.event) {
      case "installation.changed":
        this.states.add(atMs, Object.fromEntries(this.figures.states));
        break;
      case "license.taken":
      case "license.returned":
        if (event.adamId !== undefined) this.#noteSeats(event.adamId, atMs);
        break;
      case "checkin.authenticate":
      case "checkin.checkOut":
      case "enrollment.completed":
      case "connection.opened":
      case "connection.closed": {
        const { enrolled, connected } = this.figures;
        this.phones.add(atMs, { enrolled, connected });
        break;
      }
      case "wire":
        if (event["channel"] === "vpp" && event["from"] === "apple") this.#noteAssets(event, atMs);
        break;
      default:
    }
  }

  /** Those with trouble first, of those and of the rest the slowest. */
  get phonesByInterest(): PhoneFigures[] {
    return [...this.figures.phones.values()].sort((a, b) => interestOf(b) - interestOf(a));
  }

  /** Many events share a millisecond. */
  #timeOf({ time }: TraceEvent): number {
    if (time !== this.#latest.time) {
      const atMs = Date.parse(time);
      this.#latest = { time, atMs: Number.isNaN(atMs) ? this.#latest.atMs : atMs };
    }
    return this.#latest.atMs;
  }

  #noteSeats(adamId: string, atMs: number): void {
    let course = this.seats.get(adamId);
    if (!course) {
      if (this.seats.size >= appsMax) return;
      course = new Course();
      this.seats.set(adamId, course);
    }
    const { apple = 0, server = 0, owned } = this.figures.seats.get(adamId) ?? {};
    course.add(atMs, { apple, server, ...(owned === undefined ? {} : { owned }) });
  }

  /** What Apple says it has sold. Whatever can't be read is passed over: checkers look into that. */
  #noteAssets(event: TraceEvent, atMs: number): void {
    const { target, bytes } = event;
    if (typeof target !== "string" || !target.includes(assetsService) || typeof bytes !== "string") return;
    let answer: unknown;
    try {
      answer = JSON.parse(Buffer.from(bytes, "base64").toString("utf8"));
    } catch {
      return;
    }
    if (!isDictionary(answer)) return;
    for (const { adamIdStr, totalCount } of dictionariesIn(answer["assets"])) {
      if (typeof adamIdStr !== "string" || typeof totalCount !== "number") continue;
      const before = this.figures.seats.get(adamIdStr)?.owned;
      this.figures.own(adamIdStr, totalCount);
      if (before !== totalCount) this.#noteSeats(adamIdStr, atMs);
    }
  }
}

function interestOf(phone: PhoneFigures | undefined): number {
  if (!phone) return 0;
  const slowest = Math.max(phone.slowestInstallMs, phone.slowestMs);
  // Longer than any wait of any lab.
  return slowest + (hasTrouble(phone) ? 1e15 : 0);
}
