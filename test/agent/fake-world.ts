import { generateKeyPairSync } from "node:crypto";
import {
  NetworkError,
  type Channel,
  type ChannelHandlers,
  type ConnectOptions,
  type Disk,
  type HttpRequest,
  type HttpResponse,
  type KeyPair,
  type Timer,
  type World,
} from "../../shared/world.ts";

/** What the phone's network leads to. */
export interface FakeNetwork {
  request(url: string, init: HttpRequest): Promise<HttpResponse>;
  connect(url: string, options: ConnectOptions, handlers: ChannelHandlers): Promise<Channel>;
}

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** Everything that can happen without the clock moving has happened when this resolves. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Files in memory, with a say in what becomes of each write. */
export class FakeDisk implements Disk {
  readonly files = new Map<string, Buffer>();
  writeCount = 0;
  /** Called before a write lands; it may throw, or keep the write waiting. */
  beforeWrite: (data: string) => Promise<void> | void = () => undefined;

  /** Called when a write has landed, before whoever wrote hears of it. */
  afterWrite: () => void = () => undefined;

  async readFile(path: string): Promise<Buffer | undefined> {
    return this.files.get(path);
  }
  async writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(data as string);
    await this.beforeWrite(bytes.toString("utf8"));
    this.writeCount += 1;
    this.files.set(path, bytes);
    this.afterWrite();
  }
  async makeDirectory(): Promise<void> {}
  async list(): Promise<string[]> {
    return [...this.files.keys()].sort();
  }
  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }
  async openAppend(): Promise<never> {
    throw new Error("a phone appends to no file");
  }
  async lock(): Promise<{ release(): Promise<void> }> {
    return { release: async () => undefined };
  }
}

/** A World whose clock is moved by hand. */
export class FakeWorld implements World {
  readonly kind = "virtual";
  readonly disk = new FakeDisk();
  network: FakeNetwork;
  /** What `random()` answers. */
  chance: () => number = () => 0.5;
  keyPairsMade = 0;
  #keys: KeyPair;
  #now = Date.UTC(2016, 5, 15, 8);
  #timers: PendingTimer[] = [];
  #order = 0;
  #uuids = 0;

  constructor(network: FakeNetwork, keys: KeyPair) {
    this.network = network;
    this.#keys = keys;
  }

  now(): number {
    return this.#now;
  }
  random(): number {
    return this.chance();
  }
  randomBytes(length: number): Buffer {
    return Buffer.alloc(length, (this.#order += 1));
  }
  uuid(): string {
    this.#uuids += 1;
    return `00000000-0000-4000-8000-${String(this.#uuids).padStart(12, "0")}`;
  }
  async generateKeyPair(): Promise<KeyPair> {
    this.keyPairsMade += 1;
    return this.#keys;
  }
  after(delayMs: number, task: () => void): Timer {
    const timer = { at: this.#now + delayMs, order: (this.#order += 1), task };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = this.after(delayMs, wake);
      signal?.addEventListener("abort", wake);
    });
  }
  async request(url: string, init: HttpRequest = {}): Promise<HttpResponse> {
    return this.network.request(url, init);
  }
  async connect(url: string, options: ConnectOptions, handlers: ChannelHandlers): Promise<Channel> {
    return this.network.connect(url, options, handlers);
  }
  async serve(): Promise<never> {
    throw new NetworkError("address_not_available", "a phone serves nothing");
  }

  /** When the next timer is due, from now. */
  get nextTimerMs(): number | undefined {
    const times = this.#timers.map((timer) => timer.at - this.#now);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Lets time pass, timer by timer. */
  async advance(delayMs: number): Promise<void> {
    const until = this.#now + delayMs;
    await settle();
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at || a.order - b.order);
      if (!next || next.at > until) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
      await settle();
    }
    this.#now = until;
  }
}
