import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { untilSignal } from "../../shared/live-signals.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { createRecorder, drawLife } from "../../shared/trace.ts";
import { startApple } from "../start-apple.ts";
import { checkFlags } from "./flags.ts";

const Flags = z.object({
  host: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65_535),
  controlKey: z.string().min(8).optional(),
  data: z.string().min(1).optional(),
});

export function registerAppleCommand(program: Command): void {
  program
    .command("apple")
    .description("Apple's side alone: volume-purchase service, App Store and Apple IDs, for any MDM server")
    .addOption(new Option("--host <address>", "where to listen").env("PIPPIN_HOST").default("127.0.0.1"))
    .addOption(new Option("--port <n>", "0 takes a free port").env("PIPPIN_APPLE_PORT").default("8081"))
    .addOption(
      new Option("--control-key <key>", "key of the control API (default: made and shown)").env(
        "PIPPIN_CONTROL_KEY",
      ),
    )
    .addOption(new Option("--data <file>", "keep the state in this file").env("PIPPIN_APPLE_DATA"))
    .action(async (given: unknown) => {
      const flags = checkFlags(Flags, given);
      const world = createLiveWorld();
      const recorder = createRecorder({
        now: () => world.now(),
        run: "live",
        keepsWire: false,
        life: drawLife((length) => world.randomBytes(length)),
      });
      const controlKey = flags.controlKey ?? world.randomBytes(24).toString("base64url");
      const apple = await startApple(world, recorder, {
        host: flags.host,
        port: flags.port,
        controlKey,
        ...(flags.data === undefined ? {} : { dataFile: resolve(flags.data) }),
      });
      process.stdout.write(`Apple's services at ${apple.url}\n`);
      if (flags.controlKey === undefined) process.stdout.write(`control key: ${controlKey}\n`);
      await untilSignal();
      await apple.stop();
    });
}
