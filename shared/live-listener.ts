import { createServer, STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { WebSocket, WebSocketServer } from "ws";
import { attachHandlers, LiveChannel } from "./live-channel.ts";
import { networkErrorFrom } from "./live-errors.ts";
import type { ChannelEndpoint, Listener, Peer, ServeOptions } from "./world.ts";

/** How often open channels are asked whether anybody is there, and how often the answer may be missing. */
const pingIntervalMs = 30_000;
const missedPongsMax = 2;
/** How long peers may take to close in good order. */
const closeGraceMs = 2_000;

interface OpenChannel {
  readonly socket: WebSocket;
  missedPongs: number;
}

/** Opens a listening socket; see `World.serve`. */
export async function serveLive(options: ServeOptions): Promise<Listener> {
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000, noDelay: true },
    requestListenerFor(options),
  );
  const upgrades = new Upgrades(options.channels ?? {});
  server.on("upgrade", (request, socket, head) => upgrades.handle(request, socket, head));
  const port = await listen(server, options);
  upgrades.startPinging();
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
): (...args: Parameters<ReturnType<typeof getRequestListener>>) => void {
  const listener = getRequestListener(
    (request, { incoming }) => options.handle(request, peerOf(incoming.socket)),
    {
      hostname: options.host,
      // The global Request and Response stay Node's own: the virtual world may run in the same process.
      overrideGlobalObjects: false,
      errorHandler: () => new Response("Internal Server Error", { status: 500 }),
    },
  );
  // It answers every error itself and never rejects.
  return (incoming, outgoing) => void listener(incoming, outgoing);
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

/** The channels of one listener, with one timer for all of them. */
class Upgrades {
  readonly #endpoints = new Map<
    string,
    { endpoint: ChannelEndpoint; sockets: WebSocketServer; openCount: number }
  >();
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
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const channel: OpenChannel = { socket: webSocket, missedPongs: 0 };
      this.#open.add(channel);
      entry.openCount += 1;
      webSocket.on("pong", () => (channel.missedPongs = 0));
      webSocket.on("close", () => {
        this.#open.delete(channel);
        entry.openCount -= 1;
      });
      attachHandlers(webSocket, endpoint.open(new LiveChannel(webSocket), peer));
    });
  }

  startPinging(): void {
    this.#pinging = setInterval(() => {
      for (const channel of this.#open) {
        if (channel.missedPongs >= missedPongsMax) {
          channel.socket.terminate();
        } else if (channel.socket.readyState === WebSocket.OPEN) {
          channel.missedPongs += 1;
          channel.socket.ping();
        }
      }
    }, pingIntervalMs);
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
