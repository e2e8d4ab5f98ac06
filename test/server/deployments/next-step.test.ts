import { describe, expect, it } from "vitest";
import type { DesiredAction } from "../../../server/deployments/conflicts.ts";
import { nextStep, type Observed, type Step } from "../../../server/deployments/next-step.ts";
import { defaultPolicies, type Policies } from "../../../server/policies.ts";
import { managedAppStates } from "../../../shared/app-states.ts";

const now = Date.UTC(2016, 5, 15, 8);
const day = 86_400_000;

type Changes = Partial<Omit<Observed, "installation" | "device">> & {
  kind?: Observed["device"]["kind"];
  enrolled?: boolean;
  installation?: Partial<Observed["installation"]>;
};

/** A personal phone of somebody who has accepted the terms, on which nothing has happened yet. */
function observed(changes: Changes = {}): Observed {
  const { kind = "user", enrolled = true, installation, ...rest } = changes;
  return {
    now,
    device: { kind, enrolled },
    user: { status: "Associated", invited: true, inviteFailures: 0 },
    account: "usable",
    seat: "none",
    sharedWithOtherPhone: false,
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
    ...rest,
  };
}

const unknownUser = { status: "unregistered", invited: false, inviteFailures: 0 } as const;
const registered = { status: "Registered", invited: false, inviteFailures: 0 } as const;
const invited = { ...registered, invited: true };
const rest = (state: string, reason: string | null = null, dueAt: number | null = null) => ({
  kind: "rest",
  state,
  reason,
  dueAt,
});

const towardsInstalled: [name: string, changes: Changes, step: unknown][] = [
  ["a user whom Apple doesn't know is registered", { user: unknownUser }, { kind: "register" }],
  [
    "a retired user is not invited back by itself",
    { user: { ...unknownUser, status: "Retired" } },
    rest("failed", "user-retired"),
  ],
  [
    "a retired user keeps what is on the phone",
    { user: { ...unknownUser, status: "Retired" }, installation: { appState: "Managed", appStateAt: now } },
    rest("installed", "user-retired"),
  ],
  [
    "what was begun before the user was retired is watched to its end",
    { user: { ...unknownUser, status: "Retired" }, installation: { appState: "Installing", appStateAt: 0 } },
    { kind: "verify", state: "installing" },
  ],
  [
    "with the licence of a user who is about to be retired nothing new begins",
    { user: { ...unknownUser, status: "Retired" }, seat: "held" },
    rest("failed", "user-retired"),
  ],
  [
    "an install command that no phone has seen is taken back from a retired user",
    {
      user: { ...unknownUser, status: "Retired" },
      installation: { awaitingCommand: true, commandType: "InstallApplication", commandWaits: true },
    },
    { kind: "withdraw" },
  ],
  [
    "a licence that another user with the same Apple ID has is not asked for again and again",
    { user: { ...invited, status: "Associated", sharedAppleIdUntil: now + 1 } },
    rest("failed", "shared-apple-id", now + 1),
  ],
  [
    "a licence that another user with the same Apple ID had is asked for after a while",
    { user: { ...invited, status: "Associated", sharedAppleIdUntil: now } },
    { kind: "associate", again: false },
  ],
  ["a registered user is invited", { user: registered }, { kind: "invite" }],
  ["R38: nobody is invited twice", { user: invited }, rest("waitingForTerms")],
  [
    "an invitation that another phone doesn't fetch is waited for",
    { user: { ...invited, inviteUnansweredSince: now - 86_400_000 + 1 } },
    rest("waitingForTerms", null, now + 1),
  ],
  [
    "an invitation that another phone has not fetched for a day goes to this one",
    { user: { ...invited, inviteUnansweredSince: now - 86_400_000 } },
    { kind: "invite" },
  ],
  [
    "after three invitations that failed an admin is needed",
    { user: { ...registered, inviteFailures: 3 } },
    rest("failed", "invitation-failed"),
  ],
  ["R39: whoever accepted gets a seat before any command", {}, { kind: "associate", again: false }],
  [
    "a seat whose outcome isn't known is asked for again",
    { seat: "associating" },
    { kind: "associate", again: true },
  ],
  [
    "a seat that is being returned is returned first",
    { seat: "disassociating" },
    { kind: "disassociate", again: true, because: "unfinished" },
  ],
  ["with a seat the app is installed", { seat: "held" }, { kind: "install" }],
  [
    "nothing is sent while a command is open",
    { seat: "held", installation: { awaitingCommand: true, attempts: 1 } },
    rest("installing"),
  ],
  [
    "an inventory under way leaves the app installed",
    {
      seat: "held",
      installation: { awaitingCommand: true, state: "installed", appState: "Managed", appStateAt: now },
    },
    rest("installed"),
  ],
  [
    "a managed app rests until the next inventory",
    { seat: "held", installation: { appState: "Managed", appStateAt: now } },
    rest("installed", null, now + 7 * day),
  ],
  [
    "after a week the phone is asked again",
    { seat: "held", installation: { appState: "Managed", appStateAt: now - 7 * day } },
    { kind: "verify", state: "installed" },
  ],
  [
    "an app that its user deleted comes back",
    {
      seat: "held",
      installation: { state: "installed", appState: "ManagedButUninstalled", appStateAt: now },
    },
    { kind: "install" },
  ],
  [
    "an app that is there without a seat gets one",
    { installation: { state: "installed", appState: "Managed", appStateAt: now } },
    { kind: "associate", again: false },
  ],
  [
    "a rejected install gives the seat back",
    { seat: "held", installation: { appState: "UserRejected", attempts: 1 } },
    { kind: "disassociate", again: false, because: "user-rejected" },
  ],
  [
    "a rejected install keeps the seat that another phone of the user needs",
    { seat: "held", sharedWithOtherPhone: true, installation: { appState: "UserRejected", attempts: 1 } },
    rest("failed", "user-rejected"),
  ],
  [
    "a rejected install is not tried again by itself",
    { installation: { state: "failed", reason: "user-rejected", appState: "UserRejected", attempts: 1 } },
    rest("failed", "user-rejected"),
  ],
  [
    "a first failure waits before the next try",
    { seat: "held", installation: { appState: "Failed", appStateAt: now, attempts: 1 } },
    rest("installing", null, now + 60_000),
  ],
  [
    "after the wait it is tried again",
    { seat: "held", installation: { appState: "Failed", appStateAt: now - 60_000, attempts: 1 } },
    { kind: "install" },
  ],
  [
    "after the second failure it waits longer",
    { seat: "held", installation: { appState: "Failed", appStateAt: now - 60_000, attempts: 2 } },
    rest("installing", null, now + 240_000),
  ],
  [
    "an app that vanished while installing is tried again",
    { seat: "held", installation: { appState: "absent", appStateAt: now - 60_000, attempts: 1 } },
    { kind: "install" },
  ],
  [
    "the third failure is final and gives the seat back",
    { seat: "held", installation: { appState: "Failed", appStateAt: now, attempts: 3 } },
    { kind: "disassociate", again: false, because: "install-failed" },
  ],
  [
    "a refusal of the phone stays told apart from a failure",
    {
      seat: "held",
      installation: { appState: "Failed", reason: "install-refused", appStateAt: now, attempts: 3 },
    },
    { kind: "disassociate", again: false, because: "install-refused" },
  ],
  [
    "who found no licence tries again when woken",
    { installation: { state: "failed", reason: "no-license" } },
    { kind: "associate", again: false },
  ],
  ["without a token nothing begins", { account: "missing" }, rest("pending", "account-unusable")],
  ["an expired token takes no new seat", { account: "unusable" }, rest("pending", "account-unusable")],
  [
    "an expired token leaves what is installed",
    { account: "unusable", seat: "held", installation: { appState: "Managed", appStateAt: now } },
    rest("installed", null, now + 7 * day),
  ],
];

