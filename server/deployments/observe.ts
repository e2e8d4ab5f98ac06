import { accountId, accountState } from "../licensing/account.ts";
import type { DeviceRecord, InstallationRecord, UserRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { assignmentId } from "./installations.ts";
import { isPresent, isUnderWay, type Observed } from "./next-step.ts";

export interface Facts {
  readonly observed: Observed;
  readonly device: DeviceRecord | undefined;
  readonly user: UserRecord | undefined;
}

/** Gathers what `nextStep` needs to know of one installation. */
export async function observe(reader: Reader, installation: InstallationRecord, now: number): Promise<Facts> {
  const device = await reader.get("devices", installation.udid);
  const user =
    device === undefined || device.userId === null ? undefined : await reader.get("users", device.userId);
  const account = await reader.get("accounts", accountId);
  const seat = user && (await reader.get("assignments", assignmentId(user.id, installation.adamId)));
  return {
    device,
    user,
    observed: {
      now,
      device: { kind: device?.kind ?? "user", enrolled: device?.state === "enrolled" },
      user: user
        ? {
            status: user.vpp.status,
            invited: user.vpp.invitedAt !== null,
            inviteFailures: user.vpp.invitedAt === null ? user.vpp.inviteCount : 0,
          }
        : null,
      account: accountState(account, now),
      seat: seat?.state ?? "none",
      sharedWithOtherPhone: user !== undefined && (await isShared(reader, installation, user.id)),
      installation: {
        state: installation.state,
        reason: installation.reason,
        appState: installation.appState,
        appStateAt: installation.appStateAt,
        awaitingCommand: installation.commandUUID !== null,
        attempts: installation.attempts,
        verifications: installation.verifications,
      },
    },
  };
}

/** Whether another managed phone of the user has the app, is getting it, or is to get it. */
async function isShared(reader: Reader, installation: InstallationRecord, userId: string): Promise<boolean> {
  const partition = assignmentId(userId, installation.adamId);
  for (const other of await reader.list("installations", { index: "byHolder", partition, limit: 100 })) {
    if (other.id === installation.id || other.state === "notApplicable") continue;
    const device = await reader.get("devices", other.udid);
    if (device?.state !== "enrolled" || device.userId !== userId) continue;
    const wanted = other.desired === "required" || other.desired === "requiredAndAvailable";
    if (wanted && other.state !== "failed") return true;
    if (other.commandUUID !== null || isPresent(other.appState) || isUnderWay(other.appState)) return true;
  }
  return false;
}
