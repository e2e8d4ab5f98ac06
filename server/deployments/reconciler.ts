/** Closes the gap between what is desired and what is, one installation and one step at a time. */
import { PippinError } from "../../shared/errors.ts";
import { purchaseMethodVpp, removeWithProfile, vppProgramId } from "../../shared/commands.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { startLoop, type Loop } from "../background.ts";
import { enqueueCommand } from "../commands/command-queue.ts";
import { cancelCommand } from "../commands/command-settlement.ts";
import type { LicensingContext } from "../licensing/account.ts";
import {
  intendAssociate,
  intendDisassociate,
  performAssociate,
  performDisassociate,
  writeLedger,
} from "../licensing/seats.ts";
import { settleLonelySeat, unstrandSeat } from "../licensing/stranded.ts";
import { registerUser, withdrawInvitation } from "../licensing/terms.ts";
import { transact, type Outbox } from "../outbox.ts";
import { readPolicies, type Policies } from "../policies.ts";
import type { DevicePush } from "../services.ts";
import type { InstallationRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { expandOneDeployment } from "./desired.ts";
import { createDeviceHooks } from "./deployment-service.ts";
import { Effects, type Effect } from "./effects.ts";
import { assignmentId, begunAnew, inState, saveInstallation, seatIdOf } from "./installations.ts";
import { movedToDevice, nextStep, overrideReasons, type Step } from "./next-step.ts";
import { observe, type Facts } from "./observe.ts";
import { sweepInstallations } from "./policy-change.ts";

/** Installations planned in one transaction: few journal lines, and nobody waits long behind it. */
const planBatch = 32;
/** A queue that is full, or a phone that has just left, is looked at again after this long. */
const refusedCommandMs = 60_000;

export interface ReconcilerOptions {
  readonly context: LicensingContext;
  readonly push: DevicePush;
  readonly onFailure: (error: unknown) => void;
}

export interface Reconciler {
  wake(): void;
  stop(): Promise<void>;
}

export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { context, push, onFailure } = options;
  const { world } = context;
  const effects = new Effects(context, () => loop.wake(), onFailure);
  const hooks = createDeviceHooks({ context, wake: () => loop.wake() });

  async function carryOn(tx: Transaction, outbox: Outbox): Promise<boolean> {
    const now = world.now();
    return (await expandOneDeployment(tx, outbox, now)) || (await sweepInstallations(tx, outbox, now));
  }

  async function turn(): Promise<number | null> {
    while (await transact(context, carryOn)) {
      // Turn after turn until every deployment, and every change of a policy, has reached its phones.
    }
    // An effect that ends wakes this loop.
    if (effects.isFull) return null;
    const planned = await transact(context, (tx, outbox) => planDue(tx, outbox));
    if (planned.woken.length > 0) push.wake(planned.woken);
    effects.begin(planned.effects);
    return planned.nextAt;
  }

  /** Plans those that are due: whatever needs nobody else happens in this transaction, the rest is answered as effects. */
  async function planDue(
    tx: Transaction,
    outbox: Outbox,
  ): Promise<{ effects: Effect[]; woken: string[]; nextAt: number | null }> {
    const now = world.now();
    const policies = await readPolicies(tx);
    const found = await tx.list("installations", {
      ...{ index: "due", partition: "", sortMax: now },
      limit: planBatch + effects.busyCount,
    });
    const due = found.filter(({ id }) => !effects.isBusy(id)).slice(0, planBatch);
    if (due.length === 0) return { effects: [], woken: [], nextAt: await nextDueAt(tx) };
    const planned: Effect[] = [];
    const woken: string[] = [];
    for (const installation of due) {
      // Read anew: an earlier one of this batch may have touched it.
      const stored = (await tx.get("installations", installation.id)) ?? installation;
      const current = atDeadline(stored, now);
      if (current !== stored) await saveInstallation(tx, outbox, stored, current);
      const facts = await observe(tx, current, now);
      const step = nextStep(current.desired, facts.observed, policies);
      const effect = await take(tx, outbox, current, facts, step, policies, now, woken);
      if (effect !== undefined) planned.push(effect);
    }
    return { effects: planned, woken, nextAt: now };
  }

  async function nextDueAt(tx: Transaction): Promise<number | null> {
    const first = await tx.list("installations", {
      ...{ index: "due", partition: "" },
      limit: effects.busyCount + 1,
    });
    return first.find(({ id }) => !effects.isBusy(id))?.dueAt ?? null;
  }

  async function take(
    tx: Transaction,
    outbox: Outbox,
    installation: InstallationRecord,
    facts: Facts,
    step: Step,
    policies: Policies,
    now: number,
    woken: string[],
  ): Promise<Effect | undefined> {
    const { user, holder } = facts;
    const { adamId } = installation;
    const save = (after: InstallationRecord) => saveInstallation(tx, outbox, installation, after);
    const userSeatId = user ? assignmentId(user.id, adamId) : "";
    const seatId = holder ? seatIdOf(holder, adamId) : "";
    switch (step.kind) {
      case "rest": {
        const waits = step.state === "failed" && step.reason === "no-license";
        const waitingSince = waits ? installation.waitingSince : null;
        await save({
          ...inState(installation, step.state, step.reason, now),
          dueAt: step.dueAt,
          waitingSince,
        });
        for (const id of new Set([seatId, userSeatId])) {
          if (!facts.observed.device.enrolled) await settleLonelySeat(tx, outbox, id, "unenrolled", now);
        }
        if (step.state === "installed") await unstrandSeat(tx, livingSeat(facts, seatId, userSeatId));
        if (step.state !== installation.state) await wakeOverLimit(tx, installation, userSeatId, now);
        return undefined;
      }
      case "register":
        if (user === undefined) return undefined;
        await save(inState(installation, "pending", null, now));
        return effect(installation, `register ${user.id}`, () => registerUser(context, user.id));
      case "associate": {
        const id = step.ofUser ? userSeatId : seatId;
        if (!step.again) {
          if (holder === null) return undefined;
          if (!(await intendAssociate(tx, installation, holder, now)))
            return await withoutSeat(tx, outbox, installation, facts, step, now);
          const state = step.staysUntil === undefined ? "installing" : "installed";
          await save({ ...inState(installation, state, null, now), waitingSince: null });
        }
        return effect(installation, `seat ${id}`, () => performAssociate(context, id));
      }
      case "disassociate": {
        const id = step.ofUser ? userSeatId : seatId;
        const assignment = await tx.get("assignments", id);
        if (assignment === undefined) return undefined;
        if (!step.again) await intendDisassociate(tx, assignment, installation, step.because, now);
        return effect(installation, `seat ${id}`, () => performDisassociate(context, id));
      }
      case "install":
        await unstrandSeat(tx, seatId);
        return command(tx, outbox, installation, facts, step, policies, now, woken);
      case "invite":
        return command(tx, outbox, installation, facts, step, policies, now, woken);
      case "remove":
      case "verify":
        return command(tx, outbox, installation, facts, step, policies, now, woken);
      case "withdraw":
        // What is told of its end makes the installation due again.
        if (installation.commandUUID !== null)
          await cancelCommand(tx, outbox, { ...context, hooks }, installation.commandUUID, {
            cause: installation.cause,
          });
        return undefined;
    }
  }

  /** This phone has the app or is getting it no more: another of the user's may have its place among the five. */
  async function wakeOverLimit(
    tx: Transaction,
    installation: InstallationRecord,
    userSeatId: string,
    now: number,
  ): Promise<void> {
    const query = { index: "byHolder", partition: userSeatId, limit: 100 } as const;
    for (const other of await tx.list("installations", query)) {
      if (other.id === installation.id || other.reason !== "device-limit") continue;
      await tx.put("installations", { ...other, dueAt: now });
    }
  }

  /** None is free. A phone that needs its user's seat no longer once it has one of its own gets that very one. */
  async function withoutSeat(
    tx: Transaction,
    outbox: Outbox,
    installation: InstallationRecord,
    { holder, user, observed }: Facts,
    { staysUntil }: Extract<Step, { kind: "associate" }>,
    now: number,
  ): Promise<Effect | undefined> {
    const { adamId } = installation;
    if (holder === null) return undefined;
    const userSeat =
      user &&
      staysUntil !== undefined &&
      observed.userSeat?.isReturnable &&
      observed.userSeat.neededBy === "this"
        ? await tx.get("assignments", assignmentId(user.id, adamId))
        : undefined;
    if (userSeat !== undefined) {
      await intendDisassociate(tx, userSeat, installation, movedToDevice, now);
      return effect(installation, `seat ${userSeat.id}`, () => performDisassociate(context, userSeat.id));
    }
    const first = installation.reason !== "no-license";
    await saveInstallation(tx, outbox, installation, {
      ...inState(installation, staysUntil === undefined ? "failed" : "installed", "no-license", now),
      waitingSince: installation.waitingSince ?? now,
      dueAt: staysUntil ?? null,
    });
    const seat = { ...holder, adamId, installationId: installation.id };
    if (first) await writeLedger(tx, outbox, "refused", seat, "no-license", now);
    return undefined;
  }

  /** Queues the step's command in the same transaction that notes it. */
  async function command(
    tx: Transaction,
    outbox: Outbox,
    installation: InstallationRecord,
    facts: Facts,
    step: Extract<Step, { kind: "invite" | "install" | "remove" | "verify" }>,
    policies: Policies,
    now: number,
    woken: string[],
  ): Promise<undefined> {
    const app = await tx.get("apps", installation.adamId);
    const built = app && buildCommand(step, app, facts);
    if (built === undefined) {
      // The app is not (any more) among those that Apple lists: the next sync may bring it.
      await tx.put("installations", {
        ...installation,
        dueAt: null,
        detail: "The app is not known to this server.",
      });
      return undefined;
    }
    let commandUUID: string;
    try {
      const queued = await enqueueCommand(tx, outbox, context, {
        udid: installation.udid,
        command: built,
        installationId: installation.id,
        origin: "reconciler",
        cause: installation.cause,
        expiresInMs: Math.round(policies.commandExpiryDays * 86_400_000),
      });
      commandUUID = queued.id;
    } catch (error) {
      if (!(error instanceof PippinError)) throw error;
      await tx.put("installations", {
        ...installation,
        dueAt: now + refusedCommandMs,
        detail: error.message,
      });
      return undefined;
    }
    woken.push(installation.udid);
    if (step.kind === "invite") {
      // The one that went to another phone, and that no phone has fetched.
      if (facts.user) await withdrawInvitation(tx, outbox, { ...context, hooks }, facts.user);
      await noteInvited(tx, outbox, installation, facts, commandUUID, now);
      return undefined;
    }
    const state = step.kind === "install" ? "installing" : step.kind === "remove" ? "removing" : step.state;
    // An admin should see why it is being installed once more.
    const isReturn = installation.appState === "ManagedButUninstalled";
    const { override } = facts.observed;
    const present = override ? overrideReasons[override] : installation.reason;
    const reason = step.kind !== "install" ? present : isReturn ? "user-removed" : null;
    await saveInstallation(tx, outbox, installation, {
      ...inState(installation, state, reason, now),
      commandUUID,
      commandType: String(built["RequestType"]),
      attempts: installation.attempts + (step.kind === "install" ? 1 : 0),
      verifications: step.kind === "install" ? 0 : installation.verifications,
      dueAt: null,
    });
    return undefined;
  }

  async function noteInvited(
    tx: Transaction,
    outbox: Outbox,
    installation: InstallationRecord,
    facts: Facts,
    commandUUID: string,
    now: number,
  ): Promise<void> {
    const user = facts.user && (await tx.get("users", facts.user.id));
    if (user === undefined) return;
    const invitation = { invitedAt: now, inviteUdid: installation.udid, inviteCommandUUID: commandUUID };
    await tx.put("users", {
      ...user,
      vpp: { ...user.vpp, ...invitation, inviteCount: user.vpp.inviteCount + 1 },
    });
    outbox.record("user.invited", {
      userId: user.id,
      udid: installation.udid,
      commandUUID,
      cause: installation.cause,
    });
    await saveInstallation(tx, outbox, installation, {
      ...inState(installation, "waitingForTerms", null, now),
      dueAt: null,
    });
  }

  function effect(installation: InstallationRecord, key: string, perform: () => Promise<void>): Effect {
    return { installationId: installation.id, key, perform };
  }

  const loop: Loop = startLoop(world, turn, onFailure);
  return {
    wake: () => loop.wake(),
    async stop() {
      await loop.stop();
      await effects.stop();
    },
  };
}

