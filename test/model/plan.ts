/** What a run of the model test does, as plain data: fast-check makes it up, shrinks it and prints it. */
import fc from "fast-check";

/** Two apps of the catalogue, one that is scarce and one that isn't. */
export const apps = ["361309726", "743974925"] as const;
export const people = ["anna", "bert", "carl"] as const;
export type PersonId = (typeof people)[number];
/** Bert is in both. */
export const groups = { Team: ["anna", "bert"], Field: ["bert", "carl"] } as const;
export type GroupName = keyof typeof groups;
const groupNames = ["Team", "Field"] as const;

export interface PhonePlan {
  readonly owner: PersonId;
  readonly kind: "user" | "device" | "configurator" | "dep";
}
/** Anna has two phones, one of them supervised; Carl has one that the enrolment program brought. */
export const phonePlans: readonly PhonePlan[] = [
  { owner: "anna", kind: "user" },
  { owner: "anna", kind: "configurator" },
  { owner: "bert", kind: "device" },
  { owner: "carl", kind: "dep" },
  { owner: "carl", kind: "user" },
];

export interface Habits {
  readonly terms: "accept" | "decline";
  readonly install: "install" | "cancel";
  readonly wrongPasswords: number;
}

export interface Setup {
  /** Decides everything that this plan leaves open: latencies, the order of events, identifiers. */
  readonly worldSeed: number;
  /** Seats owned of each app. */
  readonly seats: readonly [number, number];
  readonly habits: Readonly<Record<PersonId, Habits>>;
  readonly licenseOnUnenroll: "keep" | "reclaim";
}

export type Act =
  // An admin
  | { act: "deploy"; app: number; group: GroupName; action: DeployAction }
  | { act: "withdraw"; app: number; group: GroupName }
  | { act: "join"; person: PersonId; group: GroupName }
  | { act: "leave"; person: PersonId; group: GroupName }
  | { act: "sync" }
  | { act: "retry"; phone: number; app: number }
  | { act: "invite"; person: PersonId }
  | { act: "buy"; app: number }
  // Phones and the people who hold them
  | { act: "restartPhone"; phone: number; awayMs: number }
  | { act: "putAway"; person: PersonId }
  | { act: "pickUp"; person: PersonId }
  | { act: "deleteApp"; phone: number; app: number }
  | { act: "leaveManagement"; phone: number }
  // Circumstances
  | { act: "cutConnections" }
  | { act: "slowNetwork"; delayMs: number; forMs: number }
  | { act: "appleDown"; forMs: number; retryAfterSeconds: number }
  | { act: "killServer"; afterEvents: number; downMs: number; unsynced: "lost" | "torn" | "kept" }
  | { act: "restartServer" }
  | { act: "wait"; ms: number };
export type DeployAction = "required" | "available" | "uninstall" | "notApplicable";

export interface Plan {
  readonly setup: Setup;
  readonly acts: readonly Act[];
}

const second = 1_000;
const minute = 60 * second;
const actsMax = 14;

const person = fc.constantFrom(...people);
const group = fc.constantFrom(...groupNames);
const app = fc.integer({ min: 0, max: apps.length - 1 });
const phone = fc.integer({ min: 0, max: phonePlans.length - 1 });
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
});

const deploy = (action: fc.Arbitrary<DeployAction>) =>
  fc.record({ act: fc.constant("deploy"), app, group, action });

/** What is likely to hurt comes often. */
const act = fc.oneof(
  { weight: 6, arbitrary: deploy(fc.constant("required")) },
  { weight: 4, arbitrary: deploy(fc.constantFrom("uninstall", "available", "notApplicable", "required")) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("withdraw"), app, group }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom("join", "leave"), person, group }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("sync") }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom("retry", "deleteApp"), phone, app }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("invite"), person }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("buy"), app }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("restartPhone"),
      phone,
      awayMs: fc.integer({ min: 0, max: 5 * minute }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom("putAway", "pickUp"), person }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("leaveManagement"), phone }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("cutConnections") }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("slowNetwork"),
      delayMs: fc.integer({ min: 100, max: 20 * second }),
      forMs: fc.integer({ min: second, max: 5 * minute }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("appleDown"),
      forMs: fc.integer({ min: second, max: 20 * minute }),
      retryAfterSeconds: fc.integer({ min: 1, max: 120 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("killServer"),
      afterEvents: fc.integer({ min: 0, max: 80 }),
      downMs: fc.integer({ min: 0, max: 15 * second }),
      unsynced: fc.constantFrom("lost", "torn", "kept"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("restartServer") }) },
  {
    weight: 5,
    arbitrary: fc.record({ act: fc.constant("wait"), ms: fc.integer({ min: 10, max: 90 * second }) }),
  },
) as fc.Arbitrary<Act>;

export const plans: fc.Arbitrary<Plan> = fc.record({
  setup,
  acts: fc.array(act, { minLength: 1, maxLength: actsMax, size: "max" }),
});
