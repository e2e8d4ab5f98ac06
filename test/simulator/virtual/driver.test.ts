import { describe, expect, it } from "vitest";
import { Driver } from "../../../simulator/virtual/driver.ts";
import { createVirtualWorld } from "../../../simulator/virtual/virtual-world.ts";

function open() {
  const virtual = createVirtualWorld({ seed: "driver", startAt: 0 });
  return { virtual, world: virtual.process("desk").world, driver: new Driver(virtual) };
}

describe("a world that is driven from outside", () => {
  it("stands still between deeds, and has gone exactly as far as the deed", async () => {
    const { virtual, world, driver } = open();
    expect(await driver.drive(() => world.sleep(500).then(() => "done"))).toBe("done");
    expect(virtual.now()).toBe(500);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(virtual.now()).toBe(500);
  });

  it("carries several deeds at once, and one that is begun in the middle of another", async () => {
    const { virtual, world, driver } = open();
    const order: string[] = [];
    const nap = async (name: string, ms: number) => {
      await driver.drive(() => world.sleep(ms));
      order.push(name);
    };
    await Promise.all([nap("long", 300), nap("short", 100).then(() => nap("after the short", 100))]);
    expect(order).toEqual(["short", "after the short", "long"]);
    expect(virtual.now()).toBe(300);
  });

  it("has done what was due when an advance ends, and nothing of what is due later", async () => {
    const { virtual, world, driver } = open();
    const done: number[] = [];
    for (const at of [10, 1_000, 1_000, 1_001]) world.after(at, () => done.push(at));
    await driver.advance(1_000);
    expect(done).toEqual([10, 1_000, 1_000]);
    expect(virtual.now()).toBe(1_000);
  });

  it("lets deeds and advances wait for one another", async () => {
    const { virtual, world, driver } = open();
    const told: string[] = [];
    const tell = (what: string) => () => told.push(`${what} at ${virtual.now()}`);
    await Promise.all([
      driver.drive(() => world.sleep(50)).then(tell("slept")),
      driver.advance(1_000).then(tell("advanced")),
      driver.advance(1_000).then(tell("advanced")),
    ]);
    await driver.drive(() => world.sleep(50)).then(tell("slept"));
    expect(told).toEqual(["slept at 50", "advanced at 1050", "advanced at 2050", "slept at 2100"]);
  });

  it("tells a deed that waits for nothing, and works on", async () => {
    const { world, driver } = open();
    const never = new Promise<void>(() => undefined);
    await expect(driver.drive(() => never)).rejects.toThrow("Nothing is left to happen");
    await expect(driver.drive(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    const thrown = () => {
      throw new Error("at once");
    };
    await expect(driver.drive(thrown)).rejects.toThrow("at once");
    await expect(driver.drive(() => world.sleep(1))).resolves.toBeUndefined();
  });
});
