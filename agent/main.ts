/** `pippin agent`: one simulated iPhone as a process of its own. */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { channelProtocols } from "../shared/channel.ts";
import { PippinError } from "../shared/errors.ts";
import { createLiveWorld } from "../shared/live-world.ts";
import { createRecorder, drawLife, type Recorder } from "../shared/trace.ts";
import { DiskError, type World } from "../shared/world.ts";
import { answerAutomatically } from "./automatic-person.ts";
import type { Phone, PhoneConfig, PhoneStatus, PhoneView } from "./phone.ts";
import { rackOfOne, startScreen, type RunningScreen } from "./screen/start-screen.ts";
import { startPhone } from "./start-phone.ts";
import { createTerminal, showInTerminal } from "./terminal.ts";

const phoneKinds = ["user", "device", "configurator", "dep"] as const;
const manners = ["accept", "decline", "ignore"] as const;
const passwordVariable = "PIPPIN_APPLE_PASSWORD";
/** So that `pippin agent` twice is the same phone twice. */
const defaultSerialNumber = "PIPPIN000001";

const AgentOptions = z.strictObject({
  enroll: z.string(),
  apple: z.string(),
  udid: z.string().min(1).max(64).optional(),
  serial: z
    .string()
    .regex(/^[A-Za-z0-9]{1,32}$/, "letters and digits, at most 32")
    .default(defaultSerialNumber),
  kind: z.enum(phoneKinds).default("user"),
  name: z.string().min(1).max(255).optional(),
  data: z.string().min(1).optional(),
  protocol: z.enum(["binary", "xml"]).default("binary"),
  auto: z.enum(manners).optional(),
  appleId: z.string().min(1).max(255).optional(),
  passwordFile: z.string().min(1).optional(),
  screen: z.union([z.literal(true), z.coerce.number().int().min(0).max(65_535)]).optional(),
  screenHost: z.string().min(1).default("127.0.0.1"),
  verbose: z.boolean().default(false),
});
type AgentOptions = z.infer<typeof AgentOptions>;

/** Where the phone rests for good: the process has nothing left to do. */
const restingStatuses: ReadonlySet<PhoneStatus> = new Set([
  "refused",
  "unenrolled",
  "erased",
  "off",
  "replaced",
  "failed",
]);

/** Adds `agent` to the command line. Its action throws PippinError, and DiskError when the folder can't be used. */
export function registerAgentCommand(program: Command): void {
  program
    .command("agent")
    .description(
      "run one simulated iPhone that enrols with an MDM server and asks you what it would ask a person",
    )
    .requiredOption("--enroll <url>", "the enrolment address, <server>/enroll/<token>")
    .requiredOption("--apple <url>", "where Apple's services answer, e.g. http://127.0.0.1:8081")
    .option("--serial <serial>", "serial number", defaultSerialNumber)
    .option("--udid <udid>", "device id (default: made from the serial number)")
    .addOption(new Option("--kind <kind>", "how it is enrolled").choices(phoneKinds).default("user"))
    .option("--name <name>", "the phone's name")
    .option("--data <dir>", "folder that keeps the phone (default: ./pippin-agent-<serial>)")
    .addOption(
      new Option("--protocol <protocol>", "plists on the channel")
        .choices(["binary", "xml"])
        .default("binary"),
    )
    .addOption(new Option("--auto <manner>", "answer prompts without asking").choices(manners))
    .option("--apple-id <appleId>", "Apple ID for --auto accept")
    .option("--password-file <file>", `file with its password (or set ${passwordVariable})`)
    .option(
      "--screen [port]",
      "show the phone in the browser, by the link that is printed (default: a free port)",
    )
    .option("--screen-host <address>", "where the screen listens", "127.0.0.1")
    .option("--verbose", "print every event", false)
    .action(async (options: unknown) => {
      const parsed = AgentOptions.safeParse(options);
      if (!parsed.success) throw new PippinError("usage", z.prettifyError(parsed.error));
      await runAgent(createLiveWorld(), parsed.data);
    });
}

