/** Events in words, for people who read a timeline. */
import type { EventName, TraceEvent } from "../../shared/trace.ts";
import { defaultCatalogue } from "../apple/catalogue.ts";
import { payloadOf, type Payload } from "../traces/payload.ts";

/** What an event is about: decides its colour. */
export type EventTopic =
  "message" | "command" | "person" | "licence" | "installation" | "connection" | "admin" | "fault";

const topics: readonly (readonly [prefix: string, topic: EventTopic])[] = [
  ["wire", "message"],
  ["command.", "command"],
  ["prompt.", "person"],
  ["user.", "person"],
  ["phone.", "person"],
  ["portal.", "person"],
  ["license.", "licence"],
  ["token.", "licence"],
  ["sync.", "licence"],
  ["store.", "licence"],
  ["installation.", "installation"],
  ["app.", "installation"],
  ["fault", "fault"],
  ["internal.", "fault"],
  ["invariant.", "fault"],
  ["disk.", "fault"],
  ["api.", "admin"],
  ["admin.", "admin"],
  ["deployment.", "admin"],
];

export function topicOf(event: EventName): EventTopic {
  return topics.find(([prefix]) => event.startsWith(prefix))?.[1] ?? "connection";
}

/** How an app is called, by its adamId. */
export type AppNames = ReadonlyMap<string, string>;

/** Those of the catalogue, and of a run. */
export function appNames(known: readonly { adamId: string; name: string }[] = []): AppNames {
  return new Map([...defaultCatalogue(), ...known].map(({ adamId, name }) => [adamId, name]));
}

/** What a person would say; the event's name with a dot read as a space for what has no words of its own. */
export function eventWords(event: TraceEvent, apps: AppNames, payload: Payload | undefined): string {
  const app = event.adamId === undefined ? "" : (apps.get(event.adamId) ?? event.adamId);
  const command = text(event["requestType"]);
  const reason = event["reason"] === undefined ? "" : ` (${text(event["reason"])})`;
  switch (event.event) {
    case "wire":
      return messageWords(event, payload);
    case "command.queued":
      return `${command} queued`;
    case "command.pushed": {
      const times = Number(event["sendCount"] ?? 1);
      return times > 1 ? `${command} sent, for the ${times}. time` : `${command} sent`;
    }
    case "command.performed":
      return `${command} performed by the phone: ${text(event["status"])}`;
    case "command.acknowledged":
      return `${command} acknowledged`;
    case "command.failed":
      return `${command} failed: ${[event["status"], event["errorCode"]].map(text).filter(Boolean).join(" ")}`;
    case "command.deferred":
      return `${command} put off: NotNow`;
    case "installation.changed":
      return `${app}: ${text(event["from"])} → ${text(event["to"])}${reason}`;
    case "app.state":
      return `${app} on the phone: ${text(event["from"])} → ${text(event["to"])}`;
    case "prompt.shown":
      return `The phone asks: ${spaced(text(event["kind"]))}${app === "" ? "" : `, ${app}`}`;
    case "prompt.answered":
      return `The person answers ${spaced(text(event["kind"]))}: ${spaced(text(event["choice"]))}`;
    case "license.taken":
      return `Licence of ${app} taken${bookOf(event)}`;
    case "license.returned":
      return `Licence of ${app} returned${bookOf(event)}${reason}`;
    case "license.refused":
      return `No licence of ${app}${bookOf(event)}${reason}`;
    case "fault":
      return `Fault: ${text(event["rule"])} ${text(event["what"])}`.replace(/ {2,}/g, " ");
    case "phone.changed":
      return `The phone: ${text(event["to"])}`;
    case "connection.closed":
      return `Connection closed${event["side"] === "phone" ? ", says the phone" : ""}: ${text(event["code"])} ${text(event["reason"])}`.trimEnd();
    case "connection.refused":
      return `Connection refused: ${text(event["reason"])}`;
    case "api.request":
      return `Admin: ${text(event["method"])} ${text(event["path"])}`;
    case "api.answered":
      return `Answered ${text(event["status"])}: ${text(event["method"])} ${text(event["path"])}`;
    case "store.authorized":
      return `App Store authorises ${app}`;
    case "store.refused":
      return `App Store refuses ${app}${reason}`;
    case "store.signIn":
      return `App Store sign-in: ${text(event["result"])}`;
    case "deployment.created":
      return `Deployment: ${app} ${text(event["action"])} for ${text(event["group"])}`;
    case "sync.finished":
      return `Sync ${text(event["result"])}`;
    case "user.registered":
    case "user.invited":
    case "user.accepted":
    case "user.retired":
      return `${event.userId ?? "User"} ${event.event.slice(5)}${bookOf(event)}`;
    default: {
      const [, subject = "", verb = ""] = /^([^.]*)\.?(.*)$/.exec(event.event) ?? [];
      const words = `${spaced(subject)} ${spaced(verb)}`.trim();
      const what = text(event["what"] ?? event["state"] ?? event["error"]);
      return `${words.charAt(0).toUpperCase()}${words.slice(1)}${what === "" ? "" : `: ${what}`}`;
    }
  }
}

function messageWords(event: TraceEvent, payload: Payload | undefined): string {
  const title = payload?.language === "empty" ? "nothing" : (payload?.title ?? "");
  return `${partyOf(event["from"])} → ${partyOf(event["to"])}: ${title === "" ? text(event["format"]) : title}`;
}

function partyOf(party: unknown): string {
  const name = text(party);
  return /^[0-9a-f]{40}$/i.test(name) ? "phone" : name;
}

function bookOf(event: TraceEvent): string {
  return event["side"] === "apple" ? ", in Apple's book" : "";
}

/** `appInstallation` as `app installation`. */
function spaced(name: string): string {
  return name.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean);
}

/** The message of an event, if it has one. */
export function payloadIn(event: TraceEvent): Payload | undefined {
  return event.event === "wire" && typeof event["bytes"] === "string" ? payloadOf(event) : undefined;
}
