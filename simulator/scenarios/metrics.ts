/** What is measured in a run, by the events alone: how often things happened, and how long they took by the lab's clock. */
import type { EventName, Recorder, TraceEvent } from "../../shared/trace.ts";

/** `time` is in milliseconds; `share` is between 0 and 1; `rate` is per second. */
export type MetricUnit = "count" | "time" | "share" | "rate";

export interface MetricKind {
  readonly unit: MetricUnit;
  /** For the documentation. */
  readonly meaning: string;
}

/** Something that begins and ends; each has the metrics `<name>.p50`, `.p95`, `.p99` and `.max`. */
interface SpanKind {
  readonly name: string;
  readonly meaning: string;
  /** Which of them this event begins; undefined for none. One that has begun already goes on. */
  begins(event: TraceEvent): string | undefined;
  ends(event: TraceEvent): string | undefined;
}

const isOf = (...names: EventName[]) => {
  const wanted: ReadonlySet<string> = new Set(names);
  return (event: TraceEvent) => wanted.has(event.event);
};
const isAnswer = isOf("command.acknowledged", "command.failed", "command.malformed");
const isPush = isOf("command.pushed");
const isQueued = isOf("command.queued");
const isInvitation = isOf("user.invited");
const isAcceptance = isOf("user.accepted");
const isSyncStart = isOf("sync.started");
const isSyncEnd = isOf("sync.finished");
const isChange = isOf("installation.changed");
const ownedBy = (key: string | undefined) => (isIt: (event: TraceEvent) => boolean) => (event: TraceEvent) =>
  key !== undefined && isIt(event) && event[key] !== undefined ? String(event[key]) : undefined;
const placeOf = ({ udid = "", adamId = "" }: TraceEvent) => `${udid} ${adamId}`;

const spans: readonly SpanKind[] = [
  {
    name: "acknowledgement",
    meaning: "from the first push of a command to the phone's final answer",
    begins: ownedBy("commandUUID")(isPush),
    ends: ownedBy("commandUUID")(isAnswer),
  },
  {
    name: "completion",
    meaning: "from the queueing of a command to the phone's final answer",
    begins: ownedBy("commandUUID")(isQueued),
    ends: ownedBy("commandUUID")(isAnswer),
  },
  {
    name: "installation",
    meaning: "from the first thing done for an app on a phone to its being installed",
    begins: (event) =>
      isChange(event) && event["to"] !== "installed" && event["to"] !== "notInstalled"
        ? placeOf(event)
        : undefined,
    ends: (event) => (isChange(event) && event["to"] === "installed" ? placeOf(event) : undefined),
  },
  {
    name: "acceptance",
    meaning: "from a person's invitation to the server's knowing that the terms are accepted",
    begins: ownedBy("userId")(isInvitation),
    ends: ownedBy("userId")(isAcceptance),
  },
  {
    name: "sync",
    meaning: "from the start of a sync to its end",
    begins: ownedBy("syncId")(isSyncStart),
    ends: ownedBy("syncId")(isSyncEnd),
  },
];

interface CountKind {
  readonly name: string;
  readonly meaning: string;
  counts(event: TraceEvent): boolean;
}

const happens = (name: string, meaning: string, ...events: EventName[]): CountKind => ({
  name,
  meaning,
  counts: isOf(...events),
});

const counts: readonly CountKind[] = [
  happens("commands.queued", "commands that were queued", "command.queued"),
  happens("commands.answered", "final answers of phones", "command.acknowledged", "command.failed"),
  happens("commands.failed", "commands answered with an error", "command.failed"),
  happens("commands.deferred", "answers NotNow", "command.deferred"),
  happens("commands.expired", "commands that no phone answered in time", "command.expired"),
  happens("commands.malformed", "answers that were none", "command.malformed"),
  happens("commands.duplicate", "answers that came again", "command.duplicate"),
  happens("connections.opened", "connections of phones", "connection.opened"),
  happens("connections.closed", "connections that ended", "connection.closed"),
  happens("prompts.shown", "sheets that were shown to people", "prompt.shown"),
  happens("store.refused", "downloads that the App Store refused", "store.refused"),
  happens("mistakes", "mistakes of the programs' own", "internal.error", "invariant.violated"),
  {
    name: "installations.installed",
    meaning: "installations that became installed",
    counts: (event) => isChange(event) && event["to"] === "installed",
  },
  {
    name: "installations.failed",
    meaning: "installations that failed, each time",
    counts: (event) => isChange(event) && event["to"] === "failed",
  },
  {
    name: "syncs.failed",
    meaning: "syncs that did not succeed",
    counts: (event) => isSyncEnd(event) && event["result"] !== "completed",
  },
  ...(["taken", "returned", "refused"] as const).map((what): CountKind => ({
    name: `licenses.${what}`,
    meaning: `licences ${what}, by the server's ledger`,
    counts: (event) => event.event === `license.${what}` && event["side"] !== "apple",
  })),
];

