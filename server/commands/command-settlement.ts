/** How a command comes to its end: by a result, by an admin, by time. */
import { PippinError } from "../../shared/errors.ts";
import { plistToJson, type PlistDictionary } from "../../shared/plist.ts";
import type { CommandResult } from "../../shared/results.ts";
import { transact, type Outbox } from "../outbox.ts";
import type { CommandRecord, CommandState } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { openCommandsMax, type CommandContext } from "./command-queue.ts";
import { isOpen, moveCommand } from "./command-states.ts";
import { noteCommandEvent } from "./command-trail.ts";

/** Settled commands that are kept for each device; older ones go. */
export const settledCommandsMax = 100;
/** A longer result is not kept whole: it counts as malformed. */
export const resultBytesMax = 1024 * 1024;
const malformedBytesMax = 64 * 1024;
const expiryBatch = 100;

type Ending = Extract<CommandState, "acknowledged" | "failed" | "malformed" | "cancelled" | "expired">;

/** Why a command is cancelled. */
export interface Cancellation {
  /** API key of the admin who cancels it. */
  readonly by?: string;
  /** `seq` of the event that led to it. */
  readonly cause?: number;
}

interface Outcome {
  /** What is kept of the answer. */
  readonly result?: CommandRecord["result"];
  /** The answer itself, when it could be read. */
  readonly answer?: CommandResult;
  /** For the event. */
  readonly details?: Record<string, unknown>;
}

/** Settles an open command, tells the decisions, and keeps the past within its limit. */
export async function finishCommand(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  command: CommandRecord,
  ending: Ending,
  { result = null, answer, details = {} }: Outcome = {},
): Promise<CommandRecord> {
  const finished = { ...moveCommand(command, ending, commands.world.now()), result };
  await tx.put("commands", finished);
  noteCommandEvent(outbox, commands.recorder, `command.${ending}`, finished, details);
  await commands.hooks.commandSettled(tx, outbox, finished, answer);
  outbox.after(() => commands.hooks.wake());
  await pruneSettled(tx, finished.udid);
  return finished;
}

async function pruneSettled(tx: Transaction, udid: string): Promise<void> {
  const excess = (await tx.count("commands", "settled", udid)) - settledCommandsMax;
  if (excess <= 0) return;
  const oldest = await tx.list("commands", {
    index: "settled",
    partition: udid,
    limit: Math.min(excess, 1_000),
  });
  for (const command of oldest) await tx.delete("commands", command.id);
}

/** Notes a result that changes nothing: it came again, too late, or names a command that isn't this device's. */
async function noteDuplicate(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  udid: string,
  commandUUID: string,
  known: CommandRecord | undefined,
  status: string,
): Promise<void> {
  if (known?.udid === udid) {
    await tx.put("commands", { ...known, duplicateResults: known.duplicateResults + 1 });
    noteCommandEvent(outbox, commands.recorder, "command.duplicate", known, { status, state: known.state });
    return;
  }
  // Another device's command is not named further: the phone may only be guessing.
  outbox.record("command.duplicate", { udid, commandUUID, status, state: "unknown" });
}

/**
 * Takes a result in. Results may come twice, or after the command was cancelled or had run out: those are counted and change
 * nothing. `command` is the one it names, as it is in this transaction.
 */
export async function settleCommand(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  udid: string,
  result: CommandResult,
  message: PlistDictionary,
  command: CommandRecord | undefined,
): Promise<"settled" | "deferred" | "duplicate"> {
  const answerable =
    command?.state === "sent" || (command?.state === "deferred" && result.Status !== "NotNow");
  if (command === undefined || command.udid !== udid || !answerable) {
    await noteDuplicate(tx, outbox, commands, udid, result.CommandUUID, command, result.Status);
    return "duplicate";
  }
  if (result.Status === "NotNow") {
    const deferred = moveCommand(command, "deferred", commands.world.now());
    await tx.put("commands", deferred);
    noteCommandEvent(outbox, commands.recorder, "command.deferred", deferred, {
      count: deferred.notNowCount,
    });
    return "deferred";
  }
  const error = result.ErrorChain?.[0];
  await finishCommand(
    tx,
    outbox,
    commands,
    command,
    result.Status === "Acknowledged" ? "acknowledged" : "failed",
    {
      result: plistToJson(message),
      answer: result,
      details: {
        status: result.Status,
        ...(error === undefined ? {} : { errorCode: error.ErrorCode, errorDomain: error.ErrorDomain }),
      },
    },
  );
  return "settled";
}

/**
 * Takes in a result that can't be read. It settles the command it names or, when it names none, the one in flight, so that a phone
 * with a fault of its own doesn't block its queue for ever. `unclaimed`: there is no command it could be for.
 */
export async function settleMalformed(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  udid: string,
  report: { named: string | undefined; bytes: Uint8Array; problem: string },
  inFlight: CommandRecord | undefined,
): Promise<"settled" | "duplicate" | "unclaimed"> {
  const named = report.named === undefined ? undefined : await tx.get("commands", report.named);
  const ours = named?.udid === udid ? named : undefined;
  if (ours !== undefined && ours.state !== "sent" && ours.state !== "deferred") {
    await noteDuplicate(tx, outbox, commands, udid, ours.id, ours, "malformed");
    return "duplicate";
  }
  const command = ours ?? inFlight;
  if (command === undefined) return "unclaimed";
  const bytes = Buffer.from(report.bytes).subarray(0, malformedBytesMax).toString("base64");
  await finishCommand(tx, outbox, commands, command, "malformed", {
    result: { bytes },
    details: { problem: report.problem, bytesTotal: report.bytes.length },
  });
  return "settled";
}

/** Throws not_found, conflict (settled already). A command in flight is cancelled too; the phone may perform it all the same. */
export async function cancelCommand(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  commandUUID: string,
  because: Cancellation = {},
): Promise<CommandRecord> {
  const command = await tx.get("commands", commandUUID);
  if (command === undefined) throw new PippinError("not_found", "There is no such command.");
  if (!isOpen(command.state)) {
    throw new PippinError("conflict", `The command is already ${command.state}.`);
  }
  const { by, cause = 0 } = because;
  const named = by === undefined ? command : { ...command, cancelledBy: by };
  return await finishCommand(tx, outbox, commands, named, "cancelled", {
    details: {
      was: command.state,
      ...(by === undefined ? {} : { by }),
      ...(cause === 0 ? {} : { cause }),
    },
  });
}

/** Cancels whatever still waits for the device. */
export async function cancelOpenCommands(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  udid: string,
): Promise<void> {
  const open = await tx.list("commands", { index: "open", partition: udid, limit: openCommandsMax });
  for (const command of open) {
    await finishCommand(tx, outbox, commands, command, "cancelled", { details: { was: command.state } });
  }
}

/** Expires one batch of commands that have run out. Answers with their devices and whether there may be more. */
export async function expireCommands(commands: CommandContext): Promise<{ udids: string[]; more: boolean }> {
  return await transact(commands, async (tx, outbox) => {
    const due = await tx.list("commands", {
      index: "expiring",
      partition: "",
      sortMax: commands.world.now(),
      limit: expiryBatch,
    });
    for (const command of due) {
      await finishCommand(tx, outbox, commands, command, "expired", { details: { was: command.state } });
    }
    return { udids: [...new Set(due.map((command) => command.udid))], more: due.length === expiryBatch };
  });
}
