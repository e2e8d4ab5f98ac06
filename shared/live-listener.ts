import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { WebSocket, WebSocketServer } from "ws";
import { attachHandlers, LiveChannel } from "./live-channel.ts";
import { networkErrorFrom } from "./live-errors.ts";
import type { ChannelEndpoint, Listener, Peer, ServeOptions } from "./world.ts";

/** How often the answer to a ping may be missing. */
const missedPongsMax = 2;
/** How long peers may take to close in good order. */
const closeGraceMs = 2_000;

/** What a peer may cost before anything is known of it. */
export interface ListenerLimits {
  /** Time for a request's head to arrive. */
  readonly headMs: number;
  /** Time for a whole request to arrive. */
  readonly requestMs: number;
  /** How often the two are looked at. */
  readonly checkMs: number;
  /** Connections that are no channel: of one address, and of all. One more is closed without a word. */
  readonly connectionsPerAddressMax: number;
  readonly connectionsMax: number;
  /** How often open channels are asked whether anybody is there. */
  readonly pingMs: number;
}

const defaultLimits: ListenerLimits = {
  headMs: 10_000,
  requestMs: 30_000,
  checkMs: 5_000,
  connectionsPerAddressMax: 4_096,
  connectionsMax: 8_192,
  pingMs: 30_000,
};

interface OpenChannel {
  readonly socket: WebSocket;
  missedPongs: number;
}

/** Opens a listening socket; see `World.serve`. */
export async function serveLive(
  options: ServeOptions,
  limits: ListenerLimits = defaultLimits,
): Promise<Listener> {
  const server = createServer(
    {
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: 65_000,
      noDelay: true,
    },
    requestListenerFor(options),
  );
  const connections = new Connections(limits);
  server.on("connection", (socket) => connections.arrived(socket));
  const upgrades = new Upgrades(options.channels ?? {});
  server.on("upgrade", (request, socket, head) => {
    connections.left(request.socket);
    upgrades.handle(request, socket, head);
  });
  const port = await listen(server, options);
  upgrades.startPinging(limits.pingMs);
  let closing: Promise<void> | undefined;
  return {
    host: options.host,
    port,
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    close: () => (closing ??= closeListener(server, upgrades)),
  };
}

function requestListenerFor(
  options: ServeOptions,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const listener = getRequestListener(
    (request, { incoming }) => options.handle(request, peerOf(incoming.socket)),
    {
      hostname: options.host,
      // The global Request and Response stay Node's own: the virtual world may run in the same process.
      overrideGlobalObjects: false,
      errorHandler: () => new Response("Internal Server Error", { status: 500 }),
    },
  );
  return (incoming, outgoing) => {
    const problem = oddity(incoming);
    // It answers every error itself and never rejects.
    if (problem === undefined) return void listener(incoming, outgoing);
    const body = JSON.stringify({
      type: "urn:pippin:problem:invalid_request",
      title: "Bad Request",
      status: 400,
      code: "invalid_request",
      detail: problem,
    });
    outgoing.writeHead(400, { "content-type": "application/problem+json", connection: "close" });
    outgoing.end(body);
  };
}

const hostForm = /^(?:\[[0-9a-f:.]+\]|[\w.~-]+)(?::\d{1,5})?$/i;
/** A step up or nowhere: whoever stands before this server may read the path otherwise than we do. */
const dotSegment = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i;

/** What is wrong with a request's target or host, in a sentence. */
function oddity({ url = "", headers, rawHeaders }: IncomingMessage): string | undefined {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
  const { host = "" } = headers;
  if (hosts > 1) return "Expected one Host header.";
  if (host !== "" && !(hostForm.test(host) && URL.canParse(`http://${host}`)))
    return "Expected the name of a host, and perhaps a port, as Host.";
  const path = url.replace(/^https?:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
  if (!path.startsWith("/") || !URL.canParse(url, "http://host"))
    return "Expected a path that begins with a slash.";
  if (path.includes("\\") || dotSegment.test(path))
    return "Expected a path without . or .. or a backslash in it.";
  return undefined;
}

function listen(server: Server, options: ServeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const where = `${options.host}:${options.port}`;
    const onError = (cause: Error) => reject(networkErrorFrom(cause, where, "address_not_available"));
    server.once("error", onError);
    // A whole fleet may connect in the same second; the system lowers this to its own limit.
    server.listen({ host: options.host, port: options.port, backlog: 4096 }, () => {
      server.off("error", onError);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : options.port);
    });
  });
}

