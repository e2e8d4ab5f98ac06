/** `pippin server`: the MDM server as its own process. */
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { PippinError } from "../shared/errors.ts";
import { untilSignal } from "../shared/live-signals.ts";
import { createLiveWorld } from "../shared/live-world.ts";
import { createRecorder, drawLife } from "../shared/trace.ts";
import { logEvents } from "./log.ts";
import { startServer } from "./start-server.ts";

const Settings = z.object({
  host: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65_535),
  data: z.string().min(1),
  apple: z.url({ protocol: /^https?$/ }),
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  insecureDevKey: z.string().min(16).optional(),
  logLevel: z.enum(["debug", "info", "warn", "silent"]),
});

function readSettings(flags: unknown): z.infer<typeof Settings> {
  const settings = Settings.safeParse(flags);
  if (settings.success) {
    const loopback = ["127.0.0.1", "localhost", "::1"].includes(settings.data.host);
    if (settings.data.insecureDevKey !== undefined && !loopback) {
      throw new PippinError(
        "configuration_invalid",
        "--insecure-dev-key is for a server bound to loopback only.",
      );
    }
    return settings.data;
  }
  const wrong = settings.error.issues.map((issue) => `--${flagName(issue.path)}: ${issue.message}`);
  throw new PippinError("configuration_invalid", wrong.join("; "));
}

function flagName(path: readonly PropertyKey[]): string {
  return path.map((part) => String(part).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).join(".");
}

/** Flags win over environment variables, these over defaults. */
export function registerServerCommand(program: Command): void {
  program
    .command("server")
    .description("the MDM server: admin API, enrolment and device channel on one port")
    .addOption(new Option("--host <address>", "where to listen").env("PIPPIN_HOST").default("127.0.0.1"))
    .addOption(new Option("--port <n>", "0 takes a free port").env("PIPPIN_SERVER_PORT").default("8080"))
    .addOption(new Option("--data <dir>", "data folder").env("PIPPIN_SERVER_DATA").default("./pippin-server"))
    .addOption(
      new Option("--apple <url>", "Apple's services")
        .env("PIPPIN_APPLE_URL")
        .default("http://127.0.0.1:8081"),
    )
    .addOption(
      new Option("--public-url <url>", "where phones and admins reach this server").env("PIPPIN_PUBLIC_URL"),
    )
    .addOption(
      new Option("--insecure-dev-key <key>", "a well-known admin key, for a lab on loopback").env(
        "PIPPIN_INSECURE_DEV_KEY",
      ),
    )
    .addOption(
      new Option("--log-level <level>", "debug, info, warn or silent")
        .env("PIPPIN_LOG_LEVEL")
        .default("info"),
    )
    .action(async (flags: unknown) => {
      const settings = readSettings(flags);
      const world = createLiveWorld();
      const recorder = createRecorder({
        now: () => world.now(),
        run: "live",
        keepsWire: false,
        life: drawLife((length) => world.randomBytes(length)),
      });
      logEvents(recorder, settings.logLevel);
      const server = await startServer(world, recorder, {
        host: settings.host,
        port: settings.port,
        dataDirectory: resolve(settings.data),
        appleUrl: settings.apple,
        ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
        ...(settings.insecureDevKey === undefined ? {} : { insecureDevKey: settings.insecureDevKey }),
      });
      process.stdout.write(`MDM server at ${server.url}\n`);
      if (server.firstKey !== undefined) {
        process.stdout.write(`admin key (shown this once): ${server.firstKey}\n`);
      }
      await untilSignal();
      await server.stop();
    });
}
