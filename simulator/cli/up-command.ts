import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { untilSignal } from "../../shared/live-signals.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { startLiveLab, type RunningLab } from "../lab.ts";
import { renderSummary, summaryJson } from "../reports/table.ts";
import { journey } from "../scenarios/journey.ts";
import { checkFlags } from "./flags.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const Flags = z.object({
  seed: z.string().min(1).max(64).optional(),
  data: z.string().min(1).optional(),
  ephemeral: z.boolean().default(false),
  host: z.string().min(1),
  port,
  applePort: port,
  trace: z.string().min(1).optional(),
  once: z.boolean().default(false),
  json: z.boolean().default(false),
});

export function registerUpCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command("up")
    .description("the whole lab in one process: plays the journey, prints the result, stays up")
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
    .option("--trace <file>", "write every event and every message to this file")
    .option("--once", "end after the journey; exit code 1 if an expectation failed")
    .option("--json", "the result as one JSON document, the last line of stdout")
    .action(async (given: unknown) => {
      const flags = checkFlags(Flags, given);
      if (flags.ephemeral && flags.data !== undefined) {
        throw new PippinError("usage", "--data and --ephemeral: give one of the two.");
      }
      const lab = await startLiveLab({
        seed: flags.seed ?? String(createLiveWorld().randomBytes(4).readUInt32BE()),
        progress: tell,
        host: flags.host,
        ...portsFor(flags),
        ...(flags.data === undefined ? {} : { dataDirectory: resolve(flags.data) }),
        ...(flags.trace === undefined ? {} : { tracePath: resolve(flags.trace) }),
      });
      try {
        tell(`MDM server at ${lab.serverUrl}, Apple's services at ${lab.appleUrl}`);
        if (lab.resumed) tell(`the lab goes on: ${lab.phones.length} phones`);
        else setExitCode(await play(lab, flags.json));
        if (flags.once) return;
        tell(hints(lab));
        await untilSignal();
        tell("stopping");
      } finally {
        await lab.stop();
      }
    });
}

/**
 * A run that ends by itself must not fail because another one is up. The phones of a lab that is kept know the server by its
 * address, so there it stays the same.
 */
function portsFor(flags: z.infer<typeof Flags>): { serverPort: number; applePort: number } {
  if (flags.once && flags.data === undefined) return { serverPort: 0, applePort: 0 };
  return { serverPort: flags.port, applePort: flags.applePort };
}

async function play(lab: RunningLab, json: boolean): Promise<number> {
  const summary = await journey.run(lab);
  // With --json the table is progress, and stdout ends with the document.
  if (json) {
    tell(renderSummary(summary));
    process.stdout.write(`${summaryJson(summary)}\n`);
  } else process.stdout.write(`${renderSummary(summary)}\n`);
  return summary.passed ? 0 : 1;
}

function hints(lab: RunningLab): string {
  return [
    "",
    "The lab stays up; Ctrl-C ends it. Keys for this run:",
    `  export PIPPIN_SERVER=${lab.serverUrl} PIPPIN_ADMIN_KEY=${lab.adminKey}`,
    `  export PIPPIN_APPLE=${lab.appleUrl} PIPPIN_CONTROL_KEY=${lab.controlKey}`,
    "For example:",
    '  curl -s -H "Authorization: Bearer $PIPPIN_ADMIN_KEY" $PIPPIN_SERVER/api/v1/summary',
  ].join("\n");
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
