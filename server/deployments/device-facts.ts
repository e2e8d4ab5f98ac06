/** What phones tell, written into installations and users, inside the transaction that stores it. */
import { isManagedAppState, type ManagedAppState } from "../../shared/app-states.ts";
import { ManagedApplicationListAnswer, queryResponses } from "../../shared/commands.ts";
import { alreadyPrompting, mdmErrors, storeTimedOut, type CommandResult } from "../../shared/results.ts";
import type { Outbox } from "../outbox.ts";
import { backoffMs, readPolicies } from "../policies.ts";
import type { CommandRecord, InstallationRecord } from "../store/records.ts";
import type { Transaction } from "../store/store.ts";
import { inState, markUserDue, notHeldUp, perOwnerMax, saveInstallation } from "./installations.ts";
import { isPresent } from "./next-step.ts";

/**
 * So often in a row a phone may say that the App Store does not answer; each one more is an attempt that failed. With the waits of
 * the default policy that is about four days.
 */
export const storeAwayMax = 100;

/** Called once for every command that has ended, however it ended. `result`: what the phone answered, if it did. */
export async function noteCommand(
  tx: Transaction,
  outbox: Outbox,
  command: CommandRecord,
  result: CommandResult | undefined,
  now: number,
): Promise<void> {
  if (command.requestType === "ManagedApplicationList")
    await noteManagedApps(tx, outbox, command, result, now);
  if (command.requestType === "InviteToProgram") await noteInvitation(tx, command, result, now);
  if (command.requestType === "DeviceInformation") await noteStoreAccount(tx, command, result, now);
  if (command.installationId === null) return;
  const installation = await tx.get("installations", command.installationId);
  if (installation?.commandUUID !== command.id) return;
  const settled = { ...installation, commandUUID: null, dueAt: now, ...deviceErrorOf(command, result) };
  await saveInstallation(tx, outbox, installation, await afterCommand(tx, settled, command, result, now));
}

/** What the phone gave as the cause of a refusal, for the error code that admins know. */
function deviceErrorOf(
  command: CommandRecord,
  result: CommandResult | undefined,
): Pick<InstallationRecord, "deviceError"> {
  if (command.requestType !== "InstallApplication" && command.requestType !== "RemoveApplication") return {};
  if (command.state !== "failed") return { deviceError: null };
  const [first] = result?.ErrorChain ?? [];
  const rejection = result?.["RejectionReason"];
  return {
    deviceError: {
      rejection: typeof rejection === "string" ? rejection.slice(0, 64) : null,
      domain: first?.ErrorDomain.slice(0, 64) ?? null,
      code: first?.ErrorCode ?? null,
    },
  };
}

async function afterCommand(
  tx: Transaction,
  installation: InstallationRecord,
  command: CommandRecord,
  result: CommandResult | undefined,
  now: number,
): Promise<InstallationRecord> {
  switch (command.requestType) {
    case "InstallApplication":
      return afterInstall(tx, installation, command, result, now);
    case "RemoveApplication":
      return afterRemove(installation, command, result, now);
    default:
      // A question that was not answered is asked again after a while.
      return command.state === "acknowledged" ? installation : { ...installation, appStateAt: now };
  }
}

async function afterInstall(
  tx: Transaction,
  installation: InstallationRecord,
  command: CommandRecord,
  result: CommandResult | undefined,
  now: number,
): Promise<InstallationRecord> {
  if (command.state === "cancelled" || command.state === "expired")
    return afterUnanswered(installation, command, now);
  if (command.state === "acknowledged") {
    const state = result?.["State"];
    const appState = typeof state === "string" && isManagedAppState(state) ? state : "Queued";
    return { ...installation, appState, appStateAt: now, verifications: 0, detail: null, ...notHeldUp };
  }
  const detail = describe(command, result);
  const reason = result?.["RejectionReason"];
  if (reason === "AppAlreadyInstalled" || reason === "AppAlreadyQueued") {
    // It is there or on its way already: the list of managed apps tells the rest.
    return { ...installation, appState: "Queued", appStateAt: now, verifications: 0, detail };
  }
  const policies = await readPolicies(tx);
  if (isError(result, alreadyPrompting)) {
    // The person is looking at a sheet: of this app, which the phone's list will tell, or of another. That costs no attempt.
    const attempts = Math.max(0, installation.attempts - 1);
    const busyCount = (installation.busyCount ?? 0) + 1;
    const again = { ...installation, attempts, busyCount, detail };
    return { ...again, appState: "Unknown", appStateAt: now, verifications: 0 };
  }
  if (isError(result, storeTimedOut) && (installation.storeAwayCount ?? 0) < storeAwayMax) {
    // Neither the person nor the phone has refused anything: it is sent again after a wait that grows, and costs no attempt.
    const storeAwayCount = (installation.storeAwayCount ?? 0) + 1;
    return {
      ...inState(installation, installation.state, "install-refused", now),
      attempts: Math.max(0, installation.attempts - 1),
      storeAwayCount,
      appState: "Failed",
      appStateAt: now + backoffMs(policies.retry, storeAwayCount - 1),
      detail,
    };
  }
  const hopeless = new Set([
    "CouldNotVerifyAppID",
    "NotAnApp",
    "NotSupported",
    "PurchaseMethodNotSupported",
    "AppStoreDisabled",
  ]);
  const attempts =
    typeof reason === "string" && hopeless.has(reason) ? policies.installAttemptsMax : installation.attempts;
  return {
    ...inState(installation, installation.state, "install-refused", now),
    attempts,
    appState: "Failed",
    appStateAt: now,
    detail,
  };
}

