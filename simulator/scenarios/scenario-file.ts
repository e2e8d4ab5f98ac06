/** The form of a scenario, as YAML in a file or as an object in TypeScript, and its reading. */
import { z } from "zod";
import { problems } from "../../shared/errors.ts";
import { defaultCatalogue } from "../apple/catalogue.ts";
import { faultRuleSchema, type FaultRule } from "../faults/fault-rule.ts";
import { Duration } from "./duration.ts";
import { probes } from "./probes.ts";
import type { ProbeKind, ProbeTable } from "./probe.ts";
import type { StepFrame, StepKind, StepTable } from "./step.ts";
import { adminSteps } from "./steps/admin-steps.ts";
import { appleSteps } from "./steps/apple-steps.ts";
import { phoneSteps } from "./steps/phone-steps.ts";
import { timeSteps } from "./steps/time-steps.ts";
import { Thresholds, type Threshold } from "./threshold.ts";
import { nearest, references, unknownName, type Vocabulary } from "./vocabulary.ts";
import { PersonaPlan, vocabularyOf, WorldPlan } from "./world-plan.ts";

const ScenarioName = z
  .string()
  .regex(
    /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
    "expected a name such as seats-run-out: lower case, with hyphens",
  );

/** Where a story of the library comes from. */
const Story = z.strictObject({
  /** What the user saw. */
  symptom: z.string().min(1),
  /** Who reported it, so that anybody can read on. */
  source: z.string().min(1),
});

const Head = z.strictObject({
  name: ScenarioName,
  title: z.string().min(1).max(200),
  story: Story.optional(),
  world: WorldPlan,
  personas: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), PersonaPlan).default({}),
  /** Whether Apple and the server have to agree at the end. `unchecked`: where nobody could tell, as with a dead token. */
  ledger: z.enum(["exact", "unchecked"]).default("exact"),
  /** What is to go wrong, wherever it is met. */
  faults: z
    .array(z.looseObject({ name: z.string() }))
    .max(100)
    .default([]),
  /** Limits for what is measured in the run. */
  thresholds: Thresholds.default([]),
  steps: z.array(z.unknown()).min(1).max(10_000),
});

/** One thing that is to be true. */
export interface Expectation {
  readonly name: string;
  readonly probe: ProbeKind;
  readonly given: unknown;
}

export type PlannedStep =
  | {
      readonly kind: "act";
      readonly verb: string;
      readonly step: StepKind;
      readonly given: unknown;
      readonly frame: StepFrame;
    }
  | {
      readonly kind: "expect";
      readonly expectations: readonly Expectation[];
      /** It must become so within this time; 0: it is so now. */
      readonly withinMs: number;
      /** And stay so for as long. */
      readonly forMs: number;
    };

export interface ScenarioFile {
  readonly name: string;
  readonly title: string;
  readonly story: z.output<typeof Story> | undefined;
  readonly world: WorldPlan;
  readonly personas: Readonly<Record<string, PersonaPlan>>;
  readonly faults: readonly FaultRule[];
  /** How whoever has no persona behaves. */
  readonly agreeable: PersonaPlan;
  readonly thresholds: readonly Threshold[];
  readonly steps: readonly PlannedStep[];
  readonly words: Vocabulary;
  /** Expected at the end, beside what the steps expect. */
  readonly atTheEnd: readonly Expectation[];
  /** The steps that need the virtual world, by verb. */
  readonly virtualVerbs: readonly string[];
}

/** What is wrong with a scenario, and where: the path leads through the object as it was given. */
export interface ScenarioIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export type ScenarioReading =
  | { readonly ok: true; readonly file: ScenarioFile }
  | { readonly ok: false; readonly issues: readonly ScenarioIssue[] };

/** Beside the verb. */
const frameKeys = ["refused", "as", "note"] as const;
const Frame = z.strictObject({
  refused: z
    .string()
    .superRefine((code, context) => {
      if (!(code in problems))
        context.addIssue({ code: "custom", message: unknownName("error code", code, Object.keys(problems)) });
    })
    .optional(),
  as: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, "expected a name in lower case")
    .optional(),
  /** For the reader. */
  note: z.string().optional(),
});
const ExpectFrame = z.strictObject({
  within: Duration.default(0),
  for: Duration.default(0),
  note: z.string().optional(),
});

/** What there is to do and to expect, knowing these names. */
function tablesFor(words: Vocabulary): { stepTable: StepTable; probeTable: ProbeTable } {
  const names = references(words);
  const steps = [...adminSteps(names), ...appleSteps(names), ...phoneSteps(names), ...timeSteps(names)];
  return { stepTable: new Map(steps), probeTable: new Map(probes(names)) };
}

