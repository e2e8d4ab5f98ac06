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

/** Two halves: when the younger one is full it becomes the older one, whose commands are forgotten. */
interface Trail {
  younger: Map<string, number>;
  older: ReadonlyMap<string, number>;
}
const trails = new WeakMap<Recorder, Trail>();

type CommandEvent = EventName & `command.${string}`;

/** Number of the last event about this command; undefined when none is remembered. */
export function lastEventOf(recorder: Recorder, commandUUID: string): number | undefined {
  const trail = trails.get(recorder);
  return trail?.younger.get(commandUUID) ?? trail?.older.get(commandUUID);
}

function remember(recorder: Recorder, commandUUID: string, seq: number): void {
  let trail = trails.get(recorder);
  if (trail === undefined) trails.set(recorder, (trail = { younger: new Map(), older: new Map() }));
  trail.younger.set(commandUUID, seq);
  // Not one by one: a Map from whose front entries are taken walks over the gaps they leave.
  if (trail.younger.size >= commandsMax / 2) {
    trail.older = trail.younger;
    trail.younger = new Map();
  }
}

/** Records an event of a command at once, behind the last one about it. */
export function recordCommandEvent(
  recorder: Recorder,
  event: CommandEvent,
  command: Pick<CommandRecord, "id" | "udid" | "requestType">,
  details: EventIds & Record<string, unknown> = {},
): number {
  const previous = lastEventOf(recorder, command.id);
  const seq = recorder.record(event, {
    udid: command.udid,
    commandUUID: command.id,
    requestType: command.requestType,
    ...(previous === undefined ? {} : { cause: previous }),
    ...details,
  });
  remember(recorder, command.id, seq);
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
  const { id, udid, requestType } = command;
  outbox.announce(event, { udid, commandUUID: id, requestType, ...details });
  outbox.after(() => recordCommandEvent(recorder, event, command, details));
}
