/** A trace as the checkers read it: every message decoded once, and told apart by what it is. */
import { verifyCms } from "../../shared/certificates.ts";
import { PippinError } from "../../shared/errors.ts";
import { decodePlist } from "../../shared/plist.ts";
import type { TraceEvent } from "../../shared/trace.ts";

/** More than this is no use to anybody; the last line says that there is more. */
const findingsMax = 200;

export type Dictionary = Readonly<Record<string, unknown>>;

/** One message that crossed a wire. */
export interface WireEntry {
  readonly seq: number;
  readonly event: TraceEvent;
  readonly channel: string;
  readonly from: string;
  readonly to: string;
  readonly format: string;
  readonly bytes: Buffer;
  /** Undefined when there are no bytes, or none that can be read. Of a signed message, what was signed. */
  readonly message: Dictionary | undefined;
  /** Why it can't be read. */
  readonly problem: string | undefined;
  /** Of a message to or from Apple: the last part of the path, e.g. `getVPPAssetsSrv`. */
  readonly service: string;
  /** Of an answer: the request it answers. */
  readonly request: WireEntry | undefined;
}

export interface Trace {
  readonly events: readonly TraceEvent[];
  /** By `seq`, in order. */
  readonly wires: ReadonlyMap<number, WireEntry>;
  /** By CommandUUID. */
  readonly commands: ReadonlyMap<string, { readonly requestType: string; readonly byAdmin: boolean }>;
  /** Whether the server was killed on the way: what it had stored and not yet told is then missing. */
  readonly hasKills: boolean;
}

/** The event that says that the server's process was killed. */
export const serverKilled = { where: "lab", what: "server killed" } as const;
/** Where admins give commands by hand, which the rules of deployments don't bind. */
const commandRoutes = /^\/api\/v1\/(?:devices\/[^/]+\/)?commands$/;

const policiesPath = "/api/v1/policies";

/** The policies that an admin has set by this event, as far as the trace tells. */
export function policiesSet(event: TraceEvent, wire: WireEntry | undefined): Dictionary {
  return (wire?.channel === "api" && event["path"] === policiesPath ? wire.message : undefined) ?? {};
}

/** One rule, or several that belong together. Answers with what breaks them, in words. */
export type Checker = (trace: Trace) => string[];

/** Sentences about what is wrong, each with the number of its event. */
export class Findings {
  readonly #sentences: string[] = [];
  #left = 0;

  add(event: Pick<TraceEvent, "seq"> | number, sentence: string): void {
    const seq = typeof event === "number" ? event : event.seq;
    if (this.#sentences.length < findingsMax) this.#sentences.push(`#${seq}: ${sentence}`);
    else this.#left += 1;
  }

  get all(): string[] {
    return this.#left === 0 ? this.#sentences : [...this.#sentences, `and ${this.#left} more of this kind`];
  }
}

/** Decodes whatever can be decoded; what can't has a `problem`. Never throws for what is in the trace. */
export function readTrace(events: readonly TraceEvent[]): Trace {
  const wires = new Map<number, WireEntry>();
  const commands = new Map<string, { requestType: string; byAdmin: boolean }>();
  let hasKills = false;
  for (const event of events) {
    const { cause, commandUUID, requestType } = event;
    if (event.event === "wire") {
      wires.set(event.seq, readWire(event, cause === undefined ? undefined : wires.get(cause)));
    } else if (isKill(event)) {
      hasKills = true;
    } else if (commandUUID !== undefined && typeof requestType === "string" && !commands.has(commandUUID)) {
      const order = event.event === "command.queued" && cause !== undefined ? events[cause - 1] : undefined;
      const byAdmin = order?.event === "api.request" && commandRoutes.test(textOf(order["path"]));
      commands.set(commandUUID, { requestType, byAdmin });
    }
  }
  return { events, wires, commands, hasKills };
}

export function isKill(event: TraceEvent): boolean {
  return (
    event.event === "fault" && event["where"] === serverKilled.where && event["what"] === serverKilled.what
  );
}

/** Reads a trace file. Throws PippinError malformed_json, naming the line. */
export function parseTrace(ndjson: string): TraceEvent[] {
  const lines = ndjson.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => eventOfLine(line, index + 1));
}

/** One line of a trace. Throws PippinError malformed_json, naming the line by its `number`. */
export function eventOfLine(line: string, number: number): TraceEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    event = undefined;
  }
  if (isDictionary(event) && typeof event["event"] === "string" && typeof event["seq"] === "number") {
    return event as unknown as TraceEvent; // the checkers look at the rest
  }
  throw new PippinError("malformed_json", `Line ${number} of the trace is no event.`);
}

export function isDictionary(value: unknown): value is Dictionary {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value instanceof Uint8Array) && !(value instanceof Date);
}

/** The dictionaries in a list that should hold nothing else. */
export function dictionariesIn(value: unknown): Dictionary[] {
  return Array.isArray(value) ? value.filter(isDictionary) : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Of an event `wire`. Never throws for what is in it. */
export function readWire(event: TraceEvent, request: WireEntry | undefined): WireEntry {
  const { channel, from, to, format, target } = event;
  const text = typeof event["bytes"] === "string" ? event["bytes"] : undefined;
  const bytes = Buffer.from(text ?? "", "base64");
  const isBase64 = text !== undefined && bytes.toString("base64") === text;
  const decoded: Decoded = isBase64 ? decode(textOf(format), bytes) : { problem: "its bytes are not base64" };
  const path = textOf(target).split("?")[0] ?? "";
  return {
    seq: event.seq,
    event,
    channel: textOf(channel),
    from: textOf(from),
    to: textOf(to),
    format: textOf(format),
    bytes,
    message: decoded.message,
    problem: decoded.problem,
    service: path.split("/").at(-1) ?? "",
    request,
  };
}

interface Decoded {
  readonly message?: Dictionary;
  readonly problem?: string;
}

function decode(format: string, bytes: Buffer): Decoded {
  try {
    switch (format) {
      case "empty":
        return bytes.length === 0 ? {} : { problem: "it is said to be empty and isn't" };
      case "plist-xml":
      case "plist-binary":
        return { message: decodePlist(bytes, format) };
      case "cms":
        return { message: decodePlist(verifyCms(bytes).content) };
      case "json": {
        const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
        return isDictionary(value) ? { message: value } : { problem: "it is JSON, but not an object" };
      }
      default:
        return { problem: `nobody knows the format ${JSON.stringify(format)}` };
    }
  } catch (error) {
    if (error instanceof PippinError) return { problem: `it is no ${format}: ${error.message}` };
    // What JSON.parse and TextDecoder throw quotes the message.
    if (error instanceof SyntaxError || error instanceof TypeError) return { problem: `it is no ${format}` };
    throw error;
  }
}
