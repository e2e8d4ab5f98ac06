/** Connections that have not proved who they are yet: anybody can open them, so there may only be so many. */
import type { DeviceSession } from "./session.ts";

export interface UnprovenLimits {
  /** From one address at once. A fleet behind one address comes through here too. Default 2,000. */
  readonly perAddressMax?: number;
  /** From all addresses at once. Default 5,000. */
  readonly totalMax?: number;
}

export class UnprovenConnections {
  readonly #perAddressMax: number;
  readonly #totalMax: number;
  readonly #sessions = new Set<DeviceSession>();
  readonly #byAddress = new Map<string, number>();

  constructor({ perAddressMax = 2_000, totalMax = 5_000 }: UnprovenLimits) {
    this.#perAddressMax = perAddressMax;
    this.#totalMax = totalMax;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** False, and nothing is changed, when there are too many. */
  admit(session: DeviceSession): boolean {
    const { address } = session.peer;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (this.#sessions.size >= this.#totalMax || ofAddress >= this.#perAddressMax) return false;
    this.#sessions.add(session);
    this.#byAddress.set(address, ofAddress + 1);
    return true;
  }

  /** It has proved itself, or is gone. Does nothing for one that isn't here. */
  leave(session: DeviceSession): void {
    if (!this.#sessions.delete(session)) return;
    const { address } = session.peer;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}