async function runAgent(world: World, options: AgentOptions): Promise<void> {
  const config = phoneConfig(options);
  const password = options.auto === "accept" ? await readPassword(world, options) : undefined;
  await world.disk.makeDirectory(config.dataDirectory);
  const lock = await lockFolder(world, config.dataDirectory);
  const recorder = createRecorder({
    now: () => world.now(),
    run: "live",
    keepsWire: false,
    life: drawLife((length) => world.randomBytes(length)),
  });
  if (options.verbose) recorder.subscribe((event) => say(JSON.stringify(event)));
  try {
    const phone = await startPhone({ world, recorder }, config);
    // Whoever starts the program holds the button down.
    if (phone.view().status === "off") await phone.boot();
    say(`${config.deviceName} runs (UDID ${config.udid}, kept in ${config.dataDirectory})`);
    phone.onChange(narrator());
    const { auto, appleId } = options;
    if (auto)
      answerAutomatically(phone, {
        manner: auto,
        ...(appleId === undefined ? {} : { appleId }),
        ...(password === undefined ? {} : { password }),
      });
    const screen = await openScreen({ world, recorder }, phone, options);
    let end: PhoneView["trouble"];
    try {
      end = await untilOver(phone, options);
    } finally {
      await screen?.stop();
    }
    await phone.stop();
    if (end) throw new PippinError(end.code, end.message);
  } finally {
    await lock.release();
  }
}

async function openScreen(
  { world, recorder }: { world: World; recorder: Recorder },
  phone: Phone,
  { screen, screenHost }: AgentOptions,
): Promise<RunningScreen | undefined> {
  if (screen === undefined) return undefined;
  const options = { host: screenHost, port: screen === true ? 0 : screen, recorder };
  const running = await startScreen(world, rackOfOne(world, phone), options);
  say(`the phone's screen: ${running.link}`);
  return running;
}

function phoneConfig(options: AgentOptions): PhoneConfig {
  const { serial, kind } = options;
  return {
    udid: options.udid ?? createHash("sha1").update(`pippin phone ${serial}`).digest("hex"),
    serialNumber: serial,
    productName: "iPhone8,1",
    osVersion: "9.3.2",
    buildVersion: "13F69",
    deviceName: options.name ?? `iPhone ${serial}`,
    kind,
    enrollmentUrl: options.enroll,
    appleUrl: options.apple,
    protocol: channelProtocols[options.protocol === "binary" ? 0 : 1],
    dataDirectory: resolve(options.data ?? `pippin-agent-${serial}`),
    bytesPerSecond: 5_000_000,
  };
}

async function readPassword(world: World, options: AgentOptions): Promise<string | undefined> {
  if (options.passwordFile === undefined) return process.env[passwordVariable];
  const bytes = await world.disk.readFile(resolve(options.passwordFile));
  if (!bytes) throw new PippinError("usage", `there is no file ${options.passwordFile}`);
  return bytes.toString("utf8").replace(/\r?\n$/, "");
}

async function lockFolder(world: World, directory: string): Promise<{ release(): Promise<void> }> {
  try {
    return await world.disk.lock(directory);
  } catch (cause) {
    if (!(cause instanceof DiskError) || cause.code !== "locked") throw cause;
    throw new PippinError("store_locked", `another phone runs in ${directory}`, { cause });
  }
}

/** Resolves when the person leaves, or with the trouble when the phone has come to rest. */
async function untilOver(phone: Phone, options: AgentOptions): Promise<PhoneView["trouble"]> {
  const isAtTerminal = options.auto === undefined && process.stdin.isTTY && process.stderr.isTTY;
  const terminal = isAtTerminal
    ? createTerminal({ input: process.stdin, output: process.stderr })
    : undefined;
  const endScreen = terminal ? showInTerminal(phone, terminal) : undefined;
  if (!terminal && options.auto === undefined && options.screen === undefined)
    say("nobody is at a terminal, so prompts stay unanswered: see --auto and --screen");
  try {
    return await new Promise((resolve) => {
      const leave = (): void => resolve(null);
      terminal?.onLeave(leave);
      process.once("SIGINT", leave);
      process.once("SIGTERM", leave);
      const look = (view: PhoneView): void => {
        // Somebody at the screen can wake it, or enrol it again.
        if (options.screen === undefined && restingStatuses.has(view.status)) resolve(view.trouble);
      };
      phone.onChange(look);
      look(phone.view());
    });
  } finally {
    endScreen?.();
    terminal?.close();
  }
}

/** Tells the person what changed, once each. */
function narrator(): (view: PhoneView) => void {
  let last = "";
  const states = new Map<string, string>();
  return (view) => {
    const line = view.trouble?.message ?? (view.connected ? `${view.status}, connected` : view.status);
    if (line !== last) say(line);
    last = line;
    for (const app of view.apps) {
      if (states.get(app.bundleId) !== app.state) say(`${app.name}: ${app.state}`);
      states.set(app.bundleId, app.state);
    }
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
