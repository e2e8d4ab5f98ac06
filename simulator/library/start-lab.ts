/** A lab from TypeScript: its world as objects, for tests and for whoever wants to write a program about phones. */
import { PippinError } from "../../shared/errors.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import type { EventName, TraceEvent } from "../../shared/trace.ts";
import type { JsonClient } from "../json-client.ts";
import { holdVirtualLab, startLiveLab } from "../lab.ts";
import { formatDuration, parseDuration } from "../scenarios/duration.ts";
import { Expectations } from "../scenarios/expectations.ts";
import { takeStep } from "../scenarios/play.ts";
import { checkScenario, checkSteps } from "../scenarios/read-scenario.ts";
import type { Lab } from "../scenarios/scenario.ts";
import type {
  ActSource,
  ExpectationSource,
  FaultSource,
  PersonaSource,
  WorldSource,
} from "../scenarios/scenario-source.ts";
import { Stage } from "../scenarios/stage.ts";
import { unknownName } from "../scenarios/vocabulary.ts";
import { LabPerson } from "./lab-person.ts";
import { LabPhone, type Drive } from "./lab-phone.ts";

/** `90s`, `2h`, `1y`, or milliseconds. */
export type Span = string | number;

/** What the lab begins with. What is left out is as in a scenario's `world`; without people there is Anna, of the group Staff. */
export interface LabOptions extends Partial<WorldSource> {
  /** The same seed is the same run. Default: drawn, and named in every failure. */
  readonly seed?: string | number;
  /** `virtual` (the default): time passes as fast as it can, and only when the lab is asked for something. `live`: real sockets and time. */
  readonly world?: "virtual" | "live";
  readonly personas?: Record<string, PersonaSource>;
  readonly faults?: FaultSource[];
  /** Writes every event and every message there. */
  readonly trace?: string;
  /** A line for whoever watches. Default: nobody does. */
  readonly progress?: (line: string) => void;
}

/** Within which it must become so; the rest of the time nothing is asked. */
export interface Patience {
  /** Default: an hour; in a live lab ten seconds. */
  readonly within?: Span;
}

/** One of the two APIs of the lab: the server's for admins, or Apple's for control. Both refuse with ApiError. */
export interface LabApi {
  readonly baseUrl: string;
  get<T = unknown>(path: string): Promise<T>;
  post<T = unknown>(path: string, body?: unknown): Promise<T>;
  put<T = unknown>(path: string, body: unknown): Promise<T>;
  patch<T = unknown>(path: string, body: unknown): Promise<T>;
  delete<T = unknown>(path: string): Promise<T>;
}

/** What Apple and the server have in their books. */
export interface LicenseCount {
  readonly total: number;
  readonly used: number;
  readonly available: number;
}

interface Held {
  readonly lab: Lab;
  readonly drive: Drive;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const looks = {
  virtual: { withinMs: 3_600_000, firstMs: 1_000, maxMs: 60_000 },
  live: { withinMs: 10_000, firstMs: 50, maxMs: 1_000 },
} as const;
const lookFactor = 1.3;
const json = "application/json";
const nobodyWatches = () => undefined;

/**
 * Starts a lab: Apple, a server, and phones in the hands of people, as far as the options say. Use it with `await using`, or call
 * `close`. Throws PippinError `invalid_scenario` for options that make no world.
 */
export async function startLab(options: LabOptions = {}): Promise<TestLab> {
  const { seed, world = "virtual", personas = {}, faults = [], trace, progress, ...plan } = options;
  const { people = [{ id: "anna", groups: ["Staff"] }], ...rest } = plan;
  const file = checkScenario({
    name: "lab",
    title: "a lab that is used from TypeScript",
    world: { ...rest, people },
    personas,
    faults,
    steps: ["sync"],
  });
  const drawn = String(seed ?? createLiveWorld().randomBytes(4).readUInt32BE());
  const held = await hold(drawn, world, { progress, trace });
  try {
    const stage = new Stage(held.lab, file, file.words);
    await held.drive(() => stage.setUp());
    stage.beginFaults();
    return new TestLab(held, stage);
  } catch (error) {
    await held.close();
    throw error;
  }
}

async function hold(
  seed: string,
  world: "virtual" | "live",
  { progress = nobodyWatches, trace }: Pick<LabOptions, "progress" | "trace">,
): Promise<Held> {
  const common = { seed, progress, ...(trace === undefined ? {} : { tracePath: trace }) };
  if (world === "virtual") return holdVirtualLab(common);
  const lab = await startLiveLab({ ...common, host: "127.0.0.1", serverPort: 0, applePort: 0 });
  return {
    lab,
    drive: (deed) => deed(),
    advance: (ms) => lab.world.sleep(ms),
    close: () => lab.stop(),
  };
}

/** A running lab. Nothing happens in a virtual one but while one of the promises it gave is waited for. */
export class TestLab implements AsyncDisposable {
  readonly seed: string;
  /** The server's admin API. */
  readonly admin: LabApi;
  /** Apple's control API. */
  readonly apple: LabApi;
  readonly #held: Held;
  readonly #stage: Stage;
  readonly #phones = new Map<string, LabPhone>();
  #isClosed = false;

