import { startLoop, type Loop } from "../background.ts";
import { readPolicies } from "../policies.ts";
import type { SyncRecord } from "../store/records.ts";
import { nextSyncAt } from "./account-view.ts";
import { accountId, type LicensingContext } from "./account.ts";
import { runSync, settleInterrupted } from "./sync.ts";

/** One sync at a time: on demand, after an act that needs one, and by the clock. */
export class SyncRunner {
  readonly #context: LicensingContext;
  /** Called after every sync. */
  readonly #done: () => void;
  readonly #schedule: Loop;
  #running: Promise<SyncRecord> | undefined;
  #settled = false;

  constructor(context: LicensingContext, done: () => void, onFailure: (error: unknown) => void) {
    this.#context = context;
    this.#done = done;
    this.#schedule = startLoop(context.world, () => this.#turn(), onFailure);
  }

  /** Joins a sync that is running, or begins one. */
  join(trigger: SyncRecord["trigger"], cause: number): Promise<SyncRecord> {
    return this.#running ?? this.#begin(() => runSync(this.#context, trigger, cause));
  }

  /** A sync that begins after everything that has happened so far: one that is running may have begun with an older token. */
  fresh(trigger: SyncRecord["trigger"], cause: number): Promise<SyncRecord> {
    const earlier = this.#running;
    if (earlier === undefined) return this.join(trigger, cause);
    return this.#begin(async () => {
      await Promise.allSettled([earlier]);
      return runSync(this.#context, trigger, cause);
    });
  }

  #begin(run: () => Promise<SyncRecord>): Promise<SyncRecord> {
    const running = run().finally(() => {
      if (this.#running === running) this.#running = undefined;
      this.#done();
      // When the next one comes depends on how this one went.
      this.#schedule.wake();
    });
    this.#running = running;
    return running;
  }

  /** One turn of the schedule. Whatever was missed while the server was down is made good by one sync. */
  async #turn(): Promise<number | null> {
    if (!this.#settled) {
      await settleInterrupted(this.#context);
      this.#settled = true;
    }
    const next = await this.#nextAt();
    if (next === null || next > this.#context.world.now()) return next;
    await this.join("schedule", 0);
    return this.#nextAt();
  }

  #nextAt(): Promise<number | null> {
    return this.#context.store.read(async (reader) => {
      const account = await reader.get("accounts", accountId);
      return account === undefined ? null : nextSyncAt(account, await readPolicies(reader));
    });
  }

  wake(): void {
    this.#schedule.wake();
  }

  /** Resolves when the sync under way has ended. None begins after. */
  async stop(): Promise<void> {
    await this.#schedule.stop();
    await Promise.allSettled([this.#running]);
  }
}