/** Every verb and every expectation that a scenario may use. */
export function scenarioLanguage(): { verbs: string[]; expectations: string[] } {
  const nothing = {
    people: new Map(),
    groups: new Set<string>(),
    apps: new Map(),
    personas: new Set<string>(),
    faults: new Set<string>(),
  };
  const { stepTable, probeTable } = tablesFor(nothing);
  return { verbs: [...stepTable.keys(), "expect"], expectations: [...probeTable.keys()] };
}

/** Reads a scenario from plain data. All that is wrong is told at once. */
export function readScenarioObject(data: unknown): ScenarioReading {
  const head = Head.safeParse(data);
  if (!head.success) return { ok: false, issues: head.error.issues.flatMap(flatten) };
  const { name, title, story, world, personas, ledger, faults, thresholds, steps } = head.data;
  const faultNames = faults.map((rule) => rule.name);
  const words = vocabularyOf(
    world,
    { personas: Object.keys(personas), faults: faultNames },
    defaultCatalogue(),
  );
  const tables = tablesFor(words);
  const issues = worldIssues(world, words);
  const rules = readFaults(faults, words, issues);
  const read = readAll(steps, tables);
  const planned = read.steps;
  issues.push(...read.issues.map((issue) => ({ ...issue, path: ["steps", ...issue.path] })));
  if (issues.length === 0) issues.push(...labelIssues(planned));
  if (issues.length > 0) return { ok: false, issues };
  const virtualVerbs = planned.flatMap((one) =>
    one.kind === "act" && one.step.virtualOnly ? [one.verb] : [],
  );
  return {
    ok: true,
    file: {
      name,
      title,
      story,
      world,
      personas,
      faults: rules,
      thresholds,
      agreeable: PersonaPlan.parse({}),
      steps: planned,
      words,
      atTheEnd: ["soundness", ...(ledger === "exact" ? ["ledger"] : [])].map((probe) =>
        expectationOf(probe, "exact", tables.probeTable),
      ),
      virtualVerbs: [...new Set(virtualVerbs)],
    },
  };
}

/** Steps for a world that there is already. The path of an issue begins with the number of its step, from 0. */
export function readSteps(
  steps: readonly unknown[],
  words: Vocabulary,
): { readonly steps: PlannedStep[]; readonly issues: ScenarioIssue[] } {
  return readAll(steps, tablesFor(words));
}

function readAll(
  steps: readonly unknown[],
  { stepTable, probeTable }: ReturnType<typeof tablesFor>,
): { steps: PlannedStep[]; issues: ScenarioIssue[] } {
  const planned: PlannedStep[] = [];
  const issues: ScenarioIssue[] = [];
  for (const [index, given] of steps.entries()) {
    const read = readStep(given, stepTable, probeTable);
    if (Array.isArray(read))
      issues.push(...read.map((issue) => ({ ...issue, path: [index, ...issue.path] })));
    else planned.push(read);
  }
  return { steps: planned, issues };
}

function expectationOf(name: string, given: unknown, probeTable: ProbeTable): Expectation {
  const kind = probeTable.get(name);
  if (kind === undefined) throw new Error(`there is no expectation ${name}`);
  return { name, probe: kind, given };
}

/** A key that nobody knows is an issue of its own, where it stands. */
function flatten(issue: z.core.$ZodIssue): ScenarioIssue[] {
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    message: `nobody knows the key ${JSON.stringify(key)}`,
  }));
}

function under(path: readonly PropertyKey[], error: z.ZodError): ScenarioIssue[] {
  return error.issues.flatMap(flatten).map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}

function worldIssues(world: WorldPlan, words: Vocabulary): ScenarioIssue[] {
  const issues: ScenarioIssue[] = [];
  for (const app of Object.keys(world.licenses)) {
    if (!words.apps.has(app))
      issues.push({ path: ["world", "licenses", app], message: unknownName("app", app, words.apps.keys()) });
  }
  const seen = new Set<string>();
  for (const [index, { id, persona, personas, sharesAppleIdWith }] of world.people.entries()) {
    const path = ["world", "people", index];
    if (seen.has(id))
      issues.push({ path: [...path, "id"], message: `there are two people ${JSON.stringify(id)}` });
    seen.add(id);
    for (const name of [...(persona === undefined ? [] : [persona]), ...Object.keys(personas ?? {})]) {
      if (words.personas.has(name)) continue;
      const key = persona === undefined ? ["personas", name] : ["persona"];
      issues.push({ path: [...path, ...key], message: unknownName("persona", name, words.personas) });
    }
    if (sharesAppleIdWith !== undefined && !words.people.has(sharesAppleIdWith))
      issues.push({
        path: [...path, "sharesAppleIdWith"],
        message: unknownName("person", sharesAppleIdWith, words.people.keys()),
      });
  }
  return issues;
}

