/** For answers that have no end: a key that stops being good ends them, and does not wait for the next request. */
import type { Timer, World } from "../shared/world.ts";

export interface KeyWatch {
  /**
   * Calls `ended` once, as soon as the key is revoked or rotated away, or at `endsAt` (milliseconds since 1970). Answers with the
   * function that ends the watch.
   */
  watch(caller: { readonly keyId: string; readonly endsAt: number | null }, ended: () => void): () => void;
  /** After a commit by which the secrets of this key were good no longer. */
  ended(keyId: string): void;
  /** How many watches there are. */
  readonly count: number;
}

export function createKeyWatch(world: World): KeyWatch {
  const watches = new Map<string, Set<() => void>>();
  let count = 0;
  return {
    watch(caller, ended) {
      const ofKey = watches.get(caller.keyId) ?? new Set();
      watches.set(caller.keyId, ofKey);
      let timer: Timer | undefined = undefined;
      const forget = () => {
        timer?.cancel();
        if (!ofKey.delete(end)) return;
        count -= 1;
        if (ofKey.size === 0 && watches.get(caller.keyId) === ofKey) watches.delete(caller.keyId);
      };
      const end = () => {
        forget();
        ended();
      };
      ofKey.add(end);
      count += 1;
      if (caller.endsAt !== null) timer = world.after(Math.max(0, caller.endsAt - world.now()), end);
      return forget;
    },
    ended(keyId) {
      for (const end of [...(watches.get(keyId) ?? [])]) end();
    },
    get count() {
      return count;
    },
  };
}
