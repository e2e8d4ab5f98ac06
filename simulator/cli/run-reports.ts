/** The reports that `pippin run` writes: `--report KIND[=FILE]`. */
import { resolve } from "node:path";
import { PippinError } from "../../shared/errors.ts";
import { DiskError, type Disk, type FileContent } from "../../shared/world.ts";
import { githubAnnotations, githubSummary } from "../reports/github-report.ts";
import { htmlReport } from "../reports/html-report.ts";
import { jsonReport } from "../reports/json-report.ts";
import { junitReport } from "../reports/junit-report.ts";
import { measuredIn, verdictOf, type RunOutcome } from "../reports/outcome.ts";
import { RunRecord } from "../reports/run-record.ts";
import { nearest } from "../scenarios/vocabulary.ts";

const kinds = ["junit", "html", "json", "github"] as const;
type Kind = (typeof kinds)[number];

export interface WantedReport {
  readonly kind: Kind;
  /** Absolute; undefined for `github`, which goes to the output and to the file that GitHub names. */
  readonly path: string | undefined;
}

/** Throws PippinError usage. */
export function parseReports(given: readonly string[]): WantedReport[] {
  const wanted = given.map((text): WantedReport => {
    const [name = ""] = text.split("=", 1);
    const file = text.includes("=") ? text.slice(name.length + 1) : undefined;
    const kind = kinds.find((known) => known === name);
    if (kind === undefined) {
      const like = nearest(name, kinds);
      const help = like === undefined ? `there are: ${kinds.join(", ")}` : `did you mean "${like}"?`;
      throw new PippinError("usage", `--report: there is no report ${JSON.stringify(name)}; ${help}`);
    }
    if (kind === "github") {
      if (file === undefined) return { kind, path: undefined };
      throw new PippinError(
        "usage",
        "--report github: takes no file; GitHub names it in GITHUB_STEP_SUMMARY.",
      );
    }
    if (!file) throw new PippinError("usage", `--report ${kind}: expected a file, as in ${kind}=FILE.`);
    return { kind, path: resolve(file) };
  });
  const paths = wanted.flatMap(({ path }) => path ?? []);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new PippinError("usage", `--report: ${twice} is named twice.`);
  return wanted;
}

/** Collects what comes of the runs, and writes it in the end. */
export class RunReports {
  readonly #wanted: readonly WantedReport[];
  readonly #disk: Disk;
  readonly #outcomes: RunOutcome[] = [];
  /** The run that is told of at length: the first that failed, otherwise the first of all. One at a time, as a record takes memory. */
  #detail: { readonly outcome: RunOutcome; readonly record: RunRecord } | undefined;

  constructor(wanted: readonly WantedReport[], disk: Disk) {
    this.#wanted = wanted;
    this.#disk = disk;
  }

  get areWanted(): boolean {
    return this.#wanted.length > 0;
  }

  /** Whether the messages of the next run are wanted. */
  get keepsWire(): boolean {
    return this.#wanted.some(({ kind }) => kind === "html") && !this.#hasFailedDetail;
  }

  get #hasFailedDetail(): boolean {
    return this.#detail !== undefined && verdictOf(this.#detail.outcome) === "failed";
  }

  /** What the next run is to be recorded with. */
  newRecord(): RunRecord {
    return new RunRecord({ keepsHistory: this.keepsWire });
  }

  add(outcome: Omit<RunOutcome, "measured">, record: RunRecord): void {
    const whole: RunOutcome = { ...outcome, measured: measuredIn(record) };
    const isWanted = this.#detail === undefined || (!this.#hasFailedDetail && verdictOf(whole) === "failed");
    if (this.keepsWire && isWanted) this.#detail = { outcome: whole, record };
    if (this.#wanted.length > 0) this.#outcomes.push(whole);
  }

  /** Finds out before anything is played whether the files can be written. Throws PippinError store_unwritable. */
  async check(): Promise<void> {
    for (const { path } of this.#wanted) {
      if (path === undefined) continue;
      const file = await this.#disk.openAppend(path).catch((cause: unknown) => unwritable(path, cause));
      await file.close();
    }
  }

  /** `stepSummary` is the file that GitHub names. Answers with lines for the output. Throws PippinError store_unwritable. */
  async write(stepSummary: string | undefined): Promise<string[]> {
    const lines: string[] = [];
    for (const { kind, path } of this.#wanted) {
      if (path !== undefined) await writeReport(this.#disk, path, this.#contentOf(kind));
      if (kind !== "github") continue;
      lines.push(...githubAnnotations(this.#outcomes));
      if (stepSummary) await this.#append(stepSummary, githubSummary(this.#outcomes));
    }
    return lines;
  }

  #contentOf(kind: Kind): FileContent {
    if (kind === "json") return jsonReport(this.#outcomes);
    if (kind === "junit") return junitReport(this.#outcomes);
    return htmlReport(this.#outcomes, this.#detail);
  }

  async #append(path: string, text: string): Promise<void> {
    try {
      const file = await this.#disk.openAppend(path);
      await file.append(text);
      await file.close();
    } catch (cause) {
      unwritable(path, cause);
    }
  }
}

/** Replaces what is there. Throws PippinError store_unwritable. */
export async function writeReport(disk: Disk, path: string, content: FileContent): Promise<void> {
  await disk.writeFileAtomic(path, content).catch((cause: unknown) => unwritable(path, cause));
}

function unwritable(path: string, cause: unknown): never {
  if (!(cause instanceof DiskError)) throw cause;
  throw new PippinError("store_unwritable", `The report can't be written to ${path} (${cause.code}).`, {
    cause,
  });
}
