/** What `nextStep` makes of deadlines, of apps that are only offered, of what a user deleted, and of commands nobody wants any more. */
import { describe, expect, it } from "vitest";
import type { DesiredAction } from "../../../server/deployments/conflicts.ts";
import { nextStep, type Observed } from "../../../server/deployments/next-step.ts";
import { defaultPolicies, type Policies } from "../../../server/policies.ts";

const now = Date.UTC(2016, 5, 15, 8);
const hour = 3_600_000;
const day = 24 * hour;

interface Situation {
  readonly kind?: Observed["device"]["kind"];
  readonly enrolled?: boolean;
  readonly seat?: Observed["seat"];
  readonly shared?: boolean;
  readonly installation?: Partial<Observed["installation"]>;
}

function observed({
  kind = "user",
  enrolled = true,
  seat = "none",
  shared = false,
  installation,
}: Situation): Observed {
  return {
    now,
    device: { kind, enrolled },
    user: { status: "Associated", invited: true, inviteFailures: 0 },
    account: "usable",
    seat,
    sharedWithOtherPhone: shared,
    installation: {
      state: "pending",
      reason: null,
      appState: null,
      appStateAt: null,
      awaitingCommand: false,
      attempts: 0,
      verifications: 0,
      ...installation,
    },
  };
}

const rest = (state: string, reason: string | null = null, dueAt: number | null = null) => ({
  kind: "rest",
  state,
  reason,
  dueAt,
});
const associate = { kind: "associate", again: false };
const giveBack = { kind: "disassociate", again: false, because: "not-deployed" };
const withdraw = { kind: "withdraw" };
const waiting = (commandType: string, more: Partial<Observed["installation"]> = {}): Situation => ({
  seat: "held",
  installation: { awaitingCommand: true, commandWaits: true, commandType, attempts: 1, ...more },
});

type Row = [
  name: string,
  desired: DesiredAction | null,
  situation: Situation,
  step: unknown,
  policy?: Partial<Policies>,
];

const deadlines: Row[] = [
  [
    "before it nothing is begun, and the server looks again at the deadline",
    "required",
    { installation: { requiredAt: now + hour } },
    rest("pending", "before-deadline", now + hour),
  ],
  ["at it the way begins", "required", { installation: { requiredAt: now } }, associate],
  [
    "before it the way begins for whoever asked",
    "required",
    { installation: { requiredAt: now + hour, wantedAt: now } },
    associate,
  ],
  [
    "moved into the future, it gives an unused seat back",
    "required",
    { seat: "held", installation: { requiredAt: now + hour, state: "installing" } },
    giveBack,
  ],
  [
    "moved into the future, it leaves what is installed and looks again at the deadline",
    "required",
    { seat: "held", installation: { requiredAt: now + hour, appState: "Managed", appStateAt: now } },
    rest("installed", null, now + hour),
  ],
  [
    "moved into the future, it takes back an install that no phone has seen",
    "required",
    waiting("InstallApplication", { requiredAt: now + hour }),
    withdraw,
  ],
];

const offers: Row[] = [
  ["nothing is begun for nobody", "available", {}, rest("notInstalled")],
  ["whoever asks gets the app", "available", { installation: { wantedAt: now } }, associate],
  [
    "what failed stays failed until it is asked for again",
    "available",
    {
      installation: {
        wantedAt: now,
        state: "failed",
        reason: "user-rejected",
        appState: "UserRejected",
        attempts: 1,
      },
    },
    rest("failed", "user-rejected"),
  ],
  [
    "what is believed to be there is looked for when it is asked for",
    "available",
    {
      seat: "held",
      installation: { wantedAt: now, appState: "Managed", appStateAt: now - hour, state: "installed" },
    },
    { kind: "verify", state: "installed" },
  ],
  [
    "an installed one is looked for at the next inventory",
    "available",
    { seat: "held", installation: { appState: "Managed", appStateAt: now - 7 * day, state: "installed" } },
    { kind: "verify", state: "installed" },
  ],
  [
    "one that its user deleted stays away, and the licence stays with the user",
    "available",
    { seat: "held", installation: { appState: "ManagedButUninstalled", appStateAt: now } },
    rest("notInstalled", "user-removed"),
  ],
  [
    "one that its user deleted comes back when it is asked for",
    "available",
    { seat: "held", installation: { appState: "ManagedButUninstalled", appStateAt: now, wantedAt: now } },
    { kind: "install" },
  ],
  [
    "one that its user deleted gives its licence back when nobody offers it any more",
    null,
    { seat: "held", installation: { appState: "ManagedButUninstalled", appStateAt: now } },
    giveBack,
  ],
];

