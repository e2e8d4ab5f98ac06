/** A device's queue: oldest first, one in flight, deferred ones passed over for a while. */
import { PippinError } from "../../shared/errors.ts";
import type { JsonValue } from "../../shared/json.ts";
import { plistToJson, type PlistDictionary } from "../../shared/plist.ts";
import type { ServerContext } from "../context.ts";
import type { Outbox } from "../outbox.ts";
import type { DeviceHooks } from "../services.ts";
import type { CommandRecord } from "../store/records.ts";
import type { IndexPosition, Reader, Transaction } from "../store/store.ts";
import { finishCommand } from "./command-settlement.ts";
import { moveCommand } from "./command-states.ts";
import { noteCommandEvent } from "./command-trail.ts";
import { refuseUnlockToken, requireUnlockToken } from "./unlock-token.ts";

export const openCommandsMax = 1_000;
export const commandBytesMax = 1024 * 1024;
const expiresInMsDefault = 30 * 24 * 60 * 60 * 1000;
const expiresInMsMax = 365 * 24 * 60 * 60 * 1000;

/** What it takes to settle commands: the decisions want to know. */
export interface CommandContext extends ServerContext {
  readonly hooks: DeviceHooks;
}

export interface CommandRequest {
  readonly udid: string;
  /** The `Command` dictionary, with its RequestType. */
  readonly command: PlistDictionary;
  /** The installation that asks for it. */
  readonly installationId?: string | null;
  /** Who asks: `reconciler`, or an API key's id. */
  readonly origin: string;
  /** `seq` of the event that led to it. */
  readonly cause?: number;
  /** Default 30 days, at most a year. */
  readonly expiresInMs?: number;
}

function readRequestType(command: PlistDictionary): string {
  const requestType = command["RequestType"];
  if (typeof requestType !== "string" || requestType.length < 1 || requestType.length > 64) {
    throw new PippinError("invalid_request", "Expected a command with a RequestType of 1 to 64 characters.");
  }
  return requestType;
}

/** What doesn't depend on the device, made once for all of them. */
export interface PreparedCommand {
  readonly requestType: string;
  readonly command: JsonValue;
  readonly expiresInMs: number;
  readonly origin: string;
  readonly cause: number;
}

/** Throws invalid_request, body_too_large. */
export function prepareCommand(request: Omit<CommandRequest, "udid" | "installationId">): PreparedCommand {
  const requestType = readRequestType(request.command);
  const expiresInMs = request.expiresInMs ?? expiresInMsDefault;
  if (!Number.isSafeInteger(expiresInMs) || expiresInMs < 1 || expiresInMs > expiresInMsMax) {
    throw new PippinError("invalid_request", `Expected a lifetime of 1 to ${expiresInMsMax} milliseconds.`);
  }
  refuseUnlockToken(requestType, request.command);
  const command = plistToJson(request.command);
  if (JSON.stringify(command).length > commandBytesMax) {
    throw new PippinError("body_too_large", `Expected a command of at most ${commandBytesMax} bytes.`);
  }
  return { requestType, command, expiresInMs, origin: request.origin, cause: request.cause ?? 0 };
}

/**
 * Puts a command at the end of the device's queue. The caller wakes the phone once it has committed (`DevicePush.wake`).
 *
 * Throws not_found (no such device), conflict (not enrolled any more, or it gave no unlock token), queue_full, invalid_request,
 * body_too_large.
 */
export async function enqueueCommand(
  tx: Transaction,
  outbox: Outbox,
  context: ServerContext,
  request: CommandRequest,
): Promise<CommandRecord> {
  const { udid, installationId = null } = request;
  return await enqueuePrepared(tx, outbox, context, prepareCommand(request), { udid, installationId });
}

/** Throws what `enqueueCommand` throws about the device. */
export async function enqueuePrepared(
  tx: Transaction,
  outbox: Outbox,
  context: ServerContext,
  prepared: PreparedCommand,
  { udid, installationId }: { udid: string; installationId: string | null },
): Promise<CommandRecord> {
  const device = await tx.get("devices", udid);
  if (device === undefined) throw new PippinError("not_found", "There is no such device.");
  if (device.state === "unenrolled")
    throw new PippinError("conflict", "The device is not enrolled any more.");
  requireUnlockToken(prepared.requestType, device);
  if ((await tx.count("commands", "open", udid)) >= openCommandsMax) {
    throw new PippinError("queue_full", `${openCommandsMax} commands already wait for this device.`);
  }
  const now = context.world.now();
  const { requestType, command, expiresInMs, origin, cause } = prepared;
  const record: CommandRecord = {
    id: context.world.uuid(),
    udid,
    sequence: await tx.sequence(),
    requestType,
    command,
    state: "queued",
    createdAt: now,
    expiresAt: now + expiresInMs,
    sentAt: null,
    sendCount: 0,
    notNowCount: 0,
    settledAt: null,
    result: null,
    duplicateResults: 0,
    installationId,
    origin,
    cause,
  };
  await tx.put("commands", record);
  noteCommandEvent(outbox, context.recorder, "command.queued", record, cause === 0 ? {} : { cause });
  return record;
}

/** The command that was handed to the phone and is not answered yet: one at most. */
export async function commandInFlight(reader: Reader, udid: string): Promise<CommandRecord | undefined> {
  const [command] = await reader.list("commands", { index: "inFlight", partition: udid, limit: 1 });
  return command;
}

/** Marks the command as handed to the phone, for the first time or again. */
export async function markSent(tx: Transaction, command: CommandRecord, now: number): Promise<CommandRecord> {
  const sent =
    command.state === "sent"
      ? { ...command, sentAt: now, sendCount: command.sendCount + 1 }
      : moveCommand(command, "sent", now);
  await tx.put("commands", sent);
  return sent;
}

/**
 * The oldest command that may be handed out, marked as sent; undefined when there is none. Only to be called while none is in
 * flight. Commands that have run out are expired on the way.
 */
export async function takeNextCommand(
  tx: Transaction,
  outbox: Outbox,
  commands: CommandContext,
  udid: string,
  options: { skipDeferred: boolean },
): Promise<CommandRecord | undefined> {
  const now = commands.world.now();
  let after: IndexPosition | undefined;
  // Nearly always the first one is it; a page grows only where many must be passed over.
  for (let limit = 1; ; limit = Math.min(limit * 8, openCommandsMax)) {
    const page = await tx.list("commands", {
      index: "open",
      partition: udid,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    for (const command of page) {
      if (command.expiresAt <= now) {
        await finishCommand(tx, outbox, commands, command, "expired");
      } else if (!(options.skipDeferred && command.state === "deferred")) {
        return await markSent(tx, command, now);
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return undefined;
    after = [last.sequence, last.id];
  }
}
