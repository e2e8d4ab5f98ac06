/** What a scenario is given, and what comes of it. */
import type { Phone } from "../../agent/phone.ts";
import type { Recorder } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import type { FaultDesk } from "../faults/fault-desk.ts";
import type { Persona } from "../people/person.ts";
import type { JsonClient } from "../json-client.ts";
import type { MetricUnit } from "./metrics.ts";

export interface NewPhone {
  readonly serial: string;
  readonly product: string;
  readonly name: string;
  readonly kind: Phone["config"]["kind"];
  readonly enrollmentUrl: string;
  /** It comes out of the box, and waits in Setup Assistant for the server. For `dep` phones alone. */
  readonly setupAssistant?: boolean;
  /** Whether it refuses the program and its apps by itself. Default: a `dep` phone does; one of later years doesn't. */
  readonly refusesVpp?: boolean;
  /** Default: 9.3.2, the one of mid-2016. */
  readonly osVersion?: string;
  /** Default: drawn. */
  readonly udid?: string;
  /** Whose it is, by the directory. */
  readonly owner?: string;
  /** Who holds it; undefined: it lies on a desk. */
  readonly persona?: Persona;
}

/** The server's process, where the lab has a hand on it. */
export interface ServerPower {
  /** As `kill -9`; `unsynced` is what becomes of what it was writing. */
  kill(options: { readonly unsynced: "lost" | "torn" | "kept" }): void;
  /** In good order. */
  stop(): Promise<void>;
  /** On the data that it left. */
  start(): Promise<void>;
  /** Breaks every connection between phones and server. */
  cutConnections(): void;
}

export interface Lab {
  readonly seed: string;
  /** The world in which the people and the clients live. */
  readonly world: World;
  readonly recorder: Recorder;
  /** The server's admin API. */
  readonly admin: JsonClient;
  /** Apple's control API. */
  readonly apple: JsonClient;
  /** People in the live world think for milliseconds; in the virtual one, for as long as people do. */
  readonly pace: "quick" | "natural";
  addPhone(phone: NewPhone): Promise<Phone>;
  /** Starts a phone again on what its disk kept. It is in nobody's hand then. Throws PippinError `not_found`. */
  restartPhone(udid: string): Promise<Phone>;
  readonly phones: readonly Phone[];
  /** What is to go wrong, and when. */
  readonly faults: FaultDesk;
  /** Undefined where the server is another process's, or the lab can't do without it. */
  readonly server?: ServerPower;
  /** A line for whoever watches. */
  progress(line: string): void;
}

export interface AppSummary {
  adamId: string;
  name: string;
  /** Seats owned, and in use, by Apple's count. */
  total: number;
  used: number;
  installed: number;
  failedNoLicense: number;
  /** Failed for another reason. */
  failedOther: number;
  waitingForTerms: number;
  notApplicable: number;
}

export interface UserSummary {
  id: string;
  name: string;
  termsStatus: string;
  phones: number;
}

/** A limit of the scenario's, and what was measured. */
export interface ThresholdResult {
  metric: string;
  /** As the scenario writes it: `< 30s`. */
  limit: string;
  /** Milliseconds for `time`, between 0 and 1 for `share`, a second for `rate`; null when there was nothing to measure. */
  value: number | null;
  unit: MetricUnit;
  ok: boolean;
}

export interface RunSummary {
  scenario: string;
  seed: string;
  passed: boolean;
  /** Expectations that were not met, in words. */
  failures: string[];
  apps: AppSummary[];
  devices: number;
  users: number;
  people: UserSummary[];
  /** Seats that one side has and the other hasn't; null when Apple could not be asked. */
  drift: number | null;
  /** Broken invariants, of the server's ledger and of Apple's. */
  violations: string[];
  /** By the lab's clock. */
  durationMs: number;
  /** Of a scenario that sets limits to what is measured. */
  thresholds?: ThresholdResult[];
}

export interface Scenario {
  readonly name: string;
  /** One line. */
  readonly title: string;
  run(lab: Lab): Promise<RunSummary>;
}
