import { closeCodes } from "../shared/channel.ts";
import type { ChannelHandlers, World } from "../shared/world.ts";

/** More messages than this unread is no server of ours: it sends one command at a time. */
const unreadMax = 64;

/** The other end closed the channel, or the connection broke (1006). */
export class ChannelClosed extends Error {
  readonly code: number;
  constructor(code: number, reason: string) {
    super(reason);
    this.name = "ChannelClosed";
    this.code = code;
  }
}

/** This end has a reason to close the channel. */
export class ChannelFault extends Error {
  readonly code: number;
  constructor(code: number, reason: string) {
    super(reason);
    this.name = "ChannelFault";
    this.code = code;
  }
}

export interface IncomingMessage {
  readonly data: Buffer;
  readonly isText: boolean;
  /** Its place among the messages of this channel, from 1. */
  readonly number: number;
}

/** Makes of a channel's callbacks messages that can be waited for, one after the other. */
export class Inbox {
  readonly #world: World;
  readonly #unread: IncomingMessage[] = [];
  #receivedCount = 0;
  #end: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  readonly handlers: ChannelHandlers = {
    message: (data, isText) => {
      if (this.#end) return;
      this.#receivedCount += 1;
      if (this.#unread.length >= unreadMax)
        this.#end = new ChannelFault(closeCodes.malformed, "too many messages at once");
      else this.#unread.push({ data, isText, number: this.#receivedCount });
      this.#wake?.();
    },
    close: (code, reason) => {
      this.#end ??= new ChannelClosed(code, reason);
      this.#wake?.();
    },
  };

  /** How many messages have arrived, read or not. */
  get receivedCount(): number {
    return this.#receivedCount;
  }

  /** Ends the waiting at once: `next` throws `error`, whatever has arrived. */
  end(error: Error): void {
    this.#end = error;
    this.#unread.length = 0;
    this.#wake?.();
  }

  /**
   * The next message. Throws ChannelClosed when none will come any more, ChannelFault when none came in `timeoutMs` or too many
   * came at once.
   */
  async next(timeoutMs?: number): Promise<IncomingMessage> {
    let late = false;
    const timer =
      timeoutMs === undefined
        ? undefined
        : this.#world.after(timeoutMs, () => {
            late = true;
            this.#wake?.();
          });
    try {
      for (;;) {
        const message = this.#unread.shift();
        if (message) return message;
        if (this.#end) throw this.#end;
        if (late) throw new ChannelFault(closeCodes.tryAgain, "no message came in time");
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      timer?.cancel();
    }
  }
}
