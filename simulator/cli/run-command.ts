import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { runVirtual, startLiveLab, type LiveLabOptions } from "../lab.ts";
import { renderSummary, summaryJson } from "../reports/table.ts";
import { findScenario, isScenarioFile, scenarioLibrary } from "../scenarios/library.ts";
import type { RunSummary, Scenario } from "../scenarios/scenario.ts";
import { checkFlags } from "./flags.ts";

/** More seeds in one call would be a day's work. */
const seedsMax = 100_000;

const Flags = z.object({
  seed: z.string().min(1).max(64).optional(),
  seeds: z
    .string()
    .regex(/^\d{1,12}\.\.\d{1,12}$/, "expected a range such as 1..50")
    .optional(),
  world: z.enum(["virtual", "live"]),
  trace: z.string().min(1).optional(),
  json: z.boolean().default(false),
  quiet: z.boolean().default(false),
  protocol: z.enum(["binary", "xml"]),
  server: z.url({ protocol: /^https?$/ }).optional(),
  adminKey: z.string().min(1).optional(),
  apple: z.url({ protocol: /^https?$/ }).optional(),
  controlKey: z.string().min(1).optional(),
});
type Flags = z.infer<typeof Flags>;

export function registerRunCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command("run")
    .description("play scenarios and say whether what should come out did")
    .argument("<scenario...>", "names from `pippin scenarios`, or files of your own (YAML or TypeScript)")
    .option("--seed <seed>", "repeat the run of this seed (default: drawn and shown)")
    .option("--seeds <from..to>", "play every seed of a range, e.g. 1..50")
    .addOption(
      new Option("--world <world>", "virtual: repeatable, in seconds; live: real sockets and time")
        .choices(["virtual", "live"])
        .default("virtual"),
    )
    .option("--trace <file>", "write every event and every message to this file")
    .addOption(
      new Option("--protocol <form>", "plists on the device channel")
        .choices(["binary", "xml"])
        .default("binary"),
    )
    .option("--json", "the result as one JSON document, the last line of stdout")
    .option("--quiet", "no progress")
    .option("--server <url>", "with --world live: use this running server")
    .addOption(new Option("--admin-key <key>", "its admin key").env("PIPPIN_ADMIN_KEY"))
    .option("--apple <url>", "with --world live: use these running Apple services")
    .addOption(new Option("--control-key <key>", "their control key").env("PIPPIN_CONTROL_KEY"))
    .action(async (names: string[], given: unknown) => {
      const flags = checkFlags(Flags, given);
      const { disk } = createLiveWorld();
      const chosen: Chosen[] = [];
      for (const name of names) {
        const path = isScenarioFile(name) ? resolve(name) : name;
        chosen.push({ name, scenario: await findScenario(path, disk) });
      }
      const passed = await runAll(chosen, flags);
      setExitCode(passed ? 0 : 1);
    });
  program
    .command("scenarios")
    .description("the library, one line each")
    .action(() => {
      const library = scenarioLibrary();
      const width = Math.max(...library.map(({ name }) => name.length));
      for (const { name, title } of library) process.stdout.write(`${name.padEnd(width)}  ${title}\n`);
    });
}

/** A scenario with the name or file it was asked for by, which is how it is played again. */
interface Chosen {
  readonly name: string;
  readonly scenario: Scenario;
}

async function runAll(chosen: readonly Chosen[], flags: Flags): Promise<boolean> {
  const seeds = seedsOf(flags);
  if (flags.trace !== undefined && seeds.length * chosen.length > 1) {
    throw new PippinError("usage", "--trace: one file holds one run; give one scenario and one seed.");
  }
  const summaries: RunSummary[] = [];
  for (const { name, scenario } of chosen) {
    for (const seed of seeds) {
      const summary = await runOne(scenario, seed, flags);
      summaries.push(summary);
      if (seeds.length === 1) {
        if (!flags.json) process.stdout.write(`${renderSummary(summary)}\n`);
      } else tell(`${scenario.name} seed ${seed}: ${summary.passed ? "passed" : "FAILED"}`);
      if (!summary.passed) tell(`replay: pippin run ${name} --world ${flags.world} --seed ${seed}`);
    }
  }
  const failed = summaries.filter((summary) => !summary.passed);
  if (summaries.length > 1) tell(`${summaries.length - failed.length} passed, ${failed.length} failed`);
  if (flags.json) {
    const [only] = summaries;
    const result =
      summaries.length === 1 && only
        ? summaryJson(only)
        : JSON.stringify({
            runs: summaries.length,
            failedSeeds: failed.map((run) => ({
              scenario: run.scenario,
              seed: run.seed,
              failures: run.failures,
            })),
          });
    process.stdout.write(`${result}\n`);
  }
  return failed.length === 0;
}

function seedsOf(flags: Flags): string[] {
  if (flags.seeds === undefined)
    return [flags.seed ?? String(createLiveWorld().randomBytes(4).readUInt32BE())];
  if (flags.seed !== undefined) throw new PippinError("usage", "--seed and --seeds: give one of the two.");
  const [from = 0, to = 0] = flags.seeds.split("..").map(Number);
  if (to < from || to - from >= seedsMax) {
    throw new PippinError(
      "usage",
      `--seeds: expected a range of 1 to ${seedsMax} seeds, smaller number first.`,
    );
  }
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

async function runOne(scenario: Scenario, seed: string, flags: Flags): Promise<RunSummary> {
  const progress = flags.quiet || flags.seeds !== undefined ? () => undefined : tell;
  const options = {
    seed,
    progress,
    protocol: flags.protocol === "xml" ? ("mdm.plist.xml" as const) : ("mdm.plist.binary" as const),
    ...(flags.trace === undefined ? {} : { tracePath: resolve(flags.trace) }),
  };
  progress(`${scenario.name}, seed ${seed}, ${flags.world} world`);
  if (flags.world === "virtual") return runVirtual(options, (lab) => scenario.run(lab));
  const attach = attachment(flags);
  const lab = await startLiveLab({
    ...options,
    host: "127.0.0.1",
    serverPort: 0,
    applePort: 0,
    ...(attach === undefined ? {} : { attach }),
  });
  try {
    return await scenario.run(lab);
  } finally {
    await lab.stop();
  }
}

/** Either all four of them are given, or none. */
function attachment(flags: Flags): LiveLabOptions["attach"] {
  const { server, adminKey, apple, controlKey } = flags;
  if (server === undefined && apple === undefined) return undefined;
  if (server === undefined || adminKey === undefined || apple === undefined || controlKey === undefined) {
    throw new PippinError("usage", "--server, --admin-key, --apple and --control-key belong together.");
  }
  return { serverUrl: server, adminKey, appleUrl: apple, controlKey };
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
