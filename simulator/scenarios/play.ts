/** Plays a scenario from its file: sets the world up, takes step after step, and tells what was otherwise than expected. */
import { PippinError } from "../../shared/errors.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { DiskError, NetworkError } from "../../shared/world.ts";
import { ApiError } from "../json-client.ts";
import { formatDuration } from "./duration.ts";
import { Expectations } from "./expectations.ts";
import { summarise } from "./observations.ts";
import { RunMetrics } from "./metrics.ts";
import type { Finding } from "./probe.ts";
import type { Expectation, PlannedStep, ScenarioFile } from "./scenario-file.ts";
import type { Lab, RunSummary, Scenario } from "./scenario.ts";
import { Stage } from "./stage.ts";
import { judge, thresholdSentence } from "./threshold.ts";

/** Between two looks at what is expected: ever more rarely, so that a long wait costs little. */
const lookMs = { virtual: { first: 1_000, max: 60_000 }, live: { first: 100, max: 1_000 } } as const;
const lookFactor = 1.3;
/** Events that led to a miss. */
const eventsShown = 12;
/** Whoever waits for so long wants to know it before. */
const tellingMs = 60_000;
/** Apple and the server agree again within this time once the last step is done. */
const settleMsMax = 3_600_000;

/** What a file says, to be run as any other scenario. */
export function scenarioOf(file: ScenarioFile): Scenario {
  return {
    name: file.name,
    title: file.title,
    run: (lab) => play(lab, file),
  };
}

export async function play(lab: Lab, file: ScenarioFile): Promise<RunSummary> {
  if (lab.world.kind === "live" && file.virtualVerbs.length > 0) {
    throw new PippinError(
      "usage",
      `${file.name} needs --world virtual: in real time there is no step ${file.virtualVerbs.join(", ")}.`,
    );
  }
  const waitMs = leastWaitMs(file);
  if (lab.world.kind === "live" && waitMs >= tellingMs)
    lab.progress(`in real time this takes at least ${formatDuration(waitMs)}`);
  const startedAt = lab.world.now();
  const check = new Expectations(lab);
  const stage = new Stage(lab, file, file.words);
  try {
    await stage.setUp();
    // What the set-up took is nobody's limit.
    const measured = new RunMetrics(lab.recorder);
    stage.beginFaults();
    lab.progress(`the world is set up: ${lab.phones.length} phones`);
    for (const [index, planned] of file.steps.entries()) {
      const isTaken = await takeStep(stage, planned, check, `step ${index + 1}`);
      // What follows would only tell of this one again.
      if (!isTaken) break;
    }
    lab.faults.clear();
    // A fault that nothing met has shown nothing, whatever the rest says.
    if (check.failures.length === 0)
      for (const name of lab.faults.idleRules) check.fail(`at the end: the fault ${name} has met nothing`);
    await expectThat(stage, check, "at the end", file.atTheEnd, { withinMs: settleMsMax, forMs: 0 });
    measured.close();
    const thresholds = judge(file.thresholds, measured);
    for (const result of thresholds) if (!result.ok) check.fail(`threshold: ${thresholdSentence(result)}`);
    const summary = await summarise(lab, { scenario: file.name, startedAt, check });
    return {
      ...summary,
      passed: check.failures.length === 0,
      failures: check.failures,
      ...(thresholds.length === 0 ? {} : { thresholds }),
    };
  } finally {
    stage.close();
  }
}

/** What the steps wait for however things go: `wait`, and expectations that must hold for a while. */
function leastWaitMs({ steps }: ScenarioFile): number {
  return steps.reduce((sum, planned) => {
    if (planned.kind === "expect") return sum + planned.forMs;
    return sum + (planned.verb === "wait" ? Number(planned.given) : 0);
  }, 0);
}

/** Does what a step says. Answers whether the scenario can go on; what failed is told to `check`. */
export async function takeStep(
  stage: Stage,
  planned: PlannedStep,
  check: Expectations,
  where: string,
): Promise<boolean> {
  if (planned.kind === "expect") {
    return await expectThat(stage, check, where, planned.expectations, planned);
  }
  const { verb, step, given, frame } = planned;
  stage.lab.progress(`${where}: ${verb}${frame.as === undefined ? "" : ` (${frame.as})`}`);
  const { refused } = frame;
  try {
    await step.run(stage, given, frame);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined && !(error instanceof Error)) throw error;
    if (refused !== undefined && code === refused) return true;
    const message = error instanceof Error ? error.message : String(error);
    check.fail(
      refused === undefined
        ? `${where} (${verb}) failed: ${code ?? "error"}: ${message}`
        : `${where} (${verb}) was to be refused with ${refused}, and was with ${code ?? "error"}: ${message}`,
    );
    return false;
  }
  if (refused === undefined) return true;
  check.fail(`${where} (${verb}) was to be refused with ${refused}, and was not`);
  return false;
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof ApiError || error instanceof PippinError) return error.code;
  if (error instanceof NetworkError || error instanceof DiskError) return error.code;
  return undefined;
}

