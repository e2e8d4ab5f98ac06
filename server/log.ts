/** The events as log lines for people and machines, on stderr. */
import { destination, pino, type DestinationStream } from "pino";
import type { EventName, Recorder } from "../shared/trace.ts";

const warnings: ReadonlySet<EventName> = new Set<EventName>([
  "fault",
  "connection.refused",
  "connection.replaced",
  "disk.failed",
  "command.malformed",
  "invariant.violated",
  "license.refused",
]);
const details: ReadonlySet<EventName> = new Set<EventName>([
  "api.request",
  "command.pushed",
  "command.performed",
  "app.state",
]);

/** One JSON object a line, on stderr unless another place is given. `wire` events are left to the trace. */
export function logEvents(
  recorder: Recorder,
  level: "debug" | "info" | "warn" | "silent",
  to?: DestinationStream,
): void {
  if (level === "silent") return;
  // Synchronous: what was logged before a crash is there.
  const log = pino({ level, base: null, timestamp: false }, to ?? destination({ dest: 2, sync: true }));
  recorder.subscribe((entry) => {
    const { event, run: _run, ...rest } = entry;
    if (event === "wire") return;
    if (warnings.has(event)) log.warn(rest, event);
    else if (details.has(event)) log.debug(rest, event);
    else log.info(rest, event);
  });
}
