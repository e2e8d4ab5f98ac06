import { eventNames, type TraceEvent } from "../../shared/trace.ts";
import { Findings, type Checker } from "./trace-reading.ts";

const knownEvents: ReadonlySet<string> = new Set(eventNames);

/** What an event can't be understood without; `a|b` is either. Where Apple records an event of the same name, its own ids are in the second list. */
const requiredIds = new Map<
  string,
  { readonly ours: readonly string[]; readonly apples?: readonly string[] }
>([
  ["wire", { ours: ["channel", "from", "to", "format", "bytes"] }],
  ["enrollment.started", { ours: ["udid"] }],
  ["enrollment.completed", { ours: ["udid"] }],
  ["checkin.authenticate", { ours: ["udid", "kind"] }],
  ["checkin.tokenUpdate", { ours: ["udid"] }],
  ["checkin.checkOut", { ours: ["udid"] }],
  ["command.queued", { ours: ["udid", "commandUUID", "requestType"] }],
  ["command.pushed", { ours: ["udid", "commandUUID", "requestType"] }],
  ["command.acknowledged", { ours: ["udid", "commandUUID", "status"] }],
  ["command.failed", { ours: ["udid", "commandUUID", "status"] }],
  ["command.deferred", { ours: ["udid", "commandUUID"] }],
  ["command.expired", { ours: ["udid", "commandUUID"] }],
  ["command.cancelled", { ours: ["udid", "commandUUID"] }],
  ["command.duplicate", { ours: ["udid", "commandUUID"] }],
  ["command.malformed", { ours: ["udid"] }],
  ["command.performed", { ours: ["udid", "commandUUID", "requestType", "status"] }],
  ["prompt.shown", { ours: ["udid", "promptId", "kind"] }],
  ["prompt.answered", { ours: ["udid", "promptId", "kind", "choice"] }],
  ["app.state", { ours: ["udid", "adamId", "bundleId", "from", "to"] }],
  ["store.authorized", { ours: ["udid", "adamId"] }],
  ["store.refused", { ours: ["udid", "adamId"] }],
  ["user.registered", { ours: ["userId", "clientUserIdStr"], apples: ["clientUserIdStr"] }],
  ["user.invited", { ours: ["userId", "udid", "commandUUID"] }],
  ["user.accepted", { ours: ["userId"], apples: ["clientUserIdStr"] }],
  ["user.retired", { ours: ["userId"], apples: ["clientUserIdStr"] }],
  ["license.taken", { ours: ["userId|serialNumber", "adamId"], apples: ["adamId", "licenseId"] }],
  [
    "license.returned",
    { ours: ["userId|serialNumber", "adamId", "reason"], apples: ["adamId", "licenseId"] },
  ],
  [
    "license.refused",
    { ours: ["userId|serialNumber", "adamId", "reason"], apples: ["clientUserIdStr|serialNumber"] },
  ],
  ["portal.requested", { ours: ["udid", "adamId"] }],
  ["portal.refused", { ours: ["udid", "adamId", "reason"] }],
  ["deployment.created", { ours: ["deploymentId", "adamId", "action"] }],
  ["deployment.changed", { ours: ["deploymentId", "adamId", "action"] }],
  ["deployment.deleted", { ours: ["deploymentId", "adamId"] }],
  ["installation.changed", { ours: ["udid", "adamId", "from", "to"] }],
  ["api.request", { ours: ["method", "path"] }],
  ["api.answered", { ours: ["method", "path", "status", "cause"] }],
]);

const idNames = ["udid", "commandUUID", "userId", "adamId", "deploymentId"] as const;

/** The trace as such: numbered without gaps, in time, each event with its ids and naming only causes that came before it. */
export const checkForm: Checker = ({ events }) => {
  const findings = new Findings();
  const answered = new Set<number>();
  let before: TraceEvent | undefined;
  for (const [index, event] of events.entries()) {
    if (event.seq !== index + 1) findings.add(event, `${index + 1} was due`);
    const time = Date.parse(event.time);
    if (Number.isNaN(time) || new Date(time).toISOString() !== event.time) {
      findings.add(event, `${JSON.stringify(event.time)} is no time`);
    } else if (before !== undefined && time < Date.parse(before.time)) {
      findings.add(event, "time goes back");
    }
    if (event.run !== events[0]?.run) findings.add(event, "it belongs to another run");
    if (!knownEvents.has(event.event)) findings.add(event, `nobody knows an event ${event.event}`);
    const { cause } = event;
    if (cause !== undefined && !(Number.isInteger(cause) && cause > 0 && cause < event.seq)) {
      findings.add(event, `its cause ${String(cause)} is no earlier event`);
    }
    checkIds(event, findings);
    if (event.event === "api.answered") checkAnswer(events, event, answered, findings);
    before = event;
  }
  return findings.all;
};

function checkIds(event: TraceEvent, findings: Findings): void {
  const required = requiredIds.get(event.event);
  const names = event["side"] === "apple" ? (required?.apples ?? required?.ours) : required?.ours;
  for (const name of names ?? []) {
    if (name.split("|").every((either) => event[either] === undefined))
      findings.add(event, `${event.event} without ${name}`);
  }
  for (const name of idNames) {
    const id = event[name];
    if (id !== undefined && (typeof id !== "string" || id === "")) findings.add(event, `${name} is no id`);
  }
}

/** Every request is answered once. */
function checkAnswer(
  events: readonly TraceEvent[],
  event: TraceEvent,
  answered: Set<number>,
  findings: Findings,
): void {
  const request = events[(event.cause ?? 0) - 1];
  if (
    request?.event !== "api.request" ||
    request["path"] !== event["path"] ||
    request["method"] !== event["method"]
  ) {
    findings.add(event, "an answer to a request that nobody made");
  } else if (answered.has(request.seq)) {
    findings.add(event, `a second answer to request ${request.seq}`);
  } else answered.add(request.seq);
}
