/** Who did what through the API, or tried to. An act that changes something is noted in the very transaction that changes it. */
import { PippinError } from "../../shared/errors.ts";
import type { JsonValue } from "../../shared/json.ts";
import { startLoop, type Loop } from "../background.ts";
import type { ServerContext } from "../context.ts";
import { transact, type Companion, type Fact } from "../outbox.ts";
import { readPolicies } from "../policies.ts";
import type { AuditRecord, AuditResult, Role } from "../store/records.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { bounded } from "./bounded.ts";

/** Of each of request, before and after. */
const shownBytesMax = 4_096;
/** Past it the oldest records go before their time. */
const recordsMaxDefault = 100_000;
/** Refusals written in a minute; more are counted only, so that knocking does not fill the disk. */
const refusalsMax = 300;
const minuteMs = 60_000;
const pruneBatch = 200;
const dayMs = 24 * 60 * 60 * 1_000;

/** Reads what an act is done to, as an admin may see it; undefined when there is no such thing. */
export type Snapshot = (reader: Reader) => Promise<unknown>;

/** What is known of an act before it is done. */
export interface ActDescription {
  readonly cause: number;
  readonly keyId: string | null;
  readonly role: Role | null;
  readonly address: string;
  readonly operation: string;
}

export interface ActSubject {
  readonly target: string;
  readonly snapshot: Snapshot | undefined;
}

/** What the act is about. For a new thing only the facts of its transaction tell which it is. */
export type SubjectOf = (facts: readonly Fact[]) => ActSubject;

export interface Act {
  /** Who it is, where that is known only after it has begun. */
  by(who: Pick<ActDescription, "keyId" | "role">): void;
  /** Before it is done: reads what is to change. `request` must hold no secrets. */
  about(request: unknown): Promise<void>;
  /** It was done. */
  done(): Promise<void>;
  /** It was not done, or not known to be; `error` says why. */
  refused(error: unknown): Promise<void>;
  /** Nothing was done that is not in the log: the answer of an earlier act was given again. */
  repeated(): void;
}

export interface AuditLog extends Companion {
  begin(description: ActDescription, subjectOf: SubjectOf): Act;
  /** Somebody was turned away before anything could begin. */
  turnedAway(description: ActDescription, target: string, error: unknown): Promise<void>;
}

interface Draft extends ActDescription {
  keyId: string | null;
  role: Role | null;
  readonly id: string;
  readonly at: number;
  request: JsonValue;
  before: JsonValue;
  readonly subjectOf: SubjectOf;
  /** A record of it is durable. */
  isWritten: boolean;
}

export interface AuditLogOptions {
  readonly recordsMax?: number;
}

