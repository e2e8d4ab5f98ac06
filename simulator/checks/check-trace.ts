/** From a trace alone: is every message what it should be, and was every rule kept? */
import type { TraceEvent } from "../../shared/trace.ts";
import { checkForm } from "./check-form.ts";
import { checkInstalls } from "./check-installs.ts";
import { checkProofs, checkProtocol } from "./check-protocol.ts";
import { checkSeats } from "./check-seats.ts";
import { secretsChecker } from "./check-secrets.ts";
import { checkStates } from "./check-states.ts";
import { checkWire } from "./check-wire.ts";
import { readTrace } from "./trace-reading.ts";

export { parseTrace } from "./trace-reading.ts";

export interface TraceCheckOptions {
  /** Values that were used in the run and must not be found in it, e.g. the admin key. */
  readonly secrets?: readonly string[];
}

/**
 * Everything that is wrong with a trace, one sentence each, beginning with the number of the event; empty when nothing is. The
 * trace must be whole, from the first event on, and must hold the messages.
 */
export function checkTrace(events: readonly TraceEvent[], options: TraceCheckOptions = {}): string[] {
  const trace = readTrace(events);
  const checkers = [
    checkForm,
    checkWire,
    secretsChecker(options.secrets),
    checkProofs,
    checkProtocol,
    checkStates,
    checkSeats,
    checkInstalls,
  ];
  return checkers.flatMap((checker) => checker(trace));
}
