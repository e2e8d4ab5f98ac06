/** What an act of the API is done to, and how that looks before and after, without secrets. */
import { PippinError } from "../../shared/errors.ts";
import { secretKeys } from "../../shared/redaction.ts";
import type { ActSubject, Snapshot, SubjectOf } from "../audit/audit-log.ts";
import type { Fact } from "../outbox.ts";
import { readPolicies } from "../policies.ts";
import { termsStatus } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import { hideSecrets } from "./hidden-values.ts";
import { storedInstallationId } from "./installation-view.ts";

type ViewById = (reader: Reader, id: string) => Promise<object | undefined>;

/** Named members only: a secret that a record gains later does not get into the log by itself. */
function pick<R extends object, K extends keyof R>(record: R | undefined, ...names: K[]): object | undefined {
  return record && Object.fromEntries(names.map((name) => [name, record[name]]));
}

/** By the last parameter of the path. */
const byParameter: ReadonlyMap<string, ViewById> = new Map<string, ViewById>([
  [
    "userId",
    async (reader, id) => {
      const user = await reader.get("users", id);
      return user && { ...pick(user, "name", "email", "groupIds"), terms: termsStatus(user.vpp) };
    },
  ],
  ["groupId", async (reader, id) => pick(await reader.get("groups", id), "name", "removedAt")],
  [
    "deploymentId",
    async (reader, id) =>
      pick(
        await reader.get("deployments", id),
        "adamId",
        "groupId",
        "action",
        "licenseType",
        "deadline",
        "removed",
      ),
  ],
  [
    "installationId",
    async (reader, id) => {
      const record = await reader.get("installations", storedInstallationId(id));
      return pick(record, "desired", "state", "reason", "detail", "attempts", "override");
    },
  ],
  [
    "udid",
    async (reader, id) =>
      pick(await reader.get("devices", id), "serialNumber", "kind", "supervised", "userId", "state"),
  ],
  [
    "commandUUID",
    async (reader, id) => pick(await reader.get("commands", id), "udid", "requestType", "state"),
  ],
  [
    "id",
    async (reader, id) =>
      pick(await reader.get("apiKeys", id), "name", "role", "createdAt", "expiresAt", "revokedAt"),
  ],
  [
    "sessionId",
    async (reader, id) =>
      pick(await reader.get("sessions", id), "keyId", "createdAt", "expiresAt", "address", "userAgent"),
  ],
  [
    "webhookId",
    async (reader, id) => pick(await reader.get("webhooks", id), "url", "events", "enabled", "state"),
  ],
]);

/** What a create makes: the collection's path, and the fact's detail that holds the new id. */
const created: ReadonlyMap<string, { readonly detail: string; readonly parameter: string }> = new Map([
  ["users", { detail: "userId", parameter: "userId" }],
  ["groups", { detail: "groupId", parameter: "groupId" }],
  ["deployments", { detail: "deploymentId", parameter: "deploymentId" }],
  ["keys", { detail: "keyId", parameter: "id" }],
  ["sessions", { detail: "sessionId", parameter: "sessionId" }],
  ["webhooks", { detail: "webhookId", parameter: "webhookId" }],
]);

/** There is one of each. */
const single: ReadonlyMap<string, Snapshot> = new Map<string, Snapshot>([
  ["policies", (reader) => readPolicies(reader)],
  [
    "vpp/token",
    async (reader) =>
      pick(
        await reader.get("accounts", "vpp"),
        "tokenName",
        "appleId",
        "organisation",
        "state",
        "claimedBy",
        "expiresAt",
      ),
  ],
]);

/** Commands given to a phone change nothing of its record. */
const withoutView = /\/commands$/;

/** How to tell, for a route's path and the parameters it was called with. */
export function subjectOfCall(path: string, params: Readonly<Record<string, string>>): SubjectOf {
  const pattern = targetOfPath(path);
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const last = names.at(-1);
  if (last === undefined) return (facts) => subjectWithoutId(pattern, facts);
  // Up to the last parameter: `users/{userId}/retire` is done to the user.
  const named = pattern.slice(0, pattern.indexOf(`{${last}}`) + last.length + 2);
  const target = named.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
  const view = withoutView.test(pattern) ? undefined : byParameter.get(last);
  const id = params[last] ?? "";
  return () => ({ target, snapshot: view && ((reader) => view(reader, id)) });
}

function subjectWithoutId(pattern: string, facts: readonly Fact[]): ActSubject {
  const making = created.get(pattern);
  if (making === undefined) return { target: pattern, snapshot: single.get(pattern) };
  const found = facts.map(({ details }) => details[making.detail]).find((id) => typeof id === "string");
  const view = byParameter.get(making.parameter);
  if (typeof found !== "string" || view === undefined) return { target: pattern, snapshot: undefined };
  return { target: `${pattern}/${found}`, snapshot: (reader) => view(reader, found) };
}

/** What was asked for, without secrets; null when path and method say it all. Text may hold anything, so only its length is told. */
export function shownRequest(
  query: Readonly<Record<string, string>>,
  body: { readonly json: unknown; readonly text: string | undefined },
  secretFields: readonly string[],
): object | null {
  const shown = {
    ...(Object.keys(query).length > 0 ? { query } : {}),
    ...(body.json === undefined ? {} : { body: hideSecrets(body.json, [...secretFields, ...secretKeys]) }),
    ...(body.text === undefined ? {} : { textLength: body.text.length }),
  };
  return Object.keys(shown).length > 0 ? shown : null;
}

/** Somebody without a good key, or without the role: that is noted also where nothing was to be changed. */
export function isTurnedAway(error: unknown): boolean {
  return (
    error instanceof PippinError &&
    ["unauthorized", "forbidden", "csrf_token_invalid", "limit_exceeded"].includes(error.code)
  );
}

/** `users/anna` for `/api/v1/users/anna`. */
export function targetOfPath(path: string): string {
  return path.replace(/^\/(?:api\/v1\/)?/, "").slice(0, 200);
}
