import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLiveWorld } from "../../shared/live-world.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { startLiveLab, type RunningLab } from "../../simulator/lab.ts";
import { journey } from "../../simulator/scenarios/journey.ts";
import { CommandLine, type RunningCommand } from "./command-line.ts";

const controlKey = "orchard-control";
const adminKey = "pk_known-to-this-test-alone";
/** How long the server may live, time after time; then it is left alone. */
const livesMs = [400, 700, 300, 900, 500, 1_200, 600, 800, 450, 1_000, 650, 1_500];

let commands: CommandLine;
let folder: string;
let lab: RunningLab | undefined;
beforeEach(async () => {
  commands = new CommandLine();
  folder = await mkdtemp(join(tmpdir(), "pippin-kill-"));
});
afterEach(async () => {
  await lab?.stop();
  lab = undefined;
  await commands.endAll();
  await rm(folder, { recursive: true, force: true });
});

describe("a server that is killed with -9 again and again", () => {
  it("completes the journey on the same data: nothing lost, no licence leaked, no command performed twice", async () => {
    const world = createLiveWorld();
    const apple = commands.start(["apple", "--port", "0", "--control-key", controlKey]);
    const appleUrl = (await apple.said(/Apple's services at (\S+)/))[1] ?? "";
    const boot = (port: string): RunningCommand =>
      commands.start([
        ...["server", "--port", port, "--apple", appleUrl, "--data", join(folder, "server")],
        ...["--log-level", "silent", "--insecure-dev-key", adminKey],
      ]);
    let server = boot("0");
    const serverUrl = (await server.said(/MDM server at (\S+)/))[1] ?? "";
    const { port } = new URL(serverUrl);

    lab = await startLiveLab({
      seed: "kill",
      progress: () => undefined,
      host: "127.0.0.1",
      serverPort: 0,
      applePort: 0,
      attach: { serverUrl, adminKey, appleUrl, controlKey },
    });
    const performed: TraceEvent[] = [];
    lab.recorder.subscribe((event) => {
      if (event.event === "command.performed") performed.push(event);
    });
    let over = false;
    const run = journey.run(lab).finally(() => (over = true));
    run.catch(() => undefined);
    let kills = 0;
    for (const lifeMs of livesMs) {
      await world.sleep(lifeMs);
      if (over) break;
      server.kill("SIGKILL");
      await server.ended;
      kills += 1;
      server = boot(port);
      await server.said(/MDM server at/);
    }
    const summary = await run;

    expect(kills).toBeGreaterThanOrEqual(10);
    expect(summary.failures).toEqual([]);
    expect(summary).toMatchObject({ passed: true, drift: 0, violations: [], devices: 44, users: 40 });
    const uuids = performed.map((event) => event.commandUUID);
    expect(uuids.length).toBeGreaterThan(100);
    expect(new Set(uuids).size).toBe(uuids.length);
  }, 300_000);
});