const towardsRemoved: [name: string, changes: Changes, step: unknown][] = [
  ["an app that never was there needs nothing", {}, rest("notInstalled")],
  [
    "who waits for the terms is let go",
    { user: invited, installation: { state: "waitingForTerms" } },
    rest("notInstalled"),
  ],
  [
    "an installed app is removed, and the seat stays for now",
    { seat: "held", installation: { state: "installed", appState: "Managed", appStateAt: now, attempts: 0 } },
    { kind: "remove" },
  ],
  [
    "an install under way is removed too",
    {
      seat: "held",
      installation: { state: "installing", appState: "Prompting", appStateAt: now, attempts: 1 },
    },
    { kind: "remove" },
  ],
  [
    "the seat stays while the removal is under way",
    { seat: "held", installation: { state: "removing", appState: "Managed", awaitingCommand: true } },
    rest("removing"),
  ],
  [
    "a removal that was performed is verified",
    { seat: "held", installation: { state: "removing", appState: "Unknown", appStateAt: now - 1_000 } },
    { kind: "verify", state: "removing" },
  ],
  [
    "the seat goes back once the app is gone from the phone's list",
    { seat: "held", installation: { state: "removing", appState: "absent", appStateAt: now } },
    { kind: "disassociate", again: false, because: "uninstalled" },
  ],
  [
    "the seat stays while another phone of the user has the app",
    { seat: "held", sharedWithOtherPhone: true, installation: { state: "removing", appState: "absent" } },
    rest("notInstalled"),
  ],
  [
    "a removal that could not be is tried again later",
    {
      seat: "held",
      installation: { state: "removing", appState: "Managed", appStateAt: now, verifications: 1 },
    },
    rest("removing", null, now + 4_000),
  ],
  [
    "when all is done it rests",
    { installation: { state: "removing", appState: "absent" } },
    rest("notInstalled"),
  ],
];

