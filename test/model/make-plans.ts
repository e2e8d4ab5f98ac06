/** Plans as fast-check makes them up. What is likely to hurt comes often. */
import fc from "fast-check";
import {
  apps,
  groupNames,
  people,
  phonePlans,
  type Act,
  type AdminAct,
  type AppleAct,
  type Circumstance,
  type Habits,
  type PhoneAct,
  type Plan,
  type Setup,
} from "./plan.ts";

const second = 1_000;
const minute = 60 * second;
const actsMax = 16;

const person = fc.constantFrom(...people);
const group = fc.constantFrom(...groupNames);
const app = fc.integer({ min: 0, max: apps.length - 1 });
const phone = fc.integer({ min: 0, max: phonePlans.length - 1 });
/** A trouble that passes. */
const forMs = fc.integer({ min: second, max: 20 * minute });
const habits: fc.Arbitrary<Habits> = fc.record({
  terms: fc.constantFrom("accept", "accept", "accept", "decline"),
  install: fc.constantFrom("install", "install", "install", "cancel"),
  wrongPasswords: fc.integer({ min: 0, max: 1 }),
});

const setup: fc.Arbitrary<Setup> = fc.record({
  worldSeed: fc.integer({ min: 0, max: 1_000_000 }),
  seats: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 3, max: 4 })),
  habits: fc.record({ anna: habits, bert: habits, carl: habits }),
  licenseOnUnenroll: fc.constantFrom("keep", "reclaim"),
  ending: fc.constantFrom("none", "revokeAll", "reclaimAll", "uninstallAll"),
});

/** An act with its weight. */
const weighted =
  <By extends Act["by"]>(by: By) =>
  <Name extends string, Fields extends object>(
    weight: number,
    act: Name | readonly Name[],
    fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> } = {} as never,
  ) => ({
    weight: weight * 10,
    arbitrary: fc
      .tuple(fc.constantFrom(...(typeof act === "string" ? [act] : act)), fc.record(fields))
      .map(([name, rest]) => ({ by, act: name, ...rest })),
  });

const admin = weighted("admin");
const adminActs = fc.oneof(
  admin(6, "deploy", { app, group, action: fc.constant("required" as const) }),
  admin(4, "deploy", {
    app,
    group,
    action: fc.constantFrom("uninstall", "available", "notApplicable", "required"),
  }),
  admin(2, "withdraw", { app, group }),
  admin(2, ["join", "leave"], { person, group }),
  admin(1, "sync"),
  admin(1, "invite", { person }),
  admin(2, ["revoke", "reclaim"], {
    of: fc.record({ person: fc.option(person, { nil: undefined }), app: fc.option(app, { nil: undefined }) }),
  }),
  admin(3, ["retry", "resend", "cancel"], { phone, app }),
  admin(2, ["retire", "reinstate"], { person }),
  admin(0.5, "deleteUser", { person }),
  // From a quarter of an hour to a year.
  admin(0.5, "uploadToken", { lifetimeDays: fc.constantFrom(0.01, 0.1, 365) }),
  admin(0.5, "takeControl"),
  admin(1, ["lockDevice", "clearPasscode"], { phone }),
  admin(1, "conflictRules", { rules: fc.constantFrom("2016", "2017") }),
  admin(1, "licenseOnUnenroll", { policy: fc.constantFrom("keep", "reclaim") }),
) satisfies fc.Arbitrary<AdminAct>;

const persons = weighted("person");
const phoneActs = fc.oneof(
  persons(2, "restartPhone", { phone, awayMs: fc.integer({ min: 0, max: 5 * minute }) }),
  persons(2, ["putAway", "pickUp"], { person }),
  persons(1, "deleteApp", { phone, app }),
  persons(3, "wish", { phone, app }),
  persons(2, ["lock", "unlock", "setPasscode"], { phone }),
  persons(2, ["leaveManagement", "enrolAgain", "wipe"], { phone }),
) satisfies fc.Arbitrary<PhoneAct>;

const apple = weighted("apple");
const appleActs = fc.oneof(
  apple(1, "buy", { app }),
  apple(2, ["away", "storeAway"], { forMs, retryAfterSeconds: fc.integer({ min: 1, max: 120 }) }),
  apple(1, "slow", { latencyMs: fc.integer({ min: 100, max: 40 * second }), forMs }),
  apple(1, "refuseCalls", {
    errorNumber: fc.constantFrom(9603, 9646),
    times: fc.integer({ min: 1, max: 12 }),
  }),
  apple(1, "loseAnswers", { forMs: fc.integer({ min: second, max: 3 * minute }) }),
  apple(1, "breakDownloads", { app, times: fc.integer({ min: 1, max: 4 }) }),
  apple(0.5, "forgetLists"),
  apple(1, ["expireToken", "revokeToken", "forgetToken"]),
  apple(0.7, "takeOver", { wipe: fc.boolean() }),
) satisfies fc.Arbitrary<AppleAct>;

const world = weighted("world");
const circumstances = fc.oneof(
  world(2, "cutConnections"),
  world(1, "slowNetwork", {
    delayMs: fc.integer({ min: 100, max: 20 * second }),
    forMs: fc.integer({ min: second, max: 5 * minute }),
  }),
  world(4, "killServer", {
    afterEvents: fc.integer({ min: 0, max: 80 }),
    downMs: fc.integer({ min: 0, max: 15 * second }),
    unsynced: fc.constantFrom("lost", "torn", "kept"),
  }),
  world(1, "restartServer"),
  world(1, "diskTrouble", {
    code: fc.constantFrom("full", "not_writable", "io"),
    forMs: fc.integer({ min: second, max: 2 * minute }),
  }),
  world(1, "receiverTrouble", {
    how: fc.constantFrom("refuses", "hangs"),
    forMs: fc.integer({ min: second, max: 10 * minute }),
  }),
  world(5, "wait", { ms: fc.integer({ min: 10, max: 90 * second }) }),
) satisfies fc.Arbitrary<Circumstance>;

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: adminActs },
  { weight: 2, arbitrary: phoneActs },
  { weight: 1, arbitrary: appleActs },
  { weight: 4, arbitrary: circumstances },
);

export const plans: fc.Arbitrary<Plan> = fc.record({
  setup,
  acts: fc.array(act, { minLength: 1, maxLength: actsMax, size: "max" }),
});
