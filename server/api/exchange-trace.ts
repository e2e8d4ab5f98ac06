/** What of an exchange goes into the trace: never a header, never a secret. */
import type { Recorder } from "../../shared/trace.ts";
import { hideSecrets } from "./hidden-values.ts";

export interface ExchangeTrace {
  readonly recorder: Recorder;
  /** Fields of this route's bodies that are secrets by themselves. */
  readonly secretFields: readonly string[];
}

/** A message that is not JSON isn't kept: secrets could not be found in it. */
export function recordRequestBody(
  { recorder, secretFields }: ExchangeTrace,
  body: { bytes: Buffer | undefined; json: unknown },
  about: { method: string; path: string; cause: number },
): void {
  if (!recorder.keepsWire) return;
  if (body.bytes !== undefined && body.json === undefined) return;
  const route = { channel: "api", from: "admin", to: "server" } as const;
  recorder.wire({ ...route, ...shownBytes(body.bytes, body.json, secretFields) }, about);
}

export function recordAnswerBody(
  { recorder, secretFields }: ExchangeTrace,
  text: string | null,
  about: { status: number; cause: number },
): void {
  if (!recorder.keepsWire) return;
  const bytes = text === null ? undefined : Buffer.from(text);
  const json: unknown = text === null ? undefined : JSON.parse(text);
  const route = { channel: "api", from: "server", to: "admin" } as const;
  recorder.wire({ ...route, ...shownBytes(bytes, json, secretFields) }, about);
}

/** The bytes as they were, unless something in them has to be hidden. */
function shownBytes(
  bytes: Buffer | undefined,
  json: unknown,
  secretFields: readonly string[],
): { format: "empty" | "json"; bytes: Uint8Array } {
  if (bytes === undefined) return { format: "empty", bytes: new Uint8Array() };
  const shown = hideSecrets(json, secretFields);
  return { format: "json", bytes: shown === json ? bytes : Buffer.from(JSON.stringify(shown)) };
}

/** For a bug: enough to find it. Folders of this machine are left out, so that a trace is the same everywhere. */
export function recordFailure(recorder: Recorder, error: unknown, cause?: number): void {
  const known = error instanceof Error ? error : new Error("something that is no Error was thrown");
  const at = (known.stack ?? "")
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .slice(0, 8)
    .map((line) => line.trim().replace(/(?:file:\/\/)?[^\s()]*\/(?=(?:server|shared|node_modules)\/)/, ""));
  recorder.record("internal.error", {
    name: known.name,
    message: known.message.slice(0, 500),
    at,
    ...(cause === undefined ? {} : { cause }),
  });
}
