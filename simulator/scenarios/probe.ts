/** What a scenario expects: a question to one of the sides, and how far its answer is from what it should be. */
import type { z } from "zod";
import type { Stage } from "./stage.ts";

/** What a probe found, at one moment. */
export interface Finding {
  /** How far off: 0 when it is as it should be. Says which of two findings was the closer miss. */
  readonly distance: number;
  /** What was found, in words: `11 installed, expected 12`. */
  readonly found: string;
  /** Ids of what stands in the way: their events tell how it came to this. */
  readonly about?: readonly Subject[];
}

/** An event is about it when it has all of these. */
export interface Subject {
  readonly udid?: string;
  readonly adamId?: string;
  readonly userId?: string;
  readonly commandUUID?: string;
}

export interface ProbeKind {
  readonly schema: z.ZodType;
  look(stage: Stage, given: unknown): Promise<Finding>;
}

/** By name, as in `expect: [{ licenses: … }]`. */
export type ProbeTable = ReadonlyMap<string, ProbeKind>;

export function probe<S extends z.ZodType>(
  schema: S,
  look: (stage: Stage, given: z.output<S>) => Promise<Finding>,
): ProbeKind {
  return { schema, look: (stage, given) => look(stage, given as z.output<S>) };
}

/** Several findings as one. */
export function together(findings: readonly Finding[]): Finding {
  const off = findings.filter(({ distance }) => distance > 0);
  return {
    distance: off.reduce((sum, { distance }) => sum + distance, 0),
    found: off.map(({ found }) => found).join("; "),
    about: off.flatMap(({ about = [] }) => about),
  };
}
