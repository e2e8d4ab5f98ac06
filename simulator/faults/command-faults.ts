/** A phone's channel on which commands and results meet with faults. Everything else passes as it is. */
import { decodePlist, encodePlist, type PlistDictionary, type PlistFormat } from "../../shared/plist.ts";
import { PippinError } from "../../shared/errors.ts";
import type { Channel, ChannelHandlers, Timer } from "../../shared/world.ts";
import type { FaultyPlace } from "./fault-desk.ts";
import type { CommandFault, CommandRule } from "./fault-rule.ts";
import { drawn } from "./service-faults.ts";

export async function faultyChannel(
  place: FaultyPlace,
  open: (handlers: ChannelHandlers) => Promise<Channel>,
  handlers: ChannelHandlers,
): Promise<Channel> {
  const line = new FaultyLine(place, handlers);
  return line.attach(await open(line.handlers));
}

class FaultyLine {
  readonly #place: FaultyPlace;
  readonly #phone: ChannelHandlers;
  #channel: Channel | undefined;
  /** Known from the first message that names it. */
  #udid: string | undefined;
  /** What is to become of results, by CommandUUID. */
  readonly #results = new Map<string, CommandFault>();
  readonly #timers = new Set<Timer>();

  constructor(place: FaultyPlace, phone: ChannelHandlers) {
    this.#place = place;
    this.#phone = phone;
  }

  readonly handlers: ChannelHandlers = {
    message: (data, isText) => {
      if (!this.#intercepts(data)) this.#phone.message(data, isText);
    },
    close: (code, reason) => {
      for (const timer of this.#timers) timer.cancel();
      this.#timers.clear();
      this.#phone.close(code, reason);
    },
  };

  attach(channel: Channel): Channel {
    this.#channel = channel;
    const send = (message: Uint8Array | string) => this.#send(message);
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

  get #format(): PlistFormat {
    return this.#channel?.protocol === "mdm.plist.xml" ? "plist-xml" : "plist-binary";
  }

  /** A command on its way to the phone. Answers whether the phone is not to see it. */
  #intercepts(data: Buffer): boolean {
    if (data.length === 0 || this.#udid === undefined || !this.#place.desk.watchesCommands) return false;
    const message = this.#read(data);
    const [commandUUID, command] = [message?.["CommandUUID"], message?.["Command"]];
    if (typeof commandUUID !== "string" || typeof command !== "object") return false;
    const requestType = String((command as PlistDictionary)["RequestType"]);
    const { desk, world } = this.#place;
    const rule = desk.commandRule(world, { udid: this.#udid, requestType, commandUUID });
    return rule === undefined ? false : this.#befall(rule, commandUUID);
  }

  #befall({ fault }: CommandRule, commandUUID: string): boolean {
    const { world } = this.#place;
    const about = { UDID: this.#udid, CommandUUID: commandUUID };
    switch (fault.what) {
      case "notNow":
        this.#answer({ ...about, Status: "NotNow" });
        // As a phone does that has put something off: it comes by itself when it can.
        this.#later(fault.pollMs, () => this.#answer({ UDID: this.#udid, Status: "Idle" }));
        return true;
      case "error": {
        const { domain, code, description } = fault.error;
        const item = {
          ErrorDomain: domain,
          ErrorCode: code,
          LocalizedDescription: description,
          USEnglishDescription: description,
        };
        this.#answer({ ...about, Status: "Error", ErrorChain: [item] });
        return true;
      }
      case "vanish":
        this.#vanish(drawn(world, fault.away));
        return true;
      default:
        this.#results.set(commandUUID, fault);
        return false;
    }
  }

  /** The connection breaks before the phone has seen the command, and it can't connect for a while. */
  #vanish(awayMs: number): void {
    const { desk, world } = this.#place;
    if (this.#udid !== undefined) desk.awayUntil.set(this.#udid, world.now() + awayMs);
    this.#channel?.terminate();
  }

  #send(message: Uint8Array | string): void {
    const { desk, world } = this.#place;
    const isWatched = this.#udid === undefined || this.#results.size > 0 || desk.watchesCommands;
    const plist = isWatched ? this.#read(Buffer.from(message)) : undefined;
    const udid = plist?.["UDID"];
    if (typeof udid === "string") this.#udid = udid;
    if (this.#udid !== undefined && (desk.awayUntil.get(this.#udid) ?? 0) > world.now()) {
      // It is in a tunnel still: it came as far as the door.
      this.#channel?.terminate();
      return;
    }
    const commandUUID = plist?.["CommandUUID"];
    const fault = typeof commandUUID === "string" ? this.#results.get(commandUUID) : undefined;
    if (typeof commandUUID === "string") this.#results.delete(commandUUID);
    switch (fault?.what) {
      case "duplicate":
        this.#channel?.send(message);
        this.#channel?.send(message);
        return;
      case "late":
        return this.#later(drawn(world, fault.delay), () => this.#channel?.send(message));
      case "malformed":
        this.#channel?.send(message.slice(0, Math.floor(message.length / 2)));
        return;
      case "lost":
        // A connection that lives loses nothing.
        this.#channel?.terminate();
        return;
      default:
        this.#channel?.send(message);
    }
  }

  /** In the phone's place. */
  #answer(message: object): void {
    const bytes = encodePlist(message, this.#format);
    this.#channel?.send(this.#format === "plist-xml" ? bytes.toString("utf8") : bytes);
  }

  #later(delayMs: number, act: () => void): void {
    const timer = this.#place.world.after(delayMs, () => {
      this.#timers.delete(timer);
      act();
    });
    this.#timers.add(timer);
  }

  #read(data: Buffer): PlistDictionary | undefined {
    try {
      return decodePlist(data, this.#format);
    } catch (error) {
      if (error instanceof PippinError) return undefined;
      throw error;
    }
  }
}
