import { describe, expect, it } from "vitest";
import {
  countByLabel,
  installationLabels,
  labelByState,
  labelOfUser,
  noCounts,
  statesOf,
  type InstallationLabel,
} from "../../../server/monitoring/labels.ts";
import { installationStates } from "../../../server/store/records.ts";

const N = "Not Installed";
const F = "Failed";
const P = "Install Pending";
const A = "Not Applicable";
const I = "Installed";

function labelOf(...labels: InstallationLabel[]): InstallationLabel {
  const phones = noCounts();
  for (const label of labels) phones[countByLabel[label]] += 1;
  return labelOfUser(phones);
}

describe("labels", () => {
  it("R44: every state has one of the five, and every one of the five has a state", () => {
    expect(new Set(Object.values(labelByState))).toEqual(new Set(installationLabels));
    expect(installationLabels.flatMap(statesOf).sort()).toEqual([...installationStates].sort());
  });
});

describe("the label of a user with several phones", () => {
  it.each<[InstallationLabel, InstallationLabel[]]>([
    [I, [I]],
    [I, [I, I, I]],
    [F, [I, F]],
    [F, [P, F, N, A, I]],
    [P, [P]],
    [P, [I, P]],
    [P, [P, N, A]],
    [N, [I, N]],
    [N, [N, A]],
    [N, []],
    [A, [A, A]],
    [I, [I, A]],
    [F, [A, F]],
    [P, [A, P]],
  ])("is %s for %j", (label, phones) => {
    expect(labelOf(...phones)).toBe(label);
    expect(labelOf(...[...phones].reverse())).toBe(label);
  });
});