const percentiles = { p50: 0.5, p95: 0.95, p99: 0.99, max: 1 } as const;

/** Everything that a threshold may be set for. */
export const metrics: ReadonlyMap<string, MetricKind> = new Map<string, MetricKind>([
  ...spans.flatMap(({ name, meaning }) =>
    Object.keys(percentiles).map((of): [string, MetricKind] => [
      `${name}.${of}`,
      { unit: "time", meaning: `${meaning}: ${of}` },
    ]),
  ),
  ...counts.map(({ name, meaning }): [string, MetricKind] => [name, { unit: "count", meaning }]),
  ["commands.failedShare", { unit: "share", meaning: "of the final answers, those with an error" }],
  [
    "commands.rate",
    { unit: "rate", meaning: "final answers a second, from the first push to the last answer" },
  ],
]);

/** Measures a run while it goes on. */
export class RunMetrics {
  readonly #begun = new Map<string, Map<string, number>>(spans.map(({ name }) => [name, new Map()]));
  readonly #took = new Map<string, number[]>(spans.map(({ name }) => [name, []]));
  readonly #counts = new Map<string, number>(counts.map(({ name }) => [name, 0]));
  #firstPushAt: number | undefined;
  #lastAnswerAt = 0;
  readonly #forget: () => void;

  constructor(recorder: Pick<Recorder, "subscribe">) {
    this.#forget = recorder.subscribe((event) => this.#take(event));
  }

  close(): void {
    this.#forget();
  }

  /** Undefined when nothing of the kind was there to be measured. Throws for a metric that there isn't. */
  value(metric: string): number | undefined {
    const count = this.#counts.get(metric);
    if (count !== undefined) return count;
    if (metric === "commands.failedShare") return this.#ratio("commands.failed", "commands.answered");
    if (metric === "commands.rate") return this.#rate();
    const [, name = "", of = ""] = /^(.+)\.([^.]+)$/.exec(metric) ?? [];
    const took = this.#took.get(name);
    const share = percentiles[of as keyof typeof percentiles] as number | undefined;
    if (took === undefined || share === undefined) throw new Error(`there is no metric ${metric}`);
    const sorted = took.toSorted((one, other) => one - other);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  }

  #take(event: TraceEvent): void {
    if (event.event === "wire") return;
    let at: number | undefined;
    for (const { name, begins, ends } of spans) {
      const begun = this.#begun.get(name);
      const beginning = begins(event);
      if (beginning !== undefined && begun?.has(beginning) === false)
        begun.set(beginning, (at ??= Date.parse(event.time)));
      const ending = ends(event);
      const since = ending === undefined ? undefined : begun?.get(ending);
      if (ending === undefined || since === undefined) continue;
      begun?.delete(ending);
      this.#took.get(name)?.push((at ??= Date.parse(event.time)) - since);
    }
    for (const kind of counts)
      if (kind.counts(event)) this.#counts.set(kind.name, (this.#counts.get(kind.name) ?? 0) + 1);
    if (isPush(event)) this.#firstPushAt ??= Date.parse(event.time);
    if (isAnswer(event)) this.#lastAnswerAt = Date.parse(event.time);
  }

  #ratio(part: string, whole: string): number | undefined {
    const all = this.#counts.get(whole) ?? 0;
    return all === 0 ? undefined : (this.#counts.get(part) ?? 0) / all;
  }

  #rate(): number | undefined {
    const answered = this.#counts.get("commands.answered") ?? 0;
    if (answered === 0 || this.#firstPushAt === undefined) return undefined;
    // Of a single moment nobody can tell how many fit into a second.
    const seconds = Math.max(0.001, (this.#lastAnswerAt - this.#firstPushAt) / 1_000);
    return answered / seconds;
  }
}
