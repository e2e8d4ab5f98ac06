import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "./report.ts";

const giveUpMs = 60_000;
const lookEveryMs = 100;
const root = join(import.meta.dirname, "..", "..");

/**
 * Starts the whole lab as a person would and waits for its first installed app. The moment is the event's own time in the
 * trace: the trace reaches the file later.
 */
export async function measureStart(): Promise<Figure> {
  const directory = await mkdtemp(join(tmpdir(), "pippin-bench-"));
  const tracePath = join(directory, "trace.ndjson");
  const startedAt = Date.now();
  // A group of its own: npm puts a shell between itself and the lab.
  const npm = spawn("npm", ["start", "--silent", "--", "--once", "--seed", "bench", "--trace", tracePath], {
    cwd: root,
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => npm.once("exit", () => resolve()));
  const tellGroup = (signal: NodeJS.Signals) => {
    if (npm.pid !== undefined && npm.exitCode === null && npm.signalCode === null)
      process.kill(-npm.pid, signal);
  };
  // Whatever becomes of this process, the lab must not stay.
  const onExit = () => tellGroup("SIGKILL");
  process.once("exit", onExit);
  try {
    let installedAt: number | undefined;
    while (installedAt === undefined && Date.now() - startedAt < giveUpMs) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      const isOver = npm.exitCode !== null || npm.signalCode !== null;
      installedAt = firstInstalled(await readFile(tracePath, "utf8").catch(() => ""));
      if (isOver && installedAt === undefined) throw new Error("the lab ended without an installed app");
    }
    if (installedAt === undefined) throw new Error(`no app was installed within ${giveUpMs} ms`);
    return {
      id: "start",
      title: "From npm start to the first installed app",
      value: (installedAt - startedAt) / 1_000,
      unit: "s",
      goal: { at: "most", value: 5 },
      how: "npm start, as a process, to the first installation.changed to installed in its trace: server, Apple and phones from nothing, token, sync, import, enrolment, terms, licence, prompt, download, verification.",
    };
  } finally {
    tellGroup("SIGKILL");
    await ended;
    process.off("exit", onExit);
    await rm(directory, { recursive: true, force: true });
  }
}

/** By the clock of this machine; undefined when it has not happened. */
function firstInstalled(trace: string): number | undefined {
  for (const line of trace.split("\n").slice(0, -1)) {
    if (!line.includes('"installation.changed"')) continue;
    const { event, to, time } = JSON.parse(line) as { event: string; to?: string; time: string };
    if (event === "installation.changed" && to === "installed") return Date.parse(time);
  }
  return undefined;
}
