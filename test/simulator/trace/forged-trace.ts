import { decodePlist, encodePlist } from "../../../shared/plist.ts";
import type { TraceEvent } from "../../../shared/trace.ts";

export type Match = (event: TraceEvent) => boolean;

/** A copy of a good trace, to be made a bad one. Every change that finds nothing to change throws. */
export class ForgedTrace {
  events: TraceEvent[];

  constructor(events: readonly TraceEvent[]) {
    this.events = events.map((event) => ({ ...event }));
  }

  find(match: Match, from = 0): TraceEvent {
    const found = this.events.slice(from).find(match);
    if (!found) throw new Error("the trace holds no such event");
    return found;
  }

  findLast(match: Match): TraceEvent {
    const found = this.events.findLast(match);
    if (!found) throw new Error("the trace holds no such event");
    return found;
  }

  /** Takes events out so that no gap shows. */
  drop(match: Match): this {
    const left = this.events.filter((event) => !match(event));
    if (left.length === this.events.length) throw new Error("the trace holds no such event");
    this.events = left;
    return this.#renumber();
  }

  /** Puts events in behind (or before) the first that matches. */
  insert(where: "after" | "before", match: Match, ...added: readonly TraceEvent[]): this {
    const at = this.events.indexOf(this.find(match)) + (where === "after" ? 1 : 0);
    const { time } = this.events[at - (where === "after" ? 1 : 0)] ?? this.find(match);
    this.events.splice(at, 0, ...added.map((event) => ({ ...event, time })));
    return this.#renumber();
  }

  /** The same message with another content. */
  rewrite(event: TraceEvent, change: (message: Record<string, unknown>) => object): this {
    const bytes = Buffer.from(String(event["bytes"]), "base64");
    const format = event["format"];
    if (format === "json") {
      const message = JSON.parse(bytes.toString()) as Record<string, unknown>;
      event["bytes"] = Buffer.from(JSON.stringify(change(message))).toString("base64");
    } else if (format === "plist-binary" || format === "plist-xml") {
      const message: Record<string, unknown> = decodePlist(bytes, format);
      event["bytes"] = encodePlist(change(message), format).toString("base64");
    } else throw new Error(`${String(format)} can't be rewritten`);
    return this;
  }

  /** Numbers from 1, with the causes following. A cause that is gone is forgotten. */
  #renumber(): this {
    const places = new Map<number, number>();
    for (const [index, event] of this.events.entries()) {
      const seq = index + 1;
      const cause = event.cause === undefined ? undefined : places.get(event.cause);
      places.set(event.seq, seq);
      event.seq = seq;
      if (cause === undefined) delete event.cause;
      else event.cause = cause;
    }
    return this;
  }
}

/** What a message says; nothing for what is no plist and no JSON. */
export function messageOf(event: TraceEvent): Record<string, unknown> {
  const bytes = Buffer.from(String(event["bytes"] ?? ""), "base64");
  const format = event["format"];
  if (event.event !== "wire" || bytes.length === 0) return {};
  if (format === "json") return JSON.parse(bytes.toString()) as Record<string, unknown>;
  return format === "plist-binary" || format === "plist-xml" ? decodePlist(bytes, format) : {};
}

export const named =
  (name: string, more: (event: TraceEvent) => boolean = () => true): Match =>
  (event) =>
    event.event === name && more(event);
/** An event of the server's own, not Apple's or the phone's of the same name. */
export const ours = (name: string) => named(name, (event) => event["side"] === undefined);
export const commandEvent = (name: string, requestType: string) =>
  named(name, (event) => event["requestType"] === requestType);
export const wire = (
  channel: string,
  from: string,
  says: (message: Record<string, unknown>) => boolean,
): Match =>
  named(
    "wire",
    (event) =>
      event["channel"] === channel &&
      (from === "phone" ? event["from"] !== "server" && event["from"] !== "apple" : event["from"] === from) &&
      says(messageOf(event)),
  );
export const says =
  (key: string, value: unknown) =>
  (message: Record<string, unknown>): boolean =>
    message[key] === value;
export const answerOf = (service: string): Match =>
  named(
    "wire",
    (event) => event["from"] === "apple" && String(event["target"]).split("?")[0]!.endsWith(service),
  );
export const requestTypeOf = (message: Record<string, unknown>): unknown =>
  (message["Command"] as Record<string, unknown> | undefined)?.["RequestType"];
export const handing = (requestType: string) =>
  wire("mdm", "server", (message) => requestTypeOf(message) === requestType);
export const sameCommand =
  (event: TraceEvent): Match =>
  (other) =>
    other.commandUUID === event.commandUUID;
export const aside = (trace: ForgedTrace, match: Match): TraceEvent => ({ ...trace.find(match) });

/** A way to spoil a good trace, and what a checker must say of it. */
export type Forgery = readonly [name: string, forge: (trace: ForgedTrace) => void, found: RegExp];
