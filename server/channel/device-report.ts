/** What a phone says about commands, and what it is handed next: one transaction for both. */
import type { PlistDictionary } from "../../shared/plist.ts";
import { DeviceReport } from "../../shared/results.ts";
import {
  commandInFlight,
  markSent,
  takeNextCommand,
  type CommandContext,
} from "../commands/command-queue.ts";
import {
  finishCommand,
  resultBytesMax,
  settleCommand,
  settleMalformed,
} from "../commands/command-settlement.ts";
import { noteEffects } from "../commands/command-effects.ts";
import type { Outbox } from "../outbox.ts";
import type { CommandRecord, DeviceRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";

/** `lastSeenAt` may be behind by so much: being exact would cost a write for every poll. */
const lastSeenStepMs = 60_000;

export type Report =
  | { readonly kind: "idle" }
  | {
      readonly kind: "result";
      readonly result: Exclude<DeviceReport, { Status: "Idle" }>;
      readonly message: PlistDictionary;
    }
  /** `named`: the CommandUUID, if one could be made out. `readable`: it is a property list at all. */
  | {
      readonly kind: "malformed";
      readonly named: string | undefined;
      readonly bytes: Buffer;
      readonly problem: string;
    };

export interface ReportingPhone {
  readonly udid: string;
  readonly identityId: string;
  /** Commands that the phone put off are not for now. */
  readonly skipDeferred: boolean;
  /** The command that is already on its way to the phone, so that this Idle can't mean that it got lost. */
  readonly onItsWay: string | undefined;
  /** The command that was handed out last on this connection: any other in flight was lost with an earlier one. */
  readonly handedHere: string | undefined;
}

export type ReportOutcome =
  /** `next`: already marked as sent. `silent`: what the phone waits for is on its way. */
  | { readonly outcome: "stored"; readonly next: CommandRecord | undefined; readonly silent: boolean }
  /** The server doesn't manage this phone (any more). */
  | { readonly outcome: "unknown" }
  /** Not readable, and no command that it could be about. */
  | { readonly outcome: "unclaimed" };

/** Makes out what a message is about. `message` is undefined when the bytes are no property list. */
export function readReport(message: PlistDictionary | undefined, bytes: Buffer): Report {
  if (message === undefined) {
    return { kind: "malformed", named: undefined, bytes, problem: "not a property list" };
  }
  const parsed = DeviceReport.safeParse(message);
  const uuid = message["CommandUUID"];
  const named = typeof uuid === "string" ? uuid : undefined;
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const problem = issue === undefined ? "not a result" : `${issue.path.join(".")}: ${issue.message}`;
    return { kind: "malformed", named, bytes, problem: problem.slice(0, 200) };
  }
  if (parsed.data.Status === "Idle") return { kind: "idle" };
  if (bytes.length > resultBytesMax) {
    return { kind: "malformed", named, bytes, problem: `longer than ${resultBytesMax} bytes` };
  }
  return { kind: "result", result: parsed.data, message };
}

/** Stores the report and picks what comes next for the phone. */
export async function storeReport(
  tx: Transaction,
  outbox: Outbox,
  context: CommandContext,
  phone: ReportingPhone,
  report: Report,
): Promise<ReportOutcome> {
  const device = await tx.get("devices", phone.udid);
  if (device === undefined || device.identity !== phone.identityId || device.state === "unenrolled") {
    return { outcome: "unknown" };
  }
  let inFlight = await commandInFlight(tx, device.id);
  if (report.kind === "result") {
    const { result, message } = report;
    const isAwaited = inFlight?.id === result.CommandUUID;
    const command = isAwaited ? inFlight : await tx.get("commands", result.CommandUUID);
    const settled = await settleCommand(tx, outbox, context, device.id, result, message, command);
    if (command && settled === "settled") await noteEffects(tx, outbox, context, command, result);
    if (isAwaited) inFlight = undefined;
  } else if (report.kind === "malformed") {
    const settled = await settleMalformed(tx, outbox, context, device.id, report, inFlight);
    if (settled === "unclaimed") return { outcome: "unclaimed" };
    inFlight = await commandInFlight(tx, device.id);
  }
  // Read anew: what the phone has just told may have changed it.
  const current = (await tx.get("devices", device.id)) ?? device;
  await noteSeen(tx, context, current);
  if (current.state !== "enrolled") return { outcome: "stored", next: undefined, silent: false };
  // Idle: the phone has nothing in its hands. A result sent again after a reconnect: it never got what followed that result.
  const isLost = report.kind === "idle" || inFlight?.id !== phone.handedHere;
  if (isLost && inFlight !== undefined) return await handOutAgain(tx, outbox, context, inFlight, phone);
  // While another command is in flight, none is handed out: one at a time.
  const next =
    inFlight === undefined
      ? await takeNextCommand(tx, outbox, context, device.id, { skipDeferred: phone.skipDeferred })
      : undefined;
  return { outcome: "stored", next, silent: false };
}

/** A phone that has nothing to say lost the command it was handed. It gets it again, under the same CommandUUID. */
async function handOutAgain(
  tx: Transaction,
  outbox: Outbox,
  context: CommandContext,
  inFlight: CommandRecord,
  phone: ReportingPhone,
): Promise<ReportOutcome> {
  if (inFlight.id === phone.onItsWay) return { outcome: "stored", next: undefined, silent: true };
  const now = context.world.now();
  if (inFlight.expiresAt <= now) {
    await finishCommand(tx, outbox, context, inFlight, "expired");
    const next = await takeNextCommand(tx, outbox, context, phone.udid, { skipDeferred: phone.skipDeferred });
    return { outcome: "stored", next, silent: false };
  }
  return { outcome: "stored", next: await markSent(tx, inFlight, now), silent: false };
}

async function noteSeen(tx: Transaction, context: CommandContext, device: DeviceRecord): Promise<void> {
  const now = context.world.now();
  if (now - device.lastSeenAt >= lastSeenStepMs) await tx.put("devices", { ...device, lastSeenAt: now });
}
