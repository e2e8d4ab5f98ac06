import { isOpen } from "../commands/command-states.ts";
import { accountId, accountState } from "../licensing/account.ts";
import type { DeviceRecord, InstallationRecord, UserRecord } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { assignmentId } from "./installations.ts";
import { countsAgainstLimit, needsSeat, phonesOfHolder } from "./holders.ts";
import type { Observed } from "./next-step.ts";

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
  const seatId = user && assignmentId(user.id, installation.adamId);
  const seat = seatId === undefined ? undefined : await reader.get("assignments", seatId);
  const phones = seatId === undefined ? [] : await phonesOfHolder(reader, seatId);
  const others = phones.filter((phone) => phone.installation.id !== installation.id);
  const { commandUUID } = installation;
  const command = commandUUID === null ? undefined : await reader.get("commands", commandUUID);
  return {
    device,
    user,
    observed: {
      now,
      device: { kind: device?.kind ?? "user", enrolled: device?.state === "enrolled" },
      user: user
        ? {
            // Who is about to be retired begins nothing new.
            status: isLeaving(user) ? "Retired" : user.vpp.status,
            invited: user.vpp.invitedAt !== null,
            inviteUnansweredSince: await inviteUnansweredSince(reader, user, installation.udid),
            inviteFailures: user.vpp.inviteFailures ?? 0,
            sharedAppleIdUntil: sharedAppleIdUntil(user, installation),
          }
        : null,
      account: accountState(account, now),
      seat: seat?.state ?? "none",
      sharedWithOtherPhone: others.some((other) => needsSeat(other, now)),
      otherHoldersCount: others.filter(countsAgainstLimit).length,
      irrevocable: seat?.stranded?.reason === "irrevocable",
      override: installation.override?.verb ?? null,
      installation: {
        state: installation.state,
        reason: installation.reason,
        appState: installation.appState,
        appStateAt: installation.appStateAt,
        awaitingCommand: installation.commandUUID !== null,
        attempts: installation.attempts,
        verifications: installation.verifications,
        commandType: commandUUID === null ? null : installation.commandType,
        commandWaits: command?.state === "queued" || command?.state === "deferred",
        requiredAt: installation.requiredAt ?? null,
        wantedAt: installation.wantedAt ?? null,
        presentAt: installation.presentAt ?? null,
      },
    },
  };
}

async function inviteUnansweredSince(
  reader: Reader,
  { vpp }: UserRecord,
  udid: string,
): Promise<number | null> {
  if (vpp.inviteCommandUUID === null || vpp.inviteUdid === udid) return null;
  const command = await reader.get("commands", vpp.inviteCommandUUID);
  // One that was handed out may have been lost with the phone.
  return command !== undefined && isOpen(command.state) ? command.createdAt : null;
}

function isLeaving({ vpp }: UserRecord): boolean {
  return vpp.wish?.kind === "retire" || vpp.wish?.kind === "delete";
}

/** How long Apple is left alone with a question that it answered with "another user with this Apple ID has it". */
const sharedAppleIdMs = 6 * 3_600_000;

function sharedAppleIdUntil({ vpp }: UserRecord, { state, reason }: InstallationRecord): number | null {
  if (state !== "failed" || reason !== "shared-apple-id" || !vpp.refusal) return null;
  return vpp.refusal.at + sharedAppleIdMs;
}
