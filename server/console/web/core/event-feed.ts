/** The events as they come, the newest of them kept: shown a few times a second, however many there are. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { EventView } from "../../../api/system-routes.ts";
import { address } from "./api.ts";

const keptMax = 1_000;
const showMs = 250;
const retryMs = 2_000;

export interface EventFeed {
  /** Newest first. */
  readonly events: readonly EventView[];
  /** Events that came while paused. */
  readonly missed: number;
}

/** Those that fit the query, as `/api/v1/events/stream` takes it. While paused, what is shown stays. */
export function useEventFeed(
  query: Readonly<Record<string, string | undefined>>,
  isPaused: boolean,
): EventFeed {
  const [shown, setShown] = useState<readonly EventView[]>([]);
  const [missed, setMissed] = useState(0);
  const kept = useRef<EventView[]>([]);
  const paused = useRef({ isPaused, missed: 0 });
  const key = address("/api/v1/events/stream", { ...query, after: 0 });

  useEffect(() => {
    paused.current = { isPaused, missed: 0 };
    setMissed(0);
    if (!isPaused) setShown([...kept.current].reverse());
  }, [isPaused]);

  useEffect(() => {
    kept.current = [];
    setShown([]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const controller = new AbortController();
    const show = () => {
      timer = undefined;
      if (paused.current.isPaused) setMissed(paused.current.missed);
      else setShown([...kept.current].reverse());
    };
    const take = (event: EventView) => {
      kept.current.push(event);
      if (kept.current.length > keptMax) kept.current.splice(0, kept.current.length - keptMax);
      paused.current.missed += 1;
      timer ??= setTimeout(show, showMs);
    };
    const follow = async () => {
      kept.current = [];
      try {
        await readEvents(key, take, controller.signal);
      } catch {
        // It broke off, or was never there.
      }
      if (!controller.signal.aborted) retry = setTimeout(() => void follow(), retryMs);
    };
    void follow();
    return () => {
      controller.abort();
      clearTimeout(timer);
      clearTimeout(retry);
    };
  }, [key]);
  return { events: shown, missed };
}

/**
 * Until the stream ends. An EventSource hears only the names it was told, and every kind of event has its own; so the stream is read
 * as the text it is.
 */
async function readEvents(
  path: string,
  take: (event: EventView) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(path, { signal, headers: { accept: "text/event-stream" } });
  if (!response.ok || !response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const frames = (text + value).split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (data === undefined) continue;
      const event = JSON.parse(data) as EventView;
      // What the stream says of itself has no number.
      if (typeof event.seq === "number") take(event);
    }
  }
}
