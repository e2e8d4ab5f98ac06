/** What admins do about people as a whole, and the loop that finishes what was begun and interrupted. */
import { PippinError } from "../../shared/errors.ts";
import { inParallel, startLoop } from "../background.ts";
import { accountId, accountState, askAccount, type LicensingContext } from "../licensing/account.ts";
import {
  fulfilWish,
  postponeWish,
  wishDelete,
  wishReinstate,
  wishRetire,
  type StandingContext,
} from "../licensing/standing.ts";
import { refreshTerms, resendInvitation } from "../licensing/terms.ts";
import { VppError } from "../licensing/vpp-client.ts";
import type { DeploymentService, DeviceHooks, DevicePush, PeopleService } from "../services.ts";
import type { DirectoryContext } from "./directory.ts";
import { finishRemoval, removeGroup, removeUserRecord } from "./removal.ts";

const wishBatch = 32;
const wishWidth = 4;
/** While the token can't be used, it is looked at again after this long. */
const unusableMs = 60_000;
/** A removal this old was interrupted: whoever asked for it is no longer at it. */
const removalMs = 60_000;

export interface PeopleOptions {
  readonly context: LicensingContext;
  readonly hooks: DeviceHooks;
  readonly deployments: DeploymentService;
  readonly push: Pick<DevicePush, "wake">;
  /** Installations may have become due. */
  readonly changed: () => void;
  readonly onFailure: (error: unknown) => void;
}

export interface People extends PeopleService {
  /** After a transaction that may have left something to be told to Apple. */
  wake(): void;
  stop(): Promise<void>;
}

export function startPeople({
  context,
  hooks,
  deployments,
  push,
  changed,
  onFailure,
}: PeopleOptions): People {
  const { store, world } = context;
  const directory: DirectoryContext = { ...context, deployments };
  const standing: StandingContext = {
    ...context,
    hooks,
    removeUser: (tx, outbox, user, cause) => removeUserRecord(tx, outbox, directory, user, cause),
  };

  async function turn(): Promise<number | null> {
    const { account, wishing, groups } = await store.read(async (reader) => ({
      account: await reader.get("accounts", accountId),
      wishing: await reader.list("users", { index: "wishing", partition: "", limit: wishBatch }),
      groups: await reader.list("groups", { index: "removing", partition: "", limit: wishBatch }),
    }));
    const now = world.now();
    let nextRemovalAt = Infinity;
    for (const { id, removedAt = 0 } of groups) {
      if (removedAt + removalMs <= now) await finishRemoval(directory, id, 0);
      else nextRemovalAt = Math.min(nextRemovalAt, removedAt + removalMs);
    }
    const due = wishing.filter(({ vpp }) => vpp.wish && vpp.wish.dueAt <= now);
    if (due.length === 0) {
      const nextAt = Math.min(wishing[0]?.vpp.wish?.dueAt ?? Infinity, nextRemovalAt);
      return nextAt === Infinity ? null : nextAt;
    }
    if (accountState(account, now) !== "usable") return now + unusableMs;
    await inParallel(due, wishWidth, async (user) => void (await attempt(user.id)));
    changed();
    return world.now();
  }

  /** Tries to fulfil the wish now; one that Apple can't be told of at present stays for later. */
  async function attempt(userId: string): Promise<void> {
    try {
      await fulfilWish(standing, userId);
    } catch (error) {
      if (!(error instanceof PippinError) && !(error instanceof VppError)) throw error;
      await postponeWish(standing, userId);
    }
  }

  async function attemptNow(userId: string, freedUdid: string | null): Promise<void> {
    if (freedUdid !== null) push.wake([freedUdid]);
    await attempt(userId);
    changed();
    // What is left over has its time now.
    loop.wake();
  }

  const loop = startLoop(world, turn, onFailure);

  return {
    async retire(userId, cause = 0) {
      const { freedUdid } = await wishRetire(standing, userId, cause);
      await attemptNow(userId, freedUdid);
    },
    async reinstate(userId, cause = 0) {
      await wishReinstate(standing, userId, cause);
      await attemptNow(userId, null);
    },
    async refresh(userId) {
      await askAccount(() => refreshTerms(context, userId));
      changed();
      loop.wake();
    },
    async resendInvitation(userId, cause = 0) {
      const { freedUdid } = await resendInvitation(standing, userId, cause);
      if (freedUdid !== null) push.wake([freedUdid]);
      changed();
    },
    async removeUser(userId, options, cause = 0) {
      const { freedUdid } = await wishDelete(standing, userId, options, cause);
      await attemptNow(userId, freedUdid);
      return { deleted: (await store.read((reader) => reader.get("users", userId))) === undefined };
    },
    removeGroup: (groupId, options, cause = 0) => removeGroup(directory, groupId, options, cause),
    wake: () => loop.wake(),
    stop: () => loop.stop(),
  };
}
