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

// The event comes after the commit: the result is on the disk by then.
recorder.subscribe(({ event }) => {
  if (event !== "command.acknowledged") return;
  settledCount += 1;
  if (waiting !== undefined && settledCount >= waiting.count) {
    waiting.resolve();
    waiting = undefined;
  }
});

const calls = {
  async start({ dataDirectory, adminKey }: { dataDirectory: string; adminKey: string }) {
    server = await startServer(world, recorder, {
      host: "127.0.0.1",
      port: 0,
      dataDirectory,
      // Nobody listens there, and nobody is asked: no token is uploaded.
      appleUrl: "http://127.0.0.1:9",
      insecureDevKey: adminKey,
    });
    return server.url;
  },
  cpuMs,
  measureMemory,
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
