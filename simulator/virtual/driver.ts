import type { VirtualWorld } from "./virtual-world.ts";

/** Lets several callers outside a virtual world set it going, each until what it waits for has come about. */
export class Driver {
  readonly #virtual: VirtualWorld;
  /** Deeds under way, each with what ends its waiting when nothing more is going to happen. */
  readonly #open = new Set<(error: Error) => void>();
  /** The run that carries them; undefined while the world stands still. */
  #run: Promise<void> | undefined;
  #advance: Promise<void> | undefined;

  constructor(virtual: VirtualWorld) {
    this.#virtual = virtual;
  }

  /** Lets the world go on until the deed is done. Throws what the deed throws, and an Error when it waits for nothing. */
  async drive<T>(deed: () => Promise<T>): Promise<T> {
    while (this.#advance) await this.#advance;
    return new Promise<T>((resolve, reject) => {
      this.#open.add(reject);
      void (async () => deed())()
        .finally(() => this.#open.delete(reject))
        // The world must have come to a stop before whoever asked goes on: what follows is decided outside.
        .finally(() => (this.#open.size === 0 ? this.#run : undefined))
        .then(resolve, reject);
      this.#run ??= this.#carry();
    });
  }

  /** Lets so many virtual milliseconds pass. */
  async advance(ms: number): Promise<void> {
    while (this.#run || this.#advance) await (this.#run ?? this.#advance);
    this.#advance = this.#virtual.advance(ms).finally(() => (this.#advance = undefined));
    return this.#advance;
  }

  async #carry(): Promise<void> {
    try {
      // One may have begun while the world was coming to its stop.
      do await this.#virtual.runUntil(() => this.#open.size === 0);
      while (this.#open.size > 0);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      for (const reject of this.#open) reject(cause);
      this.#open.clear();
    } finally {
      this.#run = undefined;
    }
  }
}