const others: [
  name: string,
  desired: DesiredAction | null,
  changes: Changes,
  step: unknown,
  policy?: Partial<Policies>,
][] = [
  ["R24: a DEP phone gets no such app", "required", { kind: "dep" }, rest("notApplicable", "dep-enrolled")],
  [
    "R24: a DEP phone without a user neither",
    "required",
    { kind: "dep", user: null },
    rest("notApplicable", "dep-enrolled"),
  ],
  [
    "a DEP phone with a user may, by a later policy",
    "required",
    { kind: "dep" },
    { kind: "associate", again: false },
    { dep: "userless-only" },
  ],
  [
    "one without a user may not, by that policy",
    "required",
    { kind: "dep", user: null },
    rest("notApplicable", "dep-enrolled"),
    { dep: "userless-only" },
  ],
  [
    "a userless DEP phone can't hold a user's seat by any policy",
    "required",
    { kind: "dep", user: null },
    rest("notApplicable", "no-user"),
    { dep: "documented" },
  ],
  [
    "a phone without a user can't hold a user's seat",
    "required",
    { user: null },
    rest("notApplicable", "no-user"),
  ],
  [
    "a phone that left is no business of ours",
    "required",
    { enrolled: false, seat: "held" },
    rest("notInstalled", "unenrolled"),
  ],
  [
    "unless the policy wants the seat back",
    "required",
    { enrolled: false, seat: "held" },
    { kind: "disassociate", again: false, because: "unenrolled" },
    { licenseOnUnenroll: "reclaim" },
  ],
  [
    "and no other phone of the user needs it",
    "required",
    { enrolled: false, seat: "held", sharedWithOtherPhone: true },
    rest("notInstalled", "unenrolled"),
    { licenseOnUnenroll: "reclaim" },
  ],
  ["an available app is offered, not sent", "available", {}, rest("notInstalled")],
  ["required and available is required", "requiredAndAvailable", {}, { kind: "associate", again: false }],
  ["an excluded phone is left alone", "notApplicable", {}, rest("notApplicable", "excluded")],
  [
    "what is installed stays when nothing is asked for any more",
    null,
    { seat: "held", installation: { state: "installed", appState: "Managed", appStateAt: now } },
    rest("installed", null, now + 7 * day),
  ],
  [
    "a seat that nobody asks for any more goes back",
    null,
    { seat: "held" },
    { kind: "disassociate", again: false, because: "not-deployed" },
  ],
  [
    "an install under way is watched to its end",
    null,
    { seat: "held", installation: { state: "installing", appState: "Installing", appStateAt: now - 60_000 } },
    { kind: "verify", state: "installing" },
  ],
];

describe("nextStep", () => {
  it.each(towardsInstalled)("required: %s", (_name, changes, step) => {
    expect(nextStep("required", observed(changes), defaultPolicies)).toEqual(step);
  });

  it.each(towardsRemoved)("uninstall: %s", (_name, changes, step) => {
    expect(nextStep("uninstall", observed(changes), defaultPolicies)).toEqual(step);
  });

  it.each(others)("%s", (_name, desired, changes, step, policy = {}) => {
    expect(nextStep(desired, observed(changes), { ...defaultPolicies, ...policy })).toEqual(step);
  });

  it.each(managedAppStates.map((appState) => [appState]))(
    "takes no seat and sends nothing new while a command is open, whatever the app is (%s)",
    (appState) => {
      for (const desired of ["required", "uninstall", "available", null] as const) {
        const state = observed({
          seat: "held",
          installation: { appState, appStateAt: now, awaitingCommand: true },
        });
        expect(nextStep(desired, state, defaultPolicies).kind).toBe("rest");
      }
    },
  );

  it.each(managedAppStates.map((appState) => [appState]))(
    "R37: never returns a seat at an uninstall while the phone may still have the app (%s)",
    (appState) => {
      const gone = ["UserRejected", "ManagementRejected", "Failed"];
      const state = observed({
        seat: "held",
        installation: { appState, appStateAt: now, attempts: 1, state: "removing" },
      });
      const step: Step = nextStep("uninstall", state, defaultPolicies);
      expect(step.kind === "disassociate").toBe(gone.includes(appState));
    },
  );

  it.each(["required", "requiredAndAvailable", "available", "uninstall", "notApplicable", null] as const)(
    "R24: asks nothing of Apple and nothing of the phone for a DEP phone (%s)",
    (desired) => {
      for (const seat of ["none", "held"] as const) {
        expect(nextStep(desired, observed({ kind: "dep", seat }), defaultPolicies)).toEqual(
          rest("notApplicable", "dep-enrolled"),
        );
      }
    },
  );

  it("asks a phone ever more rarely how an install goes", () => {
    const waits = [0, 1, 2, 3, 30].map((verifications) => {
      const step = nextStep(
        "required",
        observed({
          seat: "held",
          installation: { appState: "Prompting", appStateAt: now, verifications, attempts: 1 },
        }),
        defaultPolicies,
      );
      return step.kind === "rest" && step.dueAt !== null ? step.dueAt - now : NaN;
    });
    expect(waits).toEqual([1_000, 1_500, 2_250, 3_375, 900_000]);
  });
});
