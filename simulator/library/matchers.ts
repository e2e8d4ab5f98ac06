/** Matchers for vitest: `import "pippin/vitest"` in a test or a set-up file, once. */
import { expect } from "vitest";
import type { PromptKind } from "../../agent/phone.ts";
import { LabPhone } from "./lab-phone.ts";
import { TestLab, type LicenseCount } from "./start-lab.ts";

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
  readonly actual?: unknown;
  readonly expected?: unknown;
}

interface PippinMatchers<R> {
  /** A phone has the app, by its own screen. */
  toHaveInstalled(app: string): R;
  /** A sheet of this kind is on the phone's screen; without a kind, any. */
  toShow(kind?: PromptKind): R;
  /** The phone is under management. */
  toBeEnrolled(): R;
  /** A lab's licences of an app, by Apple's count; to be awaited. */
  toHaveLicenses(app: string, count: Partial<LicenseCount>): Promise<R>;
  /** Apple and the server agree about every licence, and no invariant is broken; to be awaited. */
  toHaveExactLedger(): Promise<R>;
}

declare module "vitest" {
  // The form that vitest asks for.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-empty-object-type
  interface Matchers<T = any> extends PippinMatchers<T> {}
}

function phoneOf(received: unknown): LabPhone {
  if (received instanceof LabPhone) return received;
  throw new TypeError('expected a phone of a lab, such as lab.phone("anna")');
}

function labOf(received: unknown): TestLab {
  if (received instanceof TestLab) return received;
  throw new TypeError("expected a lab that startLab started");
}

function appsOn(phone: LabPhone): string {
  const names = phone.view.apps.map(({ name, state, installed }) =>
    installed ? name : `${name} (${state})`,
  );
  return names.length === 0 ? "no apps" : names.join(", ");
}

expect.extend({
  toHaveInstalled(received: unknown, app: string): Verdict {
    const phone = phoneOf(received);
    const pass = phone.has(app);
    return {
      pass,
      message: () => `${phone.name} ${pass ? "has" : "has not"} ${app}; on it: ${appsOn(phone)}`,
    };
  },
  toShow(received: unknown, kind?: PromptKind): Verdict {
    const phone = phoneOf(received);
    const found = phone.prompt?.kind;
    return {
      pass: kind === undefined ? found !== undefined : found === kind,
      message: () =>
        `${phone.name} shows ${found ?? (phone.view.locked ? "nothing, it is locked" : "no sheet")}, expected ${kind ?? "a sheet"}`,
      actual: found,
      expected: kind,
    };
  },
  toBeEnrolled(received: unknown): Verdict {
    const phone = phoneOf(received);
    const { enrolled, status } = phone.view;
    return { pass: enrolled, message: () => `${phone.name} is ${status}` };
  },
  async toHaveLicenses(received: unknown, app: string, count: Partial<LicenseCount>): Promise<Verdict> {
    const found = await labOf(received).licenses(app);
    const pass = (Object.entries(count) as [keyof LicenseCount, number][]).every(
      ([key, wanted]) => found[key] === wanted,
    );
    const words = Object.entries(found).map(([key, value]) => `${value} ${key}`);
    return { pass, message: () => `licences of ${app}: ${words.join(", ")}`, actual: found, expected: count };
  },
  async toHaveExactLedger(received: unknown): Promise<Verdict> {
    try {
      await labOf(received).expect([{ ledger: "exact" }, { soundness: "exact" }]);
      return { pass: true, message: () => "the ledger is exact" };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { pass: false, message: () => error.message };
    }
  },
});
