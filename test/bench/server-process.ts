/** The MDM server as `pippin server` starts it, in a process that can be asked what it costs. */
import { createLiveWorld } from "../../shared/live-world.ts";
import { createRecorder } from "../../shared/trace.ts";
import { startServer, type RunningServer } from "../../server/start-server.ts";
import { answerParent, cpuMs, measureMemory } from "./child.ts";

const world = createLiveWorld();
const recorder = createRecorder({ now: () => world.now(), run: "bench", keepsWire: false });
let server: RunningServer | undefined;
let settledCount = 0;
let waiting: { count: number; resolve(): void } | undefined;
/** By command, when it went to its phone, while `latencies` wants to know. */
let pushedAt: Map<string, number> | undefined;
let latencies: number[] = [];

// The event comes after the commit: the result is on the disk by then.
recorder.subscribe(({ event, commandUUID = "" }) => {
  if (event === "command.pushed") pushedAt?.set(commandUUID, performance.now());
  if (event !== "command.acknowledged") return;
  const since = pushedAt?.get(commandUUID);
  if (since !== undefined) latencies.push(performance.now() - since);
  settledCount += 1;
  if (waiting !== undefined && settledCount >= waiting.count) {
    waiting.resolve();
    waiting = undefined;
  }
});

const calls = {
  async start({
    dataDirectory,
    adminKey,
    port = 0,
  }: {
    dataDirectory: string;
    adminKey: string;
    port?: number;
  }) {
    server = await startServer(world, recorder, {
      host: "127.0.0.1",
      port,
      dataDirectory,
      // Nobody listens there, and nobody is asked: no token is uploaded.
      appleUrl: "http://127.0.0.1:9",
      insecureDevKey: adminKey,
    });
    return server.url;
  },
  cpuMs,
  measureMemory,
  /** From now on. */
  watchLatencies() {
    pushedAt = new Map();
    latencies = [];
  },
  /** Milliseconds from push to acknowledgement, in the order of the acknowledgements. */
  latencies: () => latencies,
  settledCount: () => settledCount,
  /** Resolves when so many commands have been acknowledged since the start. */
  async settled(count: number) {
    if (settledCount >= count) return;
    await new Promise<void>((resolve) => {
      waiting = { count, resolve };
    });
  },
};
export type ServerCalls = typeof calls;

answerParent(calls, async () => {
  await server?.stop();
});
