/** The doubles: for each scenario of the library a bug in one rule, with which the scenario has to fail. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const Double = z.strictObject({
  /** The scenario of the library that has to fail. */
  scenario: z.string(),
  /** The bug, in words. */
  bug: z.string(),
  /** Where the rule stands, from the root of the project. */
  file: z.string(),
  /** The rule; its text occurs once in the file. */
  replace: z.string().min(1),
  /** What the double has in its place. */
  by: z.string(),
  /** Part of the failure that the story is about. */
  failsWith: z.string().min(1),
});
export type Double = z.infer<typeof Double>;

const root = join(import.meta.dirname, "..", "..");

export const doubles: readonly Double[] = z
  .array(Double)
  .parse(parse(readFileSync(join(import.meta.dirname, "doubles.yaml"), "utf8")));

/** How often the text of the double's rule occurs in its file. */
export function occurrences({ file, replace }: Double): number {
  return readFileSync(join(root, file), "utf8").split(replace).length - 1;
}