const deleted: Row[] = [
  [
    "found at an inventory, it comes back at once",
    "required",
    {
      seat: "held",
      installation: { appState: "ManagedButUninstalled", appStateAt: now, presentAt: now - 7 * day },
    },
    { kind: "install" },
  ],
  [
    "found by chance, it comes back when the next inventory is due",
    "required",
    {
      seat: "held",
      installation: { appState: "ManagedButUninstalled", appStateAt: now, presentAt: now - 2 * day },
    },
    rest("notInstalled", "user-removed", now + 5 * day),
  ],
  [
    "with shorter inventories it comes back sooner",
    "required",
    {
      seat: "held",
      installation: { appState: "ManagedButUninstalled", appStateAt: now, presentAt: now - 2 * day },
    },
    { kind: "install" },
    { inventoryIntervalDays: 1 },
  ],
  [
    "whoever asks for it has it at once",
    "requiredAndAvailable",
    {
      seat: "held",
      installation: {
        appState: "ManagedButUninstalled",
        appStateAt: now,
        presentAt: now - 2 * day,
        wantedAt: now,
      },
    },
    { kind: "install" },
  ],
];

const commands: Row[] = [
  ["an install that nobody asks for any more is taken back", null, waiting("InstallApplication"), withdraw],
  ["an install is taken back for an uninstall", "uninstall", waiting("InstallApplication"), withdraw],
  ["an install that is still wanted waits", "required", waiting("InstallApplication"), rest("installing")],
  [
    "an install that a phone has in its hands is awaited",
    null,
    waiting("InstallApplication", { commandWaits: false }),
    rest("installing"),
  ],
  [
    "a removal is taken back when the app is wanted again",
    "required",
    waiting("RemoveApplication", { state: "removing", appState: "Managed" }),
    withdraw,
  ],
  [
    "a removal is taken back when nothing is asked for any more",
    null,
    waiting("RemoveApplication", { state: "removing", appState: "Managed" }),
    withdraw,
  ],
  [
    "a removal that a phone has in its hands is awaited",
    "required",
    waiting("RemoveApplication", { state: "removing", appState: "Managed", commandWaits: false }),
    rest("removing"),
  ],
  [
    "a question changes nothing until it is answered",
    null,
    waiting("ManagedApplicationList", { state: "removing" }),
    rest("removing"),
  ],
];

const dep: Row[] = [
  [
    "what such a phone has stays when the policy becomes strict",
    "required",
    { kind: "dep", seat: "held", installation: { state: "installed", appState: "Managed", appStateAt: now } },
    rest("installed", null, now + 7 * day),
  ],
  [
    "and can be uninstalled",
    "uninstall",
    { kind: "dep", seat: "held", installation: { state: "installed", appState: "Managed", appStateAt: now } },
    { kind: "remove" },
  ],
  [
    "a seat that was taken for it and not used goes back",
    "required",
    { kind: "dep", seat: "held", installation: { state: "installing" } },
    giveBack,
  ],
  [
    "a seat that is being taken for it is brought to an end first",
    "required",
    { kind: "dep", seat: "associating", installation: { state: "installing" } },
    { kind: "associate", again: true },
  ],
  [
    "an install that it has not seen is taken back",
    "required",
    { ...waiting("InstallApplication"), kind: "dep" },
    withdraw,
  ],
  [
    "afterwards it is as if it never had been",
    "required",
    { kind: "dep", installation: { state: "notInstalled", appState: "absent", attempts: 1 } },
    rest("notApplicable", "dep-enrolled"),
  ],
  [
    "what its person asks for is not begun",
    "available",
    { kind: "dep", installation: { wantedAt: now } },
    rest("notApplicable", "dep-enrolled"),
  ],
  [
    "by a later policy it is begun",
    "available",
    { kind: "dep", installation: { wantedAt: now } },
    associate,
    { dep: "documented" },
  ],
];

const gone: Row[] = [
  [
    "a seat that was being taken when the phone left is brought to an end",
    "required",
    { enrolled: false, seat: "associating" },
    { kind: "associate", again: true },
  ],
  [
    "a seat that was being returned when the phone left is returned",
    "required",
    { enrolled: false, seat: "disassociating" },
    { kind: "disassociate", again: true, because: "unenrolled" },
  ],
];

function check(
  _name: string,
  desired: DesiredAction | null,
  situation: Situation,
  step: unknown,
  policy: Partial<Policies> = {},
) {
  expect(nextStep(desired, observed(situation), { ...defaultPolicies, ...policy })).toEqual(step);
}

describe("a deadline", () => {
  it.each(deadlines)("%s", check);
});

describe("an app that is offered", () => {
  it.each(offers)("%s", check);
});

describe("a required app that its user deleted", () => {
  it.each(deleted)("%s", check);
});

describe("a command that nobody wants any more", () => {
  it.each(commands)("%s", check);
});

describe("a phone enrolled through the program", () => {
  it.each(dep)("R24: %s", check);
});

describe("a phone that left", () => {
  it.each(gone)("%s", check);
});
