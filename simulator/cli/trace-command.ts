/** `pippin trace`: looks into a trace file. */
import { basename, resolve } from "node:path";
import { Option, type Command } from "commander";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { eventNames, type TraceEvent } from "../../shared/trace.ts";
import { defaultCatalogue } from "../apple/catalogue.ts";
import { htmlReport } from "../reports/html-report.ts";
import { measuredIn, type RunOutcome } from "../reports/outcome.ts";
import { readRunRecord } from "../reports/read-run-record.ts";
import { parseDuration } from "../scenarios/duration.ts";
import { unknownName } from "../scenarios/vocabulary.ts";
import { eventLine, plainText } from "../traces/event-line.ts";
import { payloadOf } from "../traces/payload.ts";
import { diffTraces, type TraceComparison } from "../traces/trace-diff.ts";
import { traceLines } from "../traces/trace-lines.ts";
import { queryTrace, type TracePoint, type TraceQuery } from "../traces/trace-query.ts";
import { checkFlags } from "./flags.ts";
import { writeReport } from "./run-reports.ts";

const text = z.string().min(1);
const Flags = z.object({
  event: z.array(text).default([]),
  phone: text.optional(),
  person: text.optional(),
  app: text.optional(),
  command: text.optional(),
  licence: z
    .string()
    .regex(/^.+:[^:]+$/, "expected HOLDER:APP, e.g. anna:361309726")
    .optional(),
  from: text.optional(),
  to: text.optional(),
  causes: z.boolean().optional(),
  json: z.boolean().default(false),
});

export function registerTraceCommand(program: Command, setExitCode: (code: number) => void): void {
  const several = (value: string, before: readonly string[] = []) => [...before, value];
  const trace = program
    .command("trace")
    .description("look into a trace: filter it, follow a phone or a licence, compare two, show a message")
    .argument("<file>", "what `--trace` wrote")
    .addOption(
      new Option(
        "--event <name>",
        "only events of this name; * stands for anything; may be repeated",
      ).argParser(several),
    )
    .option("--phone <id>", "follow a phone: UDID, its beginning, or serial number")
    .option("--person <id>", "what happened to a user and the user's phones")
    .option("--app <app>", "adamId, or a name from the catalogue")
    .option("--command <uuid>", "one command, by its CommandUUID or the beginning")
    .option("--licence <holder:app>", "follow a licence of a user or of a phone (serial number)")
    .option("--from <time>", "not earlier: an ISO time, or a span since the start such as 90s or 2h")
    .option("--to <time>", "not later")
    .option("--causes", "also what led to these events (the default when a phone or a licence is followed)")
    .option("--no-causes", "only the events themselves")
    .option("--json", "the lines as they are in the file")
    .action(async (file: string, given: unknown) => showEvents(file, checkFlags(Flags, given)));
  trace
    .command("diff")
    .description("the first line at which two traces differ, and in what; exit code 1 when they do")
    .argument("<a>")
    .argument("<b>")
    .action(async (a: string, b: string, _given: unknown, command: Command) => {
      const comparison = await diffTraces(traceLines(a), traceLines(b));
      await print(isJson(command) ? JSON.stringify(comparison) : renderComparison(comparison));
      setExitCode(comparison.difference ? 1 : 0);
    });
  trace
    .command("html")
    .description("the page about a run, made from its trace")
    .argument("<file>")
    .argument("<page>", "where to write it")
    .action(async (file: string, page: string) => {
      await writeReport(createLiveWorld().disk, resolve(page), await tracePage(file));
    });
  trace
    .command("plist")
    .description("the message of one event, readable: a property list as XML, JSON indented")
    .argument("<file>")
    .argument("<seq>", "number of an event `wire`")
    .action(async (file: string, seq: string, _given: unknown, command: Command) => {
      const event = await eventNumbered(file, seq);
      const payload = payloadOf(event);
      if (payload.problem !== undefined) tell(`#${event.seq}: ${payload.problem}`);
      await print(isJson(command) ? JSON.stringify({ seq: event.seq, ...payload }) : payload.text);
    });
}

/** Nobody who was not there can say whether what was expected came true: the page has no verdict. */
async function tracePage(file: string): Promise<string> {
  const { record, run } = await readRunRecord(file);
  const outcome: RunOutcome = {
    scenario: basename(file),
    title: "What a trace tells. Whether it was as expected, a trace doesn't say.",
    seed: run,
    world: undefined,
    replay: "",
    summary: undefined,
    error: undefined,
    tookMs: 0,
    measured: measuredIn(record),
  };
  return htmlReport([outcome], { outcome, record });
}

