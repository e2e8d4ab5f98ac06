import type { Lab } from "./scenario.ts";

/** What a scenario found to be otherwise than it should. Collected, so that one report tells everything. */
export class Expectations {
  readonly failures: string[] = [];
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  expect(holds: boolean, what: string): void {
    if (!holds) this.fail(what);
  }

  equal(actual: unknown, expected: unknown, what: string): void {
    const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (found !== wanted) this.fail(`${what}: expected ${wanted}, found ${found}`);
  }

  /**
   * Asks `probe` until it answers null (what it should be is so) or time is up; then the last answer, which says what is still
   * missing, becomes the failure.
   */
  async eventually(what: string, withinMs: number, probe: () => Promise<string | null>): Promise<void> {
    const { world } = this.#lab;
    const startedAt = world.now();
    const everyMs = world.kind === "virtual" ? 5_000 : 100;
    let told = { what: "", at: startedAt };
    for (;;) {
      const missing = await probe();
      if (missing === null) return;
      if (missing !== told.what && world.now() - told.at >= 5 * everyMs) {
        told = { what: missing, at: world.now() };
        this.#lab.progress(`  … ${missing}`);
      }
      if (world.now() - startedAt >= withinMs) {
        this.fail(`${what}: ${missing} after ${Math.round(withinMs / 1_000)} s`);
        return;
      }
      await world.sleep(everyMs);
    }
  }

  fail(what: string): void {
    this.failures.push(what);
    this.#lab.progress(`✗ ${what}`);
  }
}
