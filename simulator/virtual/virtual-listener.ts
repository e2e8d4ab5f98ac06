import type { ChannelEndpoint, HttpResponse, Listener, Peer, ServeOptions } from "../../shared/world.ts";
import type { ChannelEnd } from "./channel-end.ts";
import type { Exchange } from "./exchange.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Owner } from "./wire.ts";

/** How long requests and channels may take to end when the listener closes, as in the live world. */
const closeGraceMs = 2_000;

type Head = Omit<HttpResponse, "body">;

/** A listening socket of the virtual world. */
export class VirtualListener implements Listener {
  readonly owner: Owner;
  readonly host: string;
  readonly port: number;
  readonly #scheduler: Scheduler;
  readonly #options: ServeOptions;
  readonly #endpoints: ReadonlyMap<string, ChannelEndpoint>;
  readonly #exchanges = new Set<Exchange>();
  /** Of the answers that are being streamed. */
  readonly #bodies = new Map<Exchange, ReadableStreamDefaultReader<Uint8Array>>();
  readonly #open = new Map<ChannelEnd, ChannelEndpoint>();
  readonly #openCounts = new Map<ChannelEndpoint, number>();
  readonly #unlisten: () => void;
  #closing: Promise<void> | undefined;
  #onIdle: () => void = () => undefined;

  constructor(scheduler: Scheduler, owner: Owner, options: ServeOptions, port: number, unlisten: () => void) {
    this.#scheduler = scheduler;
    this.owner = owner;
    this.host = options.host;
    this.port = port;
    this.#options = options;
    this.#endpoints = new Map(Object.entries(options.channels ?? {}));
    this.#unlisten = unlisten;
  }

  get url(): string {
    return `http://${this.host.includes(":") ? `[${this.host}]` : this.host}:${this.port}`;
  }

  get openEnds(): ChannelEnd[] {
    return [...this.#open.keys()];
  }

  /** Hands a request that arrived to the handler, and its answer back to the exchange. */
  answer(exchange: Exchange, peer: Peer): void {
    this.#exchanges.add(exchange);
    const finish = (send: () => void) => {
      if (!this.owner.alive || !this.#exchanges.delete(exchange)) return;
      send();
      this.#checkIdle();
    };
    this.#responseTo(exchange, peer)
      .then(({ head, response }) =>
        exchange.isStreamed && response.body
          ? this.#sendPieces(exchange, head, response.body)
          : gather(exchange, head, response),
      )
      .then(
        (send) => finish(send),
        // The body broke off half way.
        () => finish(() => exchange.breakOff()),
      );
  }

  /** Passes the body on as it comes. What is left to do at its end is the answer. */
  async #sendPieces(exchange: Exchange, head: Head, body: ReadableStream<Uint8Array>): Promise<() => void> {
    const reader = body.getReader();
    this.#bodies.set(exchange, reader);
    exchange.watch(() => void reader.cancel().catch(() => undefined));
    exchange.respondHead(head);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || !this.owner.alive) return () => exchange.respondEnd();
        exchange.respondPiece(Buffer.from(value));
      }
    } finally {
      this.#bodies.delete(exchange);
    }
  }

  async #responseTo(exchange: Exchange, peer: Peer): Promise<{ head: Head; response: Response }> {
    let response: Response;
    try {
      response = await this.#options.handle(exchange.toRequest(), peer);
    } catch {
      // As in the live world: whoever serves decides what to tell about its errors.
      response = new Response("Internal Server Error", { status: 500 });
    }
    const headers: Record<string, string> = {};
    for (const [name, value] of response.headers) {
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    return { head: { status: response.status, headers }, response };
  }

  /** The endpoint and protocol of an upgrade to `path`, or the status that refuses it. */
  admit(
    path: string,
    offered: readonly string[],
  ): { endpoint: ChannelEndpoint; protocol: string } | 400 | 404 | 503 {
    const endpoint = this.#endpoints.get(path);
    if (!endpoint) return 404;
    const protocol = endpoint.protocols.find((candidate) => offered.includes(candidate));
    if (protocol === undefined) return 400;
    if (this.#closing || this.#openCount(endpoint) >= endpoint.channelsMax) return 503;
    return { endpoint, protocol };
  }

  channelOpened(endpoint: ChannelEndpoint, end: ChannelEnd, peer: Peer): void {
    this.#open.set(end, endpoint);
    this.#openCounts.set(endpoint, this.#openCount(endpoint) + 1);
    end.attach(endpoint.open(end, peer));
  }

  channelClosed(end: ChannelEnd): void {
    const endpoint = this.#open.get(end);
    if (!endpoint) return;
    this.#open.delete(end);
    this.#openCounts.set(endpoint, this.#openCount(endpoint) - 1);
    this.#checkIdle();
  }

  #openCount(endpoint: ChannelEndpoint): number {
    return this.#openCounts.get(endpoint) ?? 0;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** The process was killed. */
  vanish(): void {
    this.#unlisten();
    for (const exchange of this.#exchanges) exchange.breakOff();
    this.#exchanges.clear();
  }

  async #close(): Promise<void> {
    this.#unlisten();
    for (const end of this.#open.keys()) end.close(1001, "The server is going away.");
    const deadlineUs = this.#scheduler.nowUs + closeGraceMs * 1_000;
    await new Promise<void>((resolve) => {
      const force = this.#scheduler.at(deadlineUs, () => {
        for (const exchange of this.#exchanges) {
          exchange.breakOff();
          void this.#bodies
            .get(exchange)
            ?.cancel()
            .catch(() => undefined);
        }
        this.#exchanges.clear();
        for (const end of [...this.#open.keys()]) end.terminate();
        this.#checkIdle();
      });
      this.#onIdle = () => {
        force.cancel();
        // A moment later, when the handlers of the last channel have been told.
        this.#scheduler.at(this.#scheduler.nowUs + 1, () => {
          if (this.owner.alive) resolve();
        });
      };
      this.#checkIdle();
    });
  }

  #checkIdle(): void {
    if (this.#exchanges.size === 0 && this.#open.size === 0) this.#onIdle();
  }
}

/** The whole answer, for a client that takes it whole; without a body there are no pieces. */
async function gather(exchange: Exchange, head: Head, response: Response): Promise<() => void> {
  const body = Buffer.from(await response.arrayBuffer());
  if (exchange.isStreamed) {
    return () => {
      exchange.respondHead(head);
      exchange.respondEnd();
    };
  }
  return () => exchange.respond({ ...head, body: exchange.method === "HEAD" ? Buffer.alloc(0) : body });
}
