/** Listens to everything that this process writes to a socket, before anything is redacted. */
import { Socket } from "node:net";
import { WebSocket } from "ws";

type Write = typeof Socket.prototype.write;
type Send = typeof WebSocket.prototype.send;

export class WireTap {
  readonly #write: Write = Socket.prototype.write;
  readonly #send: Send = WebSocket.prototype.send;
  readonly #heard: { readonly ports: readonly (number | undefined)[]; readonly text: string }[] = [];
  #messages = "";

  constructor() {
    const hear = (socket: Socket, data: unknown): void => {
      const text = textOf(data);
      const note = () => void this.#heard.push({ ports: [socket.localPort, socket.remotePort], text });
      if (socket.connecting) socket.once("connect", note);
      else note();
    };
    const { prototype } = Socket;
    const write = this.#write as (...args: unknown[]) => boolean;
    prototype.write = function (this: Socket, ...args: unknown[]) {
      hear(this, args[0]);
      return write.apply(this, args);
    } as Write;
    const send = this.#send as (...args: unknown[]) => void;
    const hearMessage = (data: unknown) => void (this.#messages += `${textOf(data)}\n`);
    WebSocket.prototype.send = function (this: WebSocket, ...args: unknown[]) {
      hearMessage(args[0]);
      send.apply(this, args);
    } as Send;
  }

  /** Whatever went from or to that port, in either direction. */
  with(port: number): string {
    return this.#heard
      .filter(({ ports }) => ports.includes(port))
      .map(({ text }) => text)
      .join("\n");
  }

  /** What was sent over channels, before it was masked. */
  get messages(): string {
    return this.#messages;
  }

  stop(): void {
    Socket.prototype.write = this.#write;
    WebSocket.prototype.send = this.#send;
  }
}

function textOf(data: unknown): string {
  return data instanceof Uint8Array ? Buffer.from(data).toString("latin1") : String(data);
}
