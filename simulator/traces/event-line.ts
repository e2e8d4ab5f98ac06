/** One event as one line for a person. */
import type { TraceEvent } from "../../shared/trace.ts";
import { payloadOf } from "./payload.ts";

const hidden: ReadonlySet<string> = new Set(["seq", "time", "run", "event", "cause", "bytes"]);
const ofWires: ReadonlySet<string> = new Set(["channel", "from", "to", "format", "target"]);
const valueLengthMax = 80;

/** Whatever would move the cursor is left out: names and reasons come from phones, directories and files. */
export function plainText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ");
}

/** `#153 2016-06-15T08:00:01.337Z command.queued udid=ab22be07 requestType=InviteToProgram ← #119` */
export function eventLine(event: TraceEvent): string {
  const isWire = event.event === "wire";
  const details = Object.entries(event).flatMap(([name, value]) =>
    hidden.has(name) || value === undefined || (isWire && isTold(event, name))
      ? []
      : [`${name}=${shortValue(value)}`],
  );
  const parts = [
    `#${event.seq}`,
    event.time,
    event.event,
    ...(isWire ? [wireWords(event)] : []),
    ...details,
    ...(event.cause === undefined ? [] : [`← #${event.cause}`]),
  ];
  return plainText(parts.join(" "));
}

/** Of a message, whether `wireWords` says it already. */
function isTold({ from, to, udid }: TraceEvent, name: string): boolean {
  return ofWires.has(name) || (name === "udid" && (udid === from || udid === to));
}

function wireWords(event: TraceEvent): string {
  const { title, byteCount, problem } = payloadOf(event);
  const { channel, from, to, format } = event;
  const what = [title, `${byteCount} bytes of ${shortValue(format)}`, problem].filter(Boolean).join(", ");
  return `${shortValue(channel)} ${shortValue(from)} → ${shortValue(to)} (${what})`;
}

function shortValue(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax - 1)}…`;
}
