/** A message that crossed a wire, as a person reads it. */
import { encodePlist } from "../../shared/plist.ts";
import { PippinError } from "../../shared/errors.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { isDictionary, readWire, textOf, type Dictionary } from "../checks/trace-reading.ts";

export interface Payload {
  /** What it is, in a word or two: a command, a message type, a service. */
  readonly title: string;
  /** `base64` for what can't be read. */
  readonly language: "plist" | "json" | "base64" | "empty";
  readonly text: string;
  readonly byteCount: number;
  /** Why it can't be read. */
  readonly problem: string | undefined;
}

/** Of an event `wire`: a property list as XML, whatever form it had; of a signed message, what was signed. */
export function payloadOf(event: TraceEvent): Payload {
  const wire = readWire(event, undefined);
  const { bytes, format, message, problem } = wire;
  const base = { byteCount: bytes.length, problem, title: titleOf(event, message, wire.service) };
  if (problem !== undefined) return { ...base, language: "base64", text: bytes.toString("base64") };
  if (message === undefined) return { ...base, language: "empty", text: "" };
  if (format === "json") return { ...base, language: "json", text: JSON.stringify(message, null, 2) };
  try {
    return { ...base, language: "plist", text: encodePlist(message, "plist-xml").toString("utf8").trimEnd() };
  } catch (error) {
    // A binary property list may have characters that XML can't carry.
    if (!(error instanceof PippinError)) throw error;
    return { ...base, problem: error.message, language: "base64", text: bytes.toString("base64") };
  }
}

function titleOf(event: TraceEvent, message: Dictionary | undefined, service: string): string {
  if (service !== "") return service;
  if (event["channel"] === "api") return [event["method"], event["path"]].map(textOf).join(" ").trim();
  const { MessageType, Command, Status, PayloadType } = message ?? {};
  if (isDictionary(Command)) return textOf(Command["RequestType"]);
  return textOf(MessageType) || textOf(Status) || textOf(PayloadType);
}
