/** The whole server on a real socket, and clients that write what they like. */
import { connect, type Socket } from "node:net";
import { startServer, type RunningServer } from "../../../server/start-server.ts";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { createRecorder, type TraceEvent } from "../../../shared/trace.ts";
import type { KeyPair, World } from "../../../shared/world.ts";
import { worldWith } from "../../../shared/world-with.ts";
import fixtures from "../../../simulator/virtual/keys.json" with { type: "json" };
import { MemoryDisk } from "../../../simulator/virtual/memory-disk.ts";

export const adminKey = "pk_a-key-for-this-test-alone";
const [keys] = fixtures.keyPairs as [KeyPair];

export interface LiveServer {
  readonly world: World;
  readonly server: RunningServer;
  readonly events: TraceEvent[];
  readonly port: number;
  /** Writes to a socket of its own and gathers what comes until the server closes it, or `until` is in it. */
  raw(request: string | Buffer, options?: { until?: string; hangUp?: boolean }): Promise<string>;
  open(): Promise<Socket>;
}

export async function startLiveServer(world: Partial<World> = {}): Promise<LiveServer> {
  const live = worldWith(createLiveWorld(), {
    disk: new MemoryDisk(),
    generateKeyPair: () => Promise.resolve(keys),
    ...world,
  });
  const recorder = createRecorder({ now: () => live.now(), run: "test", keepsWire: false });
  const events: TraceEvent[] = [];
  recorder.subscribe((event) => events.push(event));
  const server = await startServer(live, recorder, {
    host: "127.0.0.1",
    port: 0,
    dataDirectory: "/server",
    appleUrl: "http://127.0.0.1:9",
    insecureDevKey: adminKey,
  });
  const port = Number(new URL(server.url).port);
  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port }, () => resolve(socket));
      socket.once("error", reject);
      socket.on("error", () => socket.destroy());
    });
  return {
    world: live,
    server,
    events,
    port,
    open,
    async raw(request, { until, hangUp = true } = {}) {
      const socket = await open();
      return new Promise((resolve) => {
        let said = "";
        const done = () => {
          socket.destroy();
          resolve(said);
        };
        socket.on("data", (data) => {
          said += data.toString("latin1");
          if (until !== undefined && said.includes(until)) done();
        });
        socket.once("close", done);
        if (hangUp) socket.end(request);
        else socket.write(request);
      });
    },
  };
}