/** Which seat the app on the phone lives on: its user's, until it has one of its own. */
function livingSeat({ observed }: Facts, seatId: string, userSeatId: string): string {
  return observed.licenseType === "device" && observed.seat === "none" ? userSeatId : seatId;
}

/** The moment an app that was offered until now becomes one that is pushed: a new beginning, kept in the record. */
function atDeadline(installation: InstallationRecord, now: number): InstallationRecord {
  const requiredAt = installation.requiredAt ?? null;
  if (requiredAt === null || requiredAt > now) return installation;
  return { ...begunAnew(installation, now), requiredAt: null };
}

function buildCommand(
  step: Extract<Step, { kind: "invite" | "install" | "remove" | "verify" }>,
  app: { id: string; bundleId: string },
  facts: Facts,
): PlistDictionary | undefined {
  switch (step.kind) {
    case "invite": {
      const url = facts.user?.vpp.inviteUrl;
      if (url === null || url === undefined) return undefined;
      return { RequestType: "InviteToProgram", ProgramID: vppProgramId, InvitationURL: url };
    }
    case "install":
      return {
        RequestType: "InstallApplication",
        iTunesStoreID: Number(app.id),
        Options: { PurchaseMethod: purchaseMethodVpp },
        ManagementFlags: removeWithProfile,
      };
    case "remove":
      return { RequestType: "RemoveApplication", Identifier: app.bundleId };
    case "verify":
      return { RequestType: "ManagedApplicationList", Identifiers: [app.bundleId] };
  }
}
