/** How the stored format came to be what it is. A data folder of an earlier version is brought up to date when it is opened. */
import type { StoreState } from "./tables.ts";

/**
 * - 1: the document comes with the first checkpoint, and an orderly end takes the journal away.
 * - 2: document and journal are there from the first moment, the document has a checksum, and a journal that is followed by another
 *   names it, so that damage and missing files are noticed. API keys say when they expire, were last used, and which secret they
 *   had before.
 */
export const formatVersion = 2;

/** By the version they lead away from. Each changes the state in place, as it was left by the ones before. */
const migrations: ReadonlyMap<number, (state: StoreState) => void> = new Map([[1, giveKeysAnEnd]]);

/** Brings the state from `version` to the present one. */
export function migrate(state: StoreState, version: number): void {
  for (let from = version; from < formatVersion; from += 1) {
    const step = migrations.get(from);
    if (step === undefined) throw new Error(`There is no migration from version ${from}.`);
    step(state);
  }
}

function giveKeysAnEnd(state: StoreState): void {
  const keys = state.collections.get("apiKeys");
  for (const [id, key] of keys ?? []) {
    const complete = { expiresAt: null, lastUsedAt: null, previous: null, ...key };
    keys?.set(id, complete);
  }
}