/** Nobody answered. One that no phone ever saw did not happen; of any other, the phone's list tells what became of it. */
function afterUnanswered(
  installation: InstallationRecord,
  command: CommandRecord,
  now: number,
): InstallationRecord {
  // Whoever takes the command back means the install.
  const cancelled = command.state === "cancelled" && command.cancelledBy !== undefined;
  const override = cancelled ? { override: { verb: "cancelled", at: now } as const, wantedAt: null } : {};
  if (command.notNowCount >= command.sendCount) {
    return { ...installation, ...override, attempts: Math.max(0, installation.attempts - 1) };
  }
  return {
    ...installation,
    ...override,
    appState: "Unknown",
    appStateAt: now,
    verifications: 0,
    detail: describe(command, undefined),
  };
}

function afterRemove(
  installation: InstallationRecord,
  command: CommandRecord,
  result: CommandResult | undefined,
  now: number,
): InstallationRecord {
  const notManaged = result?.ErrorChain?.some(
    (error) => error.ErrorCode === mdmErrors.appNotManaged || error.ErrorCode === 12038,
  );
  if (command.state === "acknowledged" || notManaged) {
    // Performed is not yet gone: the phone's own list has the last word.
    return { ...installation, appState: "Unknown", appStateAt: now, verifications: 0, detail: null };
  }
  return {
    ...installation,
    appStateAt: now,
    verifications: installation.verifications + 1,
    detail: describe(command, result),
  };
}

function isError(
  result: CommandResult | undefined,
  { domain, code }: { domain: string; code: number },
): boolean {
  return (
    result?.ErrorChain?.some((error) => error.ErrorDomain === domain && error.ErrorCode === code) ?? false
  );
}

/** A sentence for the admin; Apple warns against deciding by it. */
function describe(command: CommandRecord, result: CommandResult | undefined): string {
  const first = result?.ErrorChain?.[0];
  const refusal = result?.["RejectionReason"];
  const parts = [
    typeof refusal === "string" ? refusal : undefined,
    first &&
      `${first.ErrorDomain} ${first.ErrorCode}: ${first.USEnglishDescription ?? first.LocalizedDescription}`,
  ].filter((part) => part !== undefined);
  return (parts.length > 0 ? parts.join("; ") : `The command ended as ${command.state}.`).slice(0, 500);
}

/**
 * Every entry counts, whoever asked: five states are told once only, so what is read here and not kept is lost (Apple,
 * ManagedApplicationList).
 */
async function noteManagedApps(
  tx: Transaction,
  outbox: Outbox,
  command: CommandRecord,
  result: CommandResult | undefined,
  now: number,
): Promise<void> {
  if (command.state !== "acknowledged" || result === undefined) return;
  const answer = ManagedApplicationListAnswer.safeParse(result);
  if (!answer.success) return;
  const listed = new Map(Object.entries(answer.data.ManagedApplicationList));
  const asked = askedFor(command);
  const installations = await tx.list("installations", {
    index: "byDevice",
    partition: command.udid,
    limit: perOwnerMax,
  });
  for (const installation of installations) {
    const app = await tx.get("apps", installation.adamId);
    if (app === undefined || (asked !== null && !asked.has(app.bundleId))) continue;
    const status = listed.get(app.bundleId)?.Status;
    const appState: ManagedAppState | "absent" =
      status === undefined ? "absent" : isManagedAppState(status) ? status : "Unknown";
    // Nothing was ever begun here, and nothing is there.
    if (appState === "absent" && installation.appState === null && installation.attempts === 0) continue;
    const settled = appState === "Managed" ? { attempts: 0, detail: null } : {};
    // The person has what they asked for.
    const present = isPresent(appState) ? { presentAt: now, wantedAt: null } : {};
    const isDeleted = appState === "ManagedButUninstalled" && installation.state === "installed";
    await saveInstallation(tx, outbox, installation, {
      ...(isDeleted ? inState(installation, "notInstalled", "user-removed", now) : installation),
      ...settled,
      ...present,
      appState: afterTold(installation.appState, appState),
      appStateAt: now,
      verifications: installation.verifications + 1,
      dueAt: now,
      ...(await whileBusy(tx, installation, appState, now)),
    });
  }
}

