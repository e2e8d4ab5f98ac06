import { PippinError } from "../../shared/errors.ts";
import { inParallel, startLoop, type Loop } from "../background.ts";
import { readPolicies } from "../policies.ts";
import type { AccountView, LedgerCheck, LicensingService, TokenUpload } from "../services.ts";
import { viewAccount } from "./account-view.ts";
import {
  accountId,
  accountState,
  askAccount,
  presentAccount,
  uploadToken,
  type LicensingContext,
} from "./account.ts";
import { checkLedger } from "./ledger.ts";
import { SyncRunner } from "./sync-runner.ts";
import { wakeHeldUp } from "./sync.ts";
import { takeControl } from "./take-control.ts";
import { deleteToken } from "./token-deletion.ts";
import { warnOfExpiry } from "./token-warnings.ts";
import { watchAnswers } from "./token-watch.ts";
import { pollTerms } from "./terms.ts";
import { VppError } from "./vpp-client.ts";

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
  context.vpp.watchWith(watchAnswers(context));

  async function account(): Promise<AccountView | undefined> {
    return store.read(async (reader) => {
      const record = await reader.get("accounts", accountId);
      return record && viewAccount(reader, record, await readPolicies(reader), world.now());
    });
  }

  /** The account that an act has just left behind. */
  async function accountAfter(): Promise<AccountView> {
    const view = await account();
    if (view === undefined)
      throw new PippinError("token_missing", "No volume-purchase token is uploaded yet.");
    return view;
  }

  /** Acts on the token happen one after another, so that no two write their claims over each other's at Apple. */
  let lastAct: Promise<unknown> = Promise.resolve();
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = lastAct.then(act);
    lastAct = turn.catch(() => undefined);
    return turn;
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
        if (!(error instanceof PippinError) && !(error instanceof VppError)) throw error;
        unavailable = true;
      }
    });
    changed();
    return unavailable ? world.now() + pollRestMs : world.now();
  }

  const polls: Loop = startLoop(world, pollDue, onFailure);
  const warnings: Loop = startLoop(world, () => warnOfExpiry(context), onFailure);
  const syncs = new SyncRunner(
    context,
    () => {
      changed();
      // It may have left people to be asked about by name, and an account that may be used again.
      polls.wake();
    },
    onFailure,
  );

  return {
    uploadToken: (upload: TokenUpload, cause = 0) =>
      inTurn(async () => {
        await uploadToken(context, upload, cause);
        await wakeHeldUp(context);
        const view = await accountAfter();
        // The first reading begins at once; who wants to wait for it asks for a sync, which joins this one.
        syncs.fresh("upload", cause).catch(onFailure);
        syncs.wake();
        warnings.wake();
        changed();
        return view;
      }),
    account,
    async takeControl(input, cause = 0) {
      await inTurn(() => takeControl(context, input, cause));
      warnings.wake();
      const sync = await syncs.fresh("takeControl", cause);
      syncs.wake();
      return { account: await accountAfter(), sync };
    },
    deleteToken: (confirm, cause = 0) => inTurn(() => deleteToken(context, confirm, cause)),
    async appleWebsite() {
      try {
        return (await context.vpp.serviceConfig()).vppWebsiteUrl;
      } catch (error) {
        if (error instanceof PippinError || error instanceof VppError) return null;
        throw error;
      }
    },
    async sync(trigger, cause = 0) {
      await store.read(presentAccount);
      return syncs.join(trigger, cause);
    },
    checkLedger: (): Promise<LedgerCheck> => askAccount(() => checkLedger(context)),
    wake() {
      polls.wake();
      syncs.wake();
    },
    async stop() {
      await Promise.all([polls.stop(), warnings.stop(), syncs.stop()]);
    },
  };
}
