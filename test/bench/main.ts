/**
 * `npm run bench`: what Pippin does on this machine, against the goals set for it. It asserts nothing: the figures say themselves
 * whether they are met. The table goes to stdout, with `-- --json` one JSON document follows as the last line; progress goes to
 * stderr.
 */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { openBenchLab } from "./bench-lab.ts";
import { stopAllChildren } from "./child.ts";
import { measureConsole } from "./console.ts";
import { measureCrowd } from "./crowd.ts";
import { measureEnrolments } from "./enrolments.ts";
import { memoryFigures, readMemory, type LabMemory } from "./memory.ts";
import { renderReport, reportJson, type Figure } from "./report.ts";
import { measureRoundTrips } from "./round-trips.ts";
import { measureScale } from "./scale.ts";
import { measureStart } from "./start.ts";
import { measureVirtualTime } from "./virtual-time.ts";

const phonesCount = 1_000;
const startedAt = performance.now();

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    /** Measures this part alone. */
    only: { type: "string" },
    /** Folder for a CPU profile of the server under the load of the fleet part. */
    profile: { type: "string" },
  },
});

/** Enrolment, memory and commands: one server and its thousand phones. */
async function measureFleet(): Promise<Figure[]> {
  const lab = await openBenchLab({ profileDirectory: flags.profile });
  try {
    tell(`enrolment of ${phonesCount} phones`);
    let few: { count: number; memory: LabMemory } | undefined;
    const enrolments = await measureEnrolments(lab, phonesCount, async (count) => {
      few = { count, memory: await readMemory(lab) };
    });
    tell("memory");
    if (few === undefined) throw new Error("nobody asked for the memory of a few phones");
    const memory = memoryFigures(few, { count: phonesCount, memory: await readMemory(lab) });
    return [...(await measureRoundTrips(lab, tell)), ...memory, ...enrolments];
  } finally {
    await lab.close();
  }
}

const parts: ReadonlyMap<string, () => Promise<Figure[]>> = new Map([
  ["fleet", measureFleet],
  [
    "start",
    async () => {
      tell("start");
      return [await measureStart()];
    },
  ],
  ["scale", () => measureScale(tell)],
  ["crowd", () => measureCrowd(tell)],
  ["virtual", () => measureVirtualTime(tell)],
  ["console", () => measureConsole(tell)],
]);

function tell(line: string): void {
  process.stderr.write(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
}

async function main(): Promise<void> {
  const wanted = [...parts].filter(([name]) => flags.only === undefined || flags.only === name);
  if (wanted.length === 0) throw new Error(`--only takes one of ${[...parts.keys()].join(", ")}`);
  const figures: Figure[] = [];
  for (const [, measure] of wanted) figures.push(...(await measure()));
  const [cpu] = cpus();
  const report = {
    machine: `${cpus().length} × ${cpu?.model.trim() ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`,
    seconds: (performance.now() - startedAt) / 1_000,
    figures,
  };
  process.stdout.write(`${renderReport(report)}\n`);
  if (flags.json) process.stdout.write(`${reportJson(report)}\n`);
}

process.once("SIGINT", () => void stopAllChildren().then(() => process.exit(130)));
process.once("SIGTERM", () => void stopAllChildren().then(() => process.exit(143)));

try {
  await main();
} finally {
  await stopAllChildren();
}
