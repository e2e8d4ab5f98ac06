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
  it.each(table)("R45: %j resolve to %s by the rules of 2016", (actions, expected) => {
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

type RowOf2017 = [name: string, a: DeploymentAction[], b: DeploymentAction[], result: DesiredAction];

/**
 * The rows of the table of 2017-06-27 that need groups of users alone, and what that year says of *not available*. The other rows
 * have a group of devices on one side, which there are none of here.
 */
const rowsOf2017: RowOf2017[] = [
  ["required and available apply both", ["required"], ["available"], "requiredAndAvailable"],
  ["required beats uninstall", ["required"], ["uninstall"], "required"],
  ["uninstall beats available", ["available"], ["uninstall"], "uninstall"],
  ["required and available beat uninstall", ["required", "available"], ["uninstall"], "requiredAndAvailable"],
  ["required beats not applicable", ["required"], ["notApplicable"], "required"],
  ["not applicable beats available", ["available"], ["notApplicable"], "notApplicable"],
  ["uninstall beats not applicable", ["uninstall"], ["notApplicable"], "uninstall"],
];

describe("the table of 2017, row by row", () => {
  it.each(rowsOf2017)("%s", (_name, a, b, result) => {
    expect(resolveConflicts([...a, ...b], "2017")).toBe(result);
    expect(resolveConflicts([...b, ...a], "2017")).toBe(result);
  });
});

describe("where the eras contradict one another", () => {
  it.each([
    [
      "install beats uninstall in 2016, uninstall beats available in 2017",
      ["available", "uninstall"],
      "available",
      "uninstall",
    ],
    [
      "an offer outlives *not applicable* in 2016 and not in 2017",
      ["available", "notApplicable"],
      "available",
      "notApplicable",
    ],
  ] as const)("%s", (_name, actions, by2016, by2017) => {
    expect(resolveConflicts(actions, "2016")).toBe(by2016);
    expect(resolveConflicts(actions, "2017")).toBe(by2017);
  });

  it("there is no other contradiction between groups of users", () => {
    const differing = table.filter(([, by2016, by2017]) => by2016 !== by2017).map(([actions]) => actions);
    expect(differing).toEqual([
      ["available", "uninstall"],
      ["available", "notApplicable"],
      ["available", "uninstall", "notApplicable"],
    ]);
  });
});
