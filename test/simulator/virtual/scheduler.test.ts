import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../simulator/virtual/random-stream.ts";
import { Scheduler } from "../../../simulator/virtual/scheduler.ts";

describe("Scheduler", () => {
  it("runs events in the order of their times, whatever order they came in, without those cancelled", async () => {
    const chance = new RandomStream("1", "test");
    const scheduler = new Scheduler(new RandomStream("1", "ties"));
    const ran: number[] = [];
    const expected: number[] = [];
    for (let count = 0; count < 5_000; count++) {
      const atUs = chance.between(0, 100_000);
      const event = scheduler.at(atUs, () => ran.push(atUs));
      // Most are cancelled, so that the queue is tidied more than once.
      if (chance.fraction() < 0.8) event.cancel();
      else expected.push(atUs);
    }
    expect(await scheduler.drive(() => false)).toBe("quiet");
    expect(ran).toEqual(expected.sort((one, other) => one - other));
  });

  it("finishes everything that promises lead to before the next event, though many happen in one turn of the event loop", async () => {
    const scheduler = new Scheduler(new RandomStream("1", "ties"));
    const happened: string[] = [];
    const body = "x".repeat(100_000);
    for (let event = 0; event < 200; event += 1)
      scheduler.at(event, () => {
        happened.push(`${event} begins`);
        void (async () => {
          for (let count = 0; count < 50; count += 1) await Promise.resolve();
          const { length } = await new Response(body).text();
          await new Promise<void>((resolve) => process.nextTick(resolve));
          happened.push(`${event} ends after ${length}`);
        })();
      });
    expect(await scheduler.drive(() => false)).toBe("quiet");
    const inOrder = Array.from({ length: 200 }, (_, event) => [
      `${event} begins`,
      `${event} ends after ${body.length}`,
    ]);
    expect(happened).toEqual(inOrder.flat());
  });

  it("lets nothing more happen once it is finished, and goes on from there", async () => {
    const scheduler = new Scheduler(new RandomStream("1", "ties"));
    let count = 0;
    for (let event = 0; event < 10; event += 1) scheduler.at(event, () => (count += 1));
    expect(await scheduler.drive(() => count === 3)).toBe("finished");
    await new Promise((resolve) => setImmediate(resolve));
    expect([count, scheduler.nowUs]).toEqual([3, 2]);
    expect(await scheduler.drive(() => false)).toBe("quiet");
    expect(count).toBe(10);
  });

  it("notices a program that goes round in circles at one instant", async () => {
    const scheduler = new Scheduler(new RandomStream("1", "ties"), { eventsPerInstantMax: 1_000 });
    let count = 0;
    const spin = () => {
      count += 1;
      scheduler.at(0, spin);
    };
    spin();
    await expect(scheduler.drive(() => false)).rejects.toThrow(/Virtual time stands still: 1000 events/);
    expect(count).toBe(1_001);
  });

  it("lets as many events follow each other when time moves in between", async () => {
    const scheduler = new Scheduler(new RandomStream("1", "ties"), { eventsPerInstantMax: 1_000 });
    let count = 0;
    const walk = () => {
      count += 1;
      if (count < 3_000) scheduler.at(scheduler.nowUs + 1, walk);
    };
    walk();
    expect(await scheduler.drive(() => false)).toBe("quiet");
    expect(count).toBe(3_000);
  });
});

describe("RandomStream", () => {
  it("repeats itself for the same seed and purpose, and only then", () => {
    const draws = (seed: string, purpose: string) => {
      const stream = new RandomStream(seed, purpose);
      return Array.from({ length: 8 }, () => stream.uint32()).join();
    };
    expect(draws("1", "a")).toBe(draws("1", "a"));
    expect(new Set([draws("1", "a"), draws("1", "b"), draws("2", "a"), draws("1a", "")]).size).toBe(4);
  });

  it("spreads its numbers evenly", () => {
    const stream = new RandomStream("1", "even");
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw++) {
      const tenth = stream.between(0, 9);
      counts[tenth] = (counts[tenth] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
