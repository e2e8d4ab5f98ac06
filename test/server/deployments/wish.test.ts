import { describe, expect, it } from "vitest";
import {
  isOffered,
  isPushed,
  isToBeInstalled,
  resolveDeployments,
} from "../../../server/deployments/wish.ts";
import type { DeploymentAction } from "../../../server/store/records.ts";

const now = Date.UTC(2016, 5, 15, 8);
const hour = 3_600_000;

type Deployments = readonly (readonly [action: DeploymentAction, deadline?: number])[];

const deadlines: [name: string, deployments: Deployments, desired: unknown][] = [
  ["nothing is asked for by no deployment", [], null],
  ["without a deadline it is due at once", [["required"]], { action: "required", requiredAt: null }],
  ["a deadline to come is kept", [["required", now + hour]], { action: "required", requiredAt: now + hour }],
  [
    "a deadline that has passed is none",
    [["required", now - hour]],
    { action: "required", requiredAt: null },
  ],
  ["a deadline of this moment has passed", [["required", now]], { action: "required", requiredAt: null }],
  [
    "of two deadlines the earlier one counts",
    [
      ["required", now + 2 * hour],
      ["required", now + hour],
    ],
    { action: "required", requiredAt: now + hour },
  ],
  [
    "one group without a deadline makes it due at once",
    [["required", now + hour], ["required"]],
    { action: "required", requiredAt: null },
  ],
  [
    "required and available keeps the deadline",
    [["required", now + hour], ["available"]],
    { action: "requiredAndAvailable", requiredAt: now + hour },
  ],
  [
    "what will be required is not uninstalled meanwhile",
    [["required", now + hour], ["uninstall"]],
    { action: "required", requiredAt: now + hour },
  ],
  ["the others have no deadline", [["available"]], { action: "available", requiredAt: null }],
];

describe("what the deployments ask for", () => {
  it.each(deadlines)("%s", (_name, deployments, desired) => {
    const given = deployments.map(([action, deadline = null]) => ({ action, deadline }));
    for (const order of [given, given.toReversed()])
      expect(resolveDeployments(order, "2016", now)).toEqual(desired);
  });
});

const wishes: [
  name: string,
  wish: Parameters<typeof isPushed>[0],
  pushed: boolean,
  offered: boolean,
  install: boolean,
][] = [
  ["required", { desired: "required" }, true, false, true],
  ["required with a deadline to come", { desired: "required", requiredAt: now + 1 }, false, true, false],
  ["required at its deadline", { desired: "required", requiredAt: now }, true, false, true],
  [
    "the same, asked for earlier",
    { desired: "required", requiredAt: now + 1, wantedAt: now },
    false,
    true,
    true,
  ],
  ["required and available", { desired: "requiredAndAvailable" }, true, true, true],
  ["available", { desired: "available" }, false, true, false],
  ["available, and the person asked for it", { desired: "available", wantedAt: now }, false, true, true],
  ["uninstall, whatever the person wants", { desired: "uninstall", wantedAt: now }, false, false, false],
  [
    "not applicable, whatever the person wants",
    { desired: "notApplicable", wantedAt: now },
    false,
    false,
    false,
  ],
  ["nothing, whatever the person wants", { desired: null, wantedAt: now }, false, false, false],
];

describe("R45: who wants the app on the phone", () => {
  it.each(wishes)("%s", (_name, wish, pushed, offered, install) => {
    expect(isPushed(wish, now)).toBe(pushed);
    expect(isOffered(wish, now)).toBe(offered);
    expect(isToBeInstalled(wish, now)).toBe(install);
  });
});
