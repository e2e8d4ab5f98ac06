/** What happened to each phone, and in the lab as a whole, kept within bounds. */
import type { TraceEvent } from "../../shared/trace.ts";

/** Of each phone so many events are kept: how it began, and how it ended. */
const phoneEvents = { first: 80, last: 320 } as const;
const labEvents = { first: 600, last: 3_400 } as const;
/** Of everything together, in bytes, roughly; past it the phones with the least to tell lose their timelines. */
const defaultBytesMax = 96 * 1024 * 1024;
/** An event without a message. */
const eventBytes = 400;

export interface Timeline {
  readonly events: readonly TraceEvent[];
  /** Events in the middle that were not kept. */
  readonly left: number;
}

class KeptEvents {
  bytes = 0;
  readonly #first: TraceEvent[] = [];
  #last: TraceEvent[] = [];
  readonly #bounds: { readonly first: number; readonly last: number };
  #left = 0;

  constructor(bounds: { readonly first: number; readonly last: number }) {
    this.#bounds = bounds;
  }

  /** Answers by how much more it holds now. */
  add(event: TraceEvent): number {
    const before = this.bytes;
    if (this.#first.length < this.#bounds.first) this.#first.push(event);
    else this.#last.push(event);
    this.bytes += sizeOf(event);
    // Let go in handfuls, as taking from the front moves all the rest.
    if (this.#last.length > 1.25 * this.#bounds.last) {
      const gone = this.#last.slice(0, -this.#bounds.last);
      this.#last = this.#last.slice(-this.#bounds.last);
      this.#left += gone.length;
      for (const one of gone) this.bytes -= sizeOf(one);
    }
    return this.bytes - before;
  }

  get timeline(): Timeline {
    return { events: [...this.#first, ...this.#last], left: this.#left };
  }
}

function sizeOf(event: TraceEvent): number {
  return eventBytes + (typeof event["bytes"] === "string" ? event["bytes"].length : 0);
}

export interface TimelineOptions {
  /** How much there is to tell of a phone: the least goes first. */
  interest(udid: string): number;
  readonly bytesMax?: number;
}

export class Timelines {
  readonly #phones = new Map<string, KeptEvents>();
  readonly #dropped = new Set<string>();
  readonly #lab = new KeptEvents(labEvents);
  readonly #options: TimelineOptions;
  readonly #bytesMax: number;
  #bytes = 0;
  /** Looking at something changes nothing, and scenarios look often: `seq` of requests whose messages are passed over. */
  readonly #looks = new Set<number>();

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#bytesMax = options.bytesMax ?? defaultBytesMax;
  }

  take(event: TraceEvent): void {
    const udid = udidOf(event);
    if (udid === undefined) {
      if (!this.#isLook(event)) this.#bytes += this.#lab.add(event);
      return;
    }
    // Once without a timeline, a phone that gets into trouble would only have half of one.
    if (this.#dropped.has(udid)) return;
    let kept = this.#phones.get(udid);
    if (!kept) {
      kept = new KeptEvents(phoneEvents);
      this.#phones.set(udid, kept);
    }
    this.#bytes += kept.add(event);
    if (this.#bytes > this.#bytesMax) this.#makeRoom();
  }

  /** Undefined for a phone that nothing happened to, or whose timeline had to go. */
  phone(udid: string): Timeline | undefined {
    return this.#phones.get(udid)?.timeline;
  }

  /** What happened to no phone in particular. */
  get lab(): Timeline {
    return this.#lab.timeline;
  }

  /** Phones whose timelines had to go. */
  get dropped(): number {
    return this.#dropped.size;
  }

  #isLook(event: TraceEvent): boolean {
    if (event.event === "api.request" && event["method"] === "GET") {
      this.#looks.add(event.seq);
      return true;
    }
    if (event.cause === undefined || !this.#looks.has(event.cause)) return false;
    if (event.event === "api.answered") this.#looks.delete(event.cause);
    return true;
  }

  /** A tenth at a time, as looking for the least interesting takes a look at all. */
  #makeRoom(): void {
    const phones = Array.from(this.#phones, ([udid, kept]) => ({
      udid,
      bytes: kept.bytes,
      interest: this.#options.interest(udid),
    })).reverse();
    phones.sort((a, b) => a.interest - b.interest);
    for (const { udid, bytes } of phones) {
      if (this.#bytes <= 0.9 * this.#bytesMax) return;
      this.#phones.delete(udid);
      this.#dropped.add(udid);
      this.#bytes -= bytes;
    }
  }
}

/** The phone an event is about; of a message, the phone that sent or got it. */
export function udidOf(event: TraceEvent): string | undefined {
  if (event.udid !== undefined) return event.udid;
  const { from, to } = event;
  if (event.event !== "wire") return undefined;
  if (typeof from === "string" && isUdid(from)) return from;
  return typeof to === "string" && isUdid(to) ? to : undefined;
}

function isUdid(text: string): boolean {
  return /^[0-9a-f]{40}$/i.test(text);
}