function readFaults(given: readonly unknown[], words: Vocabulary, issues: ScenarioIssue[]): FaultRule[] {
  const schema = faultRuleSchema(references(words));
  const seen = new Set<string>();
  return given.flatMap((rule, index) => {
    const parsed = schema.safeParse(rule);
    if (!parsed.success) {
      issues.push(...under(["faults", index], parsed.error));
      return [];
    }
    const { name } = parsed.data;
    if (seen.has(name))
      issues.push({
        path: ["faults", index, "name"],
        message: `there are two faults ${JSON.stringify(name)}`,
      });
    seen.add(name);
    return [parsed.data];
  });
}

type Dictionary = Readonly<Record<string, unknown>>;

function isDictionary(value: unknown): value is Dictionary {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readStep(given: unknown, steps: StepTable, probeTable: ProbeTable): PlannedStep | ScenarioIssue[] {
  // A verb that takes nothing may stand alone: `- sync`.
  const written = typeof given === "string" ? { [given]: {} } : given;
  if (!isDictionary(written)) return [{ path: [], message: "expected a step such as `sync` or `wait: 2h`" }];
  if ("expect" in written) return readExpect(written, probeTable);
  const verbs = Object.keys(written).filter((key) => !(frameKeys as readonly string[]).includes(key));
  const [verb, second] = verbs;
  if (verb === undefined) return [{ path: [], message: "expected a verb, such as `sync`" }];
  if (second !== undefined && steps.has(verb) && steps.has(second))
    return [{ path: [second], message: `a step does one thing, and this one has ${verb} and ${second}` }];
  const kind = steps.get(verb);
  const stray = verbs.find((key) => !steps.has(key));
  if (kind === undefined || stray !== undefined) {
    const name = stray ?? verb;
    return [{ path: [name], message: unknownName("step", name, ["expect", ...steps.keys()]) }];
  }
  const { [verb]: argument, ...rest } = written;
  const frame = Frame.safeParse(rest);
  const parsed = kind.schema.safeParse(argument ?? {});
  if (!parsed.success || !frame.success)
    return [
      ...(parsed.success ? [] : under([verb], parsed.error)),
      ...(frame.success ? [] : under([], frame.error)),
    ];
  const { refused, as } = frame.data;
  return { kind: "act", verb, step: kind, given: parsed.data, frame: { refused, as } };
}

function readExpect({ expect, ...rest }: Dictionary, probeTable: ProbeTable): PlannedStep | ScenarioIssue[] {
  const frame = ExpectFrame.safeParse(rest);
  const issues = frame.success ? [] : under([], frame.error);
  const list: readonly unknown[] = Array.isArray(expect) ? expect : [expect];
  if (list.length === 0) issues.push({ path: ["expect"], message: "expected something to be true" });
  const expectations: Expectation[] = [];
  for (const [index, item] of list.entries()) {
    const path = Array.isArray(expect) ? ["expect", index] : ["expect"];
    if (!isDictionary(item) || Object.keys(item).length === 0) {
      issues.push({ path, message: "expected e.g. `licenses: { app: Pages, used: 3 }`" });
      continue;
    }
    for (const [name, argument] of Object.entries(item)) {
      const kind = probeTable.get(name);
      if (kind === undefined) {
        issues.push({ path: [...path, name], message: unknownName("expectation", name, probeTable.keys()) });
        continue;
      }
      const parsed = kind.schema.safeParse(argument);
      if (parsed.success) expectations.push({ name, probe: kind, given: parsed.data });
      else issues.push(...under([...path, name], parsed.error));
    }
  }
  if (issues.length > 0 || !frame.success) return issues;
  return { kind: "expect", expectations, withinMs: frame.data.within, forMs: frame.data.for };
}

/** Names that steps give (`as`) and expectations use must meet, in this order. */
function labelIssues(steps: readonly PlannedStep[]): ScenarioIssue[] {
  const labels = new Set<string>();
  const issues: ScenarioIssue[] = [];
  for (const [index, planned] of steps.entries()) {
    if (planned.kind === "act") {
      if (planned.frame.as === undefined) continue;
      if (planned.verb !== "command")
        issues.push({ path: ["steps", index, "as"], message: "only a command can be given a name" });
      labels.add(planned.frame.as);
      continue;
    }
    for (const [at, { name, given }] of planned.expectations.entries()) {
      if (name !== "command" || !isDictionary(given)) continue;
      const label = String(given["as"]);
      if (labels.has(label)) continue;
      const like = nearest(label, labels);
      issues.push({
        path: ["steps", index, "expect", at, "command", "as"],
        message: `no command step before this one has the name ${JSON.stringify(label)}${like === undefined ? "" : `; did you mean ${JSON.stringify(like)}?`}`,
      });
    }
  }
  return issues;
}
