import { describe, expect, it } from "vitest";
import type { DesiredAction } from "../../../server/deployments/conflicts.ts";
import { nextStep, type Observed } from "../../../server/deployments/next-step.ts";
import { defaultPolicies, type Policies } from "../../../server/policies.ts";
import { managedAppStates } from "../../../shared/app-states.ts";

const now = Date.UTC(2017, 5, 15, 8);
const day = 86_400_000;
const modern: Policies = { ...defaultPolicies, licensing: "user-and-device" };

type Changes = Partial<Omit<Observed, "installation" | "device">> & {
  kind?: Observed["device"]["kind"];
  enrolled?: boolean;
  installation?: Partial<Observed["installation"]>;
};
const noUserSeat = { state: "none", isReturnable: false, neededBy: "nobody" } as const;
const userSeat = (neededBy: "nobody" | "this" | "another") =>
  ({ state: "held", isReturnable: true, neededBy }) as const;

/** A phone that is to have a licence of its own; its user has never been heard of at Apple. */
function observed(changes: Changes = {}): Observed {
  const { kind = "user", enrolled = true, installation, ...rest } = changes;
  return {
    now,
    device: { kind, enrolled },
    user: { status: "unregistered", invited: false, inviteFailures: 0 },
    account: "usable",
    licenseType: "device",
    seat: "none",
    userSeat: noUserSeat,
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

const rest = (state: string, reason: string | null = null, dueAt: number | null = null) => ({
  kind: "rest",
  state,
  reason,
  dueAt,
});
const there = { appState: "Managed", appStateAt: now, state: "installed" } as const;
const inventoryAt = now + modern.inventoryIntervalDays * day;
const giveBack = (because: string) => ({ kind: "disassociate", again: false, because });
const giveUsersBack = (because: string) => ({ ...giveBack(because), ofUser: true });

type Row = readonly [
  name: string,
  changes: Changes,
  step: unknown,
  desired?: DesiredAction | null,
  policy?: Partial<Policies>,
];

const beginnings: Row[] = [
  ["a seat is taken at once, whatever Apple knows of the user", {}, { kind: "associate", again: false }],
  ["one begun and not known is asked for again", { seat: "associating" }, { kind: "associate", again: true }],
  ["with the seat the app is installed", { seat: "held" }, { kind: "install" }],
  [
    "a user who is retired has nothing to do with it",
    { seat: "held", user: { status: "Retired", invited: false, inviteFailures: 0 } },
    { kind: "install" },
  ],
  [
    "six phones of the user that have it are no limit",
    { seat: "held", otherHoldersCount: 0 },
    { kind: "install" },
  ],
  ["without a usable account it waits", { account: "unusable" }, rest("pending", "account-unusable")],
  [
    "an app that is for users alone fails",
    { ownSeatProblem: "not-device-assignable" },
    rest("failed", "not-device-assignable"),
  ],
  ["an old iOS fails", { ownSeatProblem: "ios-too-old" }, rest("failed", "ios-too-old")],
  [
    "a phone without a serial number fails",
    { ownSeatProblem: "no-serial-number" },
    rest("failed", "no-serial-number"),
  ],
  [
    "what failed so goes on when the cause is gone",
    { installation: { state: "failed", reason: "ios-too-old" } },
    { kind: "associate", again: false },
  ],
  [
    "what the person refused waits for an admin",
    { installation: { state: "failed", reason: "user-rejected" } },
    rest("failed", "user-rejected"),
  ],
  [
    "a rejected install gives the seat back",
    { seat: "held", installation: { attempts: 1, appState: "UserRejected", state: "installing" } },
    giveBack("user-rejected"),
  ],
  [
    "a removal that has ended gives the seat back",
    { seat: "held", installation: { attempts: 1, appState: "absent", state: "removing" } },
    giveBack("uninstalled"),
    "uninstall",
  ],
  ["offered, and not asked for, it takes none", {}, rest("notInstalled"), "available"],
  [
    "a phone of the enrolment program is refused as ever",
    { kind: "dep" },
    rest("notApplicable", "dep-enrolled"),
  ],
  [
    "a phone of the enrolment program may have one by the documented policy",
    { kind: "dep" },
    { kind: "associate", again: false },
    "required",
    { dep: "documented" },
  ],
];

const moves: Row[] = [
  [
    "an app that is there by its user's seat takes the phone's own, and stays meanwhile",
    { userSeat: userSeat("this"), installation: there },
    { kind: "associate", again: false, staysUntil: inventoryAt },
  ],
  [
    "with its own, the user's goes back when no phone needs it",
    { seat: "held", userSeat: userSeat("nobody"), installation: there },
    giveUsersBack("moved-to-device"),
  ],
  [
    "another phone of the user that needs it keeps it",
    { seat: "held", userSeat: userSeat("another"), installation: there },
    rest("installed", null, inventoryAt),
  ],
  [
    "a seat that Apple never takes back stays",
    { seat: "held", userSeat: { ...userSeat("nobody"), isReturnable: false }, installation: there },
    rest("installed", null, inventoryAt),
  ],
  [
    "an install that is under way by the user's seat is watched to its end first",
    {
      userSeat: userSeat("this"),
      installation: { appState: "Installing", appStateAt: now - 60_000, state: "installing" },
    },
    { kind: "verify", state: "installing" },
  ],
  [
    "an inventory that is due comes before another try",
    {
      userSeat: userSeat("this"),
      installation: { ...there, appStateAt: now - 8 * day, reason: "no-license" },
    },
    { kind: "verify", state: "installed" },
  ],
  [
    "where the phone can't hold one, the app stays and says why",
    { userSeat: userSeat("this"), ownSeatProblem: "ios-too-old", installation: there },
    rest("installed", "ios-too-old", inventoryAt),
  ],
  [
    "what Apple refused for good is not asked for again by itself",
    { userSeat: userSeat("this"), installation: { ...there, reason: "license-refused" } },
    rest("installed", "license-refused", inventoryAt),
  ],
  [
    "without a usable account it stays, too",
    { userSeat: userSeat("this"), account: "unusable", installation: there },
    rest("installed", "account-unusable", inventoryAt),
  ],
  [
    "a half-done taking of the user's seat is brought to its end",
    { userSeat: { ...userSeat("this"), state: "associating" } },
    { kind: "associate", again: true, ofUser: true },
  ],
  [
    "a half-done return of the user's seat, too",
    { userSeat: { ...userSeat("this"), state: "disassociating" }, installation: there },
    { kind: "disassociate", again: true, because: "unfinished", ofUser: true },
  ],
  [
    "an unused seat of the user goes back before the phone's own is taken",
    { userSeat: userSeat("nobody") },
    giveUsersBack("not-deployed"),
  ],
  [
    "an app that is uninstalled half-way through its move gives the user's back",
    { userSeat: userSeat("nobody"), installation: { attempts: 1, appState: "absent", state: "removing" } },
    giveUsersBack("uninstalled"),
    "uninstall",
  ],
  [
    "and one that is reclaimed",
    {
      userSeat: userSeat("nobody"),
      override: "reclaimed",
      installation: { attempts: 1, appState: "absent", state: "removing" },
    },
    giveUsersBack("reclaimed"),
  ],
];

const ends: Row[] = [
  [
    "a phone that nobody has any more keeps what it has",
    { user: null, seat: "held", installation: there },
    rest("installed", null, inventoryAt),
    null,
  ],
  ["a phone that nobody has any more gets nothing", { user: null }, rest("notApplicable", "no-user"), null],
  [
    "one that left management keeps its seat by policy",
    { enrolled: false, seat: "held" },
    rest("notInstalled", "unenrolled"),
  ],
  [
    "or gives it back",
    { enrolled: false, seat: "held" },
    giveBack("unenrolled"),
    "required",
    { licenseOnUnenroll: "reclaim" },
  ],
  [
    "unless the same phone is back under another UDID",
    { enrolled: false, seat: "held", sharedWithOtherPhone: true },
    rest("notInstalled", "unenrolled"),
    "required",
    { licenseOnUnenroll: "reclaim" },
  ],
  [
    "by the policy of users alone nothing is begun",
    {},
    rest("notApplicable", "device-licensing-off"),
    "required",
    { licensing: "user" },
  ],
  [
    "by that policy what is there stays",
    { seat: "held", installation: there },
    rest("installed", null, inventoryAt),
    "required",
    { licensing: "user" },
  ],
  [
    "by that policy a command that no phone has seen is withdrawn",
    {
      seat: "held",
      installation: {
        ...{ attempts: 1, state: "installing", awaitingCommand: true },
        ...{ commandType: "InstallApplication", commandWaits: true },
      },
    },
    { kind: "withdraw" },
    "required",
    { licensing: "user" },
  ],
  [
    "by that policy an unused seat goes back",
    { seat: "held", installation: { state: "installing" } },
    giveBack("not-deployed"),
    "required",
    { licensing: "user" },
  ],
  [
    "by that policy it can be uninstalled",
    { seat: "held", installation: there },
    { kind: "remove" },
    "uninstall",
    { licensing: "user" },
  ],
];

describe("the next step for a phone that is to hold the licence itself", () => {
  const rows = [...beginnings, ...moves, ...ends].map(
    ([name, changes, step, desired = "required", policy = {}]) => ({ name, changes, step, desired, policy }),
  );
  it.each(rows)("$name", ({ changes, step, desired, policy }) => {
    expect(nextStep(desired, observed(changes), { ...modern, ...policy })).toEqual(step);
  });

  it("never registers nor invites anybody, whatever is the case", () => {
    const statuses = ["unregistered", "Registered", "Associated", "Retired"] as const;
    const kinds = new Set<string>();
    for (const status of statuses)
      for (const seat of ["none", "associating", "held", "disassociating"] as const)
        for (const appState of [null, "absent", ...managedAppStates] as const)
          for (const left of [noUserSeat, userSeat("this"), userSeat("nobody"), userSeat("another")])
            for (const desired of [null, "required", "available", "uninstall", "notApplicable"] as const) {
              const user = { status, invited: false, inviteFailures: 0 };
              const state = { user, seat, userSeat: left, installation: { appState, appStateAt: now - day } };
              kinds.add(nextStep(desired, observed(state), modern).kind);
            }
    expect([...kinds].sort()).toEqual(["associate", "disassociate", "install", "remove", "rest", "verify"]);
  });
});
