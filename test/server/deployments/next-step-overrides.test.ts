import { describe, expect, it } from "vitest";
import { nextStep, type Observed } from "../../../server/deployments/next-step.ts";
import { defaultPolicies, type Policies } from "../../../server/policies.ts";
import { managedAppStates } from "../../../shared/app-states.ts";

const now = Date.UTC(2016, 5, 15, 8);
const day = 86_400_000;

type Changes = Partial<Omit<Observed, "installation" | "device">> & {
  enrolled?: boolean;
  installation?: Partial<Observed["installation"]>;
};

/** A phone of somebody who has accepted the terms; the app is required. */
function observed({ enrolled = true, installation, ...rest }: Changes): Observed {
  return {
    now,
    device: { kind: "user", enrolled },
    user: { status: "Associated", invited: true, inviteFailures: 0 },
    account: "usable",
    seat: "none",
    sharedWithOtherPhone: false,
    installation: {
      ...{ state: "pending", reason: null, appState: null, appStateAt: null },
      ...{ awaitingCommand: false, attempts: 0, verifications: 0 },
      ...installation,
    },
    ...rest,
  };
}

const rest = (state: string, reason: string | null, dueAt: number | null = null) => ({
  ...{ kind: "rest", state, reason, dueAt },
});
const giveBack = (because: string) => ({ kind: "disassociate", again: false, because });
const managed = { state: "installed", appState: "Managed", appStateAt: now, attempts: 0 } as const;
const unsent = {
  state: "installing",
  awaitingCommand: true,
  commandType: "InstallApplication",
  commandWaits: true,
  attempts: 1,
} as const;

const table: [name: string, changes: Changes, step: unknown, policy?: Partial<Policies>][] = [
  [
    "revoked: the app stays, and the inventories go on",
    { override: "revoked", installation: managed },
    rest("installed", "license-revoked", now + 7 * day),
  ],
  [
    "revoked: the next inventory is due",
    { override: "revoked", installation: { ...managed, appStateAt: now - 8 * day } },
    { kind: "verify", state: "installed" },
  ],
  ["revoked: no seat is taken for it", { override: "revoked" }, rest("notInstalled", "license-revoked")],
  [
    "revoked: an install that the phone has not got is taken back",
    { override: "revoked", installation: unsent },
    { kind: "withdraw" },
  ],
  [
    "revoked: what is under way on the phone is watched to its end",
    { override: "revoked", installation: { state: "installing", appState: "Installing", appStateAt: 0 } },
    { kind: "verify", state: "installing" },
  ],
  [
    "revoked: a seat that is on its way back comes first",
    { override: "revoked", seat: "disassociating", installation: managed },
    { kind: "disassociate", again: true, because: "unfinished" },
  ],
  [
    "reclaimed: the app is removed",
    { override: "reclaimed", seat: "held", installation: managed },
    { kind: "remove" },
  ],
  [
    "R37: reclaimed: gone from the phone, the seat goes back",
    { override: "reclaimed", seat: "held", installation: { state: "removing", appState: "absent" } },
    giveBack("reclaimed"),
  ],
  [
    "R37: reclaimed: not while another phone of the user has it",
    {
      ...{ override: "reclaimed", seat: "held", sharedWithOtherPhone: true },
      installation: { state: "removing", appState: "absent" },
    },
    rest("notInstalled", "reclaimed"),
  ],
  [
    "reclaimed: of a phone that left, the seat goes back whatever the policy says",
    { override: "reclaimed", enrolled: false, seat: "held" },
    giveBack("reclaimed"),
  ],
  [
    "cancelled: a command that the phone has not got is taken back",
    { override: "cancelled", seat: "held", installation: unsent },
    { kind: "withdraw" },
  ],
  [
    "cancelled: one that was sent is waited for",
    { override: "cancelled", seat: "held", installation: { ...unsent, commandWaits: false } },
    rest("installing", "cancelled"),
  ],
  [
    "cancelled: an app that arrived all the same is removed",
    { override: "cancelled", seat: "held", installation: { ...managed, state: "installing" } },
    { kind: "remove" },
  ],
  [
    "cancelled: nothing was begun, the seat goes back",
    { override: "cancelled", seat: "held" },
    giveBack("cancelled"),
  ],
  ["cancelled: and then it rests", { override: "cancelled" }, rest("notInstalled", "cancelled")],
  [
    "R6: the sixth phone takes no seat and sends nothing",
    { otherHoldersCount: 5 },
    rest("failed", "device-limit"),
  ],
  [
    "R6: nor does it where the user holds the seat",
    { seat: "held", otherHoldersCount: 5 },
    rest("failed", "device-limit"),
  ],
  ["R6: the fifth may", { seat: "held", otherHoldersCount: 4 }, { kind: "install" }],
  [
    "R6: a phone that has the app keeps it, however many others have",
    { seat: "held", otherHoldersCount: 7, installation: managed },
    rest("installed", null, now + 7 * day),
  ],
  [
    "R6: it goes on when one of the five is gone",
    { seat: "held", otherHoldersCount: 4, installation: { state: "failed", reason: "device-limit" } },
    { kind: "install" },
  ],
  [
    "a rejected install of what Apple never takes back rests",
    { seat: "held", irrevocable: true, installation: { appState: "UserRejected", attempts: 1 } },
    rest("failed", "user-rejected"),
  ],
  [
    "a seat taken for a phone that left meanwhile is finished",
    { enrolled: false, seat: "associating" },
    { kind: "associate", again: true },
  ],
  [
    "a seat that is on its way back from a phone that left is finished, whatever the policy says",
    { enrolled: false, seat: "disassociating" },
    { kind: "disassociate", again: true, because: "unenrolled" },
  ],
];

describe("nextStep", () => {
  it.each(table)("%s", (_name, changes, step, policy = {}) => {
    expect(nextStep("required", observed(changes), { ...defaultPolicies, ...policy })).toEqual(step);
  });

  it("takes no seat and sends no install while an admin's act stands, whatever the phone says", () => {
    const begins = new Set(["associate", "install", "register", "invite"]);
    let count = 0;
    for (const override of ["revoked", "reclaimed", "cancelled"] as const)
      for (const appState of [null, "absent", ...managedAppStates] as const)
        for (const seat of ["none", "held", "disassociating"] as const)
          for (const state of [
            "pending",
            "installing",
            "installed",
            "removing",
            "notInstalled",
            "failed",
          ] as const)
            for (const desired of ["required", "available", "uninstall", null] as const)
              for (const attempts of [0, 1]) {
                const installation = { state, appState, appStateAt: now, attempts };
                const step = nextStep(desired, observed({ override, seat, installation }), defaultPolicies);
                expect(begins.has(step.kind), JSON.stringify({ override, installation, seat, step })).toBe(
                  false,
                );
                count += 1;
              }
    expect(count).toBeGreaterThan(9_000);
  });
});
