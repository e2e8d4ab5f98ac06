import { isManagedAppState } from "../../shared/app-states.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import {
  Findings,
  isDictionary,
  policiesSet,
  textOf,
  type Checker,
  type Dictionary,
  type Trace,
} from "./trace-reading.ts";
import { factsOf, holderKey } from "./vpp-exchanges.ts";

/** Reported of an app that is not (any more) on the phone, or never came. */
const gone: ReadonlySet<string> = new Set(["absent", "UserRejected", "ManagementRejected", "Failed"]);
/** Reasons for which a seat comes back after the app has gone, never before. */
const followsRemoval: ReadonlySet<string> = new Set(["uninstalled", "reclaimed", "cancelled"]);
const presence: ReadonlySet<string> = new Set(["Managed", "ManagedButUninstalled", "Installing", "Updating"]);

/** What is known, from the wire alone, of one app on one phone. */
interface AppLife {
  /** The phone acknowledged an install, and nothing has undone it yet. */
  begun: boolean;
  /** A list told that it was there since. */
  present: boolean;
  /** A removal was acknowledged since it was there. */
  removed: boolean;
  /** The last list said that it is gone, after everything above. */
  gone: boolean;
}

interface PhoneLife {
  readonly kind: string;
  readonly userId: string | undefined;
  /** What it holds seats as, if it does itself; undefined when it never told its serial number. */
  readonly ownHolder: string | undefined;
  /** By bundle id. */
  readonly apps: Map<string, AppLife>;
}

interface Walk {
  readonly trace: Trace;
  readonly findings: Findings;
  readonly phones: Map<string, PhoneLife>;
  /** Users whom an InviteToProgram was handed to. */
  readonly invitedUsers: Set<string>;
  /** The name under which Apple knows a user, learnt from the address in the invitation. */
  readonly clientOfUser: Map<string, string>;
  readonly clientOfInvitation: Map<string, string>;
  readonly bundleIds: Map<string, string>;
  /** By app, who holds a seat by Apple's answers. */
  readonly seats: Map<string, Set<string>>;
  /** The same by the server's own word: `<userId or phone> <adamId>`. */
  readonly booked: Set<string>;
  /** An admin chose a policy that lets DEP phones in. */
  depAllowed: boolean;
  /** Commands that crossed the wire, by CommandUUID. */
  readonly handed: Map<string, Dictionary>;
}

/**
 * The rules of volume-purchased apps: first the invitation, then the seat, then the install; none of it for DEP phones; and the
 * seat goes back only after the app is gone. Read off the messages; only who holds which phone, why a seat came back, and which
 * commands an admin gave by hand comes from the server's own events.
 */
export const checkInstalls: Checker = (trace) => {
  const walk: Walk = {
    trace,
    findings: new Findings(),
    phones: new Map(),
    invitedUsers: new Set(),
    clientOfUser: new Map(),
    clientOfInvitation: new Map(),
    bundleIds: new Map(),
    seats: new Map(),
    booked: new Set(),
    depAllowed: false,
    handed: new Map(),
  };
  for (const event of trace.events) {
    const name: string = event.event;
    switch (name) {
      case "checkin.authenticate":
        walk.phones.set(event.udid ?? "", {
          kind: textOf(event["kind"]),
          userId: event.userId,
          ownHolder: holderKey(undefined, event["serialNumber"]),
          apps: new Map(),
        });
        break;
      case "checkin.checkOut":
        walk.phones.get(event.udid ?? "")?.apps.clear();
        break;
      case "license.taken":
        if (event["side"] !== "apple") walk.booked.add(bookingOf(event));
        break;
      case "license.returned":
        if (event["side"] === "apple") break;
        walk.booked.delete(bookingOf(event));
        if (followsRemoval.has(textOf(event["reason"]))) checkReturn(walk, event);
        break;
      case "wire":
        takeWire(walk, event);
        break;
      default:
    }
  }
  return walk.findings.all;
};

function bookingOf({ userId, adamId = "", ...event }: TraceEvent): string {
  return `${holderKey(userId, event["serialNumber"]) ?? ""} ${adamId}`;
}

function takeWire(walk: Walk, event: TraceEvent): void {
  const wire = walk.trace.wires.get(event.seq);
  if (wire === undefined) return;
  if (wire.channel === "vpp") {
    for (const fact of factsOf(wire)) {
      if (fact.kind === "invited") walk.clientOfInvitation.set(fact.inviteUrl, fact.clientUserIdStr);
      else if (fact.kind === "app") walk.bundleIds.set(fact.adamId, fact.bundleId);
      else if (fact.kind === "taken") seatsOf(walk, fact.adamId).add(fact.holder);
      else if (fact.kind === "returned" || fact.kind === "freed")
        seatsOf(walk, fact.adamId).delete(fact.holder);
      else if (fact.kind === "retired")
        for (const holders of walk.seats.values()) holders.delete(fact.clientUserIdStr);
    }
    return;
  }
  const { message } = wire;
  const { dep } = policiesSet(event, wire);
  if (dep !== undefined) walk.depAllowed = dep !== "refuse";
  const { udid, commandUUID } = event;
  const phone = udid === undefined ? undefined : walk.phones.get(udid);
  if (wire.channel !== "mdm" || message === undefined || phone === undefined || commandUUID === undefined)
    return;
  if (wire.from === "server") {
    const command = message["Command"];
    if (isDictionary(command)) takeCommand(walk, event, phone, command);
  } else takeResult(walk, phone, commandUUID, message);
}