  /** @internal */
  constructor(held: Held, stage: Stage) {
    this.#held = held;
    this.#stage = stage;
    this.seed = held.lab.seed;
    this.admin = apiOf(held.lab.admin, held.drive);
    this.apple = apiOf(held.lab.apple, held.drive);
    for (const name of [...stage.words.people.values()].flat())
      this.#phones.set(name, new LabPhone(name, stage, held.drive));
  }

  /** What the lab's clock says. */
  get now(): Date {
    return new Date(this.#held.lab.world.now());
  }

  get phones(): readonly LabPhone[] {
    return [...this.#phones.values()];
  }

  /** `anna` is Anna's first phone, `anna/2` her second. Throws PippinError `not_found`. */
  phone(name: string): LabPhone {
    const phone = this.#phones.get(name);
    if (phone) return phone;
    throw new PippinError("not_found", unknownName("phone", name, this.#phones.keys()));
  }

  /** Throws PippinError `not_found`. */
  person(id: string): LabPerson {
    const { people } = this.#stage.words;
    const names = people.get(id);
    if (names === undefined) throw new PippinError("not_found", unknownName("person", id, people.keys()));
    return new LabPerson(
      id,
      names.map((name) => this.phone(name)),
      this.#stage,
    );
  }

  /** Everything that has happened since the start, oldest first; of one name, if one is given. */
  events(name?: EventName): readonly TraceEvent[] {
    return name === undefined ? this.#stage.everything() : this.#stage.happened(name);
  }

  /**
   * Does what a scenario's steps say, one after another: `do("sync", { deploy: { app: "Pages", group: "Staff" } })`. Throws PippinError
   * `invalid_scenario` for a step that makes no sense (none is taken then), and an Error for one that fails.
   */
  async do(...steps: readonly ActSource[]): Promise<void> {
    await this.#take(steps);
  }

  /**
   * What a scenario expects: `expect({ licenses: { app: "Pages", used: 3 } }, { within: "2h" })`. Without `within` it must be so now.
   * Throws an Error that names the closest miss and the events that led there.
   */
  async expect(
    expectations: ExpectationSource | readonly ExpectationSource[],
    { within }: Patience = {},
  ): Promise<void> {
    await this.#take([
      { expect: expectations, ...(within === undefined ? {} : { within: textOf(spanMs(within)) }) },
    ]);
  }

  async #take(steps: readonly unknown[]): Promise<void> {
    const planned = checkSteps(steps, this.#stage.words);
    const check = new Expectations(this.#held.lab);
    await this.#held.drive(async () => {
      for (const [index, step] of planned.entries())
        if (!(await takeStep(this.#stage, step, check, `step ${index + 1}`))) return;
    });
    if (check.failures.length > 0) throw new Error(this.#withSeed(check.failures.join("\n")));
  }

  /**
   * Asks again and again, as time passes, until `look` throws no more; answers with what it answered. In a virtual lab it looks while
   * the world stands still. Throws what the last look threw, with the seed and the time in its message.
   */
  async eventually<T>(look: () => T | Promise<T>, { within }: Patience = {}): Promise<T> {
    const { world } = this.#held.lab;
    const { withinMs, firstMs, maxMs } = looks[world.kind];
    const patienceMs = within === undefined ? withinMs : spanMs(within);
    const endsAt = world.now() + patienceMs;
    for (let waitMs: number = firstMs; ; waitMs = Math.min(maxMs, waitMs * lookFactor)) {
      try {
        return await look();
      } catch (error) {
        const leftMs = endsAt - world.now();
        if (leftMs <= 0) throw this.#told(error, patienceMs);
        await this.#held.advance(Math.ceil(Math.min(waitMs, leftMs)));
      }
    }
  }

  #told(error: unknown, patienceMs: number): unknown {
    if (!(error instanceof Error)) return error;
    // The error itself, so that a test runner still shows what was expected and what was found.
    error.message = this.#withSeed(`not so within ${formatDuration(patienceMs)}: ${error.message}`);
    return error;
  }

  #withSeed(text: string): string {
    return `${text}\n(seed ${this.seed}, at ${this.now.toISOString()})`;
  }

  /**
   * Lets time pass; everything that was due by then has happened when it resolves. In a live lab that takes as long as it says. Throws
   * PippinError `usage` for a text that is no duration.
   */
  advance(span: Span): Promise<void> {
    return this.#held.advance(spanMs(span));
  }

  /** The same, up to a moment: a time, or when the organisation's token expires. Throws PippinError `usage` when it is over. */
  async advanceTo(moment: Date | "tokenExpiry"): Promise<void> {
    const at =
      moment === "tokenExpiry" ? await this.#held.drive(() => this.#stage.tokenExpiry()) : moment.getTime();
    const waitMs = at - this.#held.lab.world.now();
    if (!(waitMs >= 0)) {
      const said = Number.isNaN(at) ? "that is no time" : `${new Date(at).toISOString()} is over`;
      throw new PippinError("usage", `${said}: it is ${this.now.toISOString()}`);
    }
    await this.#held.advance(waitMs);
  }

  /** Licences of an app, by Apple's count. Throws PippinError `not_found` for an app that nobody knows. */
  async licenses(app: string): Promise<LicenseCount> {
    const { apps } = this.#stage.words;
    const adamId = apps.get(app);
    if (adamId === undefined) throw new PippinError("not_found", unknownName("app", app, apps.keys()));
    const { assets } = await this.apple.get<{
      assets: { adamId: string; totalCount: number; assignedCount: number; availableCount: number }[];
    }>(this.#stage.organisationPath);
    const asset = assets.find((one) => one.adamId === adamId);
    return {
      total: asset?.totalCount ?? 0,
      used: asset?.assignedCount ?? 0,
      available: asset?.availableCount ?? 0,
    };
  }

  /** Ends everything that runs in it. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stage.close();
    await this.#held.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function apiOf(client: JsonClient, drive: Drive): LabApi {
  const send = <T>(method: string, path: string, body?: unknown) =>
    drive(() => client.send<T>(method, path, ...(body === undefined ? [] : [JSON.stringify(body), json])));
  return {
    baseUrl: client.baseUrl,
    get: (path) => send("GET", path),
    post: (path, body = {}) => send("POST", path, body),
    put: (path, body) => send("PUT", path, body),
    patch: (path, body) => send("PATCH", path, body),
    delete: (path) => send("DELETE", path),
  };
}

function spanMs(span: Span): number {
  const ms = typeof span === "number" ? span : parseDuration(span);
  if (ms !== undefined && Number.isFinite(ms) && ms >= 0) return ms;
  throw new PippinError("usage", `expected milliseconds or a duration such as 90s, 2h or 1y, not ${span}`);
}

function textOf(ms: number): string {
  return `${Math.ceil(ms)}ms`;
}
