/** The phone's way to the network, which airplane mode closes. */
import {
  NetworkError,
  type Channel,
  type ChannelHandlers,
  type ConnectOptions,
  type Disk,
  type HttpRequest,
  type HttpResponse,
  type KeyPair,
  type Listener,
  type ServeOptions,
  type Timer,
  type World,
} from "../shared/world.ts";

/** The world as the phone's software has it. A class, not an object of functions: a fleet has thousands of them. */
export class Radio implements World {
  readonly #world: World;
  readonly #isOff: () => boolean;
  /** Ends what is under way, should the radio go off. */
  readonly #underWay = new Set<() => void>();

  constructor(world: World, isOff: () => boolean) {
    this.#world = world;
    this.#isOff = isOff;
  }

  /** To be called after `isOff` has become true: what is under way breaks off. */
  wentOff(): void {
    for (const breakOff of [...this.#underWay]) breakOff();
  }

  async request(url: string, init?: HttpRequest): Promise<HttpResponse> {
    this.#requireOn();
    return await this.#orBreakOff(this.#world.request(url, init));
  }

  async connect(url: string, options: ConnectOptions, handlers: ChannelHandlers): Promise<Channel> {
    this.#requireOn();
    let isOver = false;
    const end = (code: number, reason: string): void => {
      if (isOver) return;
      isOver = true;
      this.#underWay.delete(breakOff);
      handlers.close(code, reason);
    };
    let channel: Channel | undefined;
    const breakOff = (): void => {
      channel?.terminate();
      // The phone knows at once; the other side when it misses it.
      end(1006, "");
    };
    const opening = this.#world.connect(url, options, {
      message: (data, isText) => {
        if (!isOver) handlers.message(data, isText);
      },
      close: end,
    });
    try {
      channel = await this.#orBreakOff(opening);
    } catch (error) {
      // It may still open: nobody would hold it.
      opening.then((late) => late.terminate()).catch(() => undefined);
      throw error;
    }
    if (!isOver) this.#underWay.add(breakOff);
    return channel;
  }

  #requireOn(): void {
    if (this.#isOff()) throw new NetworkError("unreachable", "the phone is in airplane mode.");
  }

  #orBreakOff<T>(exchange: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const breakOff = (): void => reject(new NetworkError("reset", "the phone went into airplane mode."));
      this.#underWay.add(breakOff);
      exchange.then(resolve, reject).finally(() => this.#underWay.delete(breakOff));
    });
  }

  // --- The rest of the world, as it is ---

  get kind(): World["kind"] {
    return this.#world.kind;
  }
  get disk(): Disk {
    return this.#world.disk;
  }
  now(): number {
    return this.#world.now();
  }
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.#world.sleep(delayMs, signal);
  }
  after(delayMs: number, task: () => void): Timer {
    return this.#world.after(delayMs, task);
  }
  random(): number {
    return this.#world.random();
  }
  randomBytes(length: number): Buffer {
    return this.#world.randomBytes(length);
  }
  uuid(): string {
    return this.#world.uuid();
  }
  generateKeyPair(): Promise<KeyPair> {
    return this.#world.generateKeyPair();
  }
  serve(options: ServeOptions): Promise<Listener> {
    return this.#world.serve(options);
  }
}
