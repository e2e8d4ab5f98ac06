/** What an event counts as in the pulse, and what it touches. */
import type { EventName, TraceEvent } from "../../shared/trace.ts";
import type { PulseCount, PulseSubject } from "./pulse-document.ts";

export interface PulseEffect {
  readonly counts?: PulseCount | undefined;
  readonly touches: readonly PulseSubject[];
}

type Rule = PulseEffect | ((event: TraceEvent) => PulseEffect);

const nothing: PulseEffect = { touches: [] };
const touching = (...touches: PulseSubject[]): PulseEffect => ({ touches });
const counting = (counts: PulseCount, ...touches: PulseSubject[]): PulseEffect => ({ counts, touches });

/** By the first word of what an admin changed, e.g. `key.revoked`. */
const byWhat: ReadonlyMap<string, PulseEffect> = new Map([
  ["key", touching("keys")],
  ["session", touching("sessions")],
  ["user", touching("users")],
  ["users", touching("users", "groups")],
  ["group", touching("groups", "users")],
  ["membership", touching("groups", "users")],
  ["members", touching("groups", "users")],
  ["enrollmentTokens", touching("enrollmentTokens")],
  ["webhook", touching("webhooks")],
  ["policies", touching("policies")],
]);

const pruned: ReadonlyMap<unknown, PulseEffect> = new Map([
  ["audit", touching("audit")],
  ["enrollmentTokens", touching("enrollmentTokens")],
  ["sessions", touching("sessions")],
]);

function installationChanged({ from, to }: TraceEvent): PulseEffect {
  const touches = ["installations", "apps"] as const;
  // An app that could not be removed is as installed as before.
  if (to === "installed") return { counts: from === "removing" ? undefined : "installed", touches };
  return { counts: to === "failed" ? "installFailed" : undefined, touches };
}

/** Who changes something, or is turned away, stands in the audit log. */
function answered({ method, status }: TraceEvent): PulseEffect {
  return method !== "GET" || Number(status) >= 400 ? touching("audit") : nothing;
}

const device = touching("devices");
const user = touching("users");
const account = touching("account");
const deployment = touching("deployments", "apps");
const command = touching("commands");
const license = touching("licenses", "apps");
const fault = counting("faults");

// A Map, so that what happens costs the same however many rules there are.
const rules = new Map<EventName, Rule>([
  ["connection.opened", device],
  ["connection.closed", device],
  ["connection.replaced", device],
  ["enrollment.started", touching("devices", "enrollmentTokens")],
  ["enrollment.completed", counting("enrolled", "devices")],
  ["checkin.authenticate", device],
  ["checkin.tokenUpdate", device],
  ["checkin.checkOut", device],
  ["command.queued", counting("commandsQueued", "commands")],
  ["command.pushed", counting("commandsPushed", "commands")],
  ["command.acknowledged", counting("commandsAcknowledged", "commands")],
  ["command.failed", counting("commandsFailed", "commands")],
  ["command.deferred", counting("commandsDeferred", "commands")],
  ["command.expired", command],
  ["command.cancelled", command],
  ["command.duplicate", command],
  ["command.malformed", command],
  ["installation.changed", installationChanged],
  ["portal.requested", touching("installations")],
  ["license.taken", counting("licensesTaken", "licenses", "apps")],
  ["license.returned", counting("licensesReturned", "licenses", "apps")],
  ["license.refused", license],
  ["license.kept", license],
  ["license.act", license],
  ["user.registered", user],
  ["user.invited", user],
  ["user.accepted", user],
  ["user.retired", user],
  ["deployment.created", deployment],
  ["deployment.changed", deployment],
  ["deployment.deleted", deployment],
  ["token.uploaded", account],
  ["token.changed", account],
  ["token.expiring", account],
  ["token.controlTaken", account],
  ["token.deleted", account],
  ["sync.started", touching("syncs", "account")],
  ["sync.finished", touching("syncs", "account", "apps", "licenses", "users")],
  ["admin.changed", ({ what }) => byWhat.get(String(what).split(".", 1)[0] ?? "") ?? nothing],
  ["webhook.changed", touching("webhooks")],
  ["housekeeping.pruned", ({ what }) => pruned.get(what) ?? nothing],
  ["api.answered", answered],
  ["fault", fault],
  ["internal.error", fault],
  ["invariant.violated", fault],
]);

/** Events of a phone or of Apple, which a lab in one process hears too, say nothing of the server. */
export function effectOf(event: TraceEvent): PulseEffect {
  const rule = event["side"] === undefined ? rules.get(event.event) : undefined;
  return typeof rule === "function" ? rule(event) : (rule ?? nothing);
}
