import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appEvents,
  canMoveApp,
  isManagedAppState,
  managedAppStates,
  placeAfter,
  reportedOnce,
  type AppEvent,
  type AppPlace,
  type ManagedAppState,
} from "../../shared/app-states.ts";

const places: readonly AppPlace[] = ["absent", ...managedAppStates];
const placesAfter = (from: AppPlace): AppPlace[] => places.filter((to) => canMoveApp(from, to));

describe("the states of a managed app", () => {
  it("are Apple's twenty, and no other word is one", () => {
    expect(new Set(managedAppStates).size).toBe(20);
    for (const state of managedAppStates) expect(isManagedAppState(state)).toBe(true);
    for (const word of ["absent", "managed", "", "constructor", "Installed"])
      expect(isManagedAppState(word)).toBe(false);
  });

  it("are left and entered by events alone, and an event leads from a state to one other", () => {
    const byEvents = new Set<string>();
    for (const event of appEvents)
      for (const from of places) {
        const to = placeAfter(from, event);
        if (to === undefined) continue;
        expect(places).toContain(to);
        expect(to, `${event} in ${from}`).not.toBe(from);
        byEvents.add(`${from} ${to}`);
      }
    for (const from of places)
      for (const to of places)
        expect(canMoveApp(from, to), `${from} to ${to}`).toBe(byEvents.has(`${from} ${to}`));
  });

  it("can all be left for good, since a server may remove what is there or drop what it asked for", () => {
    for (const state of managedAppStates) expect(placeAfter(state, "removed"), state).toBe("absent");
    expect(placeAfter("absent", "removed")).toBeUndefined();
  });

  it("can all be reached from nothing", () => {
    const reached = new Set<AppPlace>(["absent"]);
    for (const place of reached) for (const to of placesAfter(place)) reached.add(to);
    expect(places.filter((place) => !reached.has(place))).toEqual([]);
  });

  it("are unknown only of a download that was cut off", () => {
    expect(places.filter((from) => canMoveApp(from, "Unknown"))).toEqual(["Installing", "Updating"]);
  });

  it("are reported once when they end an attempt; the report makes of them what holds from then on", () => {
    expect([...reportedOnce].sort()).toEqual([
      "Failed",
      "ManagementRejected",
      "UpdateRejected",
      "UserInstalledApp",
      "UserRejected",
    ]);
    for (const state of managedAppStates)
      expect(placeAfter(state, "reported"), state).toBe(
        !reportedOnce.has(state) ? undefined : state === "UpdateRejected" ? "Managed" : "absent",
      );
  });

  it("come to Managed only by an install, an update, a change of management or the person's own doing", () => {
    expect(places.filter((from) => canMoveApp(from, "Managed")).sort()).toEqual(
      [
        ...["Installing", "ManagedButUninstalled", "PromptingForManagement", "UpdateRejected"],
        // A supervised phone asks nobody before it manages an app of the person's own.
        ...["absent", "Failed", "ManagementRejected", "UserInstalledApp", "UserRejected"],
        ...["PromptingForUpdateLogin", "Unknown", "Updating", "ValidatingUpdate"],
      ].sort(),
    );
  });

  it("keep installs and updates apart", () => {
    const updating: readonly AppPlace[] = [
      "PromptingForUpdate",
      "PromptingForUpdateLogin",
      "ValidatingUpdate",
      "Updating",
    ];
    for (const place of places)
      for (const update of updating)
        if (canMoveApp(place, update))
          expect(["Managed", "Unknown", ...updating], `${place} to ${update}`).toContain(place);
  });

  it.each<[string, [AppEvent, AppPlace][]]>([
    [
      "an install with prompts",
      [
        ["installQueued", "Queued"],
        ["installAsked", "Prompting"],
        ["loginAsked", "PromptingForLogin"],
        ["validationBegun", "ValidatingPurchase"],
        ["downloadBegun", "Installing"],
        ["installed", "Managed"],
      ],
    ],
    [
      "a session that has ended, and a person who won't sign in again",
      [
        ["validationBegun", "ValidatingPurchase"],
        ["loginAsked", "PromptingForLogin"],
        ["installRejected", "UserRejected"],
        ["reported", "absent"],
      ],
    ],
    [
      "no licence",
      [
        ["validationBegun", "ValidatingPurchase"],
        ["installFailed", "Failed"],
        ["installAsked", "Prompting"],
      ],
    ],
    [
      "an app that was there",
      [
        ["managementAsked", "PromptingForManagement"],
        ["managementTaken", "Managed"],
      ],
    ],
    [
      "management declined",
      [
        ["managementAsked", "PromptingForManagement"],
        ["managementRejected", "ManagementRejected"],
        ["reported", "absent"],
      ],
    ],
    [
      "an app deleted and put back",
      [
        ["managementTaken", "Managed"],
        ["deleted", "ManagedButUninstalled"],
        ["putBack", "Managed"],
      ],
    ],
    [
      "an update, cut off in the middle",
      [
        ["managementTaken", "Managed"],
        ["updateAsked", "PromptingForUpdate"],
        ["updateLoginAsked", "PromptingForUpdateLogin"],
        ["updateValidationBegun", "ValidatingUpdate"],
        ["updateBegun", "Updating"],
        ["interrupted", "Unknown"],
        ["updateBegun", "Updating"],
        ["updated", "Managed"],
      ],
    ],
    [
      "an update declined",
      [
        ["managementTaken", "Managed"],
        ["updateAsked", "PromptingForUpdate"],
        ["updateRejected", "UpdateRejected"],
        ["reported", "Managed"],
      ],
    ],
    [
      "a redemption code",
      [
        ["redemptionNeeded", "NeedsRedemption"],
        ["installAsked", "Prompting"],
        ["loginAsked", "PromptingForLogin"],
        ["redemptionBegun", "Redeeming"],
        ["validationBegun", "ValidatingPurchase"],
      ],
    ],
  ])("allow %s", (_name, journey) => {
    let place: AppPlace | undefined = "absent";
    for (const [event, to] of journey) {
      place = placeAfter(place ?? "absent", event);
      expect(place, event).toBe(to);
    }
  });

  it.each<[AppPlace, AppPlace]>([
    ["absent", "Installing"],
    ["Managed", "Queued"],
    ["Managed", "Installing"],
    ["Installing", "Queued"],
    ["Installing", "Prompting"],
    ["Failed", "Installing"],
    ["UserRejected", "Installing"],
    ["Updating", "Installing"],
    ["Managed", "Unknown"],
    ["ManagedButUninstalled", "Unknown"],
  ])("forbid %s to %s", (from, to) => {
    expect(canMoveApp(from, to)).toBe(false);
  });

  it("end any course of events in one of them: whatever is tried, only the table moves an app", () => {
    const anything = fc.array(fc.constantFrom(...appEvents), { maxLength: 60 });
    fc.assert(
      fc.property(anything, (events) => {
        let place: AppPlace = "absent";
        for (const event of events) {
          const next: AppPlace = placeAfter(place, event) ?? place;
          expect(next === place || canMoveApp(place, next)).toBe(true);
          place = next;
        }
        return place === "absent" || managedAppStates.includes(place satisfies ManagedAppState);
      }),
      { numRuns: 500 },
    );
  });
});
