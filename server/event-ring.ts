/** The latest events, kept in memory for whoever asks what just happened. */
import type { Recorder, TraceEvent } from "../shared/trace.ts";

export interface EventRing {
  /** Events with a higher `seq`, oldest first. */
  after(seq: number, limit: number): TraceEvent[];
  /** `seq` of the oldest event still held; 0 when there is none. What came before is gone. */
  readonly oldestSeq: number;
  /** `seq` of the newest event that is no longer held; 0 when all are. */
  readonly forgottenSeq: number;
  /** `seq` of the newest event; 0 when there is none yet. */
  readonly newestSeq: number;
  /** Calls `listener` whenever there is something new. Answers with the function that ends that. */
  subscribe(listener: () => void): () => void;
  close(): void;
}

/** Holds what is news, the latest of it. */
export function createEventRing(recorder: Recorder, options: { capacity?: number } = {}): EventRing {
  const capacity = options.capacity ?? 10_000;
  let events: TraceEvent[] = [];
  let forgotten = 0;
  const listeners = new Set<() => void>();
  const close = recorder.subscribe((event) => {
    if (!isNews(event)) return;
    events.push(event);
    // Cut rarely: dropping the first of a long array at each event would move the rest every time.
    if (events.length >= capacity * 2) {
      forgotten = events[events.length - capacity - 1]?.seq ?? 0;
      events = events.slice(-capacity);
    }
    for (const listener of listeners) listener();
  });
  const firstHeld = () => Math.max(0, events.length - capacity);
  return {
    after(seq, limit) {
      let low = firstHeld();
      let high = events.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((events[middle]?.seq ?? 0) <= seq) low = middle + 1;
        else high = middle;
      }
      return events.slice(low, low + limit);
    },
    get oldestSeq() {
      return events[firstHeld()]?.seq ?? 0;
    },
    get forgottenSeq() {
      return events[firstHeld() - 1]?.seq ?? forgotten;
    },
    get newestSeq() {
      return events.at(-1)?.seq ?? 0;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
  };
}

/**
 * Wire messages are none (they are large, and the trace file has them), nor is the reading of the API: a client that follows the
 * events would mostly find its own questions.
 */
export function isNews(event: TraceEvent): boolean {
  return event.event !== "wire" && !isReading(event);
}

function isReading(event: TraceEvent): boolean {
  if (event.event !== "api.request" && event.event !== "api.answered") return false;
  return event["method"] === "GET" && (event.event === "api.request" || Number(event["status"]) < 400);
}
