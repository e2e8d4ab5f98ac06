/** For answers that have no end: a key or session that stops being good ends them, and does not wait for the next request. */
import type { Timer, World } from "../shared/world.ts";

export interface Watched {
  readonly keyId: string;
  /** Milliseconds since 1970; null: nothing is known to end it. */
  readonly endsAt: number | null;
  /** The sign-in session by which the key is used, if it is. */
  readonly session?: { readonly id: string } | undefined;
}

export interface KeyWatch {
  /**
   * Calls `ended` once, as soon as the key is revoked or rotated away or the session is ended, or at `endsAt`. Answers with the
   * function that ends the watch.
   */
  watch(caller: Watched, ended: () => void): () => void;
  /** After a commit by which the secrets of this key were good no longer. */
  ended(keyId: string): void;
  /** After a commit by which the session was over. */
  sessionEnded(sessionId: string): void;
  /** The session was used, and lasts until then. */
  sessionGoesOn(sessionId: string, endsAt: number): void;
  /** How many watches there are. */
  readonly count: number;
}

interface Watch {
  end(): void;
  endAt(endsAt: number): void;
}

export function createKeyWatch(world: Pick<World, "now" | "after">): KeyWatch {
  const ofKeys = new Map<string, Set<Watch>>();
  const ofSessions = new Map<string, Set<Watch>>();
  let count = 0;
  const endAll = (watches: ReadonlySet<Watch> | undefined) => {
    for (const watch of [...(watches ?? [])]) watch.end();
  };
  return {
    watch({ keyId, endsAt, session }, ended) {
      let timer: Timer | undefined = undefined;
      let isOver = false;
      const watch: Watch = {
        end() {
          forget();
          ended();
        },
        endAt(at) {
          timer?.cancel();
          timer = world.after(Math.max(0, at - world.now()), watch.end);
        },
      };
      const leave = [enter(ofKeys, keyId, watch), ...(session ? [enter(ofSessions, session.id, watch)] : [])];
      const forget = () => {
        timer?.cancel();
        if (isOver) return;
        isOver = true;
        count -= 1;
        for (const each of leave) each();
      };
      count += 1;
      if (endsAt !== null) watch.endAt(endsAt);
      return forget;
    },
    ended: (keyId) => endAll(ofKeys.get(keyId)),
    sessionEnded: (sessionId) => endAll(ofSessions.get(sessionId)),
    sessionGoesOn(sessionId, endsAt) {
      for (const watch of ofSessions.get(sessionId) ?? []) watch.endAt(endsAt);
    },
    get count() {
      return count;
    },
  };
}

function enter(watches: Map<string, Set<Watch>>, id: string, watch: Watch): () => void {
  const ofId = watches.get(id) ?? new Set();
  watches.set(id, ofId.add(watch));
  return () => {
    ofId.delete(watch);
    if (ofId.size === 0 && watches.get(id) === ofId) watches.delete(id);
  };
}
