/** Server-sent events of which the latest state counts: what happens in between is left out, for a slow reader too. */
import type { Timer, World } from "../../shared/world.ts";

const heartbeatMs = 15_000;

export interface StateStreamOptions {
  /** The world of the reader. */
  readonly world: Pick<World, "after">;
  /** Between two messages at least. */
  readonly spacingMs: number;
  /** What there is to tell now: whole messages; undefined for nothing. */
  readonly compose: () => string | undefined;
  readonly closed: () => void;
}

/** One event with its data as JSON. */
export function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export class StateStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: StateStreamOptions;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isDue = true;
  #isResting = false;
  #rest: Timer | undefined;
  #heartbeat: Timer | undefined;

  constructor(options: StateStreamOptions) {
    this.#options = options;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        this.#beat();
      },
      pull: () => this.#send(),
      cancel: () => this.#over(),
    });
  }

  /** Something may have changed. */
  touch(): void {
    this.#isDue = true;
    this.#send();
  }

  /** Says why, and ends. */
  end(reason: string): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    controller.enqueue(this.#encoder.encode(message("end", { reason })));
    this.#over();
    controller.close();
  }

  #send(): void {
    const controller = this.#controller;
    if (!this.#isDue || this.#isResting || controller === undefined) return;
    // The reader has not taken the last one: it gets what is then.
    if ((controller.desiredSize ?? 0) <= 0) return;
    this.#isDue = false;
    const text = this.#options.compose();
    if (text === undefined || this.#controller === undefined) return;
    controller.enqueue(this.#encoder.encode(text));
    this.#isResting = true;
    this.#rest = this.#options.world.after(this.#options.spacingMs, () => {
      this.#isResting = false;
      this.#send();
    });
  }

  /** So that both ends notice when the other is gone. */
  #beat(): void {
    this.#heartbeat = this.#options.world.after(heartbeatMs, () => {
      const controller = this.#controller;
      if (controller === undefined) return;
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(this.#encoder.encode(": still here\n\n"));
      this.#beat();
    });
  }

  #over(): void {
    if (this.#controller === undefined) return;
    this.#controller = undefined;
    this.#rest?.cancel();
    this.#heartbeat?.cancel();
    this.#options.closed();
  }
}
