/** Either end of the yardstick: bare `ws`, nothing of ours. */
import { WebSocket, WebSocketServer } from "ws";
import { answerParent } from "./child.ts";

let answers = 0;
let paused = true;
let command = Buffer.alloc(0);
let server: WebSocketServer | undefined;
/** Connections at this end that have nothing on its way. */
let idle: WebSocket[] = [];
const sockets: WebSocket[] = [];

const calls = {
  /** From `begin` to `pause`: sends so many bytes to every connection, and again whenever a message comes back. Answers with the port. */
  async serve({ commandBytes }: { commandBytes: number }) {
    command = Buffer.alloc(commandBytes, 0x63);
    const opened = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      perMessageDeflate: false,
      backlog: 4096,
    });
    opened.on("connection", (socket) => {
      idle.push(socket);
      socket.on("message", () => {
        answers += 1;
        if (paused) idle.push(socket);
        else socket.send(command);
      });
    });
    await new Promise((resolve) => opened.once("listening", resolve));
    server = opened;
    return (opened.address() as { port: number }).port;
  },
  /** Opens so many connections, and answers each message with one of `resultBytes`. */
  async connect({ port, count, resultBytes }: { port: number; count: number; resultBytes: number }) {
    const result = Buffer.alloc(resultBytes, 0x72);
    for (let opened = 0; opened < count; opened += 1) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
      socket.on("message", () => socket.send(result));
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      sockets.push(socket);
    }
  },
  begin: () => {
    paused = false;
    for (const socket of idle) socket.send(command);
    idle = [];
  },
  pause: () => {
    paused = true;
  },
  answers: () => answers,
};
export type EchoCalls = typeof calls;

answerParent(calls, async () => {
  for (const socket of sockets) socket.terminate();
  for (const socket of server?.clients ?? []) socket.terminate();
  server?.close();
});
