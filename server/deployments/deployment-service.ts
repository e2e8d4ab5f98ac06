import { PippinError } from "../../shared/errors.ts";
import type { LicensingContext } from "../licensing/account.ts";
import { settleSeatsOfLeaver } from "../licensing/stranded.ts";
import { noteInvitationGone } from "../licensing/terms.ts";
import { transact } from "../outbox.ts";
import { readPolicies } from "../policies.ts";
import type { DeploymentService, DeviceHooks } from "../services.ts";
import type {
  DeploymentAction,
  DeploymentRecord,
  InstallationRecord,
  LicenseType,
} from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { refreshDevice, refreshUser } from "./desired.ts";
import { forgetApps, noteCommand } from "./device-facts.ts";
import { cancelInstallation, resendInstallation, retryInstallation } from "./installation-actions.ts";
import { perOwnerMax } from "./installations.ts";

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

  async function refuseDeviceLicenses(tx: Transaction, licenseType: LicenseType | undefined): Promise<void> {
    if (licenseType !== "device" || (await readPolicies(tx)).licensing === "user-and-device") return;
    throw new PippinError(
      "device_licensing_off",
      "By policy licences go to users alone. Set `licensing` to `user-and-device` first.",
    );
  }

  async function act(
    action: typeof retryInstallation,
    id: string,
    cause: number,
  ): Promise<InstallationRecord> {
    const installation = await transact(context, (tx, outbox) => action(tx, outbox, id, world.now(), cause));
    wake();
    return installation;
  }

  return {
    async create(input, cause = 0) {
      const deployment = await transact(context, async (tx, outbox) => {
        const app = await tx.get("apps", input.adamId);
        if (app === undefined)
          throw new PippinError("not_found", `There is no app ${input.adamId}: sync first?`);
        const group = await tx.get("groups", input.groupId);
        if (group === undefined || group.removedAt !== undefined)
          throw new PippinError("not_found", `There is no group ${input.groupId}.`);
        await refuseTwin(tx, input.adamId, input.groupId);
        await refuseDeviceLicenses(tx, input.licenseType);
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
          ...(input.licenseType === undefined ? {} : { licenseType: input.licenseType }),
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
        if (action !== "required" && input.deadline != null) {
          throw new PippinError("invalid_request", "Expected a deadline only with the action required.");
        }
        const { licenseType: given = "user" } = before;
        const licenseType = input.licenseType ?? given;
        await refuseDeviceLicenses(tx, input.licenseType);
        if (licenseType === "user" && given === "device" && before.action !== "uninstall")
          throw fixedLicenseType();
        const kept = action === "required" ? before.deadline : null;
        const deadline = input.deadline === undefined ? kept : input.deadline;
        const after: DeploymentRecord = {
          ...before,
          ...{ action, deadline, updatedAt: world.now(), expandAfter: "", cause },
          ...(licenseType === given ? {} : { licenseType }),
        };
        await tx.put("deployments", after);
        outbox.record("deployment.changed", {
          deploymentId: id,
          adamId: before.adamId,
          from: before.action,
          action,
          ...(licenseType === given ? {} : { licenseType }),
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

    retry: (id, cause = 0) => act(retryInstallation, id, cause),
    resend: (id, cause = 0) => act(resendInstallation, id, cause),
    cancel: (id, cause = 0) => act(cancelInstallation, id, cause),

    membershipChanged: (tx, outbox, userId) => refreshUser(tx, outbox, userId, world.now()),
    wake,
  };
}

function fixedLicenseType(): PippinError {
  return new PippinError(
    "license_type_fixed",
    "A licence of a phone can't become one of its user. Change the action to uninstall, and then the licence type.",
  );
}

/** How facts about phones reach the deployments. */
export function createDeviceHooks({ context, wake }: DeploymentServiceOptions): DeviceHooks {
  const { world } = context;
  return {
    async deviceEnrolled(tx, outbox, device) {
      await forgetApps(tx, outbox, device.id, world.now());
      await noteInvitationGone(tx, device, world.now());
      await refreshDevice(tx, outbox, device, world.now(), 0);
    },
    async deviceUnenrolled(tx, outbox, device) {
      await forgetApps(tx, outbox, device.id, world.now());
      await settleSeatsOfLeaver(tx, outbox, device, world.now());
      await noteInvitationGone(tx, device, world.now());
    },
    commandSettled: (tx, outbox, command, answer) => noteCommand(tx, outbox, command, answer, world.now()),
    wake,
  };
}
