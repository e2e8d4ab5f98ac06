import { PippinError } from "../../shared/errors.ts";
import type { Recorder } from "../../shared/trace.ts";
import { DiskError } from "../../shared/world.ts";
import type { AppleModel } from "./apple-model.ts";
import type { Invariants } from "./invariants.ts";
import type { StateFile } from "./state-file.ts";

/** The service has found itself in a state that can't be. */
export class InvariantViolation extends Error {
  constructor(violations: readonly string[]) {
    super(`an invariant of the service is broken: ${violations.join("; ")}`);
    this.name = "InvariantViolation";
  }
}

/** The one way in which a call touches the model: as one step, checked, and durable before it is answered. */
export class Operations {
  static readonly fullCheckEvery = 1_000;
  static readonly violationsMax = 1_000;
  readonly #model: AppleModel;
  readonly #invariants: Invariants;
  readonly #recorder: Recorder;
  readonly #stateFile: StateFile | undefined;
  readonly #violations: string[] = [];
  #callCount = 0;

  constructor(parts: {
    model: AppleModel;
    invariants: Invariants;
    recorder: Recorder;
    stateFile: StateFile | undefined;
  }) {
    this.#model = parts.model;
    this.#invariants = parts.invariants;
    this.#recorder = parts.recorder;
    this.#stateFile = parts.stateFile;
  }

  /** Everything that was ever found wrong, oldest first; at most 1,000. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /**
   * Runs `step` (synchronous: nothing else happens meanwhile). Throws what it throws, InvariantViolation, and store_unwritable;
   * in the last case the step has been done but may be lost by a restart.
   */
  async perform<T>(step: () => T): Promise<T> {
    const before = this.#model.revision;
    let outcome: { value: T } | { error: unknown };
    try {
      outcome = { value: step() };
    } catch (error) {
      // Even a refusal may have changed something, e.g. counted a wrong password.
      outcome = { error };
    }
    this.#callCount += 1;
    const isFull = this.#callCount % Operations.fullCheckEvery === 0;
    const found = isFull ? this.#invariants.checkAll() : this.#invariants.checkTouched();
    if (found.length > 0) {
      this.report(found);
      throw new InvariantViolation(found);
    }
    if (this.#stateFile && this.#model.revision !== before) await this.#save(this.#stateFile);
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Checks everything now. What it finds is reported, not thrown. */
  checkAll(): { violations: string[]; checks: number } {
    const before = this.#invariants.checkCount;
    const violations = this.#invariants.checkAll();
    this.report(violations);
    return { violations, checks: this.#invariants.checkCount - before };
  }

  /** Keeps what was found wrong, and says so once. */
  report(violations: readonly string[]): void {
    for (const violation of violations) {
      if (this.#violations.includes(violation) || this.#violations.length >= Operations.violationsMax)
        continue;
      this.#violations.push(violation);
      this.#recorder.record("invariant.violated", { side: "apple", violation });
    }
  }

  async #save(stateFile: StateFile): Promise<void> {
    try {
      await stateFile.save();
    } catch (cause) {
      if (!(cause instanceof DiskError)) throw cause;
      throw new PippinError("store_unwritable", "the service could not keep its state", { cause });
    }
  }
}
