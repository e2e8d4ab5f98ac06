import { NetworkError, type Channel, type ChannelHandlers } from "../../shared/world.ts";
import type { ScheduledEvent } from "./scheduler.ts";
import type { Direction, NetworkMessage, Owner, Wire } from "./wire.ts";

const reasonBytesMax = 123;
/** How long the other end may take to agree to closing. */
const closeTimeoutMs = 30_000;

interface EndOptions {
  readonly owner: Owner;
  readonly protocol: string;
  readonly messageBytesMax: number;
  readonly firstMessageBytesMax?: number;
}

/** What a channel has in common at both ends. */
export interface ChannelLink {
  readonly wire: Wire;
  readonly url: string;
}

const deaf: ChannelHandlers = { message: () => undefined, close: () => undefined };

/** One end of a channel in the virtual world. Its other end is `peer`. */
export class ChannelEnd implements Channel {
  readonly owner: Owner;
  readonly protocol: string;
  readonly #link: ChannelLink;
  readonly #messageBytesMax: number;
  /** Of the next message. */
  #bytesMax: number;
  readonly #outbound: Direction = { lastArrivalUs: 0 };
  #peer: ChannelEnd | undefined;
  #state: "connecting" | "open" | "closing" | "closed";
  #handlers = deaf;
  #bufferedBytes = 0;
  #closeTimer: ScheduledEvent | undefined;
  /** Told once when this end is closed, before the handlers are. */
  onClosed: () => void = () => undefined;
  /** Told when the connection broke before it was open. */
  onRefused: (error: NetworkError) => void = () => undefined;

  constructor(link: ChannelLink, state: "connecting" | "open", options: EndOptions) {
    this.#link = link;
    this.#state = state;
    this.owner = options.owner;
    this.protocol = options.protocol;
    this.#messageBytesMax = options.messageBytesMax;
    this.#bytesMax = options.firstMessageBytesMax ?? options.messageBytesMax;
  }

  static join(one: ChannelEnd, other: ChannelEnd): void {
    one.#peer = other;
    other.#peer = one;
  }

  get url(): string {
    return this.#link.url;
  }

  get peerName(): string {
    return this.#peer?.owner.name ?? "";
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  attach(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  /** The server's end tells the client's that it was accepted. */
  accept(onOpen: () => void): void {
    this.#transmit("accept", 0, (client) => {
      if (client.#state !== "connecting") return;
      client.#state = "open";
      onOpen();
    });
  }

  /** The client gives up before it was accepted. */
  abandon(): void {
    this.#finish();
    this.#transmit("break", 0, (peer) => peer.#break());
  }

  send(message: Uint8Array | string): void {
    if (this.#state !== "open" || !this.owner.alive) return;
    const isText = typeof message === "string";
    const data = isText ? Buffer.from(message) : Buffer.from(message);
    this.#bufferedBytes += data.length;
    const left = () => (this.#bufferedBytes -= data.length);
    this.#transmit(
      "message",
      data.length,
      (peer) => {
        left();
        peer.#receive(data, isText);
      },
      left,
    );
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open" || !this.owner.alive) return;
    checkClosing(code, reason);
    this.#state = "closing";
    this.#sendClose(code, reason);
    const { scheduler } = this.#link.wire;
    this.#closeTimer = scheduler.at(scheduler.nowUs + closeTimeoutMs * 1_000, () => this.#break());
  }

  terminate(): void {
    if (this.#state === "closed" || !this.owner.alive) return;
    this.#finish();
    this.#link.wire.scheduler.at(0, () => this.#tellClosed(1006, ""));
    this.#sendBreak();
  }

  /** The end's process was killed: its own handlers are told nothing. */
  die(): void {
    if (this.#state === "closed") return;
    this.#finish();
    this.#sendBreak();
  }

  /** The connection breaks underneath: each end finds out after a while. */
  cutBoth(): void {
    this.#cut();
    if (this.#peer) this.#peer.#cut();
  }

  #cut(): void {
    const message = this.#message("break", 0, this.peerName, this.owner.name);
    this.#link.wire.transmit(message, () => this.#break());
  }

  #receive(data: Buffer, isText: boolean): void {
    if (!this.owner.alive || (this.#state !== "open" && this.#state !== "closing")) return;
    if (data.length <= this.#bytesMax) {
      this.#bytesMax = this.#messageBytesMax;
      return this.#handlers.message(data, isText);
    }
    this.#finish();
    this.#sendClose(1009, "");
    this.#tellClosed(1009, "Message too big");
  }

  #receiveClose(code: number, reason: string): void {
    if (this.#state === "closed" || !this.owner.alive) return;
    const wasOpen = this.#state === "open";
    this.#finish();
    if (wasOpen) this.#sendClose(code, reason);
    this.#tellClosed(code, reason);
  }

  #break(): void {
    if (this.#state === "closed" || !this.owner.alive) return;
    const wasConnecting = this.#state === "connecting";
    this.#finish();
    if (wasConnecting) this.onRefused(new NetworkError("reset", `${this.url} broke the connection.`));
    else this.#tellClosed(1006, "");
  }

  #finish(): void {
    this.#state = "closed";
    this.#closeTimer?.cancel();
    this.onClosed();
  }

  #tellClosed(code: number, reason: string): void {
    if (this.owner.alive) this.#handlers.close(code, reason);
  }

  #sendClose(code: number, reason: string): void {
    this.#transmit("close", Buffer.byteLength(reason), (peer) => peer.#receiveClose(code, reason));
  }

  /** Not in order with what was sent before: a broken connection may lose its last messages. */
  #sendBreak(): void {
    const peer = this.#peer;
    const message = this.#message("break", 0, this.owner.name, this.peerName);
    this.#link.wire.transmit(message, () => {
      if (peer) peer.#break();
    });
  }

  #transmit(
    kind: NetworkMessage["kind"],
    bytes: number,
    arrive: (peer: ChannelEnd) => void,
    lost?: () => void,
  ): void {
    const peer = this.#peer;
    if (!peer) return;
    const message = this.#message(kind, bytes, this.owner.name, peer.owner.name);
    const direction = this.#outbound;
    this.#link.wire.transmit(message, () => arrive(peer), lost ? { direction, lost } : { direction });
  }

  #message(kind: NetworkMessage["kind"], bytes: number, from: string, to: string): NetworkMessage {
    return { kind, from, to, url: this.#link.url, bytes };
  }
}

/** As in the live world, where the WebSocket library checks. */
function checkClosing(code: number, reason: string): void {
  const allowed =
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
  if (!Number.isInteger(code) || !allowed)
    throw new TypeError(`${code} is not a code to close a channel with.`);
  if (Buffer.byteLength(reason) > reasonBytesMax) {
    throw new RangeError(`A closing reason is at most ${reasonBytesMax} bytes long.`);
  }
}
