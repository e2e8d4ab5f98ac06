/** Takes away what is of no use any more, in small steps, and looks whether a disk that refused takes something again. */
import { PippinError } from "../shared/errors.ts";
import { startLoop, type Loop } from "./background.ts";
import type { ServerContext } from "./context.ts";
import type { IndexPosition, Transaction } from "./store/store.ts";

const everyMs = 60 * 60_000;
/** While nothing can be stored, it is tried this often. */
const probeEveryMs = 10_000;
/** Records looked at in one transaction. */
const stepSize = 100;
const dayMs = 24 * 60 * 60_000;
/** What has ended is kept so long for whoever asks what happened. */
export const keptMs = 30 * dayMs;
/** A create is answered as before for a day; see api/idempotency.ts. */
const answersKeptMs = dayMs;

/** What one step did: how many records it took away, and from where the next one goes on. */
interface Step {
  readonly removed: number;
  readonly next: IndexPosition | undefined;
}

interface Chore {
  readonly what: string;
  step(tx: Transaction, now: number, after: IndexPosition | undefined): Promise<Step>;
}

/** Removes those of a page of records that `isUseless` says so of. */
async function sweep<R extends { readonly id: string }>(
  page: readonly R[],
  options: {
    readonly positionOf: (record: R) => IndexPosition;
    readonly isUseless: (record: R) => Promise<boolean> | boolean;
    readonly remove: (record: R) => Promise<void>;
  },
): Promise<Step> {
  let removed = 0;
  for (const record of page) {
    if (!(await options.isUseless(record))) continue;
    await options.remove(record);
    removed += 1;
  }
  const last = page.at(-1);
  return { removed, next: last && page.length === stepSize ? options.positionOf(last) : undefined };
}

const chores: readonly Chore[] = [
  {
    what: "enrollmentTokens",
    async step(tx, now, after) {
      const query = { index: "ending", partition: "", sortMax: now - keptMs, limit: stepSize } as const;
      return sweep(await tx.list("enrollmentTokens", { ...query, ...(after ? { after } : {}) }), {
        positionOf: (token) => [token.expiresAt, token.id],
        isUseless: () => true,
        remove: (token) => tx.delete("enrollmentTokens", token.id),
      });
    },
  },
  {
    what: "identities",
    async step(tx, now, after) {
      const query = { index: "ending", partition: "", sortMax: now - keptMs, limit: stepSize } as const;
      return sweep(await tx.list("identities", { ...query, ...(after ? { after } : {}) }), {
        positionOf: (identity) => [
          Math.min(identity.expiresAt, identity.revokedAt ?? identity.expiresAt),
          identity.id,
        ],
        // A phone whose enrolment stands on it is still told what is wrong with it.
        async isUseless(identity) {
          const device = identity.udid === null ? undefined : await tx.get("devices", identity.udid);
          return device === undefined || device.identity !== identity.id || device.state === "unenrolled";
        },
        remove: (identity) => tx.delete("identities", identity.id),
      });
    },
  },
  {
    what: "sessions",
    async step(tx, now, after) {
      const query = { index: "ending", partition: "", sortMax: now, limit: stepSize } as const;
      return sweep(await tx.list("sessions", { ...query, ...(after ? { after } : {}) }), {
        positionOf: (session) => [session.endsAt, session.id],
        isUseless: () => true,
        remove: (session) => tx.delete("sessions", session.id),
      });
    },
  },
  {
    what: "idempotency",
    async step(tx, now, after) {
      const query = { index: "byAge", partition: "", sortMax: now - answersKeptMs, limit: stepSize } as const;
      return sweep(await tx.list("idempotency", { ...query, ...(after ? { after } : {}) }), {
        positionOf: (answer) => [answer.createdAt, answer.id],
        isUseless: () => true,
        remove: (answer) => tx.delete("idempotency", answer.id),
      });
    },
  },
];

/** Wake it when the disk begins to fail. */
export function startHousekeeping(context: ServerContext, onFailure: (error: unknown) => void): Loop {
  const { world, store, recorder } = context;
  let dueAt = world.now() + everyMs;

  async function turn(): Promise<number> {
    if (!store.healthy) await probe(context);
    const now = world.now();
    if (store.healthy && now >= dueAt) {
      for (const { what, count } of await tidyUp(context))
        recorder.record("housekeeping.pruned", { what, count });
      dueAt = now + everyMs;
    }
    return store.healthy ? dueAt : now + probeEveryMs;
  }
  return startLoop(world, turn, onFailure);
}

/** Writes something that says nothing. */
async function probe({ store }: ServerContext): Promise<void> {
  try {
    await store.transaction((tx) => tx.sequence());
  } catch (error) {
    if (!(error instanceof PippinError)) throw error;
  }
}

/** Does every chore to its end, each step in a transaction of its own. Answers with what was taken away. */
export async function tidyUp({ world, store }: ServerContext): Promise<{ what: string; count: number }[]> {
  const done: { what: string; count: number }[] = [];
  for (const { what, step } of chores) {
    const now = world.now();
    let count = 0;
    let after: IndexPosition | undefined;
    do {
      const from = after;
      const { removed, next } = await store.transaction((tx) => step(tx, now, from));
      count += removed;
      after = next;
    } while (after !== undefined);
    if (count > 0) done.push({ what, count });
  }
  return done;
}
