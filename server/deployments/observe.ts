import { deviceLicensesSince, isAtLeast } from "../../shared/os-version.ts";
import { isOpen } from "../commands/command-states.ts";
import { accountId, accountState } from "../licensing/account.ts";
import type {
  AssignmentRecord,
  DeviceRecord,
  InstallationReason,
  InstallationRecord,
  SeatHolder,
  UserRecord,
} from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { seatIdOf } from "./installations.ts";
import { countsAgainstLimit, needsSeat, ownSeatOf, phonesOfHolder } from "./holders.ts";
import type { Observed } from "./next-step.ts";

export interface Facts {
  readonly observed: Observed;
  readonly device: DeviceRecord | undefined;
  readonly user: UserRecord | undefined;
  /** Whose licence counts on this phone; null when neither its user nor its serial number is known. */
  readonly holder: SeatHolder | null;
}

/** Gathers what `nextStep` needs to know of one installation. */
export async function observe(reader: Reader, installation: InstallationRecord, now: number): Promise<Facts> {
  const { adamId, commandUUID } = installation;
  const device = await reader.get("devices", installation.udid);
  const user =
    device === undefined || device.userId === null ? undefined : await reader.get("users", device.userId);
  const account = await reader.get("accounts", accountId);
  const ownSeat = await ownSeatOf(reader, installation, device);
  const licenseType = ownSeat ? "device" : (installation.licenseType ?? "user");
  const userHolder = user ? { userId: user.id } : null;
  const holder = licenseType === "user" ? userHolder : ownHolder(device);
  const seat = holder === null ? undefined : await reader.get("assignments", seatIdOf(holder, adamId));
  const phones = holder === null ? [] : await phonesOfHolder(reader, { ...holder, adamId });
  const others = phones.filter((phone) => phone.installation.id !== installation.id);
  const command = commandUUID === null ? undefined : await reader.get("commands", commandUUID);
  return {
    device,
    user,
    holder,
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
      licenseType,
      seat: seat?.state ?? "none",
      sharedWithOtherPhone: others.some((other) => needsSeat(other, now)),
      otherHoldersCount: others.filter(countsAgainstLimit).length,
      irrevocable: seat?.stranded?.reason === "irrevocable",
      ...(licenseType === "device"
        ? {
            userSeat: await userSeatOf(reader, userHolder, installation, now),
            ownSeatProblem: await ownSeatProblem(reader, installation, device),
          }
        : {}),
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

function ownHolder(device: DeviceRecord | undefined): SeatHolder | null {
  const serialNumber = device?.serialNumber ?? null;
  return serialNumber === null ? null : { userId: null, serialNumber };
}

/** What the user of a phone that is to have, or has, a licence of its own holds beside it. */
async function userSeatOf(
  reader: Reader,
  holder: SeatHolder | null,
  { id, adamId }: InstallationRecord,
  now: number,
): Promise<NonNullable<Observed["userSeat"]>> {
  const seat: AssignmentRecord | undefined =
    holder === null ? undefined : await reader.get("assignments", seatIdOf(holder, adamId));
  if (seat === undefined) return { state: "none", isReturnable: false, neededBy: "nobody" };
  const phones = await phonesOfHolder(reader, seat);
  const needing = phones.filter((phone) => needsSeat(phone, now)).map(({ installation }) => installation.id);
  const isElsewhere = needing.some((other) => other !== id);
  return {
    state: seat.state,
    isReturnable: seat.stranded?.reason !== "irrevocable",
    neededBy: isElsewhere ? "another" : needing.length > 0 ? "this" : "nobody",
  };
}

/** What keeps the phone from holding a licence itself. A version that it never told is taken for one that can. */
async function ownSeatProblem(
  reader: Reader,
  { adamId }: InstallationRecord,
  device: DeviceRecord | undefined,
): Promise<InstallationReason | null> {
  if ((device?.serialNumber ?? null) === null) return "no-serial-number";
  if (!isAtLeast(device?.osVersion ?? deviceLicensesSince, deviceLicensesSince)) return "ios-too-old";
  const app = await reader.get("apps", adamId);
  return app && !app.deviceAssignable ? "not-device-assignable" : null;
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
