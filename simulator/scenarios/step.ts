/** What a step of a scenario is: a verb, what it takes, and what it does. */
import { z } from "zod";
import type { Stage } from "./stage.ts";

/** What may stand beside the verb of any step. */
export interface StepFrame {
  /** The code with which it must be refused; then nothing else may come of it. */
  readonly refused: string | undefined;
  /** Steps later on may refer to it by this name. */
  readonly as: string | undefined;
}

export interface StepKind {
  readonly schema: z.ZodType;
  /** Real processes can't be killed by a scenario, and real time can't be jumped over. */
  readonly virtualOnly: boolean;
  run(stage: Stage, given: unknown, frame: StepFrame): Promise<void>;
}

/** By verb. A Map: a step called `constructor` must find nothing. */
export type StepTable = ReadonlyMap<string, StepKind>;

export function step<S extends z.ZodType>(
  schema: S,
  run: (stage: Stage, given: z.output<S>, frame: StepFrame) => Promise<void>,
  { virtualOnly = false } = {},
): StepKind {
  return {
    schema,
    virtualOnly,
    run: (stage, given, frame) => run(stage, given as z.output<S>, frame),
  };
}

/** For verbs that take nothing: `- sync`. */
export const Nothing = z.strictObject({});
