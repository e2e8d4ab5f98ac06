import { describe, expect, it } from "vitest";
import { Effects } from "../../../server/deployments/effects.ts";
import { openMemoryStore } from "../../../server/store/memory-store.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { PippinError } from "../../../shared/errors.ts";
import { createVirtualWorld } from "../../../simulator/virtual/virtual-world.ts";

/** How often a deed is done in a minute that is wished anew as soon as it has ended, with a store that takes nothing. */
async function deedsInAMinute(perform: () => void): Promise<number> {
  const virtual = createVirtualWorld({ seed: "effects" });
  const { world } = virtual.process("server");
  const store = openMemoryStore();
  store.transaction = () => Promise.reject(new PippinError("store_full", "no space left"));
  const recorder = createRecorder({ now: () => world.now(), run: "effects", keepsWire: false });
  return virtual.run(async () => {
    let deeds = 0;
    const effect = {
      installationId: "one",
      key: "seat",
      perform() {
        // A minute without a rest would have no end.
        if (deeds === 1_000) return new Promise<void>(() => undefined);
        deeds += 1;
        return Promise.resolve().then(perform);
      },
    };
    const again = () => effects.begin([effect]);
    const effects = new Effects({ world, store, recorder }, again, () => undefined);
    again();
    await world.sleep(60_000);
    return deeds;
  });
}

describe("an effect whose end can't be stored", () => {
  it("rests before it is done again, whether it went well or not", async () => {
    const well = await deedsInAMinute(() => undefined);
    const badly = await deedsInAMinute(() => {
      throw new PippinError("apple_unavailable", "Apple is away");
    });
    for (const deeds of [well, badly]) {
      expect(deeds).toBeGreaterThanOrEqual(12);
      expect(deeds).toBeLessThanOrEqual(13);
    }
  });
});
