/** The events as they happen, as server-sent events: for consoles, scripts and people who watch. */
import type { Recorder } from "../../shared/trace.ts";
import type { EventRing } from "../event-ring.ts";
import { createEndlessAnswers, frame, type EndlessAnswers, type EndlessOptions } from "./endless-answer.ts";
import type { EndlessRequest, Teller } from "./endless-answer.ts";
import { matchesEvent, type EventFilter } from "./event-filter.ts";

/** Events and characters in one piece. */
const batchMax = 200;
const batchCharsMax = 256 * 1024;

export interface StreamRequest extends EndlessRequest {
  readonly filter: EventFilter;
  /** `seq` of the event behind which to begin; undefined: from now on. */
  readonly after: number | undefined;
  /** Id of the last event the client has, from whichever run of the server. Counts before `after`. */
  readonly lastEventId?: number | undefined;
}

export interface EventStreams extends Pick<EndlessAnswers, "count" | "stop"> {
  /** Throws limit_exceeded, unavailable. */
  open(request: StreamRequest): ReadableStream<Uint8Array>;
}

export interface EventStreamOptions extends EndlessOptions {
  readonly recorder: Pick<Recorder, "record" | "origin">;
  readonly ring: EventRing;
  readonly streamsMax?: number;
}

export function createEventStreams(options: EventStreamOptions): EventStreams {
  const { ring, recorder, streamsMax } = options;
  const answers = createEndlessAnswers(options, { what: "event streams", answersMax: streamsMax });
  return {
    open(request) {
      const { lastEventId, filter } = request;
      const after = lastEventId === undefined ? request.after : lastEventId - recorder.origin;
      const lost = lostPlace(ring, after, lastEventId);
      return answers.open(request, () => {
        const place = lost ? ring.forgottenSeq : (after ?? ring.newestSeq);
        const greeting = lost ? frame({ event: "reset", data: lost }) : "";
        return new RingTeller({ ring, filter, origin: recorder.origin, greeting }, place);
      });
    },
    get count() {
      return answers.count;
    },
    stop: () => answers.stop(),
  };
}

interface RingView {
  readonly ring: EventRing;
  readonly filter: EventFilter;
  readonly origin: number;
  readonly greeting: string;
}

/**
 * It holds a place in the ring and nothing else: what the reader does not take stays in the ring, which is bounded, and a reader whom
 * the ring leaves behind is dropped.
 */
class RingTeller implements Teller {
  readonly greeting: string;
  readonly #view: RingView;
  #place: number;

  constructor(view: RingView, place: number) {
    this.greeting = view.greeting;
    this.#view = view;
    this.#place = place;
  }

  get isLeftBehind(): boolean {
    return this.#place < this.#view.ring.forgottenSeq;
  }

  subscribe(wake: () => void): () => void {
    return this.#view.ring.subscribe(wake);
  }

  next(): string {
    const { ring, filter } = this.#view;
    let text = "";
    for (;;) {
      const events = ring.after(this.#place, batchMax);
      for (const event of events) {
        this.#place = event.seq;
        if (matchesEvent(event, filter))
          text += frame({ id: this.#idOf(event.seq), event: event.event, data: event });
        if (text.length >= batchCharsMax) return text;
      }
      if (text !== "" || events.length < batchMax) return text;
    }
  }

  /** It also moves the place to resume from past events that were not asked for. */
  stillHere(): string {
    return `: still here\nid: ${this.#idOf(this.#place)}\n\n`;
  }

  /** Also after a restart, when numbers begin again, it names this event and no other. */
  #idOf(seq: number): number {
    return this.#view.origin + seq;
  }
}

/** Why the client can't go on where it was; undefined when it can. */
function lostPlace(ring: EventRing, after: number | undefined, lastEventId = after): object | undefined {
  if (after === undefined) return undefined;
  const { oldestSeq, newestSeq, forgottenSeq } = ring;
  // Numbers begin again with every run of the server.
  const isOfAnotherRun = after < 0 || after > newestSeq;
  if (isOfAnotherRun) return { reason: "another-run", lastEventId, oldestSeq, newestSeq };
  if (after < forgottenSeq) return { reason: "no-longer-kept", lastEventId, oldestSeq, newestSeq };
  return undefined;
}