/** The sheet that is in the way is another app's: the install is sent again, after a wait that grows. */
async function whileBusy(
  tx: Transaction,
  { busyCount = 0 }: InstallationRecord,
  told: ManagedAppState | "absent",
  now: number,
): Promise<Partial<InstallationRecord>> {
  if (busyCount === 0) return {};
  if (told !== "absent") return { busyCount: 0 };
  const { retry } = await readPolicies(tx);
  return { appState: "Failed", appStateAt: now + backoffMs(retry, busyCount) };
}

/** A refusal that was told once stays known when the next list no longer has the app. */
function afterTold(
  before: InstallationRecord["appState"],
  told: ManagedAppState | "absent",
): ManagedAppState | "absent" {
  if (told !== "absent") return told;
  return before === "UserRejected" || before === "Failed" || before === "ManagementRejected"
    ? before
    : "absent";
}

/** The bundle ids the command asked about; null for all. */
function askedFor(command: CommandRecord): Set<string> | null {
  const identifiers = (command.command as { Identifiers?: unknown }).Identifiers;
  return Array.isArray(identifiers) ? new Set(identifiers.map(String)) : null;
}

/** Which App Store account is on the phone: the server can compare it with the one that accepted the terms. */
async function noteStoreAccount(
  tx: Transaction,
  command: CommandRecord,
  result: CommandResult | undefined,
  now: number,
): Promise<void> {
  const responses = result && queryResponses(result);
  if (responses === undefined) return;
  const { iTunesStoreAccountHash: hash, iTunesStoreAccountIsActive: isActive } = responses;
  if (typeof hash !== "string" && isActive !== false) return;
  const device = await tx.get("devices", command.udid);
  if (device === undefined) return;
  const storeAccount = { hash: typeof hash === "string" ? hash.slice(0, 64) : null, at: now };
  await tx.put("devices", { ...device, storeAccount });
}

/** An acknowledged invitation was shown, no more: whether the person accepts, Apple knows. */
async function noteInvitation(
  tx: Transaction,
  command: CommandRecord,
  result: CommandResult | undefined,
  now: number,
): Promise<void> {
  const device = await tx.get("devices", command.udid);
  const user =
    device === undefined || device.userId === null ? undefined : await tx.get("users", device.userId);
  if (user?.vpp.inviteCommandUUID !== command.id) return;
  if (command.state === "acknowledged" && result?.["InvitationResult"] === "Acknowledged") {
    const { termsPoll } = await readPolicies(tx);
    const pollAt = user.vpp.status === "Associated" ? null : now + backoffMs(termsPoll, 0);
    await tx.put("users", { ...user, vpp: { ...user.vpp, pollAt, pollCount: 1, inviteFailures: 0 } });
    return;
  }
  const failed = { invitedAt: null, inviteUdid: null, inviteCommandUUID: null, pollAt: null };
  // One that was taken back, or went with the phone's enrolment, is no failure of the phone's.
  const inviteFailures = (user.vpp.inviteFailures ?? 0) + (command.state === "cancelled" ? 0 : 1);
  await tx.put("users", { ...user, vpp: { ...user.vpp, ...failed, inviteFailures } });
  await markUserDue(tx, user.id, now);
}

/** The phone is under management anew: nothing that was known of its apps holds any more. */
export async function forgetApps(tx: Transaction, outbox: Outbox, udid: string, now: number): Promise<void> {
  for (const installation of await tx.list("installations", {
    index: "byDevice",
    partition: udid,
    limit: perOwnerMax,
  })) {
    await saveInstallation(tx, outbox, installation, {
      ...inState(installation, "pending", null, now),
      attempts: 0,
      appState: null,
      appStateAt: null,
      commandUUID: null,
      commandType: null,
      verifications: 0,
      waitingSince: null,
      wantedAt: null,
      presentAt: null,
      dueAt: now,
    });
  }
}
