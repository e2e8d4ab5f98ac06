import { NetworkError, type HttpRequest, type HttpResponse } from "../../shared/world.ts";
import type { ScheduledEvent } from "./scheduler.ts";
import type { Direction, Owner, Wire } from "./wire.ts";

const defaultTimeoutMs = 30_000;
const defaultBodyBytesMax = 16 * 1024 * 1024;

/** One HTTP request under way, from the moment it is sent until the client knows how it went. */
export class Exchange {
  readonly url: string;
  readonly #wire: Wire;
  readonly #client: Owner;
  readonly #serverName: string;
  readonly #init: HttpRequest;
  readonly #body: Buffer | undefined;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: NetworkError) => void;
  #timer: ScheduledEvent | undefined;
  #settled = false;
  #brokenOff = false;
  /** What the server sends arrives in order. */
  readonly #direction: Direction = { lastArrivalUs: 0 };
  /** Called once the server learns that nobody takes the rest of a streamed answer. */
  #onGone: (() => void) | undefined;
  /** Of a streamed answer that has begun to arrive. */
  #head: Omit<HttpResponse, "body"> | undefined;

  constructor(
    wire: Wire,
    client: Owner,
    serverName: string,
    url: string,
    init: HttpRequest,
    resolve: (response: HttpResponse) => void,
    reject: (error: NetworkError) => void,
  ) {
    this.#wire = wire;
    this.#client = client;
    this.#serverName = serverName;
    this.url = url;
    this.#init = init;
    // Copied now: the caller may go on using its bytes.
    this.#body = typeof init.body === "string" ? Buffer.from(init.body) : init.body && Buffer.from(init.body);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get method(): string {
    return (this.#init.method ?? "GET").toUpperCase();
  }

  /** Whether the client takes the answer piece by piece. */
  get isStreamed(): boolean {
    return this.#init.stream !== undefined;
  }

  /** Sends the request; `arrive` is called where it gets to. */
  start(arrive: () => void): void {
    const { scheduler } = this.#wire;
    const { signal } = this.#init.stream ?? {};
    signal?.addEventListener("abort", () => this.#abort());
    if (signal?.aborted) return this.#abort();
    const timeoutMs = this.#init.timeoutMs ?? defaultTimeoutMs;
    this.#timer = scheduler.at(scheduler.nowUs + timeoutMs * 1_000, () => {
      this.#fail(new NetworkError("timeout", `No complete answer from ${this.url} within ${timeoutMs} ms.`));
    });
    this.#wire.transmit(
      {
        kind: "request",
        from: this.#client.name,
        to: this.#serverName,
        url: this.url,
        bytes: this.#body?.length ?? 0,
      },
      arrive,
    );
  }

  /** The request as the server sees it. */
  toRequest(): Request {
    const { method } = this;
    const headers = new Headers(this.#init.headers);
    headers.set("host", new URL(this.url).host);
    if (this.#body) headers.set("content-length", String(this.#body.length));
    const mayHaveBody = method !== "GET" && method !== "HEAD";
    const body = mayHaveBody && this.#body ? new Uint8Array(this.#body) : null;
    return new Request(this.url, { method, headers, body });
  }

  /** The server answers. */
  respond(response: HttpResponse): void {
    if (this.#brokenOff) return;
    const { body } = response;
    const bytesMax = this.#init.bodyBytesMax ?? defaultBodyBytesMax;
    this.#send("response", body.length, () => {
      if (body.length > bytesMax) {
        return this.#fail(
          new NetworkError("too_large", `The answer of ${this.url} is longer than ${bytesMax} bytes.`),
        );
      }
      this.#settle(() => this.#resolve(response));
    });
  }

  /** From now on `gone` is called when the client has gone: nobody takes the rest. */
  watch(gone: () => void): void {
    this.#onGone = gone;
    // It gave up while the answer was being thought of.
    if (this.#settled) this.#tellGone();
  }

  /** The server begins a streamed answer. */
  respondHead(head: Omit<HttpResponse, "body">): void {
    this.#sendPart(0, () => {
      this.#timer?.cancel();
      this.#init.stream?.head(head.status, head.headers);
      this.#head = head;
    });
  }

  respondPiece(data: Buffer): void {
    this.#sendPart(data.length, () => this.#init.stream?.piece(data));
  }

  respondEnd(): void {
    this.#sendPart(0, () => this.#settleAt(this.#head));
  }

  #sendPart(bytes: number, arrive: () => void): void {
    if (this.#brokenOff) return;
    this.#send("response", bytes, () => {
      if (!this.#client.alive) this.#tellGone();
      else if (!this.#settled) arrive();
    });
  }

  #abort(): void {
    if (this.#settled) return;
    if (this.#head) this.#settleAt(this.#head);
    else this.#fail(new NetworkError("reset", `The request to ${this.url} was given up.`));
    this.#tellGone();
  }

  #settleAt(head: Omit<HttpResponse, "body"> | undefined): void {
    this.#settle(() => this.#resolve({ status: 0, headers: {}, ...head, body: Buffer.alloc(0) }));
  }

  #tellGone(): void {
    const gone = this.#onGone;
    if (gone === undefined) return;
    this.#onGone = undefined;
    const message = {
      kind: "break",
      from: this.#client.name,
      to: this.#serverName,
      url: this.url,
      bytes: 0,
    } as const;
    this.#wire.transmit(message, gone);
  }

  /** The connection ends without an answer. */
  breakOff(error = new NetworkError("reset", `${this.url} broke the connection.`)): void {
    if (this.#brokenOff) return;
    this.#brokenOff = true;
    this.#send("break", 0, () => this.#fail(error));
  }

  #send(kind: "response" | "break", bytes: number, arrive: () => void): void {
    this.#wire.transmit(
      { kind, from: this.#serverName, to: this.#client.name, url: this.url, bytes },
      arrive,
      { direction: this.#direction },
    );
  }

  #fail(error: NetworkError): void {
    this.#settle(() => this.#reject(error));
    this.#tellGone();
  }

  #settle(outcome: () => void): void {
    if (this.#settled || !this.#client.alive) return;
    this.#settled = true;
    this.#timer?.cancel();
    outcome();
  }
}
