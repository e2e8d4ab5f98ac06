import { PippinError } from "../../shared/errors.ts";
import { inParallel, startLoop, type Loop } from "../background.ts";
import { markUserDue } from "../deployments/installations.ts";
import { transact } from "../outbox.ts";
import type { AccountView, LedgerCheck, LicensingService, TokenUpload } from "../services.ts";
import type { SyncRecord } from "../store/records.ts";
import {
  accountId,
  accountState,
  noteTokenFault,
  uploadToken,
  viewAccount,
  type LicensingContext,
} from "./account.ts";
import { checkLedger } from "./ledger.ts";
import { runSync } from "./sync.ts";
import { pollTerms } from "./terms.ts";

const pollBatch = 32;
const pollWidth = 4;
/** After a poll that failed for want of Apple, the loop rests this long. */
const pollRestMs = 2_000;

export interface Licensing extends LicensingService {
  /** After a transaction that may have made a poll due. */
  wake(): void;
  stop(): Promise<void>;
}

/** `changed` is called after anything that may have made installations due. */
export function startLicensing(
  context: LicensingContext,
  changed: () => void,
  onFailure: (error: unknown) => void,
): Licensing {
  const { world, store } = context;
  let running: Promise<SyncRecord> | undefined;

  function sync(trigger: SyncRecord["trigger"], cause = 0): Promise<SyncRecord> {
    running ??= runSync(context, trigger, cause).finally(() => {
      running = undefined;
      changed();
    });
    return running;
  }

  /** One turn of the terms poll: those that are due now. */
  async function pollDue(): Promise<number | null> {
    const now = world.now();
    const [account, awaited] = await store.read(async (reader) => [
      await reader.get("accounts", accountId),
      await reader.list("users", { index: "awaitingTerms", partition: "", limit: pollBatch }),
    ]);
    const next = awaited[0]?.vpp.pollAt ?? null;
    if (next === null || accountState(account, now) !== "usable") return null;
    const due = awaited.filter((user) => user.vpp.pollAt !== null && user.vpp.pollAt <= now);
    if (due.length === 0) return next;
    let unavailable = false;
    await inParallel(due, pollWidth, async (user) => {
      try {
        await pollTerms(context, user.id);
      } catch (error) {
        if (!(error instanceof PippinError) && !(await noteTokenFault(context, error))) throw error;
        unavailable = true;
      }
    });
    changed();
    return unavailable ? world.now() + pollRestMs : world.now();
  }

  /** One turn of the schedule. */
  async function syncWhenDue(): Promise<number | null> {
    const account = await store.read((reader) => reader.get("accounts", accountId));
    if (account === undefined) return null;
    if (account.nextSyncAt > world.now()) return account.nextSyncAt;
    await sync("schedule");
    const after = await store.read((reader) => reader.get("accounts", accountId));
    return after?.nextSyncAt ?? null;
  }

  const polls: Loop = startLoop(world, pollDue, onFailure);
  const schedule: Loop = startLoop(world, syncWhenDue, onFailure);

  return {
    async uploadToken(upload: TokenUpload, cause = 0): Promise<AccountView> {
      const view = await uploadToken(context, upload, cause);
      // The first reading begins at once; who wants to wait for it asks for a sync, which joins this one.
      sync("upload", cause).catch(onFailure);
      schedule.wake();
      return view;
    },
    async account() {
      const account = await store.read((reader) => reader.get("accounts", accountId));
      if (account === undefined) return undefined;
      const view = viewAccount(account);
      return account.state === "valid" && account.expiresAt <= world.now()
        ? { ...view, state: "expired" }
        : view;
    },
    async sync(trigger, cause = 0) {
      const account = await store.read((reader) => reader.get("accounts", accountId));
      if (account === undefined)
        throw new PippinError("token_missing", "No volume-purchase token is uploaded yet.");
      return sync(trigger, cause);
    },
    checkLedger: (): Promise<LedgerCheck> => checkLedger(context),
    async resendInvitation(userId, cause = 0) {
      await transact(context, async (tx) => {
        const user = await tx.get("users", userId);
        if (user === undefined) throw new PippinError("not_found", `There is no user ${userId}.`);
        if (user.vpp.status === "Associated") {
          throw new PippinError("conflict", `${user.name} has accepted the terms already.`);
        }
        const invitation = {
          invitedAt: null,
          inviteUdid: null,
          inviteCommandUUID: null,
          inviteCount: 0,
          pollAt: null,
        };
        await tx.put("users", { ...user, vpp: { ...user.vpp, ...invitation, pollCount: 0 } });
        await markUserDue(tx, userId, world.now(), cause);
      });
      changed();
    },
    wake() {
      polls.wake();
      schedule.wake();
    },
    async stop() {
      await Promise.all([polls.stop(), schedule.stop()]);
      await running;
    },
  };
}
