import {
  NetworkError,
  type Channel,
  type ChannelHandlers,
  type ConnectOptions,
  type HttpRequest,
  type HttpResponse,
  type Listener,
  type ServeOptions,
} from "../../shared/world.ts";
import { ChannelEnd } from "./channel-end.ts";
import { Exchange } from "./exchange.ts";
import { VirtualListener } from "./virtual-listener.ts";
import type { Interceptor, Owner, Wire } from "./wire.ts";

const defaultTimeoutMs = 30_000;
/** Ports for listeners that asked for any, as a system gives them out. */
const ephemeralPortMin = 49_152;
const portMax = 65_535;
/** Everything runs on one machine. */
const peer = { address: "127.0.0.1" } as const;

/** A channel between two processes, as `cutChannels` is asked about it. */
export interface ChannelInfo {
  /** Name of the process that opened it. */
  readonly from: string;
  /** Name of the process that listens. */
  readonly to: string;
  readonly url: string;
}

interface Target {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** The network of the virtual world: one machine with loopback, plus whatever host names somebody listens at. */
export class VirtualNetwork {
  readonly #wire: Wire;
  readonly #listeners = new Map<string, VirtualListener>();
  /** The ends of each process, to break them when it is killed. */
  readonly #ends = new Map<Owner, Set<ChannelEnd>>();
  #nextPort = ephemeralPortMin;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Sees everything that is sent and says what becomes of it. At most one; undefined delivers all. */
  get interceptor(): Interceptor | undefined {
    return this.#wire.interceptor;
  }

  set interceptor(interceptor: Interceptor | undefined) {
    this.#wire.interceptor = interceptor;
  }

  /** Breaks the open channels that `matches` chooses, at both ends (1006), and says how many those were. */
  cutChannels(matches: (channel: ChannelInfo) => boolean = () => true): number {
    const chosen = [...this.#listeners.values()].flatMap((listener) =>
      listener.openEnds.filter((end) => matches({ from: end.peerName, to: end.owner.name, url: end.url })),
    );
    for (const end of chosen) end.cutBoth();
    return chosen.length;
  }

  async serve(owner: Owner, options: ServeOptions): Promise<Listener> {
    const host = canonicalHost(options.host);
    const port = options.port === 0 ? this.#freePort(host) : options.port;
    const key = `${host}:${port}`;
    if (this.#listeners.has(key)) {
      throw new NetworkError("address_in_use", `${options.host}:${port} is already in use.`);
    }
    const listener = new VirtualListener(this.#wire.scheduler, owner, options, port, () => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
    });
    this.#listeners.set(key, listener);
    return listener;
  }

