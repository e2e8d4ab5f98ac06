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
let watchdog: ReturnType<typeof setInterval> | undefined;
let heardAt = 0;
/** Streams in a row that said nothing. */
let emptyStreams = 0;
let presentAt = performance.now();

const retryMs = 2_000;
/** Without a word for so long, the connection may be gone without anybody having said so. */
const silenceMs = 20_000;
/** A session ends after an hour without a request. */
const presenceMs = 10 * 60_000;
const streamPath = "/api/v1/pulse/stream";

/** Listens until `stopPulse`. A stream that breaks off is opened again by itself. */
export function startPulse(): void {
  stopPulse();
  watchdog = setInterval(() => {
    const now = performance.now();
    if (connection === "open" && now - heardAt >= silenceMs) void check();
    // A page that only listens asks for nothing; somebody who looks at it is there all the same.
    if (document.visibilityState === "visible" && now - presentAt >= presenceMs) {
      presentAt = now;
      void get("/api/v1/sessions/current").catch(() => undefined);
    }
  }, silenceMs);
  // Without a network a server on this machine is still there: it is asked, not believed.
  addEventListener("offline", checkNow);
  addEventListener("online", checkNow);
  document.addEventListener("visibilitychange", lookWhetherSeen);
  if (document.visibilityState === "visible") listen();
}

export function stopPulse(): void {
  clearInterval(watchdog);
  watchdog = undefined;
  clearTimeout(retry);
  removeEventListener("offline", checkNow);
  removeEventListener("online", checkNow);
  document.removeEventListener("visibilitychange", lookWhetherSeen);
  close();
  emptyStreams = 0;
  wasLost = false;
  set("connecting");
}

function close(): void {
  source?.close();
  source = undefined;
}

function listen(): void {
  const stream = new EventSource(streamPath);
  source = stream;
  stream.addEventListener("pulse", ({ data }) => {
    set("open");
    emptyStreams = 0;
    if (wasLost) {
      wasLost = false;
      // What happened meanwhile, nobody told: everything is looked at again.
      for (const listener of [...backListeners]) listener();
    }
    tell(JSON.parse(String(data)) as Pulse);
  });
  for (const name of ["end", "error"])
    stream.addEventListener(name, () => {
      if (source !== stream) return;
      close();
      emptyStreams += 1;
      // One that was refused again, for what it is: too many readers, say.
      if (emptyStreams > 1) lose();
      else void check();
    });
}

/** A browser opens six connections to a server, for all its pages: those that nobody sees leave theirs to the others. */
function lookWhetherSeen(): void {
  if (document.visibilityState === "visible") {
    if (source === undefined) void check();
    return;
  }
  clearTimeout(retry);
  close();
  wasLost = true;
}

function tell(pulse: Pulse): void {
  heardAt = performance.now();
  latest = pulse;
  clockAheadMs = Date.parse(pulse.at) - Date.now();
  for (const listener of [...pulseListeners]) listener(pulse);
}

/** Asks the server how things stand, and why its stream is not there: who is not signed in any more learns it by this. */
async function check(): Promise<void> {
  clearTimeout(retry);
  if (connection === "still" || document.visibilityState !== "visible") return;
  try {
    const pulse = await get<Pulse>("/api/v1/pulse");
    heardAt = performance.now();
    if (source !== undefined || !isListening()) return;
    if (await isStill()) {
      set("still");
      tell(pulse);
    } else listen();
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (isListening()) lose();
  }
}

const checkNow = () => void check();

/** Signing out stops it, whatever was under way. */
function isListening(): boolean {
  return watchdog !== undefined;
}

function lose(): void {
  close();
  wasLost = true;
  set("lost");
  clearTimeout(retry);
  retry = setTimeout(() => void check(), retryMs);
}

/** Whether the stream is refused for good; an EventSource doesn't say why. */
async function isStill(): Promise<boolean> {
  if (connection !== "connecting") return false;
  const controller = new AbortController();
  try {
    const { status } = await fetch(streamPath, {
      headers: { accept: "text/event-stream" },
      signal: controller.signal,
    });
    return status === 409;
  } catch {
    return false;
  } finally {
    controller.abort();
  }
}

/** Where nothing is told, on demand. */
export async function lookAgain(): Promise<void> {
  try {
    const pulse = await get<Pulse>("/api/v1/pulse");
    for (const listener of [...backListeners]) listener();
    tell(pulse);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
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
