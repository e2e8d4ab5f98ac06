/**
 * The thread of events that runs through a command's life: queued, pushed, answered, each naming the one before as its cause.
 *
 * An event's number is known only once it is recorded, which is after the commit, so the thread can't lie in the store. It is
 * kept here, for as many commands as fit, and ends with the process: numbers begin again with every run.
 */
import type { EventIds, EventName, Recorder } from "../../shared/trace.ts";
import type { Outbox } from "../outbox.ts";
import type { CommandRecord } from "../store/records.ts";

const commandsMax = 50_000;
const trails = new WeakMap<Recorder, Map<string, number>>();

type CommandEvent = EventName & `command.${string}`;

/** Number of the last event about this command; undefined when none is remembered. */
export function lastEventOf(recorder: Recorder, commandUUID: string): number | undefined {
  return trails.get(recorder)?.get(commandUUID);
}

/** Records an event of a command at once, behind the last one about it. */
export function recordCommandEvent(
  recorder: Recorder,
  event: CommandEvent,
  command: Pick<CommandRecord, "id" | "udid" | "requestType">,
  details: EventIds & Record<string, unknown> = {},
): number {
  let trail = trails.get(recorder);
  if (trail === undefined) {
    trail = new Map();
    trails.set(recorder, trail);
  }
  const previous = trail.get(command.id);
  const seq = recorder.record(event, {
    udid: command.udid,
    commandUUID: command.id,
    requestType: command.requestType,
    ...(previous === undefined ? {} : { cause: previous }),
    ...details,
  });
  trail.set(command.id, seq);
  if (trail.size > commandsMax) {
    for (const oldest of trail.keys()) {
      trail.delete(oldest);
      break;
    }
  }
  return seq;
}

/** Records an event of a command when the transaction has committed. */
export function noteCommandEvent(
  outbox: Outbox,
  recorder: Recorder,
  event: CommandEvent,
  command: Pick<CommandRecord, "id" | "udid" | "requestType">,
  details?: EventIds & Record<string, unknown>,
): void {
  outbox.after(() => recordCommandEvent(recorder, event, command, details));
}
