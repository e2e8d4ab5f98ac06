import fc from "fast-check";
import { playAct } from "./acts.ts";
import { plans } from "./make-plans.ts";
import { withModelLab } from "./model-lab.ts";
import type { Plan } from "./plan.ts";
import { settle } from "./settle.ts";

export interface ModelCheck {
  readonly runs: number;
  readonly seed: number;
  /** Of a counterexample, as fast-check told it: goes straight there. */
  readonly path?: string;
}

/** Plays one plan. Answers with what is wrong at the end, in words. */
export function play(plan: Plan): Promise<string[]> {
  return withModelLab(plan, async (run) => {
    for (const act of plan.acts) await playAct(run, act);
    return settle(run);
  });
}

/**
 * Makes up plans and plays them. Throws, for the first that ends wrong, with the shortest like it, its seed, and the command that
 * plays it again.
 */
export async function checkModel({ runs, seed, path }: ModelCheck): Promise<number> {
  let played = 0;
  const property = fc.asyncProperty(plans, async (plan) => {
    played += 1;
    const complaints = await play(plan);
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
  });
  const details = await fc.check(property, {
    numRuns: runs,
    seed,
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return played;
  const [plan] = details.counterexample ?? [];
  const failure = details.errorInstance;
  throw new Error(
    [
      `After ${details.numRuns} runs and ${details.numShrinks} steps of shrinking, this ends wrong:`,
      ...(plan === undefined
        ? []
        : [JSON.stringify(plan.setup), ...plan.acts.map((act) => `  ${JSON.stringify(act)}`)]),
      failure instanceof Error ? (failure.stack ?? failure.message) : String(failure),
      `Again: npm run model -- --seed ${details.seed} --path ${details.counterexamplePath ?? ""}`,
    ].join("\n"),
  );
}
