/** What a run of the model test does, as plain data: fast-check makes it up (make-plans.ts), shrinks it and prints it. */

/** Two apps of the catalogue, one that is scarce and one that isn't. */
export const apps = ["361309726", "743974925"] as const;
export const people = ["anna", "bert", "carl"] as const;
export type PersonId = (typeof people)[number];
/** Bert is in both. */
export const groups = { Team: ["anna", "bert"], Field: ["bert", "carl"] } as const;
export type GroupName = keyof typeof groups;
export const groupNames = ["Team", "Field"] as const satisfies readonly GroupName[];

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
  /** What an admin does when all has settled. Nothing goes wrong any more then, so it is known to the last detail how that ends. */
  readonly ending: Ending;
}
export type Ending = "none" | "revokeAll" | "reclaimAll" | "uninstallAll";

export type DeployAction = "required" | "available" | "uninstall" | "notApplicable";
/** Left out: everybody, every app. */
export interface Selection {
  readonly person?: PersonId | undefined;
  readonly app?: number | undefined;
}

/** Which table resolves several deployments of one app. */
export type Rules = "2016" | "2017";

export type AdminAct =
  | { by: "admin"; act: "deploy"; app: number; group: GroupName; action: DeployAction }
  | { by: "admin"; act: "withdraw"; app: number; group: GroupName }
  | { by: "admin"; act: "join" | "leave"; person: PersonId; group: GroupName }
  | { by: "admin"; act: "sync" }
  | { by: "admin"; act: "invite"; person: PersonId }
  | { by: "admin"; act: "revoke" | "reclaim"; of: Selection }
  | { by: "admin"; act: "retry" | "resend" | "cancel"; phone: number; app: number }
  | { by: "admin"; act: "retire" | "reinstate" | "deleteUser"; person: PersonId }
  | { by: "admin"; act: "uploadToken"; lifetimeDays: number }
  | { by: "admin"; act: "takeControl" }
  | { by: "admin"; act: "lockDevice" | "clearPasscode"; phone: number }
  | { by: "admin"; act: "conflictRules"; rules: Rules }
  | { by: "admin"; act: "licenseOnUnenroll"; policy: "keep" | "reclaim" };

export type PhoneAct =
  | { by: "person"; act: "restartPhone"; phone: number; awayMs: number }
  | { by: "person"; act: "putAway" | "pickUp"; person: PersonId }
  | { by: "person"; act: "deleteApp"; phone: number; app: number }
  | { by: "person"; act: "wish"; phone: number; app: number }
  | { by: "person"; act: "lock" | "unlock"; phone: number }
  | { by: "person"; act: "setPasscode"; phone: number }
  | { by: "person"; act: "leaveManagement" | "enrolAgain" | "wipe"; phone: number };

/** What happens at Apple. */
export type AppleAct =
  | { by: "apple"; act: "buy"; app: number }
  | { by: "apple"; act: "away" | "storeAway"; forMs: number; retryAfterSeconds: number }
  | { by: "apple"; act: "slow"; latencyMs: number; forMs: number }
  | { by: "apple"; act: "refuseCalls"; errorNumber: 9603 | 9646; times: number }
  | { by: "apple"; act: "loseAnswers"; forMs: number }
  | { by: "apple"; act: "breakDownloads"; app: number; times: number }
  | { by: "apple"; act: "forgetLists" }
  | { by: "apple"; act: "expireToken" | "revokeToken" | "forgetToken" }
  /** Another product takes the account, and perhaps begins by retiring everybody. */
  | { by: "apple"; act: "takeOver"; wipe: boolean };

export type Circumstance =
  | { by: "world"; act: "cutConnections" }
  | { by: "world"; act: "slowNetwork"; delayMs: number; forMs: number }
  | { by: "world"; act: "killServer"; afterEvents: number; downMs: number; unsynced: Unsynced }
  | { by: "world"; act: "restartServer" }
  /** `io` is what no disk recovers from: the server is started anew when it has passed. */
  | { by: "world"; act: "diskTrouble"; code: "full" | "not_writable" | "io"; forMs: number }
  | { by: "world"; act: "receiverTrouble"; how: "refuses" | "hangs"; forMs: number }
  | { by: "world"; act: "wait"; ms: number };
/** What a power cut leaves of what was being written. */
export type Unsynced = "lost" | "torn" | "kept";

export type Act = AdminAct | PhoneAct | AppleAct | Circumstance;

export interface Plan {
  readonly setup: Setup;
  readonly acts: readonly Act[];
}
