/** The events as they happen, as server-sent events: for consoles, scripts and people who watch. */
import { PippinError } from "../../shared/errors.ts";
import type { Recorder } from "../../shared/trace.ts";
import type { Timer, World } from "../../shared/world.ts";
import type { EventRing } from "../event-ring.ts";
import type { KeyWatch } from "../key-watch.ts";
import { matchesEvent, type EventFilter } from "./event-filter.ts";

const streamsMaxDefault = 100;
/** A sign of life, which also moves the place to resume from past events that were not asked for. */
const heartbeatMs = 15_000;
/** A reader who has not taken a single piece for so long is dropped. */
const patienceMs = 60_000;
/** Events and characters in one piece. */
const batchMax = 200;
const batchCharsMax = 256 * 1024;
/** How long a client waits before it connects again. */
const retryMs = 2_000;

export interface StreamRequest {
  readonly filter: EventFilter;
  /** `seq` of the event behind which to begin; undefined: from now on. */
  readonly after: number | undefined;
  /** Id of the last event the client has, from whichever run of the server. Counts before `after`. */
  readonly lastEventId?: number | undefined;
  readonly caller: { readonly keyId: string; readonly endsAt: number | null };
  /** `seq` of the request's event. */
  readonly cause: number;
}

export interface EventStreams {
  /** Throws limit_exceeded, unavailable. */
  open(request: StreamRequest): ReadableStream<Uint8Array>;
  readonly count: number;
  /** Ends all of them, and lets no new one begin. */
  stop(): void;
}

export interface EventStreamOptions {
  readonly world: Pick<World, "now" | "after">;
  readonly recorder: Pick<Recorder, "record" | "origin">;
  readonly ring: EventRing;
  readonly keyWatch: KeyWatch;
  readonly streamsMax?: number;
}

type EndReason = "server-stopping" | "key-ended" | "too-slow" | "client-gone";

export function createEventStreams(options: EventStreamOptions): EventStreams {
  const { streamsMax = streamsMaxDefault } = options;
  const streams = new Set<EventStream>();
  let isStopped = false;
  return {
    open(request) {
      if (isStopped) throw new PippinError("unavailable", "The server is stopping.");
      if (streams.size >= streamsMax) {
        throw new PippinError("limit_exceeded", `${streamsMax} event streams are open already.`, {
          details: { retryAfterSeconds: 10 },
        });
      }
      const stream = new EventStream(options, request, () => streams.delete(stream));
      streams.add(stream);
      return stream.body;
    },
    get count() {
      return streams.size;
    },
    stop() {
      isStopped = true;
      for (const stream of [...streams]) stream.end("server-stopping");
    },
  };
}

/**
 * One reader. It holds a place in the ring and nothing else: what the reader does not take stays in the ring, which is bounded, and
 * a reader whom the ring leaves behind is dropped.
 */
class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  readonly #request: StreamRequest;
  readonly #forget: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #place: number;
  /** Said before any event. */
  #greeting: string;
  /** Set while the reader waits for something new. */
  #wake: (() => void) | undefined;
  #heartbeatIsDue = false;
  #takenAt: number;
  #heartbeat: Timer;
  #endReason: EndReason | undefined;
  #isOver = false;

  constructor(options: EventStreamOptions, request: StreamRequest, forget: () => void) {
    const { world, ring, keyWatch, recorder } = options;
    this.#options = options;
    this.#request = request;
    this.#takenAt = world.now();
    const { lastEventId } = request;
    const after = lastEventId === undefined ? request.after : lastEventId - recorder.origin;
    const lost = lostPlace(ring, after, lastEventId);
    recorder.record("stream.opened", { keyId: request.caller.keyId, cause: request.cause });
    this.#place = lost ? ring.forgottenSeq : (after ?? ring.newestSeq);
    this.#greeting = `retry: ${retryMs}\n\n${lost ? frame({ event: "reset", data: lost }) : ""}`;
    const unsubscribe = ring.subscribe(() => this.#rouse());
    const unwatch = keyWatch.watch(request.caller, () => this.end("key-ended"));
    this.#forget = () => {
      unsubscribe();
      unwatch();
      forget();
    };
    this.#heartbeat = world.after(heartbeatMs, () => this.#beat());
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#close("client-gone"),
      },
      // Nothing is made before it is asked for.
      { highWaterMark: 0 },
    );
  }

  /** The reader is told why, if it still listens. */
  end(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#rouse();
    // Who is not asking for more learns it with the next piece; it holds nothing up until then.
    this.#close(reason);
  }

  #rouse(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #beat(): void {
    const { world } = this.#options;
    // While it waits for something new, it has taken all there is.
    if (this.#wake === undefined && world.now() - this.#takenAt >= patienceMs) return this.#drop();
    this.#heartbeatIsDue = true;
    this.#rouse();
    this.#heartbeat = world.after(heartbeatMs, () => this.#beat());
  }

  /** Whoever takes nothing is not told either: the connection breaks. */
  #drop(): void {
    this.#close("too-slow");
    this.#controller?.error(new Error("The reader of an event stream took nothing for too long."));
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#takenAt = this.#options.world.now();
    for (;;) {
      const piece = this.#next();
      if (piece !== "") controller.enqueue(Buffer.from(piece));
      if (this.#endReason !== undefined) {
        this.#close(this.#endReason);
        controller.close();
      }
      if (piece !== "" || this.#endReason !== undefined) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What there is to say now; empty when there is nothing. */
  #next(): string {
    const { ring } = this.#options;
    let text = this.#greeting;
    this.#greeting = "";
    // It came back for more only after the ring had gone round.
    if (this.#place < ring.forgottenSeq) this.#endReason ??= "too-slow";
    if (this.#endReason !== undefined) {
      return text + frame({ event: "end", data: { reason: this.#endReason } });
    }
    text += this.#events();
    if (text === "" && this.#heartbeatIsDue) text = `: still here\nid: ${this.#idOf(this.#place)}\n\n`;
    if (text !== "") this.#heartbeatIsDue = false;
    return text;
  }

  #events(): string {
    const { ring } = this.#options;
    let text = "";
    for (;;) {
      const events = ring.after(this.#place, batchMax);
      for (const event of events) {
        this.#place = event.seq;
        if (matchesEvent(event, this.#request.filter))
          text += frame({ id: this.#idOf(event.seq), event: event.event, data: event });
        if (text.length >= batchCharsMax) return text;
      }
      if (text !== "" || events.length < batchMax) return text;
    }
  }

  /** Also after a restart, when numbers begin again, it names this event and no other. */
  #idOf(seq: number): number {
    return this.#options.recorder.origin + seq;
  }

  #close(reason: EndReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#heartbeat.cancel();
    this.#forget();
    const { keyId } = this.#request.caller;
    this.#options.recorder.record("stream.closed", { keyId, reason, cause: this.#request.cause });
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

/** JSON has no line ends of its own, so that one line of data is enough. */
function frame({ id, event, data }: { id?: number; event: string; data: object }): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
