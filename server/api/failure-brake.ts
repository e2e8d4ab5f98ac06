/** Keeps count of who fails to say who he is. */
import { PippinError } from "../../shared/errors.ts";
import type { World } from "../../shared/world.ts";

const failuresMaxDefault = 20;
const windowMsDefault = 60_000;
const addressesMaxDefault = 10_000;

export interface FailureBrake {
  /** Notes one more failure of this address. Throws limit_exceeded, with retryAfterSeconds, when there were too many lately. */
  failed(address: string): void;
  /** Addresses that failed lately. */
  readonly size: number;
}

/**
 * A brake for each address: after so many failures in a minute the next ones are told to wait. It is no lock: who is refused is
 * decided by what he shows, so an honest client is never shut out by its neighbour behind the same address.
 */
export function createFailureBrake(
  world: Pick<World, "now">,
  options: { failuresMax?: number; windowMs?: number; addressesMax?: number } = {},
): FailureBrake {
  const failuresMax = options.failuresMax ?? failuresMaxDefault;
  const windowMs = options.windowMs ?? windowMsDefault;
  const addressesMax = options.addressesMax ?? addressesMaxDefault;
  // A Map keeps the order of insertion, and every entry lives equally long: the first is the oldest.
  const failures = new Map<string, { count: number; until: number }>();

  function forgetOldest(): void {
    for (const address of failures.keys()) {
      failures.delete(address);
      return;
    }
  }

  return {
    failed(address) {
      const now = world.now();
      const entry = failures.get(address);
      if (entry === undefined || now >= entry.until) {
        failures.delete(address);
        if (failures.size >= addressesMax) forgetOldest();
        failures.set(address, { count: 1, until: now + windowMs });
        return;
      }
      entry.count += 1;
      if (entry.count <= failuresMax) return;
      const retryAfterSeconds = Math.ceil((entry.until - now) / 1_000);
      throw new PippinError("limit_exceeded", "Too many failed attempts from this address.", {
        details: { retryAfterSeconds },
      });
    },
    get size() {
      return failures.size;
    },
  };
}
