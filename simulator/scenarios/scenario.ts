/** What a scenario is given, and what comes of it. */
import type { Phone } from "../../agent/phone.ts";
import type { Recorder } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import type { Persona } from "../people/person.ts";
import type { JsonClient } from "../json-client.ts";

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
  /** Who holds it; undefined: it lies on a desk. */
  readonly persona?: Persona;
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
  /** Seats that one side has and the other hasn't. */
  drift: number;
  /** Broken invariants, of the server's ledger and of Apple's. */
  violations: string[];
  /** By the lab's clock. */
  durationMs: number;
}

export interface Scenario {
  readonly name: string;
  /** One line. */
  readonly title: string;
  run(lab: Lab): Promise<RunSummary>;
}