function seatsOf(walk: Walk, adamId: string): Set<string> {
  let holders = walk.seats.get(adamId);
  if (holders === undefined) {
    holders = new Set();
    walk.seats.set(adamId, holders);
  }
  return holders;
}

function takeCommand(walk: Walk, event: TraceEvent, phone: PhoneLife, command: Dictionary): void {
  const { findings } = walk;
  const commandUUID = event.commandUUID ?? "";
  const requestType = textOf(command["RequestType"]);
  const isRepeat = walk.handed.has(commandUUID);
  walk.handed.set(commandUUID, command);
  const known = walk.trace.commands.get(commandUUID);
  if (isRepeat || known?.byAdmin === true) return;
  if (requestType !== "InviteToProgram" && requestType !== "InstallApplication") return;
  if (phone.kind === "dep" && !walk.depAllowed) {
    findings.add(event, `${requestType} for a DEP phone`);
    return;
  }
  const { userId, ownHolder } = phone;
  const adamId = textOf(command["iTunesStoreID"]);
  if (
    requestType === "InstallApplication" &&
    ownHolder !== undefined &&
    seatsOf(walk, adamId).has(ownHolder)
  ) {
    // By its own seat: neither a user nor an invitation is needed. A killed server may not have lived to say so.
    if (!walk.trace.hasKills && !walk.booked.has(`${ownHolder} ${adamId}`))
      findings.add(
        event,
        `InstallApplication of ${adamId} while ${ownHolder} holds no seat by the server's book`,
      );
    return;
  }
  if (userId === undefined) {
    findings.add(event, `${requestType} for a phone that nobody has`);
  } else if (requestType === "InviteToProgram") {
    walk.invitedUsers.add(userId);
    const client = walk.clientOfInvitation.get(textOf(command["InvitationURL"]));
    if (client === undefined) findings.add(event, "an invitation with an address that Apple never gave");
    else walk.clientOfUser.set(userId, client);
  } else checkInstall(walk, event, userId, command);
}

function checkInstall(
  { findings, ...walk }: Walk,
  event: TraceEvent,
  userId: string,
  command: Dictionary,
): void {
  const adamId = textOf(command["iTunesStoreID"]);
  if (!walk.invitedUsers.has(userId)) {
    findings.add(event, `InstallApplication of ${adamId} before ${userId} was invited`);
    return;
  }
  const client = walk.clientOfUser.get(userId);
  if (client === undefined || walk.seats.get(adamId)?.has(client) !== true) {
    findings.add(event, `InstallApplication of ${adamId} while ${userId} holds no seat at Apple`);
  }
  // A killed server may have taken the seat without living to say so.
  if (!walk.trace.hasKills && !walk.booked.has(`${userId} ${adamId}`)) {
    findings.add(event, `InstallApplication of ${adamId} while ${userId} holds no seat by the server's book`);
  }
}

function takeResult(walk: Walk, phone: PhoneLife, commandUUID: string, result: Dictionary): void {
  const command = walk.handed.get(commandUUID);
  if (command === undefined || result["Status"] !== "Acknowledged") return;
  switch (command["RequestType"]) {
    case "InstallApplication": {
      const bundleId = walk.bundleIds.get(textOf(command["iTunesStoreID"]));
      if (bundleId !== undefined)
        phone.apps.set(bundleId, { begun: true, present: false, removed: false, gone: false });
      return;
    }
    case "RemoveApplication": {
      const app = phone.apps.get(textOf(command["Identifier"]));
      if (app) app.removed = true;
      return;
    }
    case "ManagedApplicationList":
      takeList(phone, command["Identifiers"], result["ManagedApplicationList"]);
      return;
    default:
  }
}

function takeList(phone: PhoneLife, asked: unknown, list: unknown): void {
  for (const [bundleId, app] of phone.apps) {
    if (Array.isArray(asked) && !asked.includes(bundleId)) continue;
    const entry = isDictionary(list) ? list[bundleId] : undefined;
    const state = isDictionary(entry) ? textOf(entry["Status"]) : "absent";
    if (presence.has(state)) [app.present, app.removed, app.gone] = [true, false, false];
    else if (gone.has(state)) app.gone = true;
    else if (isManagedAppState(state)) app.gone = false;
  }
}

/** The seat of an app that was to be uninstalled may come back once it is gone from every phone that it is for. */
function checkReturn({ findings, phones, bundleIds, booked }: Walk, event: TraceEvent): void {
  const { adamId = "", userId } = event;
  const bundleId = bundleIds.get(adamId);
  if (bundleId === undefined) {
    findings.add(event, `a seat of ${adamId} is returned, an app whose bundle id nobody looked up`);
    return;
  }
  for (const [udid, phone] of phones) {
    const app = phone.apps.get(bundleId);
    const ownHolder = phone.ownHolder ?? "";
    const isFor =
      userId === undefined
        ? ownHolder === holderKey(undefined, event["serialNumber"])
        : phone.userId === userId && !booked.has(`${ownHolder} ${adamId}`);
    if (!isFor || app === undefined || !app.begun) continue;
    if (!app.gone)
      findings.add(event, `a seat of ${adamId} is returned before the list of ${udid} was without it`);
    else if (app.present && !app.removed) {
      findings.add(event, `a seat of ${adamId} is returned without a removal on ${udid}`);
    }
    app.begun = false;
  }
}
