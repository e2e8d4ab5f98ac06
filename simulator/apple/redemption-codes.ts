import { PippinError } from "../../shared/errors.ts";
import type { AppleAccount } from "./apple-ids.ts";
import type { Environment } from "./environment.ts";
import { AppStoreRefusal } from "./refusals.ts";

export interface RedemptionCode {
  readonly adamId: string;
  /** The Apple ID that used it up. */
  usedBy: string | undefined;
}

/**
 * Codes that each buy one copy of a paid app for an Apple ID, for good: how apps were bought in volume before licences could be
 * taken back.
 */
export class RedemptionCodes {
  static readonly codesMax = 100_000;
  readonly byCode = new Map<string, RedemptionCode>();
  readonly #environment: Environment;
  readonly #changed: () => void;

  constructor(environment: Environment, changed: () => void) {
    this.#environment = environment;
    this.#changed = changed;
  }

  /** Throws limit_exceeded. */
  issue(adamId: string, quantity: number): string[] {
    if (this.byCode.size + quantity > RedemptionCodes.codesMax) {
      throw new PippinError("limit_exceeded", `there are at most ${RedemptionCodes.codesMax} codes`);
    }
    const codes = Array.from({ length: quantity }, () => this.#environment.randomHex(6).toUpperCase());
    for (const code of codes) this.byCode.set(code, { adamId, usedBy: undefined });
    this.#changed();
    return codes;
  }

  /**
   * Buys the app for this Apple ID. Answers whether that took the code; an app that is bought already takes none. The same again
   * gives the same answer. Throws AppStoreRefusal code_invalid.
   */
  redeem(code: string, adamId: string, account: AppleAccount): boolean {
    const found = this.byCode.get(code.toUpperCase());
    if (found?.adamId !== adamId || (found.usedBy !== undefined && found.usedBy !== account.appleId)) {
      throw new AppStoreRefusal("code_invalid", "this code does not buy this app, or somebody has used it");
    }
    if (found.usedBy === account.appleId) return true;
    if (account.purchases.has(adamId)) return false;
    found.usedBy = account.appleId;
    account.purchases.add(adamId);
    this.#changed();
    return true;
  }
}
