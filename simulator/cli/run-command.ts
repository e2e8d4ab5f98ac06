import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { interruptedCode, onSignal } from "../../shared/live-signals.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { runVirtual, startLiveLab, type LabOptions, type LiveLabOptions } from "../lab.ts";
import { appNames } from "../reports/event-words.ts";
import { LiveView, type Screen } from "../reports/live-view.ts";
import { measuredIn } from "../reports/outcome.ts";
import { renderSummary, summaryJson } from "../reports/table.ts";
import { findScenario, isScenarioFile, scenarioLibrary } from "../scenarios/library.ts";
import type { RunSummary, Scenario } from "../scenarios/scenario.ts";
import { checkFlags } from "./flags.ts";
import { parseReports, RunReports } from "./run-reports.ts";

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
  report: z.array(z.string().min(1)).default([]),
  json: z.boolean().default(false),
  stepSummary: z.string().optional(),
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
      new Option(
        "--report <kind=file>",
        "junit=FILE, html=FILE, json=FILE, or github (annotations and step summary); may be repeated",
      ).argParser((value: string, before: readonly string[] = []) => [...before, value]),
    )
    .addOption(new Option("--step-summary <file>").env("GITHUB_STEP_SUMMARY").hideHelp())
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
      const reports = new RunReports(parseReports(flags.report), disk);
      const chosen: Chosen[] = [];
      for (const name of names) {
        const path = isScenarioFile(name) ? resolve(name) : name;
        chosen.push({ name, scenario: await findScenario(path, disk) });
      }
      const passed = await runAll(chosen, flags, reports);
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

/** What all runs of one call have in common. */
interface Call {
  readonly flags: Flags;
  readonly reports: RunReports;
  /** Undefined when nobody wants to watch. */
  readonly view: LiveView | undefined;
  /** With more than one, there is a line for each, and no more. */
  readonly seedCount: number;
  tell(line: string): void;
}

async function runAll(chosen: readonly Chosen[], flags: Flags, reports: RunReports): Promise<boolean> {
  const seeds = seedsOf(flags);
  if (flags.trace !== undefined && seeds.length * chosen.length > 1) {
    throw new PippinError("usage", "--trace: one file holds one run; give one scenario and one seed.");
  }
  await reports.check();
  const screen = errorScreen();
  const view = flags.quiet ? undefined : new LiveView({ screen, world: createLiveWorld(), apps: appNames() });
  const tell = (line: string) => (view ? view.line(line) : screen.write(`${line}\n`));
  const call: Call = { flags, reports, view, seedCount: seeds.length, tell };
  const summaries: RunSummary[] = [];
  try {
    for (const one of chosen) for (const seed of seeds) summaries.push(await runAndTell(one, seed, call));
  } finally {
    // Also of runs before one that could not be played.
    await writeReports(call);
  }
  const failed = summaries.filter((summary) => !summary.passed);
  if (summaries.length > 1) tell(`${summaries.length - failed.length} passed, ${failed.length} failed`);
  if (flags.json) process.stdout.write(`${resultJson(summaries)}\n`);
  return failed.length === 0;
}

async function writeReports({ reports, flags }: Call): Promise<void> {
  for (const line of await reports.write(flags.stepSummary)) process.stdout.write(`${line}\n`);
}

async function runAndTell({ name, scenario }: Chosen, seed: string, call: Call): Promise<RunSummary> {
  const { flags, reports, view, seedCount, tell } = call;
  const replay = `pippin run ${name} --world ${flags.world} --seed ${seed}`;
  const clock = createLiveWorld();
  const startedAt = clock.now();
  const record = reports.newRecord();
  let summary: RunSummary | undefined;
  let error: string | undefined;
  const conclude = () => {
    view?.end();
    const { title } = scenario;
    const about = { scenario: scenario.name, title, seed, world: flags.world, replay };
    reports.add({ ...about, summary, error, tookMs: clock.now() - startedAt }, record);
  };
  // Whoever ends a long run wants to know what has come of it so far.
  const ignoreSignals = reports.areWanted
    ? onSignal(() => {
        error = "interrupted";
        conclude();
        void writeReports(call).finally(() => process.exit(interruptedCode));
      })
    : () => undefined;
  view?.watch(record.figures, `${scenario.name}, seed ${seed}`);
  try {
    summary = await runOne(scenario, seed, call, {
      onEvent: (event) => record.take(event),
      keepsWire: flags.trace !== undefined || reports.keepsWire,
    });
  } catch (cause) {
    error = errorWords(cause);
    throw cause;
  } finally {
    ignoreSignals();
    conclude();
  }
  if (seedCount === 1) {
    if (!flags.json) process.stdout.write(`${renderSummary(summary, measuredIn(record))}\n`);
  } else tell(`${scenario.name} seed ${seed}: ${summary.passed ? "passed" : "FAILED"}`);
  if (!summary.passed) tell(`replay: ${replay}`);
  return summary;
}

function errorWords(cause: unknown): string {
  if (cause instanceof PippinError) return `${cause.code}: ${cause.message}`;
  return cause instanceof Error ? cause.message : String(cause);
}

function resultJson(summaries: readonly RunSummary[]): string {
  const [only] = summaries;
  if (summaries.length === 1 && only) return summaryJson(only);
  const failed = summaries.filter((summary) => !summary.passed);
  return JSON.stringify({
    runs: summaries.length,
    failedSeeds: failed.map((run) => ({ scenario: run.scenario, seed: run.seed, failures: run.failures })),
  });
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

async function runOne(
  scenario: Scenario,
  seed: string,
  { flags, tell }: Call,
  watch: Pick<LabOptions, "onEvent" | "keepsWire">,
): Promise<RunSummary> {
  const progress = flags.quiet || flags.seeds !== undefined ? () => undefined : tell;
  const options = {
    seed,
    progress,
    ...watch,
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

function errorScreen(): Screen {
  const { stderr, env } = process;
  return {
    isTerminal: stderr.isTTY && env["TERM"] !== "dumb",
    hasColours: !env["NO_COLOR"],
    // Some terminals don't say.
    columns: () => stderr.columns || 80,
    write: (text) => void stderr.write(text),
  };
}
