import { redactWire } from "./redaction.ts";

/**
 * One structured event per thing that happened. Logs, the trace file, the metrics and the admin's event list are all views of
 * these events.
 */
export const eventNames = [
  "run.started",
  "run.finished",
  "wire",
  "fault",
  "connection.opened",
  "connection.closed",
  "connection.refused",
  "connection.replaced",
  "enrollment.started",
  "enrollment.completed",
  "checkin.authenticate",
  "checkin.tokenUpdate",
  "checkin.checkOut",
  "command.queued",
  "command.pushed",
  "command.acknowledged",
  "command.failed",
  "command.deferred",
  "command.expired",
  "command.cancelled",
  "command.duplicate",
  "command.malformed",
  "command.performed",
  "prompt.shown",
  "prompt.answered",
  "app.state",
  "phone.changed",
  "profile.changed",
  "store.signIn",
  "store.authorized",
  "store.refused",
  "user.registered",
  "user.invited",
  "user.accepted",
  "user.retired",
  "license.taken",
  "license.returned",
  "license.refused",
  "license.kept",
  "license.act",
  "deployment.created",
  "deployment.changed",
  "deployment.deleted",
  "installation.changed",
  "portal.requested",
  "portal.refused",
  "token.uploaded",
  "token.changed",
  "token.expiring",
  "token.controlTaken",
  "token.deleted",
  "sync.started",
  "sync.finished",
  "api.request",
  "api.answered",
  "internal.error",
  "admin.changed",
  "invariant.violated",
  "stream.opened",
  "stream.closed",
  "webhook.changed",
  "disk.failed",
  "disk.recovered",
  "housekeeping.pruned",
  "lab.changed",
] as const;
export type EventName = (typeof eventNames)[number];

/** Ids that tie an event to what it is about. */
export interface EventIds {
  udid?: string;
  commandUUID?: string;
  userId?: string;
  adamId?: string;
  deploymentId?: string;
  /** `seq` of the event that led to this one. */
  cause?: number;
}

export interface TraceEvent extends EventIds {
  /** From 1, without gaps, in the order of what happened. */
  seq: number;
  /** ISO 8601 by the lab's clock. */
  time: string;
  /** The seed of the run. */
  run: string;
  event: EventName;
  [detail: string]: unknown;
}

export type WireChannel = "mdm" | "vpp" | "store" | "api";
export type WireFormat = "plist-xml" | "plist-binary" | "json" | "cms" | "empty";

/** What crossed a wire, recorded once, by the side that serves that wire. */
export interface WireMessage {
  channel: WireChannel;
  from: string;
  to: string;
  format: WireFormat;
  bytes: Uint8Array;
}

/** Takes events in. `record` answers with a number for the event, to be passed on, or stored, as `cause`. */
export interface Recorder {
  record(event: EventName, details?: EventIds & Record<string, unknown>): number;
  /** What `record` adds to `seq`: another with each life of the process. */
  readonly origin: number;
  /** `seq` of the event that `record` answered for with this number; undefined when that was in another life of the process. */
  seqOf(cause: number): number | undefined;
  /** Does nothing (and answers 0) unless somebody keeps a trace: bytes are costly. */
  wire(message: WireMessage, ids?: EventIds & Record<string, unknown>): number;
  /** Whether wire messages are kept, so that a caller may save the work of encoding them. */
  readonly keepsWire: boolean;
  /** Called for every event, in order. Answers with the function that ends the subscription. */
  subscribe(listener: (event: TraceEvent) => void): () => void;
}

export interface RecorderOptions {
  now(): number;
  run: string;
  keepsWire: boolean;
  /**
   * Tells this life of a process from its others, below 2^20: `seq` begins anew with each, and what the store names as a cause may
   * have happened in an earlier one. Default 0, for a recorder that outlives whatever writes its causes down.
   */
  life?: number;
}

/** The numbers of one life: as many events as no process sees. */
const eventsPerLife = 2 ** 32;

/** For `RecorderOptions.life`, by chance: two lives in a row are the same once in a million times. */
export function drawLife(randomBytes: (length: number) => Buffer): number {
  return randomBytes(4).readUInt32BE() >>> 12;
}

/** A recorder that numbers events and hands each to its subscribers; it keeps nothing itself. */
export function createRecorder(options: RecorderOptions): Recorder {
  const listeners = new Set<(event: TraceEvent) => void>();
  const origin = (options.life ?? 0) * eventsPerLife;
  let seq = 0;
  function seqOf(cause: number): number | undefined {
    const own = cause - origin;
    return own > 0 && own < eventsPerLife ? own : undefined;
  }
  let latest = { at: NaN, time: "" };
  function timeAt(at: number): string {
    // Many events share a millisecond.
    if (at !== latest.at) latest = { at, time: new Date(at).toISOString() };
    return latest.time;
  }
  function record(event: EventName, details: EventIds & Record<string, unknown> = {}): number {
    seq += 1;
    const entry: TraceEvent = {
      seq,
      time: timeAt(options.now()),
      run: options.run,
      event,
      ...details,
    };
    if (entry.cause !== undefined) {
      const cause = seqOf(entry.cause);
      if (cause === undefined) delete entry.cause;
      else entry.cause = cause;
    }
    for (const listener of listeners) listener(entry);
    return origin + seq;
  }
  return {
    record,
    origin,
    seqOf,
    keepsWire: options.keepsWire,
    wire(message, ids = {}) {
      if (!options.keepsWire) return 0;
      const { bytes, ...rest } = message;
      return record("wire", { ...ids, ...rest, bytes: redactWire(message.format, bytes).toString("base64") });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
