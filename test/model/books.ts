/** What both sides say: the server's records and Apple's. */
import { ApiError } from "../../simulator/json-client.ts";
import type { InstallationState } from "../../server/store/records.ts";
import type { ModelPhone } from "./model.ts";
import { appId, type Run } from "./run.ts";

export interface Installation {
  readonly udid: string;
  readonly adamId: string;
  readonly state: InstallationState;
  readonly reason: string | null;
}

interface Line {
  readonly adamId: string;
  readonly total: number;
  readonly assigned: number;
  readonly available: number;
}

interface Ledger {
  readonly drift: number;
  readonly violations: readonly string[];
  readonly lines: readonly Line[];
  readonly differences: readonly unknown[];
}

export class Books {
  readonly #installations: readonly Installation[];
  readonly #devices: ReadonlyMap<string, string>;
  readonly #lines: ReadonlyMap<string, Line>;
  /** What is wrong with the ledger, in words. */
  readonly violations: readonly string[];

  private constructor(
    installations: readonly Installation[],
    devices: readonly { udid: string; state: string }[],
    ledger: Ledger,
    apple: { violations: readonly string[] },
  ) {
    this.#installations = installations;
    this.#devices = new Map(devices.map(({ udid, state }) => [udid, state]));
    this.#lines = new Map(ledger.lines.map((line) => [line.adamId, line]));
    const drift = ledger.drift === 0 ? [] : [`drift ${ledger.drift}: ${JSON.stringify(ledger.differences)}`];
    this.violations = [...ledger.violations, ...apple.violations, ...drift];
  }

  /** Undefined while Apple wants to be left alone: the server does so, and can't compare. */
  static async read({ admin, lab }: Run): Promise<Books | undefined> {
    try {
      const ledger = await admin.get<Ledger>("/api/v1/ledger/check");
      const { items } = await admin.get<{ items: Installation[] }>("/api/v1/installations?limit=100");
      const devices = await admin.get<{ items: { udid: string; state: string }[] }>(
        "/api/v1/devices?limit=100",
      );
      const apple = await lab.apple.get<{ violations: string[] }>("/control/v1/invariants");
      return new Books(items, devices.items, ledger, apple);
    } catch (error) {
      if (error instanceof ApiError && error.code === "apple_unavailable") return undefined;
      throw error;
    }
  }

  installation({ phone }: ModelPhone, app: number): Installation | undefined {
    return this.#installations.find(
      ({ udid, adamId }) => udid === phone.config.udid && adamId === appId(app),
    );
  }

  /** Where each is, by `<udid> <adamId>`. */
  get states(): ReadonlyMap<string, string> {
    return new Map(this.#installations.map(({ udid, adamId, state }) => [`${udid} ${adamId}`, state]));
  }

  /** A phone without a connection can't say that its profile is gone, and the server waits for it. */
  isUnheard({ phone, managed }: ModelPhone): boolean {
    return !managed && this.#devices.get(phone.config.udid) === "enrolled";
  }

  /** By Apple's count. */
  seats(app: number): Omit<Line, "adamId"> {
    return this.#lines.get(appId(app)) ?? { total: 0, assigned: 0, available: 0 };
  }
}

export function endOf(installation: Installation | undefined): string {
  if (installation === undefined) return "none";
  return [installation.state, installation.reason].filter(Boolean).join("/");
}

export function isOnPhone({ phone }: ModelPhone, app: number): boolean {
  return phone.view().apps.some((one) => one.adamId === appId(app) && one.installed);
}
