/** What the server tells by itself, about twice a second at most: the one stream that keeps every page fresh. */
import { useEffect, useState } from "preact/hooks";
import type { Pulse } from "../../../monitoring/pulse-document.ts";
import { ApiFailure, get } from "./api.ts";

export type Subject = Pulse["changed"][number];
export type { Pulse };

/** `still`: the server tells nothing by itself, because its lab stands still between requests. */
export type Connection = "connecting" | "open" | "lost" | "still";

type PulseListener = (pulse: Pulse) => void;

const pulseListeners = new Set<PulseListener>();
const connectionListeners = new Set<() => void>();
const backListeners = new Set<() => void>();
let source: EventSource | undefined;
let connection: Connection = "connecting";
let latest: Pulse | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let wasLost = false;
let clockAheadMs = 0;

const retryMs = 2_000;
const streamPath = "/api/v1/pulse/stream";

/** Listens until `stopPulse`. A stream that breaks off is opened again by itself. */
export function startPulse(): void {
  stopPulse();
  open();
}

export function stopPulse(): void {
  clearTimeout(retry);
  source?.close();
  source = undefined;
  wasLost = false;
  set("connecting");
}

function open(): void {
  const stream = new EventSource(streamPath);
  source = stream;
  stream.addEventListener("pulse", ({ data }) => {
    set("open");
    if (wasLost) {
      wasLost = false;
      // What happened meanwhile, nobody told: everything is looked at again.
      for (const listener of [...backListeners]) listener();
    }
    tell(JSON.parse(String(data)) as Pulse);
  });
  stream.addEventListener("end", () => again(stream));
  stream.addEventListener("error", () => again(stream));
}

function tell(pulse: Pulse): void {
  latest = pulse;
  clockAheadMs = Date.parse(pulse.at) - Date.now();
  for (const listener of [...pulseListeners]) listener(pulse);
}

function again(stream: EventSource): void {
  if (source !== stream) return;
  stream.close();
  if (connection === "connecting") return void findOut();
  lose();
}

function lose(): void {
  wasLost = true;
  set("lost");
  clearTimeout(retry);
  retry = setTimeout(open, retryMs);
}

/** A stream that was never there may have been refused for good; an EventSource doesn't say why. */
async function findOut(): Promise<void> {
  const status = await fetch(streamPath, { headers: { accept: "text/event-stream" } }).then(
    ({ status, body }) => body?.cancel().then(() => status),
    () => undefined,
  );
  if (connection !== "connecting") return;
  if (status !== 409) return lose();
  set("still");
  await lookAgain();
}

/** Asks once, where nothing is told. */
export async function lookAgain(): Promise<void> {
  try {
    const pulse = await get<Pulse>("/api/v1/pulse");
    for (const listener of [...backListeners]) listener();
    tell(pulse);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    lose();
  }
}

function set(next: Connection): void {
  if (connection === next) return;
  connection = next;
  for (const listener of [...connectionListeners]) listener();
}

export function useConnection(): Connection {
  const [shown, setShown] = useState(connection);
  useEffect(() => {
    const look = () => setShown(connection);
    connectionListeners.add(look);
    look();
    return () => void connectionListeners.delete(look);
  }, []);
  return shown;
}

/** By the server's clock, which in a lab may be anywhere. Milliseconds since 1970. */
export function serverNow(): number {
  return Date.now() + clockAheadMs;
}

export function latestPulse(): Pulse | undefined {
  return latest;
}

/** Calls for every message. Answers with the function that ends it. */
export function onPulse(listener: PulseListener): () => void {
  pulseListeners.add(listener);
  return () => void pulseListeners.delete(listener);
}

/** Calls when one of these may have changed. Answers with the function that ends it. */
export function onChange(subjects: readonly Subject[], listener: () => void): () => void {
  const end = onPulse(({ changed }) => {
    if (changed.some((subject) => subjects.includes(subject))) listener();
  });
  backListeners.add(listener);
  return () => {
    end();
    backListeners.delete(listener);
  };
}
