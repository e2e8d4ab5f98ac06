import {
  NetworkError,
  type Channel,
  type ChannelHandlers,
  type ConnectOptions,
  type HttpResponse,
  type World,
} from "../../shared/world.ts";
import type { FaultDesk } from "./fault-desk.ts";
import type { LinkName, LinkRule } from "./fault-rule.ts";
import { drawn } from "./service-faults.ts";

/** A client waits no longer than this for an answer that never comes. */
const timeoutMs = 30_000;

/** One end of a link, with whatever holds on it now. */
export class LinkGate {
  readonly #desk: FaultDesk;
  readonly #link: LinkName;
  readonly #world: World;
  readonly #channels = new Set<SlowLine>();

  constructor(desk: FaultDesk, link: LinkName, world: World) {
    this.#desk = desk;
    this.#link = link;
    this.#world = world;
  }

  /** A link that goes down takes with it what was open. */
  ruleChanged(): void {
    const down = this.#rule("down");
    if (down === undefined) return;
    for (const line of [...this.#channels]) line.terminate();
    this.#desk.touched(down);
  }

  async connect(url: string, options: ConnectOptions, handlers: ChannelHandlers): Promise<Channel> {
    await this.#pass(url.length);
    const line = new SlowLine(this.#world, handlers, {
      delayOf: (bytes) => this.#delayOf(bytes),
      swallows: () => {
        const silent = this.#rule("timeout");
        if (silent) this.#desk.touched(silent);
        return silent !== undefined;
      },
      closed: () => this.#channels.delete(line),
    });
    const channel = line.attach(await this.#world.connect(url, options, line.handlers));
    this.#channels.add(line);
    const reset = this.#rule("reset");
    if (reset?.fault.what === "reset") {
      this.#desk.touched(reset);
      line.terminateIn(drawn(this.#world, reset.fault.after));
    }
    return channel;
  }

  async request(send: () => Promise<HttpResponse>): Promise<HttpResponse> {
    if (this.#desk.linkRules(this.#link).length === 0) return send();
    await this.#pass(0);
    const answer = await send();
    const delayMs = this.#delayOf(answer.body.length);
    if (delayMs > 0) await this.#world.sleep(delayMs);
    return answer;
  }

  /** Whatever is first sent over the link. Throws NetworkError when it doesn't get through. */
  async #pass(bytes: number): Promise<void> {
    const down = this.#rule("down");
    if (down) {
      this.#desk.touched(down);
      throw new NetworkError("unreachable", `the link ${this.#link} is down.`);
    }
    const silent = this.#rule("timeout");
    if (silent) {
      this.#desk.touched(silent);
      await this.#world.sleep(timeoutMs);
      throw new NetworkError("timeout", `nothing came back over the link ${this.#link}.`);
    }
    const delayMs = this.#delayOf(bytes);
    if (delayMs > 0) await this.#world.sleep(delayMs);
  }

  #delayOf(bytes: number): number {
    let delayMs = 0;
    for (const rule of this.#desk.linkRules(this.#link)) {
      if (rule.fault.what === "latency") delayMs += drawn(this.#world, rule.fault.delay);
      else if (rule.fault.what === "bandwidth")
        delayMs += Math.ceil((bytes / rule.fault.bytesPerSecond) * 1_000);
      else if (rule.fault.what === "slicer") delayMs += this.#sliced(bytes, rule.fault);
      else continue;
      this.#desk.touched(rule);
    }
    return delayMs;
  }

  /** A message is whole when its last piece is there, and there is a pause between any two. */
  #sliced(bytes: number, slicer: Extract<LinkRule["fault"], { what: "slicer" }>): number {
    let delayMs = 0;
    for (let sent = slicer.bytes; sent < bytes; sent += slicer.bytes)
      delayMs += drawn(this.#world, slicer.delay);
    return delayMs;
  }

  #rule(what: LinkRule["fault"]["what"]): LinkRule | undefined {
    return this.#desk.linkRules(this.#link).find(({ fault }) => fault.what === what);
  }
}

interface LineOptions {
  delayOf(bytes: number): number;
  /** Whether what is said now goes into a dead line. */
  swallows(): boolean;
  closed(): void;
}

/** A channel whose messages take their time, and stay in order. */
class SlowLine {
  readonly #world: World;
  readonly #phone: ChannelHandlers;
  readonly #options: LineOptions;
  #channel: Channel | undefined;
  #isClosed = false;
  readonly #freeAt = { forth: 0, back: 0 };

  constructor(world: World, phone: ChannelHandlers, options: LineOptions) {
    this.#world = world;
    this.#phone = phone;
    this.#options = options;
  }

  readonly handlers: ChannelHandlers = {
    message: (data, isText) => this.#carry("back", data.length, () => this.#phone.message(data, isText)),
    close: (code, reason) => {
      this.#isClosed = true;
      this.#options.closed();
      this.#phone.close(code, reason);
    },
  };

  attach(channel: Channel): Channel {
    this.#channel = channel;
    const send = (message: Uint8Array | string) =>
      this.#carry("forth", message.length, () => channel.send(message));
    return {
      protocol: channel.protocol,
      get bufferedBytes() {
        return channel.bufferedBytes;
      },
      send,
      close: (code, reason) => channel.close(code, reason),
      terminate: () => channel.terminate(),
    };
  }

  terminate(): void {
    this.#channel?.terminate();
  }

  terminateIn(delayMs: number): void {
    this.#world.after(delayMs, () => {
      if (!this.#isClosed) this.terminate();
    });
  }

  #carry(way: "forth" | "back", bytes: number, arrive: () => void): void {
    // It is lost, and the line itself seems to live.
    if (this.#options.swallows()) return;
    const now = this.#world.now();
    const at = Math.max(this.#freeAt[way], now + this.#options.delayOf(bytes));
    if (at <= now) return arrive();
    this.#freeAt[way] = at;
    this.#world.after(at - now, () => {
      if (!this.#isClosed) arrive();
    });
  }
}
