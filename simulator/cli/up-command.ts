import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { untilSignal } from "../../shared/live-signals.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { fleetSizeMax } from "../fleet/plan-fleet.ts";
import { renderSummary, summaryJson } from "../reports/table.ts";
import type { RunSummary } from "../scenarios/scenario.ts";
import { LabFolder } from "../snapshots/lab-folder.ts";
import { checkFlags } from "./flags.ts";
import { labPort } from "./lab/register.ts";
import { openLab, type OpenLab, type OpenLabOptions } from "./open-lab.ts";

const screenPort = 8083;
const port = z.coerce.number().int().min(0).max(65_535);
const Flags = z.object({
  fleet: z.coerce.number().int().min(0).max(fleetSizeMax).optional(),
  seed: z.string().min(1).max(64).optional(),
  data: z.string().min(1).optional(),
  ephemeral: z.boolean().default(false),
  host: z.string().min(1),
  port,
  applePort: port,
  labPort: port.optional(),
  screenPort: port.optional(),
  labKey: z.string().min(8).max(255).optional(),
  world: z.enum(["live", "virtual"]),
  trace: z.string().min(1).optional(),
  once: z.boolean().default(false),
  json: z.boolean().default(false),
});

export function registerUpCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command("up")
    .description("the whole lab in one process: plays the journey, or enrols a fleet, and stays up")
    .option("--fleet <n>", "so many phones with their people, drawn from the seed, in place of the journey")
    .option("--seed <seed>", "name of the run (default: drawn)")
    .option("--data <dir>", "keep the lab in this folder; started again on it, the lab goes on")
    .option("--ephemeral", "keep nothing (default)")
    .addOption(new Option("--host <address>", "where to listen").env("PIPPIN_HOST").default("127.0.0.1"))
    .addOption(
      new Option("--port <n>", "of the MDM server; 0 takes a free one")
        .env("PIPPIN_SERVER_PORT")
        .default("8080"),
    )
    .addOption(
      new Option("--apple-port <n>", "of Apple's services; 0 takes a free one")
        .env("PIPPIN_APPLE_PORT")
        .default("8081"),
    )
    .addOption(
      new Option("--lab-port <n>", `of the lab itself; 0 takes a free one (default: ${labPort})`).env(
        "PIPPIN_LAB_PORT",
      ),
    )
    .addOption(
      new Option(
        "--screen-port <n>",
        `of the phones' screens; 0 takes a free one (default: ${screenPort})`,
      ).env("PIPPIN_SCREEN_PORT"),
    )
    .addOption(
      new Option("--lab-key <key>", "key of the lab itself (default: made and shown)").env("PIPPIN_LAB_KEY"),
    )
    .addOption(
      new Option(
        "--world <world>",
        "live: real sockets and time; virtual: stands still between calls, its clock can be moved",
      )
        .choices(["live", "virtual"])
        .default("live"),
    )
    .option("--trace <file>", "write every event and every message to this file")
    .option("--once", "end after the journey; exit code 1 if an expectation failed")
    .option("--json", "the result as one JSON document, the last line of stdout")
    .action(async (given: unknown) => {
      const flags = checkFlags(Flags, given);
      if (flags.ephemeral && flags.data !== undefined) {
        throw new PippinError("usage", "--data and --ephemeral: give one of the two.");
      }
      const seed = flags.seed ?? (await seedOf(flags.data));
      const lab = await openLab({
        ...{
          seed,
          world: flags.world,
          progress: tell,
          host: flags.host,
          ports: portsFor(flags),
          labKey: flags.labKey,
        },
        ...(flags.data === undefined ? {} : { dataDirectory: resolve(flags.data) }),
        ...(flags.trace === undefined ? {} : { tracePath: resolve(flags.trace) }),
      });
      try {
        const { control } = lab;
        tell(`MDM server at ${control.serverUrl}, Apple's services at ${control.appleUrl}`);
        if (control.lab.resumed) tell(`the lab goes on: ${control.lab.phones.length} phones`);
        else setExitCode(await begin(lab, { ...flags, seed }));
        if (flags.once) return;
        tell(hints(lab));
        await untilSignal();
        tell("stopping");
      } finally {
        await lab.stop();
      }
    });
}

/** A lab that goes on keeps its seed. */
async function seedOf(data: string | undefined): Promise<string> {
  const { disk, randomBytes } = createLiveWorld();
  const before = data === undefined ? null : await LabFolder.beginningIn(disk, resolve(data));
  return before?.seed ?? String(randomBytes(4).readUInt32BE());
}

/**
 * A run that ends by itself must not fail because another one is up. The phones of a lab that is kept know the server by its
 * address, so there it stays the same.
 */
function portsFor(flags: z.infer<typeof Flags>): OpenLabOptions["ports"] {
  if (flags.once && flags.data === undefined) return { server: 0, apple: 0, lab: 0, screen: 0 };
  // Whoever takes free ports has several labs, and the usual one is taken.
  const lab = flags.labPort ?? (flags.port === 0 ? 0 : labPort);
  const screen = flags.screenPort ?? (flags.port === 0 ? 0 : screenPort);
  return { server: flags.port, apple: flags.applePort, lab, screen };
}

async function begin(lab: OpenLab, flags: z.infer<typeof Flags> & { seed: string }): Promise<number> {
  const { seed, fleet, json } = flags;
  if (fleet === undefined) {
    const summary = await lab.begin({ seed, play: "journey", fleetSize: 0 });
    return summary === undefined ? 0 : show(summary, json);
  }
  await lab.begin({ seed, play: "fleet", fleetSize: fleet });
  const { serverUrl, appleUrl } = lab.control;
  const labUrl = lab.variables["PIPPIN_LAB"];
  if (json) process.stdout.write(`${JSON.stringify({ seed, phones: fleet, serverUrl, appleUrl, labUrl })}\n`);
  return 0;
}

function show(summary: RunSummary, json: boolean): number {
  // With --json the table is progress, and stdout ends with the document.
  if (json) {
    tell(renderSummary(summary));
    process.stdout.write(`${summaryJson(summary)}\n`);
  } else process.stdout.write(`${renderSummary(summary)}\n`);
  return summary.passed ? 0 : 1;
}

function hints({ variables }: OpenLab): string {
  const assignments = (...names: string[]) =>
    names.map((name) => `${name}=${variables[name] ?? ""}`).join(" ");
  return [
    "",
    "The lab stays up; Ctrl-C ends it. Keys for this run:",
    `  export ${assignments("PIPPIN_SERVER", "PIPPIN_ADMIN_KEY")}`,
    `  export ${assignments("PIPPIN_APPLE", "PIPPIN_CONTROL_KEY")}`,
    `  export ${assignments("PIPPIN_LAB", "PIPPIN_LAB_KEY")}`,
    `The console (sign in with $PIPPIN_ADMIN_KEY):  ${variables["PIPPIN_SERVER"] ?? ""}/console`,
    `The phones to look at and to touch:            ${variables["PIPPIN_SCREEN"] ?? ""}`,
    "For example:",
    '  curl -s -H "Authorization: Bearer $PIPPIN_ADMIN_KEY" $PIPPIN_SERVER/api/v1/summary',
    "  npx pippin device list",
  ].join("\n");
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