async function closeListener(server: Server, upgrades: Upgrades): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  upgrades.close();
  // A connection that finishes its last request during the grace period would stay open, kept alive.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const force = setTimeout(() => {
    upgrades.terminateAll();
    server.closeAllConnections();
  }, closeGraceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(force);
}

/** Connections that are no channel (yet), counted by address. */
class Connections {
  readonly #limits: ListenerLimits;
  readonly #sockets = new Map<Socket, string>();
  readonly #byAddress = new Map<string, number>();

  constructor(limits: ListenerLimits) {
    this.#limits = limits;
  }

  arrived(socket: Socket): void {
    const { address } = peerOf(socket);
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const { connectionsMax, connectionsPerAddressMax } = this.#limits;
    if (this.#sockets.size >= connectionsMax || ofAddress >= connectionsPerAddressMax) {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, address);
    this.#byAddress.set(address, ofAddress + 1);
    socket.once("close", () => this.left(socket));
  }

  left(socket: Socket): void {
    const address = this.#sockets.get(socket);
    if (address === undefined) return;
    this.#sockets.delete(socket);
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}

interface Entry {
  readonly endpoint: ChannelEndpoint;
  readonly sockets: WebSocketServer;
  openCount: number;
}

/** The channels of one listener, with one timer for all of them. */
class Upgrades {
  readonly #endpoints = new Map<string, Entry>();
  readonly #open = new Set<OpenChannel>();
  #pinging: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(channels: Readonly<Record<string, ChannelEndpoint>>) {
    for (const [path, endpoint] of Object.entries(channels)) {
      const sockets = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        maxPayload: endpoint.messageBytesMax,
        perMessageDeflate: false,
        handleProtocols: (offered) => endpoint.protocols.find((protocol) => offered.has(protocol)) ?? false,
      });
      this.#endpoints.set(path, { endpoint, sockets, openCount: 0 });
    }
  }

  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const entry = this.#endpoints.get(path);
    if (!entry) return refuseUpgrade(socket, 404);
    const { endpoint, sockets } = entry;
    const offered = offeredProtocols(request);
    if (!endpoint.protocols.some((protocol) => offered.includes(protocol))) return refuseUpgrade(socket, 400);
    if (this.#closing || entry.openCount >= endpoint.channelsMax) return refuseUpgrade(socket, 503);
    const peer = peerOf(request.socket);
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#opened(entry, webSocket, request.socket, peer),
    );
  }

  /** Apart from `handle`: what a listener here closes over lives as long as the channel, and the request shouldn't. */
  #opened(entry: Entry, webSocket: WebSocket, connection: Socket, peer: Peer): void {
    const channel: OpenChannel = { socket: webSocket, missedPongs: 0 };
    this.#open.add(channel);
    entry.openCount += 1;
    webSocket.on("pong", () => (channel.missedPongs = 0));
    webSocket.on("close", () => {
      this.#open.delete(channel);
      entry.openCount -= 1;
    });
    const { endpoint } = entry;
    const first = endpoint.firstMessageBytesMax;
    attachHandlers(
      webSocket,
      endpoint.open(new LiveChannel(webSocket), peer),
      first === undefined ? undefined : { connection, bytesMax: first },
    );
  }

  startPinging(pingMs: number): void {
    this.#pinging = setInterval(() => {
      for (const channel of this.#open) {
        if (channel.missedPongs >= missedPongsMax) {
          channel.socket.terminate();
        } else if (channel.socket.readyState === WebSocket.OPEN) {
          channel.missedPongs += 1;
          channel.socket.ping();
        }
      }
    }, pingMs);
  }

  close(): void {
    this.#closing = true;
    clearInterval(this.#pinging);
    for (const { socket } of this.#open) socket.close(1001, "The server is going away.");
  }

  terminateAll(): void {
    for (const { socket } of this.#open) socket.terminate();
  }
}

function offeredProtocols(request: IncomingMessage): string[] {
  return (request.headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim());
}

function refuseUpgrade(socket: Duplex, status: number): void {
  // The peer may be gone already; then there is nobody to tell.
  socket.on("error", () => socket.destroy());
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}

function peerOf(socket: Pick<Socket, "remoteAddress"> | undefined): Peer {
  // An IPv4 peer of a dual-stack socket is written `::ffff:127.0.0.1`.
  return { address: (socket?.remoteAddress ?? "unknown").replace(/^::ffff:/, "") };
}
