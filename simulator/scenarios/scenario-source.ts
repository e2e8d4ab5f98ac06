/** A scenario as one writes it in TypeScript: the same words as in YAML, with the compiler looking on. */
import type { z } from "zod";
import type { ManagedAppState } from "../../shared/app-states.ts";
import type { ProblemCode } from "../../shared/errors.ts";
import type { InstallationReason, InstallationState } from "../../shared/installations.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import type { ResultStatus } from "../../shared/results.ts";
import type { EventName } from "../../shared/trace.ts";
import type { PromptKind } from "../../agent/phone.ts";
import type { AppleBehaviour } from "../apple/behaviour.ts";
import type { PersonaPlan, WorldPlan } from "./world-plan.ts";

/** `90s`, `2h`, `1h30m`, `7d`, `1y`. */
export type DurationText = string;
/** `2s..30s`, or one duration for both ends. */
export type DurationRangeText = string;
/** `12`, `">= 3"`, `"< 5"`, `"2..4"`. */
export type CountText = number | string;
/** A name from the catalogue such as `Pages`, or an adamId. */
export type AppName = string;
/** A phone (`anna`, `anna/2`), a person (all of hers), a group, or `all`. */
export type PhonesName = string;

export type WorldSource = z.input<typeof WorldPlan>;
export type PersonaSource = z.input<typeof PersonaPlan>;

/** On which of the occasions that a rule fits; for each phone, or service, by itself. */
export interface WhenSource {
  first?: number;
  every?: number;
  /** E.g. `5%`. */
  chance?: string;
}
interface RuleSource {
  name: string;
  when?: WhenSource;
  /** Whether it counts from the start. Default: true. */
  active?: boolean;
}
export type FaultSource = RuleSource &
  (
    | {
        /** Default: all. */
        phones?: PhonesName;
        /** A request type; default: any. */
        command?: string;
        do:
          | "duplicate"
          | "lost"
          | "malformed"
          | { NotNow: DurationText }
          | { error: { domain: string; code: number; description?: string } }
          | { late: DurationRangeText }
          | { vanish: DurationRangeText };
      }
    | {
        /** `any`, `store`, or one such as `getVPPUsersSrv`. */
        service: string;
        do:
          | "lostRequest"
          | "lostAnswer"
          | "garbage"
          | { slow: DurationRangeText }
          | { unavailable: { retryAfter: DurationText } }
          | { http: { status: number; body?: string } }
          | { error: number };
      }
    | {
        link: "phones-server" | "phones-apple" | "server-apple";
        do:
          | "down"
          | "timeout"
          | { latency: DurationRangeText }
          | { bandwidth: number }
          | { slicer: { bytes: number; delay: DurationRangeText } }
          | { reset: DurationRangeText };
      }
  );

type LicenceScope = { app?: AppName; person?: string } | { all: true };
interface OnPhone {
  phone: string;
  app: AppName;
}
interface Quantity {
  app: AppName;
  /** Default: 1. */
  count?: number;
}
type NoArgument = Record<string, never>;

