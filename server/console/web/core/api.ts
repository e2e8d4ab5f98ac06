/** The server's API as the console asks it: the same one that scripts use, with the session in place of a key. */
import type { OwnSession } from "../../../api/session-routes.ts";

export type Session = OwnSession;

/** A refusal of the server, or no answer at all (`code` is `no_answer` then). */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;
  constructor(code: string, status: number, detail: string, problem: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = "ApiFailure";
    this.code = code;
    this.status = status;
    this.problem = problem;
  }
  /** What the server says of the fields of a form, by name: `userId`. */
  get fields(): ReadonlyMap<string, string> {
    const errors = this.problem["errors"];
    if (!Array.isArray(errors)) return new Map();
    return new Map(
      (errors as { path: string; expected: string }[]).map(({ path, expected }) => [
        path.replace(/^[a-z]+\./, ""),
        expected,
      ]),
    );
  }
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** In place of JSON. */
  readonly csv?: string | undefined;
  /** The same for every attempt at one deed: a create that is asked for twice happens once. */
  readonly once?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

let csrfToken = "";
let onEnd: (() => void) | undefined;

/** From now on calls are made in this session. */
export function useSession(session: Session | undefined): void {
  csrfToken = session?.csrfToken ?? "";
}

/** Called when the server no longer knows the session. */
export function onSessionEnd(listener: () => void): void {
  onEnd = listener;
}

/** Throws ApiFailure. Of an answer without a body the result is undefined. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const { body, csv, once, signal } = options;
  const headers: Record<string, string> = { accept: "application/json" };
  const sent = csv ?? (body === undefined ? undefined : JSON.stringify(body));
  if (sent !== undefined) headers["content-type"] = csv === undefined ? "application/json" : "text/csv";
  if (method !== "GET" && csrfToken !== "") headers["x-csrf-token"] = csrfToken;
  if (once !== undefined) headers["idempotency-key"] = once;
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(sent === undefined ? {} : { body: sent }),
      ...(signal === undefined ? {} : { signal }),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure("no_answer", 0, "");
  }
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  const failure = failureOf(response.status, text);
  if (failure.status === 401 && csrfToken !== "") onEnd?.();
  throw failure;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>("GET", path, { signal });

function failureOf(status: number, text: string): ApiFailure {
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    return new ApiFailure(String(problem["code"]), status, String(problem["detail"]), problem);
  } catch {
    return new ApiFailure("no_answer", status, "");
  }
}

/** Names one deed, for `once`. */
export function newDeed(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** With a query of what is given. */
export function address(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  const search = new URLSearchParams(given).toString();
  return search === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${search}`;
}

export const part = encodeURIComponent;
