/** What the server tells by itself, about twice a second at most: the one stream that keeps every page fresh. */
import { useEffect, useState } from "preact/hooks";
import type { Pulse } from "../../../monitoring/pulse.ts";

export type Subject = Pulse["changed"][number];
export type { Pulse };

export type Connection = "connecting" | "open" | "lost";

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
  const stream = new EventSource("/api/v1/pulse/stream");
  source = stream;
  stream.addEventListener("pulse", ({ data }) => {
    set("open");
    latest = JSON.parse(String(data)) as Pulse;
    clockAheadMs = Date.parse(latest.at) - Date.now();
    if (wasLost) {
      wasLost = false;
      // What happened meanwhile, nobody told: everything is looked at again.
      for (const listener of [...backListeners]) listener();
    }
    for (const listener of [...pulseListeners]) listener(latest);
  });
  stream.addEventListener("end", () => again(stream));
  stream.addEventListener("error", () => again(stream));
}

function again(stream: EventSource): void {
  if (source !== stream) return;
  stream.close();
  wasLost = true;
  set("lost");
  clearTimeout(retry);
  retry = setTimeout(open, retryMs);
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
