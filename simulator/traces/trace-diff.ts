/** Where two traces begin to differ. Nothing is passed over: the same run is the same file, byte for byte. */
import type { TraceEvent } from "../../shared/trace.ts";
import { payloadOf } from "./payload.ts";
import type { TraceLine } from "./trace-lines.ts";

const messageLinesMax = 12;

export interface MemberDifference {
  readonly name: string;
  /** Undefined where it is missing. */
  readonly a: unknown;
  readonly b: unknown;
}

export interface TraceDifference {
  /** From 1, in both files. */
  readonly line: number;
  /** Undefined: that trace has ended. */
  readonly a: TraceEvent | undefined;
  readonly b: TraceEvent | undefined;
  /** The last line that both have. */
  readonly before: TraceEvent | undefined;
  readonly members: readonly MemberDifference[];
  /** Lines of the two messages that differ, if both are messages: `-` of the one, `+` of the other. */
  readonly message: readonly string[];
}

export interface TraceComparison {
  /** Lines that are the same from the beginning on. */
  readonly linesSame: number;
  readonly difference: TraceDifference | undefined;
}

/** Reads both side by side, up to the first difference. */
export async function diffTraces(
  a: AsyncIterable<TraceLine>,
  b: AsyncIterable<TraceLine>,
): Promise<TraceComparison> {
  const [left, right] = [a[Symbol.asyncIterator](), b[Symbol.asyncIterator]()];
  let before: TraceEvent | undefined;
  let linesSame = 0;
  try {
    for (;;) {
      const [one, other] = [await left.next(), await right.next()];
      const [lineA, lineB] = [one.done ? undefined : one.value, other.done ? undefined : other.value];
      if (!lineA && !lineB) return { linesSame, difference: undefined };
      if (lineA?.text !== lineB?.text) {
        const pair = { a: lineA?.event, b: lineB?.event };
        const members = membersOf(pair.a, pair.b);
        const message = messageOf(pair.a, pair.b);
        return { linesSame, difference: { line: linesSame + 1, ...pair, before, members, message } };
      }
      linesSame += 1;
      before = lineA?.event;
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

function membersOf(a: TraceEvent | undefined, b: TraceEvent | undefined): MemberDifference[] {
  if (!a || !b) return [];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differing = names
    .map((name) => ({ name, a: a[name], b: b[name] }))
    .filter((member) => JSON.stringify(member.a) !== JSON.stringify(member.b));
  if (differing.length > 0) return differing;
  // The same members, written differently.
  return [{ name: "(order of members, or spaces)", a: Object.keys(a), b: Object.keys(b) }];
}

function messageOf(a: TraceEvent | undefined, b: TraceEvent | undefined): string[] {
  if (a?.event !== "wire" || b?.event !== "wire" || a["bytes"] === b["bytes"]) return [];
  const [linesA, linesB] = [a, b].map((event) => payloadOf(event).text.split("\n")) as [string[], string[]];
  const differing: string[] = [];
  for (let index = 0; index < Math.max(linesA.length, linesB.length); index += 1) {
    const [lineA, lineB] = [linesA[index], linesB[index]];
    if (lineA === lineB) continue;
    if (differing.length >= messageLinesMax) return [...differing, "…"];
    if (lineA !== undefined) differing.push(`- ${lineA}`);
    if (lineB !== undefined) differing.push(`+ ${lineB}`);
  }
  return differing;
}
