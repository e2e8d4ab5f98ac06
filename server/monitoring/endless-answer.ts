/** Answers that have no end, as server-sent events: how they begin, stay alive, keep to their reader's pace, and end with a word. */
import { PippinError } from "../../shared/errors.ts";
import type { Recorder } from "../../shared/trace.ts";
import type { Timer, World } from "../../shared/world.ts";
import type { KeyWatch, Watched } from "../key-watch.ts";

const answersMaxDefault = 100;
const heartbeatMs = 15_000;
/** A reader who has not taken a single piece for so long is dropped. */
const patienceMs = 60_000;
/** How long a client waits before it connects again. */
const retryMs = 2_000;

/** What one reader is told. It holds back what the reader does not take, so it must be bounded. */
export interface Teller {
  /** Said before anything else. */
  readonly greeting: string;
  /** What there is to say now; empty when there is nothing. */
  next(): string;
  /** A sign of life, when there was nothing to say for a while. */
  stillHere(): string;
  /** What it had to say is no longer to be had. */
  readonly isLeftBehind: boolean;
  /** Calls `wake` whenever there is something new. Answers with the function that ends that. */
  subscribe(wake: () => void): () => void;
}

export interface EndlessRequest {
  readonly caller: Watched;
  /** `seq` of the request's event. */
  readonly cause: number;
}

export interface EndlessAnswers {
  /** `begin` is called once the opening is on record. Throws limit_exceeded, unavailable. */
  open(request: EndlessRequest, begin: () => Teller): ReadableStream<Uint8Array>;
  readonly count: number;
  /** Ends all of them, and lets no new one begin. */
  stop(): void;
}

export interface EndlessOptions {
  readonly world: Pick<World, "now" | "after">;
  readonly recorder: Pick<Recorder, "record">;
  readonly keyWatch: KeyWatch;
}

type EndReason = "server-stopping" | "key-ended" | "too-slow" | "client-gone";

/** `what`: how a refusal calls them, e.g. `event streams`. */
export function createEndlessAnswers(
  options: EndlessOptions,
  {
    what,
    answersMax = answersMaxDefault,
  }: { readonly what: string; readonly answersMax?: number | undefined },
): EndlessAnswers {
  const answers = new Set<EndlessAnswer>();
  let isStopped = false;
  return {
    open(request, begin) {
      if (isStopped) throw new PippinError("unavailable", "The server is stopping.");
      if (answers.size >= answersMax) {
        throw new PippinError("limit_exceeded", `${answersMax} ${what} are open already.`, {
          details: { retryAfterSeconds: 10 },
        });
      }
      const answer = new EndlessAnswer(options, request, begin, () => answers.delete(answer));
      answers.add(answer);
      return answer.body;
    },
    get count() {
      return answers.size;
    },
    stop() {
      isStopped = true;
      for (const answer of [...answers]) answer.end("server-stopping");
    },
  };
}

class EndlessAnswer {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EndlessOptions;
  readonly #request: EndlessRequest;
  readonly #teller: Teller;
  readonly #forget: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #greeting: string;
  /** Set while the reader waits for something new. */
  #wake: (() => void) | undefined;
  #heartbeatIsDue = false;
  #takenAt: number;
  #heartbeat: Timer;
  #endReason: EndReason | undefined;
  #isOver = false;

  constructor(options: EndlessOptions, request: EndlessRequest, begin: () => Teller, forget: () => void) {
    const { world, keyWatch, recorder } = options;
    this.#options = options;
    this.#request = request;
    this.#takenAt = world.now();
    recorder.record("stream.opened", { keyId: request.caller.keyId, cause: request.cause });
    this.#teller = begin();
    this.#greeting = `retry: ${retryMs}\n\n${this.#teller.greeting}`;
    const unsubscribe = this.#teller.subscribe(() => this.#rouse());
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
    let text = this.#greeting;
    this.#greeting = "";
    // It came back for more only after that was gone.
    if (this.#teller.isLeftBehind) this.#endReason ??= "too-slow";
    if (this.#endReason !== undefined)
      return text + frame({ event: "end", data: { reason: this.#endReason } });
    text += this.#teller.next();
    if (text === "" && this.#heartbeatIsDue) text = this.#teller.stillHere();
    if (text !== "") this.#heartbeatIsDue = false;
    return text;
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

/** JSON has no line ends of its own, so that one line of data is enough. */
export function frame({ id, event, data }: { id?: number; event: string; data: object }): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
