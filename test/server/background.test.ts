import { describe, expect, it } from "vitest";
import { startLoop, type Loop } from "../../server/background.ts";
import { createVirtualWorld } from "../../simulator/virtual/virtual-world.ts";

/** How often a loop has its turn in a minute, when each turn ends as `end` says. */
async function turnsInAMinute(end: (loop: Loop, turns: number) => number | null): Promise<number> {
  const virtual = createVirtualWorld({ seed: "loop" });
  const { world } = virtual.process("server");
  return virtual.run(async () => {
    let turns = 0;
    const turn = () => {
      turns += 1;
      // As a disk that says no at once: nothing is waited for.
      return Promise.resolve().then(() => end(loop, turns));
    };
    const loop: Loop = startLoop(world, turn, () => undefined);
    await world.sleep(60_000);
    await loop.stop();
    return turns;
  });
}

describe("a loop whose turn wakes it", () => {
  it("rests all the same after a turn that failed, and goes on trying", async () => {
    const turns = await turnsInAMinute((loop, count) => {
      // A minute without a rest would have no end.
      if (count === 1_000) return null;
      loop.wake();
      throw new Error("the disk is full");
    });
    expect(turns).toBeGreaterThanOrEqual(12);
    expect(turns).toBeLessThanOrEqual(13);
  });

  it("has another turn at once after one that went well", async () => {
    const turns = await turnsInAMinute((loop, count) => {
      if (count < 100) loop.wake();
      return null;
    });
    expect(turns).toBe(100);
  });
});
