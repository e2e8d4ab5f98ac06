/** Where a command may go next. A deferred (NotNow) one is handed out again, or cancelled, or runs out. */
import { openCommandStates, type CommandRecord, type CommandState } from "../store/records.ts";

export const commandMoves: Record<CommandState, readonly CommandState[]> = {
  queued: ["sent", "cancelled", "expired"],
  sent: ["acknowledged", "failed", "malformed", "deferred", "cancelled", "expired"],
  // Handed out twice, a phone may answer NotNow to the first copy and perform the second: its answer counts.
  deferred: ["sent", "acknowledged", "failed", "malformed", "cancelled", "expired"],
  acknowledged: [],
  failed: [],
  malformed: [],
  cancelled: [],
  expired: [],
};

export function isOpen(state: CommandState): boolean {
  return (openCommandStates as readonly CommandState[]).includes(state);
}

/** The only place where a command changes its state. A move that the table doesn't hold is a bug. */
export function moveCommand(command: CommandRecord, to: CommandState, now: number): CommandRecord {
  if (!commandMoves[command.state].includes(to)) {
    throw new Error(`Command ${command.id} can't go from ${command.state} to ${to}.`);
  }
  const moved: CommandRecord = { ...command, state: to };
  if (to === "sent") {
    moved.sentAt = now;
    moved.sendCount += 1;
  }
  if (to === "deferred") moved.notNowCount += 1;
  if (!isOpen(to)) moved.settledAt = now;
  return moved;
}