  request(client: Owner, url: string, init: HttpRequest = {}): Promise<HttpResponse> {
    const target = targetOf(url);
    const listener = this.#find(target);
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(
        this.#wire,
        client,
        listener?.owner.name ?? "",
        target.url,
        init,
        resolve,
        reject,
      );
      exchange.start(() => {
        // Whoever listens when the request arrives gets it.
        const present = this.#find(target);
        if (present) present.answer(exchange, peer);
        else exchange.breakOff(this.#absence(target));
      });
    });
  }

  connect(client: Owner, url: string, options: ConnectOptions, handlers: ChannelHandlers): Promise<Channel> {
    const target = targetOf(url);
    const { scheduler } = this.#wire;
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    return new Promise((resolve, reject) => {
      let end: ChannelEnd | undefined;
      let settled = false;
      const settle = (outcome: () => void) => {
        if (settled || !client.alive) return;
        settled = true;
        timer.cancel();
        outcome();
      };
      const refuse = (error: NetworkError) => settle(() => reject(error));
      const timer = scheduler.at(scheduler.nowUs + timeoutMs * 1_000, () => {
        settle(() => {
          end?.abandon();
          reject(new NetworkError("timeout", `${target.url} did not open a channel within ${timeoutMs} ms.`));
        });
      });
      const to = this.#find(target)?.owner.name ?? "";
      const message = { kind: "connect", from: client.name, to, url: target.url, bytes: 0 } as const;
      this.#wire.transmit(message, () => {
        // A client that gave up or was killed meanwhile has closed its socket.
        if (settled || !client.alive) return;
        const listener = this.#find(target);
        const answer = { ...message, from: listener?.owner.name ?? "", to: client.name };
        if (!listener) {
          const error = this.#absence(target);
          return this.#wire.transmit({ ...answer, kind: "break" }, () => refuse(error));
        }
        const admitted = listener.admit(target.path, options.protocols);
        if (typeof admitted === "number") {
          const error = new NetworkError(
            "upgrade_refused",
            `${target.url} refused to open a channel (${admitted}).`,
            {
              status: admitted,
            },
          );
          return this.#wire.transmit({ ...answer, kind: "accept" }, () => refuse(error));
        }
        const link = { wire: this.#wire, url: target.url };
        const { endpoint, protocol } = admitted;
        const { messageBytesMax, firstMessageBytesMax = messageBytesMax } = endpoint;
        const serverEnd = new ChannelEnd(link, "open", {
          owner: listener.owner,
          protocol,
          messageBytesMax,
          firstMessageBytesMax,
        });
        const clientEnd = new ChannelEnd(link, "connecting", {
          owner: client,
          protocol,
          messageBytesMax: options.messageBytesMax,
        });
        ChannelEnd.join(serverEnd, clientEnd);
        end = clientEnd;
        this.#remember(serverEnd, () => listener.channelClosed(serverEnd));
        this.#remember(clientEnd, () => undefined);
        clientEnd.onRefused = refuse;
        clientEnd.attach(handlers);
        serverEnd.accept(() => settle(() => resolve(clientEnd)));
        listener.channelOpened(endpoint, serverEnd, peer);
      });
    });
  }

  /** The process was killed: its sockets break, its listeners vanish. */
  drop(owner: Owner): void {
    for (const listener of [...this.#listeners.values()]) {
      if (listener.owner === owner) listener.vanish();
    }
    for (const end of [...(this.#ends.get(owner) ?? [])]) end.die();
    this.#ends.delete(owner);
  }

  #remember(end: ChannelEnd, onClosed: () => void): void {
    const ends = this.#ends.get(end.owner) ?? new Set();
    this.#ends.set(end.owner, ends.add(end));
    end.onClosed = () => {
      ends.delete(end);
      onClosed();
    };
  }

  #find(target: Target): VirtualListener | undefined {
    return this.#listeners.get(`${target.host}:${target.port}`);
  }

  #absence(target: Target): NetworkError {
    const hostIsKnown =
      target.host === loopback ||
      [...this.#listeners.keys()].some((key) => key.startsWith(`${target.host}:`));
    return hostIsKnown
      ? new NetworkError("refused", `${target.host}:${target.port} refused the connection.`)
      : new NetworkError("unreachable", `${target.host} can't be reached.`);
  }

  #freePort(host: string): number {
    for (let tries = 0; tries <= portMax - ephemeralPortMin; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === portMax ? ephemeralPortMin : port + 1;
      if (!this.#listeners.has(`${host}:${port}`)) return port;
    }
    throw new NetworkError("address_in_use", `${host} has no free port left.`);
  }
}

const loopback = "127.0.0.1";

/** All names of this machine are one. */
function canonicalHost(host: string): string {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  const own = ["localhost", "::1", "0.0.0.0", "::"].includes(bare) || bare.startsWith("127.");
  return own ? loopback : bare;
}

function targetOf(url: string): Target {
  const { hostname, port, protocol, pathname, href } = new URL(url);
  const defaultPort = protocol === "https:" || protocol === "wss:" ? 443 : 80;
  return {
    url: href,
    host: canonicalHost(hostname),
    port: port === "" ? defaultPort : Number(port),
    path: pathname,
  };
}
