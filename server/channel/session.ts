/** One connection of a phone: what is known of it while it lasts. Decisions about commands and devices are made from the store. */
import { encodePlist, type PlistFormat } from "../../shared/plist.ts";
import type { EventIds, Recorder } from "../../shared/trace.ts";
import type { Channel, Peer, Timer } from "../../shared/world.ts";

/** Messages and bytes that may wait behind the one being worked on. A phone has one or two to say. */
const waitingMessagesMax = 64;
const waitingBytesMax = 8 * 1024 * 1024;
/** A phone that doesn't read what it is sent is cut off. */
const bufferedBytesMax = 1024 * 1024;

/**
 * `challenged` waits for the proof, `proving` looks at it, `open` works, `left` has checked out, `closed` is over.
 */
export type SessionPhase = "challenged" | "proving" | "open" | "left" | "closed";

export interface Incoming {
  readonly data: Buffer;
  readonly isText: boolean;
  /** Its place among all messages of the connection, from 1. */
  readonly number: number;
}

export interface ProvenIdentity {
  /** SHA-256 of the certificate. */
  readonly id: string;
  /** The UDID that the certificate was issued for. */
  readonly commonName: string;
}

export class DeviceSession {
  readonly peer: Peer;
  readonly format: PlistFormat;
  phase: SessionPhase = "challenged";
  identity: ProvenIdentity | undefined;
  /** Bound at Authenticate, or known from an earlier one. */
  udid: string | null = null;
  /** A message or a push is being worked on; whatever else comes up waits for it. */
  busy = false;
  /** Commands may have been queued since the store was last asked. */
  dirty = false;
  /** The phone has spoken, or has had its time to. */
  mayPush = false;
  /** The phone said NotNow: what it put off waits for its next Idle. */
  skipDeferred = false;
  /** What was handed out last, and how many messages the phone had sent by then. */
  lastHanded: { commandUUID: string; afterMessage: number } | undefined;
  /** The one timer of the connection: for the proof, then for the first word. */
  timer: Timer | undefined;

  readonly #channel: Channel;
  readonly #recorder: Recorder;
  #waiting: Incoming[] = [];
  #waitingBytes = 0;
  #received = 0;

  constructor(channel: Channel, peer: Peer, recorder: Recorder) {
    this.#channel = channel;
    this.#recorder = recorder;
    this.peer = peer;
    this.format = channel.protocol === "mdm.plist.xml" ? "plist-xml" : "plist-binary";
  }

  get received(): number {
    return this.#received;
  }

  get isOver(): boolean {
    return this.phase === "closed";
  }

  /** How the other end is called in a trace. */
  get name(): string {
    return this.udid ?? this.identity?.commonName ?? "phone";
  }

  get ids(): EventIds {
    return this.udid === null ? {} : { udid: this.udid };
  }

  numbered(data: Buffer, isText: boolean): Incoming {
    this.#received += 1;
    return { data, isText, number: this.#received };
  }

  /** False when too much waits already. */
  accept(message: Incoming): boolean {
    if (this.#waiting.length >= waitingMessagesMax) return false;
    if (this.#waitingBytes + message.data.length > waitingBytesMax) return false;
    this.#waiting.push(message);
    this.#waitingBytes += message.data.length;
    return true;
  }

  take(): Incoming | undefined {
    const message = this.#waiting.shift();
    if (message !== undefined) this.#waitingBytes -= message.data.length;
    return message;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Sends a message; without one, the zero bytes that say that all results are stored. */
  send(message?: object, ids: EventIds = {}): void {
    if (this.isOver) return;
    if (this.#channel.bufferedBytes > bufferedBytesMax) {
      this.#channel.terminate();
      return;
    }
    const bytes = message === undefined ? Buffer.alloc(0) : encodePlist(message, this.format);
    if (this.#recorder.keepsWire) this.#trace("server", this.name, bytes, ids);
    this.#channel.send(this.format === "plist-xml" ? bytes.toString("utf8") : bytes);
  }

  /** Notes an incoming message in the trace, if one is kept. */
  traceIncoming(data: Buffer, ids: () => EventIds): void {
    if (this.#recorder.keepsWire) this.#trace(this.name, "server", data, ids());
  }

  #trace(from: string, to: string, bytes: Buffer, ids: EventIds): void {
    const format = bytes.length === 0 ? "empty" : this.format;
    this.#recorder.wire({ channel: "mdm", from, to, format, bytes }, { ...this.ids, ...ids });
  }

  close(code: number, reason: string): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.timer?.cancel();
    this.#channel.close(code, reason);
  }
}
