import { describe, expect, it } from "vitest";
import { resolveConflicts, type DesiredAction } from "../../../server/deployments/conflicts.ts";
import type { DeploymentAction } from "../../../server/store/records.ts";

type Row = [actions: DeploymentAction[], by2016: DesiredAction | null, by2017: DesiredAction | null];

/** Every set of actions that can reach one phone. */
const table: Row[] = [
  [[], null, null],
  [["required"], "required", "required"],
  [["available"], "available", "available"],
  [["uninstall"], "uninstall", "uninstall"],
  [["notApplicable"], "notApplicable", "notApplicable"],
  [["required", "available"], "requiredAndAvailable", "requiredAndAvailable"],
  [["required", "uninstall"], "required", "required"],
  [["required", "notApplicable"], "required", "required"],
  [["available", "uninstall"], "available", "uninstall"],
  [["available", "notApplicable"], "available", "notApplicable"],
  [["uninstall", "notApplicable"], "uninstall", "uninstall"],
  [["required", "available", "uninstall"], "requiredAndAvailable", "requiredAndAvailable"],
  [["required", "available", "notApplicable"], "requiredAndAvailable", "requiredAndAvailable"],
  [["required", "uninstall", "notApplicable"], "required", "required"],
  [["available", "uninstall", "notApplicable"], "available", "uninstall"],
  [["required", "available", "uninstall", "notApplicable"], "requiredAndAvailable", "requiredAndAvailable"],
];

describe("conflicts between deployments of one app", () => {
  it.each(table)("%j resolve to %s by the rules of 2016", (actions, expected) => {
    expect(resolveConflicts(actions, "2016")).toBe(expected);
  });

  it.each(table)("%j resolve by the table of 2017", (actions, _by2016, expected) => {
    expect(resolveConflicts(actions, "2017")).toBe(expected);
  });

  it.each(table)("%j resolve alike in any order and however often each occurs", (actions, by2016, by2017) => {
    const shuffled = [...actions].reverse().flatMap((action) => [action, action]);
    expect(resolveConflicts(shuffled, "2016")).toBe(by2016);
    expect(resolveConflicts(shuffled, "2017")).toBe(by2017);
  });
});