/** `--json` belongs to the command above these too, and commander hands it to that one. */
function isJson(command: Command): boolean {
  return command.optsWithGlobals<{ json?: boolean }>().json === true;
}

async function showEvents(file: string, flags: z.infer<typeof Flags>): Promise<void> {
  const { phone, person, command, licence, from, to, causes } = flags;
  const colon = licence?.lastIndexOf(":") ?? 0;
  const query: TraceQuery = {
    events: flags.event.map(checkedEvent),
    ...(phone === undefined ? {} : { phone }),
    ...(person === undefined ? {} : { person }),
    ...(flags.app === undefined ? {} : { app: adamIdOf(flags.app) }),
    ...(command === undefined ? {} : { command }),
    ...(licence === undefined
      ? {}
      : { licence: { holder: licence.slice(0, colon), adamId: adamIdOf(licence.slice(colon + 1)) } }),
    ...(from === undefined ? {} : { from: pointOf(from, "--from") }),
    ...(to === undefined ? {} : { to: pointOf(to, "--to") }),
    withCauses: causes ?? (phone !== undefined || licence !== undefined),
  };
  const { events, shown } = await queryTrace(
    () => traceLines(file),
    query,
    (line) =>
      // What is here only as a cause stands apart.
      print(flags.json ? line.text : `${line.isCause ? "· " : "  "}${eventLine(line.event)}`),
  );
  tell(`${shown} of ${events} events${shown === 0 ? ": nothing is like that" : ""}`);
}

function checkedEvent(name: string): string {
  const isKnown = name.includes("*") || (eventNames as readonly string[]).includes(name);
  if (!isKnown) throw new PippinError("usage", `--event: ${unknownName("event", name, eventNames)}`);
  return name;
}

/** An id that is no name from the catalogue may be of an app that a scenario brought. */
function adamIdOf(app: string): string {
  if (/^\d+$/.test(app)) return app;
  const apps = defaultCatalogue();
  const found = apps.find(({ name }) => name === app);
  if (found) return found.adamId;
  throw new PippinError(
    "usage",
    unknownName(
      "app",
      app,
      apps.map(({ name }) => name),
    ),
  );
}

function pointOf(given: string, flag: string): TracePoint {
  const span = parseDuration(given);
  if (span !== undefined) return { ms: span, sinceStart: true };
  const ms = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : NaN;
  if (!Number.isNaN(ms)) return { ms, sinceStart: false };
  throw new PippinError(
    "usage",
    `${flag}: expected a time such as 2016-06-15T08:00:00Z, or a span since the start such as 90s or 2h.`,
  );
}

async function eventNumbered(file: string, given: string): Promise<TraceEvent> {
  const seq = /^#?\d{1,15}$/.test(given) ? Number(given.replace("#", "")) : NaN;
  if (Number.isNaN(seq)) throw new PippinError("usage", `Expected the number of an event, not ${given}.`);
  let last = 0;
  for await (const { event } of traceLines(file)) {
    last = event.seq;
    if (event.seq !== seq) continue;
    if (event.event === "wire") return event;
    throw new PippinError("usage", `#${seq} is ${event.event}: only an event \`wire\` has a message.`);
  }
  throw new PippinError("usage", `There is no event #${seq}: the last one is #${last}.`);
}

function renderComparison({ linesSame, difference }: TraceComparison): string {
  if (!difference) return `The same: ${linesSame} lines.`;
  const { line, a, b, before, members, message } = difference;
  return [
    `The first ${linesSame} lines are the same; line ${line} differs.`,
    ...(before ? [`  both ${eventLine(before)}`] : []),
    `  - ${a ? eventLine(a) : "(the end)"}`,
    `  + ${b ? eventLine(b) : "(the end)"}`,
    ...members
      .filter(({ name }) => name !== "bytes" || message.length === 0)
      .map((member) => plainText(`  ${member.name}: ${wordOf(member.a)} | ${wordOf(member.b)}`)),
    ...(message.length === 0 ? [] : ["  in the message:", ...message.map((one) => `    ${plainText(one)}`)]),
  ].join("\n");
}

function wordOf(value: unknown): string {
  return value === undefined ? "(none)" : JSON.stringify(value);
}

let isWatched = false;

/** Waits when nobody reads as fast. A reader that has seen enough (`| head`) ends it in good order. */
async function print(line: string): Promise<void> {
  const { stdout } = process;
  if (!isWatched) {
    isWatched = true;
    stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(0);
    });
  }
  if (!stdout.write(`${line}\n`)) await new Promise<void>((resolve) => stdout.once("drain", resolve));
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
