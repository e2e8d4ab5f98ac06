/** A trace from its file, event by event, however long it is. */
import { resolve } from "node:path";
import { PippinError } from "../../shared/errors.ts";
import { openLines } from "../../shared/live-lines.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { eventOfLine } from "../checks/trace-reading.ts";

export interface TraceLine {
  /** From 1. */
  readonly number: number;
  /** As it is in the file. */
  readonly text: string;
  readonly event: TraceEvent;
}

/** Throws PippinError `usage` when there is no such file, `malformed_json` naming the damaged line; DiskError. */
export async function* traceLines(path: string): AsyncGenerator<TraceLine> {
  const absolute = resolve(path);
  const pieces = await openLines(absolute);
  if (pieces === undefined) throw new PippinError("usage", `There is no file ${absolute}.`);
  let number = 0;
  for await (const piece of pieces) {
    for (const text of piece) {
      number += 1;
      yield { number, text, event: eventIn(text, number, absolute) };
    }
  }
}

/** Of two traces, the message has to say which. */
function eventIn(text: string, number: number, path: string): TraceEvent {
  try {
    return eventOfLine(text, number);
  } catch (error) {
    if (error instanceof PippinError) throw new PippinError(error.code, `${path}: ${error.message}`);
    throw error;
  }
}