interface Deadlines {
  readonly withinMs: number;
  readonly forMs: number;
}

/** What was nearest to being right, and when. */
interface Miss {
  readonly finding: Finding;
  readonly at: number;
}

async function expectThat(
  stage: Stage,
  check: Expectations,
  where: string,
  expectations: readonly Expectation[],
  { withinMs, forMs }: Deadlines,
): Promise<boolean> {
  const { world } = stage.lab;
  const { first, max } = lookMs[world.kind];
  let waitMs: number = first;
  const startedAt = world.now();
  /** By expectation. */
  const closest = new Map<Expectation, Miss>();
  let heldSince: number | undefined;
  for (;;) {
    const off = await misses(stage, expectations, closest);
    const now = world.now();
    if (off.length === 0) {
      heldSince ??= now;
      if (now - heldSince >= forMs) return true;
    } else if (heldSince !== undefined || now - startedAt >= withinMs) {
      const held = heldSince === undefined ? "" : ` (it held for ${formatDuration(now - heldSince)})`;
      for (const one of off)
        check.fail(sentence(stage, where, one, closest.get(one), { withinMs, forMs }) + held);
      return false;
    }
    const endsAt = heldSince === undefined ? startedAt + withinMs : heldSince + forMs;
    await world.sleep(Math.max(1, Math.min(waitMs, endsAt - now)));
    waitMs = Math.min(max, waitMs * lookFactor);
  }
}

/** Those that are not met now; notes the closest miss of each. */
async function misses(
  stage: Stage,
  expectations: readonly Expectation[],
  closest: Map<Expectation, Miss>,
): Promise<Expectation[]> {
  const off: Expectation[] = [];
  for (const expectation of expectations) {
    const finding = await look(stage, expectation);
    if (finding.distance === 0) continue;
    off.push(expectation);
    const before = closest.get(expectation);
    // Of two that are equally near the later one: it tells how things stood in the end.
    if (before === undefined || finding.distance <= before.finding.distance)
      closest.set(expectation, { finding, at: stage.lab.world.now() });
  }
  return off;
}

/** A question that can't be asked now (the server is away, Apple out of service) is one that was not answered well. */
async function look(stage: Stage, { probe, given }: Expectation): Promise<Finding> {
  try {
    return await probe.look(stage, given);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined && !(error instanceof Error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return { distance: Infinity, found: `${code ?? "error"}: ${message}` };
  }
}

function sentence(
  stage: Stage,
  where: string,
  { name }: Expectation,
  miss: Miss | undefined,
  { withinMs, forMs }: Deadlines,
): string {
  const time = [
    ...(withinMs === 0 ? [] : [`within ${formatDuration(withinMs)}`]),
    ...(forMs === 0 ? [] : [`for ${formatDuration(forMs)}`]),
  ].join(" ");
  if (miss === undefined) return `${where}: ${name} ${time}`;
  const when = new Date(miss.at).toISOString();
  const events = stage
    .eventsAbout(miss.finding.about ?? [], eventsShown)
    .map((event) => `\n      ${eventLine(stage, event)}`);
  const led = events.length === 0 ? "" : `\n    what led there:${events.join("")}`;
  const closest = withinMs === 0 ? "" : `, closest at ${when}`;
  return `${where}: ${name}${time === "" ? "" : ` ${time}`}: ${miss.finding.found}${closest}${led}`;
}

const hidden: ReadonlySet<string> = new Set(["seq", "time", "run", "event", "cause"]);

function eventLine(stage: Stage, event: TraceEvent): string {
  const details = Object.entries(event)
    .filter(([key, value]) => !hidden.has(key) && typeof value !== "object")
    .map(([key, value]) => `${key}=${key === "udid" ? stage.phoneNamed(String(value)) : String(value)}`);
  return `#${event.seq} ${event.time} ${event.event} ${details.join(" ")}`;
}
