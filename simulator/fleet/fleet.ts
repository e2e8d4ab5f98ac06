/** Many phones in one process. */
import type { Phone, PhoneConfig } from "../../agent/phone.ts";
import { startPhone } from "../../agent/start-phone.ts";
import type { Recorder } from "../../shared/trace.ts";
import type { KeyPair, World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";

/**
 * A world whose key pairs come round from a pool: making one takes a good part of a second, and a simulated fleet has no secret
 * to keep from itself. Every phone still has a certificate of its own.
 */
export async function withKeyPool(world: World, size: number): Promise<World> {
  return withKeys(world, await Promise.all(Array.from({ length: size }, () => world.generateKeyPair())));
}

export function withKeys(world: World, pool: readonly KeyPair[]): World {
  let next = 0;
  return worldWith(world, {
    generateKeyPair() {
      const keys = pool[next % pool.length];
      next += 1;
      return keys === undefined ? Promise.reject(new Error("an empty key pool")) : Promise.resolve(keys);
    },
  });
}

/** A UDID as iPhones of the time had it: 40 hexadecimal digits. */
export function makeUdid(world: World): string {
  return world.randomBytes(20).toString("hex");
}

export class Fleet {
  readonly #context: { world: World; recorder: Recorder };
  readonly #phones = new Map<string, Phone>();

  constructor(context: { world: World; recorder: Recorder }) {
    this.#context = context;
  }

  get phones(): readonly Phone[] {
    return [...this.#phones.values()];
  }

  async add(config: PhoneConfig): Promise<Phone> {
    const phone = await startPhone(this.#context, config);
    this.#phones.set(config.udid, phone);
    return phone;
  }

  /** Phones that have stopped are none of this fleet any more. */
  forget(): void {
    this.#phones.clear();
  }

  async stop(): Promise<void> {
    await Promise.all(this.phones.map((phone) => phone.stop()));
  }
}
