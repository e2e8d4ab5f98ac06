/** Calls to Apple that the reconciler asked for: a few at once, each wish once. */
import { PippinError } from "../../shared/errors.ts";
import type { ServerContext } from "../context.ts";
import { VppError } from "../licensing/vpp-client.ts";
import { backoffMs, readPolicies } from "../policies.ts";

/** Something to be done outside a transaction. Two with one key are one deed. */
export interface Effect {
  readonly installationId: string;
  readonly key: string;
  perform(): Promise<void>;
}

interface Deed {
  readonly key: string;
  perform(): Promise<void>;
  readonly installationIds: string[];
}

/** Calls to Apple under way at once. */
const widthMax = 6;
/** What could not be noted in the store is tried again after this long. */
const afterFailureMs = 5_000;
/** Wishes taken on at once; the rest stay due in the store. */
const wishesMax = 128;

/**
 * Performs effects and makes their installations due again when they have ended. What is under way is known only here: after a
 * crash the store still holds the installations as due, and repeating an effect is harmless.
 */
export class Effects {
  readonly #context: ServerContext;
  readonly #ended: () => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #waiting: Deed[] = [];
  readonly #byKey = new Map<string, Deed>();
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(context: ServerContext, ended: () => void, onFailure: (error: unknown) => void) {
    this.#context = context;
    this.#ended = ended;
    this.#onFailure = onFailure;
  }

  get busyCount(): number {
    return this.#busy.size;
  }
  get isFull(): boolean {
    return this.#busy.size >= wishesMax;
  }
  isBusy(installationId: string): boolean {
    return this.#busy.has(installationId);
  }

  begin(effects: readonly Effect[]): void {
    for (const { installationId, key, perform } of effects) {
      this.#busy.add(installationId);
      const same = this.#byKey.get(key);
      if (same) {
        same.installationIds.push(installationId);
        continue;
      }
      const deed: Deed = { key, perform, installationIds: [installationId] };
      this.#byKey.set(key, deed);
      this.#waiting.push(deed);
    }
    this.#pump();
  }

  /** Resolves when those under way have ended; those that wait stay due in the store. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.length = 0;
    await Promise.all(this.#running);
  }

  #pump(): void {
    while (!this.#stopped && this.#running.size < widthMax) {
      const deed = this.#waiting.shift();
      if (deed === undefined) return;
      const running = this.#carryOut(deed);
      this.#running.add(running);
      void running.finally(() => {
        this.#running.delete(running);
        this.#pump();
      });
    }
  }

  async #carryOut(deed: Deed): Promise<void> {
    try {
      await this.#run(deed);
      this.#release(deed);
    } catch (error) {
      this.#onFailure(error);
      // The disk could not take when to try again: the installations stay due, and at once would be again and again.
      this.#context.world.after(afterFailureMs, () => this.#release(deed));
    }
  }

  #release({ key, installationIds }: Deed): void {
    this.#byKey.delete(key);
    for (const id of installationIds) this.#busy.delete(id);
    this.#ended();
  }

  async #run(deed: Deed): Promise<void> {
    const { store, world } = this.#context;
    const retryMs = await this.#attempt(deed);
    await store.transaction(async (tx) => {
      for (const id of deed.installationIds) {
        const installation = await tx.get("installations", id);
        // Whoever settled it meanwhile may have put it to rest: then it stays so.
        if (installation === undefined || (installation.dueAt === null && retryMs === 0)) continue;
        await tx.put("installations", { ...installation, dueAt: world.now() + retryMs });
      }
    });
  }

  /** Answers with how long to wait before the next try: 0 after success. */
  async #attempt(deed: Deed): Promise<number> {
    const { store, world } = this.#context;
    try {
      await deed.perform();
      this.#failures.delete(deed.key);
      return 0;
    } catch (error) {
      if (!(error instanceof PippinError) && !(error instanceof VppError)) throw error;
      const count = this.#failures.get(deed.key) ?? 0;
      this.#failures.set(deed.key, count + 1);
      const { retry } = await store.read(readPolicies);
      return Math.round(backoffMs(retry, count) * (0.75 + world.random() / 2));
    }
  }
}