/** Each verb with what it takes. */
export interface StepArguments {
  deploy: {
    app: AppName;
    group: string;
    action?: "required" | "available" | "uninstall" | "notApplicable";
    deadline?: DurationText;
    licenseType?: "user" | "device";
  };
  withdraw: { app: AppName; group: string };
  join: { person: string; group: string };
  leave: { person: string; group: string };
  sync: NoArgument;
  "upload-token": NoArgument;
  "renew-token": NoArgument;
  "delete-token": NoArgument;
  "take-control": NoArgument;
  invite: string;
  retire: string;
  reinstate: string;
  "ask-terms": string;
  "delete-user": string;
  revoke: LicenceScope;
  reclaim: LicenceScope;
  resend: OnPhone;
  retry: OnPhone;
  cancel: OnPhone;
  command: { to: PhonesName; command: PlistDictionary & { RequestType: string }; raw?: boolean };
  policies: Record<string, unknown>;
  api: { method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; path: string; body?: unknown };
  buy: Quantity;
  refund: Quantity;
  token: "revoke" | "expire" | "forget";
  "other-mdm": { hostname?: string; wipe?: boolean };
  apple: Partial<AppleBehaviour>;
  "forget-lists": NoArgument;
  "new-version": { app: AppName; version: string };
  "apple-id": { of: string; password?: string; storeTermsAccepted?: boolean; locked?: false };
  lock: PhonesName;
  unlock: PhonesName;
  "restart-phone": PhonesName;
  "shut-down": PhonesName;
  boot: PhonesName;
  erase: PhonesName;
  "remove-profile": PhonesName;
  "sign-out": PhonesName;
  busy: PhonesName;
  idle: PhonesName;
  vanish: PhonesName;
  "come-back": PhonesName;
  enrol: PhonesName;
  "delete-app": OnPhone;
  "open-portal": { phone: string; install: AppName };
  "install-from-store": OnPhone;
  "put-away": PhonesName;
  "pick-up": PhonesName;
  behave: { person: string; persona: string };
  cut: NoArgument;
  "begin-fault": string | readonly string[];
  "end-fault": string | readonly string[];
  wait: DurationText;
  "wait-until": string | { tokenExpiry: true; before?: DurationText; after?: DurationText };
  server: "kill" | "stop" | "start" | "restart" | { act: "kill"; unsynced: "lost" | "torn" | "kept" };
}
export type Verb = keyof StepArguments;

/** Each expectation with what it takes. */
export interface ExpectationArguments {
  installations: {
    app?: AppName;
    group?: string;
    person?: string;
    state?: InstallationState;
    reason?: InstallationReason;
    /** E.g. `0x87D13B7E`. */
    code?: string;
    count: CountText;
  };
  installation: OnPhone & { state: InstallationState; reason?: InstallationReason };
  licenses: { app: AppName; total?: CountText; used?: CountText; available?: CountText };
  terms: { person: string; status: "notInvited" | "invited" | "accepted" | "retired" };
  users: { status: "notInvited" | "invited" | "accepted" | "retired"; group?: string; count: CountText };
  phones: {
    of?: PhonesName;
    has?: AppName;
    appState?: ManagedAppState;
    enrolled?: boolean;
    connected?: boolean;
    locked?: boolean;
    prompt?: PromptKind | "none";
    count: CountText;
  };
  ledger: "exact";
  soundness: "exact";
  account: { state: "valid" | "expired" | "revoked" | "invalid" | "assignedToExternalMdm" | "deleted" };
  command: { as: string; state?: string; status?: ResultStatus; rejection?: string; errorCode?: number };
  events: {
    event: EventName;
    phone?: PhonesName;
    person?: string;
    app?: AppName;
    where?: Record<string, string | number | boolean>;
    count: CountText;
  };
}
export type ExpectationName = keyof ExpectationArguments;

/** One or more of them: `{ licenses: { app: "Pages", used: 3 } }`. */
export type ExpectationSource = { [Name in ExpectationName]?: ExpectationArguments[Name] };

/** Verbs that take nothing may stand as a word. */
type BareVerb = { [V in Verb]: StepArguments[V] extends NoArgument ? V : never }[Verb];
interface FrameSource {
  /** The error code with which it must be refused. */
  refused?: ProblemCode;
  /** A name for a command, for expectations later on. */
  as?: string;
  note?: string;
}
/** An act: `{ deploy: { app: "Pages", group: "Staff" } }`, `"sync"`. */
export type ActSource = BareVerb | { [V in Verb]: FrameSource & { [Key in V]: StepArguments[V] } }[Verb];
export interface ExpectSource {
  expect: ExpectationSource | readonly ExpectationSource[];
  /** It must become so within this time; left out: it is so now. */
  within?: DurationText;
  /** And stay so for as long. */
  for?: DurationText;
  note?: string;
}
export type StepSource = ActSource | ExpectSource;

export interface ScenarioSource {
  /** Lower case, with hyphens. */
  name: string;
  /** One line. */
  title: string;
  story?: { symptom: string; source: string };
  world: WorldSource;
  personas?: Record<string, PersonaSource>;
  /** `unchecked`: Apple and the server need not agree in the end. */
  ledger?: "exact" | "unchecked";
  faults?: FaultSource[];
  /** By metric, e.g. `"acknowledgement.p95": "< 30s"`. */
  thresholds?: Record<string, string>;
  steps: StepSource[];
}