export function createAuditLog(
  context: Pick<ServerContext, "world" | "store">,
  options: AuditLogOptions = {},
): AuditLog {
  const { world, store } = context;
  const recordsMax = options.recordsMax ?? recordsMaxDefault;
  /** Acts under way, by the event of their request. */
  const pending = new Map<number, Draft>();
  let minute = { endsAt: 0, refusals: 0 };
  let suppressed = 0;

  function draft(description: ActDescription, subjectOf: SubjectOf): Draft {
    const at = world.now();
    const id = `${String(at).padStart(15, "0")}-${String(description.cause).padStart(12, "0")}`;
    return {
      ...description,
      id,
      at,
      request: null,
      before: null,
      subjectOf,
      isWritten: false,
    };
  }

  async function write(
    tx: Transaction,
    act: Draft,
    facts: readonly Fact[],
    outcome: { result: AuditResult; code: string | null },
  ): Promise<void> {
    // An act that fails after something of it was done has two records.
    const id = outcome.result === "done" ? act.id : `${act.id}-end`;
    if (await tx.get("audit", id)) return;
    const { target, snapshot } = act.subjectOf(facts);
    const key = act.keyId === null ? undefined : await tx.get("apiKeys", act.keyId);
    const after = snapshot && outcome.result === "done" ? await snapshot(tx) : null;
    const record: AuditRecord = {
      id,
      at: act.at,
      keyId: act.keyId,
      keyName: key?.name ?? null,
      role: act.role,
      address: act.address,
      operation: act.operation,
      target,
      request: act.request,
      before: act.before,
      after: bounded(after, shownBytesMax),
      ...outcome,
      cause: act.cause,
      suppressed,
    };
    await tx.put("audit", record);
    if ((await tx.count("audit", "all", "")) > recordsMax) {
      for (const old of await tx.list("audit", { index: "all", partition: "", limit: 2 }))
        await tx.delete("audit", old.id);
    }
  }

  /** By itself, where the act had no transaction that could take it along. */
  async function writeAlone(
    act: Draft,
    outcome: { result: AuditResult; code: string | null },
  ): Promise<void> {
    await store.transaction((tx) => write(tx, act, [], outcome));
    suppressed = 0;
  }

  function mayWriteRefusal(): boolean {
    const now = world.now();
    if (now >= minute.endsAt) minute = { endsAt: now + minuteMs, refusals: 0 };
    minute.refusals += 1;
    if (minute.refusals <= refusalsMax) return true;
    suppressed += 1;
    return false;
  }

  async function writeRefusal(act: Draft, error: unknown): Promise<void> {
    const isRefusal = error instanceof PippinError && error.status < 500;
    if (isRefusal && !act.isWritten && !mayWriteRefusal()) return;
    const code = error instanceof PippinError ? error.code : "internal";
    await writeAlone(act, { result: isRefusal ? "refused" : "failed", code });
  }

  return {
    begin(description, subjectOf) {
      const act = draft(description, subjectOf);
      pending.set(act.cause, act);
      return {
        by: ({ keyId, role }) => void Object.assign(act, { keyId, role }),
        async about(request) {
          act.request = bounded(request, shownBytesMax);
          const { snapshot } = subjectOf([]);
          if (snapshot) act.before = bounded(await store.read(snapshot), shownBytesMax);
        },
        async done() {
          pending.delete(act.cause);
          if (!act.isWritten) await writeAlone(act, { result: "done", code: null });
        },
        async refused(error) {
          pending.delete(act.cause);
          await writeRefusal(act, error);
        },
        repeated: () => void pending.delete(act.cause),
      };
    },

    async turnedAway(description, target, error) {
      const act = draft(description, () => ({ target, snapshot: undefined }));
      await writeRefusal(act, error);
    },

    async join(tx, facts) {
      if (pending.size === 0) return undefined;
      const joined: Draft[] = [];
      for (const { details } of facts) {
        const act = details.cause === undefined ? undefined : pending.get(details.cause);
        if (act === undefined || act.isWritten || joined.includes(act)) continue;
        joined.push(act);
        await write(tx, act, facts, { result: "done", code: null });
      }
      if (joined.length === 0) return undefined;
      return () => {
        for (const act of joined) act.isWritten = true;
        suppressed = 0;
      };
    },
  };
}

/** Lets records go once they are older than the policy says, a bounded number in each transaction. */
export function startAuditPruning(context: ServerContext, onFailure: (error: unknown) => void): Loop {
  const { world, store } = context;
  return startLoop(
    world,
    async () => {
      const oldest = await store.read(async (reader) => {
        const { auditRetentionDays } = await readPolicies(reader);
        const [record] = await reader.list("audit", { index: "all", partition: "", limit: 1 });
        return { at: record?.at, keptMs: auditRetentionDays * dayMs };
      });
      if (oldest.at === undefined) return null;
      if (oldest.at + oldest.keptMs > world.now()) return oldest.at + oldest.keptMs;
      const count = await transact(context, async (tx, outbox) => {
        const sortMax = world.now() - oldest.keptMs;
        const query = { index: "all", partition: "", limit: pruneBatch, sortMax } as const;
        const old = await tx.list("audit", query);
        for (const { id } of old) await tx.delete("audit", id);
        if (old.length > 0) outbox.record("housekeeping.pruned", { what: "audit", count: old.length });
        return old.length;
      });
      return count === 0 ? null : world.now();
    },
    onFailure,
  );
}
