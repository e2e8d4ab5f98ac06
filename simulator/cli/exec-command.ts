import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { runChild } from "../../shared/live-child.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { fleetSizeMax } from "../fleet/plan-fleet.ts";
import { checkFlags } from "./flags.ts";
import { openLab } from "./open-lab.ts";

const fleetDefault = 10;

const Flags = z.object({
  fleet: z.coerce.number().int().min(0).max(fleetSizeMax),
  seed: z.string().min(1).max(64).optional(),
  world: z.enum(["live", "virtual"]),
  trace: z.string().min(1).optional(),
  quiet: z.boolean().default(false),
});

export function registerExecCommand(program: Command, setExitCode: (code: number) => void): void {
  program
    .command("exec")
    .description(
      "start a lab, run a command with PIPPIN_* variables, stop the lab; the exit code is the command's",
    )
    .argument("<command...>", "after --, e.g. pippin exec --fleet 5 -- npm test")
    .option("--fleet <n>", "so many phones with their people", String(fleetDefault))
    .option("--seed <seed>", "people, phones and habits are drawn from it (default: drawn)")
    .addOption(
      new Option(
        "--world <world>",
        "live: real sockets and time; virtual: stands still between calls, its clock can be moved",
      )
        .choices(["live", "virtual"])
        .default("live"),
    )
    .option("--trace <file>", "write every event and every message to this file")
    .option("--quiet", "no progress")
    .action(async (command: [string, ...string[]], given: unknown) => {
      const flags = checkFlags(Flags, given);
      const seed = flags.seed ?? String(createLiveWorld().randomBytes(4).readUInt32BE());
      const lab = await openLab({
        ...{ seed, world: flags.world },
        progress: flags.quiet ? () => undefined : tell,
        host: "127.0.0.1",
        // Any number of them run side by side.
        ports: { server: 0, apple: 0, lab: 0, screen: 0 },
        ...(flags.trace === undefined ? {} : { tracePath: resolve(flags.trace) }),
      });
      try {
        await lab.begin({ seed, play: "fleet", fleetSize: flags.fleet });
        const [name, ...args] = command;
        setExitCode(await runChild(name, args, lab.variables));
      } finally {
        await lab.stop();
      }
    });
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
