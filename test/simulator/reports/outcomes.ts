/** Outcomes of runs that never were, for tests of what is written about them. */
import { measuredIn, type RunOutcome } from "../../../simulator/reports/outcome.ts";
import { RunRecord } from "../../../simulator/reports/run-record.ts";
import type { RunSummary, ThresholdResult } from "../../../simulator/scenarios/scenario.ts";

/** Whatever a name, a reason or an error could bring along to get out of where it is written. */
export const hostile = `</script><script>alert("1")</script> & <b>'%0A::error::|\`*_[x](y) \u2028`;

export function summaryWith(changes: Partial<RunSummary> = {}): RunSummary {
  const failures = changes.failures ?? [];
  return {
    scenario: "some",
    seed: "7",
    passed: failures.length === 0,
    failures,
    apps: [
      {
        adamId: "361309726",
        name: "Pages",
        total: 3,
        used: 2,
        installed: 2,
        failedNoLicense: 1,
        failedOther: 0,
        waitingForTerms: 0,
        notApplicable: 0,
      },
    ],
    devices: 3,
    users: 3,
    people: [],
    drift: 0,
    violations: [],
    durationMs: 7_200_000,
    ...changes,
  };
}

export function outcomeWith(
  changes: Partial<Omit<RunOutcome, "summary">> & { summary?: Partial<RunSummary> } = {},
): RunOutcome {
  const { summary, ...rest } = changes;
  return {
    scenario: "some",
    title: "something happens",
    seed: "7",
    world: "virtual",
    replay: "pippin run some --world virtual --seed 7",
    error: undefined,
    tookMs: 1_500,
    measured: measuredIn(new RunRecord()),
    ...rest,
    summary: rest.error === undefined ? summaryWith(summary) : undefined,
  };
}

export const limits: ThresholdResult[] = [
  { metric: "acknowledgement.p95", limit: "< 30s", value: 41_000, unit: "time", ok: false },
  { metric: "commands.failedShare", limit: "< 5%", value: 0.012, unit: "share", ok: true },
];
