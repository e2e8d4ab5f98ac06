/** A world for tests of the server: a clock moved by hand, repeatable chance, a few key pairs, and neither network nor disk. */
import { createHash, generateKeyPairSync } from "node:crypto";
import { NetworkError, type Disk, type KeyPair, type Timer, type World } from "../../shared/world.ts";

const keyPairs: KeyPair[] = [];

/** One of a few key pairs, made when first asked for: making one takes a tenth of a second. */
export function testKeyPair(index: number): KeyPair {
  const known = keyPairs[index];
  if (known !== undefined) return known;
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return (keyPairs[index] = { privateKeyPem: privateKey, publicKeyPem: publicKey });
}

/** Resolves when everything that needs no time has happened. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

export class FakeWorld implements World {
  readonly kind = "virtual";
  #now: number;
  #order = 0;
  #drawn = 0;
  #timers = new Set<Pending>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that have neither run nor been cancelled. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves the clock, running what falls due on the way, each at its time. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers]
        .filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.task();
      await settle();
    }
    this.#now = end;
  }

  after(delayMs: number, task: () => void): Timer {
    const timer = { at: this.#now + delayMs, order: (this.#order += 1), task };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = this.after(delayMs, resolve);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        resolve();
      });
    });
  }

  random(): number {
    return this.randomBytes(4).readUInt32BE() / 2 ** 32;
  }

  randomBytes(length: number): Buffer {
    const blocks: Buffer[] = [];
    for (let bytes = 0; bytes < length; bytes += 32) {
      blocks.push(
        createHash("sha256")
          .update(`chance ${(this.#drawn += 1)}`)
          .digest(),
      );
    }
    return Buffer.concat(blocks).subarray(0, length);
  }

  uuid(): string {
    const hex = this.randomBytes(16).toString("hex").toUpperCase();
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `8${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join("-");
  }

  generateKeyPair(): Promise<KeyPair> {
    return Promise.resolve(testKeyPair(0));
  }

  request(): Promise<never> {
    return Promise.reject(new NetworkError("unreachable", "This world has no network."));
  }

  serve(): Promise<never> {
    return this.request();
  }

  connect(): Promise<never> {
    return this.request();
  }

  get disk(): Disk {
    throw new Error("This world has no disk.");
  }
}
