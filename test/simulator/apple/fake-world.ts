import { createHash } from "node:crypto";
import { bytesOf, DiskError, NetworkError, type Disk, type World } from "../../../shared/world.ts";

/** A World driven by hand: the clock stands still until told otherwise, chance counts, the disk is a map. */
export class FakeWorld implements World {
  readonly kind = "virtual";
  readonly files = new Map<string, Buffer>();
  readonly sleeps: number[] = [];
  writeCount = 0;
  failWrites = false;
  #held: (() => void)[] | undefined;
  #now = Date.parse("2016-06-01T08:00:00Z");
  #counter = 0;

  now(): number {
    return this.#now;
  }

  advance(delayMs: number): void {
    this.#now += delayMs;
  }

  async sleep(delayMs: number): Promise<void> {
    this.sleeps.push(delayMs);
    this.advance(delayMs);
  }

  after(): { cancel(): void } {
    throw new Error("the service sets no timers");
  }

  random(): number {
    return this.randomBytes(4).readUInt32BE() / 2 ** 32;
  }

  randomBytes(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let have = 0; have < length; have += 32) {
      this.#counter += 1;
      parts.push(createHash("sha256").update(`chance ${this.#counter}`).digest());
    }
    return Buffer.concat(parts).subarray(0, length);
  }

  uuid(): string {
    return "00000000-0000-4000-8000-000000000000";
  }

  async generateKeyPair(): Promise<never> {
    throw new Error("the service makes no keys");
  }

  async request(): Promise<never> {
    throw new NetworkError("unreachable", "the service asks nobody");
  }

  async serve(): Promise<never> {
    throw new NetworkError("address_in_use", "the test calls the handler itself");
  }

  async connect(): Promise<never> {
    throw new NetworkError("unreachable", "the service opens no channels");
  }

  /** Writes wait from now on. Answers with the function that lets the oldest of them through. */
  holdWrites(): () => void {
    const held: (() => void)[] = [];
    this.#held = held;
    return () => held.shift()?.();
  }

  readonly disk: Disk = {
    readFile: async (path) => this.files.get(path),
    writeFileAtomic: async (path, data) => {
      this.writeCount += 1;
      const content = bytesOf(data);
      const held = this.#held;
      if (held) await new Promise<void>((resolve) => held.push(resolve));
      if (this.failWrites) throw new DiskError("full", "no space left");
      this.files.set(path, content);
    },
    openAppend: () => Promise.reject(new DiskError("io", "not needed here")),
    list: async () => [...this.files.keys()].sort(),
    remove: async (path) => void this.files.delete(path),
    makeDirectory: async () => undefined,
    lock: async () => ({ release: async () => undefined }),
  };
}
