import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { networkErrorFrom, systemCodeOf } from "./live-errors.ts";
import { NetworkError, type Channel, type ChannelHandlers, type ConnectOptions } from "./world.ts";

const defaultTimeoutMs = 30_000;

/** A channel over one WebSocket, at either end. */
export class LiveChannel implements Channel {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Uint8Array | string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(message);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

/** What may arrive beside the first message: frame headers, and pings of a polite length. */
const besideBytesMax = 1_024;
const tooBig = "Message too big";

/**
 * Passes what happens on `socket` to `handlers`. To be called before anything can arrive. With `first`, a first message longer
 * than that ends the channel; one that is not whole yet, as soon as so much has arrived on the connection under it.
 */
export function attachHandlers(
  socket: WebSocket,
  handlers: ChannelHandlers,
  first?: { readonly connection: Socket; readonly bytesMax: number },
): void {
  let tooLong = false;
  let bytesMax = first?.bytesMax ?? Infinity;
  const before = first?.connection.bytesRead ?? 0;
  const count = () => {
    if (bytesMax === Infinity || (first?.connection.bytesRead ?? 0) - before <= bytesMax + besideBytesMax)
      return;
    tooLong = true;
    socket.close(1009, tooBig);
    // No use in waiting for the rest.
    socket.terminate();
  };
  first?.connection.on("data", count);
  socket.on("message", (data, isBinary) => {
    // ws hands out a Buffer unless told otherwise; the type covers its other modes.
    if (tooLong || !Buffer.isBuffer(data)) return;
    if (data.length > bytesMax) {
      tooLong = true;
      socket.close(1009, tooBig);
      return;
    }
    bytesMax = Infinity;
    first?.connection.off("data", count);
    handlers.message(data, !isBinary);
  });
  socket.on("error", (error) => {
    // Every error is followed by a close event. ws tells the peer 1009 itself.
    if (systemCodeOf(error) === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") tooLong = true;
  });
  socket.on("close", (code, reason) => {
    if (tooLong) handlers.close(1009, tooBig);
    else handlers.close(code, reason.toString());
  });
}

/** Opens a channel; see `World.connect`. */
export function connectLive(
  url: string,
  options: ConnectOptions,
  handlers: ChannelHandlers,
): Promise<Channel> {
  const { host } = new URL(url);
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...options.protocols], {
      maxPayload: options.messageBytesMax,
      perMessageDeflate: false,
    });
    const timer = setTimeout(
      () => fail(new NetworkError("timeout", `${host} did not open a channel within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    const fail = (error: NetworkError) => {
      clearTimeout(timer);
      reject(error);
      socket.terminate();
    };
    // Stays attached after a failure: terminating a socket that is still connecting emits one more error.
    const onError = (cause: Error) => fail(networkErrorFrom(cause, host, "upgrade_refused"));
    socket.on("error", onError);
    socket.on("unexpected-response", (request, response) => {
      const status = response.statusCode ?? 0;
      fail(new NetworkError("upgrade_refused", `${host} refused to open a channel (${status}).`, { status }));
      request.destroy();
    });
    socket.once("open", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      // What it closes over would live as long as the channel.
      socket.removeAllListeners("unexpected-response");
      attachHandlers(socket, handlers);
      // What the peer sent along with its consent waits until the caller holds the channel.
      socket.pause();
      setImmediate(() => socket.resume());
      resolve(new LiveChannel(socket));
    });
  });
}
