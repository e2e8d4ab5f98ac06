import { PippinError } from "../../shared/errors.ts";
import type { LicensingContext } from "../licensing/account.ts";
import { transact } from "../outbox.ts";
import type { DeploymentService, DeviceHooks } from "../services.ts";
import type { DeploymentAction, DeploymentRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { refreshDevice, refreshUser } from "./desired.ts";
import { forgetApps, noteCommand } from "./device-facts.ts";
import { inState, perOwnerMax, saveInstallation } from "./installations.ts";

export interface DeploymentServiceOptions {
  readonly context: LicensingContext;
  /** Something is due: look at once. */
  readonly wake: () => void;
}

/** What admins say should be true. Phones follow by way of the reconciler. */
export function createDeploymentService({ context, wake }: DeploymentServiceOptions): DeploymentService {
  const { world } = context;

  async function find(tx: Transaction, id: string): Promise<DeploymentRecord> {
    const deployment = await tx.get("deployments", id);
    if (deployment === undefined || deployment.removed) {
      throw new PippinError("not_found", `There is no deployment ${id}.`);
    }
    return deployment;
  }

  async function refuseTwin(tx: Transaction, adamId: string, groupId: string): Promise<void> {
    const ofApp = await tx.list("deployments", { index: "byApp", partition: adamId, limit: perOwnerMax });
    const twin = ofApp.find((deployment) => deployment.groupId === groupId && !deployment.removed);
    if (twin === undefined) return;
    throw new PippinError("already_exists", "This app has a deployment to this group: change that one.", {
      details: { deploymentId: twin.id },
    });
  }

  return {
    async create(input, cause = 0) {
      const deployment = await transact(context, async (tx, outbox) => {
        const app = await tx.get("apps", input.adamId);
        if (app === undefined)
          throw new PippinError("not_found", `There is no app ${input.adamId}: sync first?`);
        const group = await tx.get("groups", input.groupId);
        if (group === undefined) throw new PippinError("not_found", `There is no group ${input.groupId}.`);
        await refuseTwin(tx, input.adamId, input.groupId);
        const now = world.now();
        const record: DeploymentRecord = {
          id: world.uuid(),
          ...input,
          createdAt: now,
          updatedAt: now,
          expandAfter: "",
          removed: false,
          cause,
        };
        await tx.put("deployments", record);
        outbox.record("deployment.created", {
          deploymentId: record.id,
          adamId: input.adamId,
          group: group.name,
          action: input.action,
          cause,
        });
        return record;
      });
      wake();
      return deployment;
    },

    async change(id, input, cause = 0) {
      const deployment = await transact(context, async (tx, outbox) => {
        const before = await find(tx, id);
        const action: DeploymentAction = input.action ?? before.action;
        const deadline = input.deadline === undefined ? before.deadline : input.deadline;
        const after = { ...before, action, deadline, updatedAt: world.now(), expandAfter: "", cause };
        await tx.put("deployments", after);
        outbox.record("deployment.changed", {
          deploymentId: id,
          adamId: before.adamId,
          from: before.action,
          action,
          cause,
        });
        return after;
      });
      wake();
      return deployment;
    },

    async remove(id, cause = 0) {
      await transact(context, async (tx, outbox) => {
        const deployment = await find(tx, id);
        await tx.put("deployments", {
          ...deployment,
          removed: true,
          updatedAt: world.now(),
          expandAfter: "",
          cause,
        });
        outbox.record("deployment.deleted", { deploymentId: id, adamId: deployment.adamId, cause });
      });
      wake();
    },

    async retry(id, cause = 0) {
      const installation = await transact(context, async (tx, outbox) => {
        const before = await tx.get("installations", id);
        if (before === undefined) throw new PippinError("not_found", "There is no such installation.");
        if (before.state !== "failed") {
          throw new PippinError(
            "conflict",
            `Only a failed installation can be retried; this one is ${before.state}.`,
          );
        }
        const after = {
          ...inState(before, "pending", null, world.now()),
          attempts: 0,
          appState: null,
          appStateAt: null,
          verifications: 0,
          detail: null,
          dueAt: world.now(),
          waitingSince: null,
          cause,
        };
        await saveInstallation(tx, outbox, before, after);
        return after;
      });
      wake();
      return installation;
    },

    membershipChanged: (tx, outbox, userId) => refreshUser(tx, outbox, userId, world.now()),
    wake,
  };
}

/** How facts about phones reach the deployments. */
export function createDeviceHooks({ context, wake }: DeploymentServiceOptions): DeviceHooks {
  const { world } = context;
  return {
    async deviceEnrolled(tx, outbox, device) {
      await forgetApps(tx, outbox, device.id, world.now());
      await refreshDevice(tx, outbox, device, world.now(), 0);
    },
    async deviceUnenrolled(tx, outbox, device) {
      await forgetApps(tx, outbox, device.id, world.now());
    },
    commandSettled: (tx, outbox, command) => noteCommand(tx, outbox, command, world.now()),
    wake,
  };
}
