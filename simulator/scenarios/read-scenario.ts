/** Reads a scenario from YAML: whatever is wrong with it is told at its line. */
import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { PippinError } from "../../shared/errors.ts";
import {
  readScenarioObject,
  readSteps,
  type PlannedStep,
  type ScenarioFile,
  type ScenarioIssue,
} from "./scenario-file.ts";
import type { Vocabulary } from "./vocabulary.ts";

const textCharsMax = 1024 * 1024;
/** Past so many mistakes nobody reads on. */
const issuesShown = 20;

/** `fileName` is for the messages. Throws invalid_scenario with every mistake as `<file>:<line>:<column>: …`. */
export function readScenario(text: string, fileName: string): ScenarioFile {
  if (text.length > textCharsMax)
    throw new PippinError("invalid_scenario", `${fileName}: expected at most ${textCharsMax} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}: ${message}`;
  };
  if (document.errors.length > 0)
    throw invalid(document.errors.map(({ pos, message }) => at(pos[0], message)));
  const reading = readScenarioObject(toData(document, fileName));
  if (reading.ok) return reading.file;
  throw invalid(
    reading.issues.map((issue) => at(offsetOf(document, issue.path), `${pathWords(issue)}${issue.message}`)),
  );
}

/** The same for one that is written in TypeScript. Throws invalid_scenario. */
export function checkScenario(data: unknown): ScenarioFile {
  const reading = readScenarioObject(data);
  if (reading.ok) return reading.file;
  throw invalid(reading.issues.map((issue) => `${pathWords(issue)}${issue.message}`));
}

/** Steps that are taken one by one, in a world that there is. Throws invalid_scenario. */
export function checkSteps(steps: readonly unknown[], words: Vocabulary): PlannedStep[] {
  const read = readSteps(steps, words);
  if (read.issues.length === 0) return read.steps;
  throw invalid(read.issues.map((issue) => `${pathWords(issue)}${issue.message}`));
}

function toData(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Aliases within aliases, until there are too many.
    throw invalid([`${fileName}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function invalid(sentences: readonly string[]): PippinError {
  const shown = sentences.slice(0, issuesShown);
  const more = sentences.length - shown.length;
  return new PippinError(
    "invalid_scenario",
    [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join("\n"),
  );
}

function pathWords({ path }: ScenarioIssue): string {
  const words = path
    .map((part) => (typeof part === "number" ? `[${part + 1}]` : `.${String(part)}`))
    .join("");
  return words === "" ? "" : `${words.replace(/^\./, "")}: `;
}

/** Where in the text the path leads, or as far as it leads. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      // A mistake in a value is looked for at its key, which is where the eye begins.
      offset = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (node === undefined) break;
      offset = startOf(node);
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number {
  if (isPair(node)) return startOf(node.key);
  return (node as Node | null)?.range?.[0] ?? 0;
}
