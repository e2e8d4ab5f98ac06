import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Store } from "../../../server/store/store.ts";
import { PippinError } from "../../../shared/errors.ts";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { RandomStream } from "../../../simulator/virtual/random-stream.ts";
import { group } from "../../contracts/store-contract.ts";
import { FaultyDisk, leftovers, turn, type DiskOperation } from "../../support/faulty-disk.ts";
import { documentName, firstJournal, linesOf, open, picture, pictureAfter, step } from "./history.ts";

const passing = [
  ["full", "store_full", 507],
  ["not_writable", "store_unwritable", 503],
] as const;

/** A store after one transaction, and what it told of its trouble. */
async function started(checkpointBytesMin?: number) {
  const disk = new FaultyDisk();
  const told: (string | undefined)[] = [];
  const trouble = (error: PippinError | undefined) => void told.push(error?.code);
  const store = await open(disk, checkpointBytesMin, { trouble });
  await step(store, 1);
  return { disk, store, told };
}

const failAt =
  (broken: DiskOperation, code: "full" | "io" | "not_writable") =>
  (operation: DiskOperation): typeof code | undefined =>
    operation === broken ? code : undefined;

describe.each(passing)("a disk that is %s for a while", (code, expected, status) => {
  it.each(leftovers)(
    "refuses what it can't store (leaving %s of it), reads on, and stores again afterwards",
    async (leftover) => {
      const { disk, store, told } = await started();
      disk.failing = failAt("append", code);
      disk.failedAppendLeaves = leftover;
      const together = await Promise.allSettled([step(store, 2), step(store, 3), picture(store)]);
      for (const refused of together.slice(0, 2)) {
        expect(refused).toMatchObject({ status: "rejected", reason: { code: expected, status } });
        expect(refused).toMatchObject({ reason: { details: { retryAfterSeconds: 10 } } });
      }
      expect(together[2]).toEqual({ status: "fulfilled", value: pictureAfter(1) });
      expect(store.healthy).toBe(false);
      // What was refused is not in the file either: no start brings it back.
      expect(linesOf(disk)).toHaveLength(1);
      expect(disk.content(firstJournal).at(-1)).toBe(0x0a);

      await expect(step(store, 2)).rejects.toMatchObject({ code: expected });
      expect(await picture(store)).toEqual(pictureAfter(1));
      expect(told).toEqual([expected]);

      disk.failing = () => undefined;
      await step(store, 2);
      expect(store.healthy).toBe(true);
      expect(told).toEqual([expected, undefined]);
      await step(store, 3);
      disk.crash();
      expect(await picture(await open(disk.restarted()))).toEqual(pictureAfter(3));
    },
  );

  it("may fail to cut off what it took of a refused transaction: then that is done before the next one", async () => {
    const { disk, store } = await started();
    disk.failing = (operation) => (["append", "truncate"].includes(operation) ? code : undefined);
    await expect(step(store, 2)).rejects.toMatchObject({ code: expected });
    expect(disk.content(firstJournal).at(-1)).not.toBe(0x0a);
    disk.failing = failAt("truncate", code);
    await expect(step(store, 2)).rejects.toMatchObject({ code: expected });
    expect(await picture(store)).toEqual(pictureAfter(1));
    disk.failing = () => undefined;
    await step(store, 2);
    disk.crash();
    expect(await picture(await open(disk.restarted()))).toEqual(pictureAfter(2));
  });

  it("keeps no checkpoint from anything: the journal has it all", async () => {
    const { disk, store, told } = await started(1);
    disk.failing = failAt("writeFileAtomic", code);
    for (let n = 2; n <= 12; n += 1) await step(store, n);
    expect(told).toContain(expected);
    await expect(store.close()).rejects.toMatchObject({ code: expected, cause: { code } });
    disk.failing = () => undefined;
    const again = await open(disk, 1);
    expect(await picture(again)).toEqual(pictureAfter(12));
    await step(again, 13);
    await again.close();
    expect(disk.fileNames()).toHaveLength(2);
    expect(await picture(await open(disk))).toEqual(pictureAfter(13));
  });

  it("goes on in the same journal when there is no room for another", async () => {
    const { disk, store } = await started(1);
    disk.failing = failAt("openAppend", code);
    for (let n = 2; n <= 12; n += 1) await step(store, n);
    disk.crash();
    const again = disk.restarted();
    expect(again.fileNames().filter((name) => name.startsWith("journal-"))).toHaveLength(1);
    expect(await picture(await open(again))).toEqual(pictureAfter(12));
  });

  it("keeps old journals where it can't remove them, and the next start does", async () => {
    const { disk, store } = await started(1);
    disk.failing = failAt("remove", code);
    for (let n = 2; n <= 12; n += 1) await step(store, n);
    disk.crash();
    const again = disk.restarted();
    expect(await picture(await open(again))).toEqual(pictureAfter(12));
    expect(again.fileNames().filter((name) => name.startsWith("journal-"))).toHaveLength(1);
  });
});

describe("a disk that fails", () => {
  it.each(leftovers)("(leaving %s) ends storing until a restart, and not reading", async (leftover) => {
    const { disk, store, told } = await started();
    disk.failing = failAt("append", "io");
    disk.failedAppendLeaves = leftover;
    const together = await Promise.allSettled([step(store, 2), step(store, 3), picture(store)]);
    for (const refused of together.slice(0, 2))
      expect(refused).toMatchObject({ status: "rejected", reason: { code: "store_failed", status: 503 } });
    expect(together[0]).toMatchObject({ reason: { cause: { code: "io" } } });
    expect(together[2]).toEqual({ status: "fulfilled", value: pictureAfter(1) });

    disk.failing = () => undefined;
    await expect(step(store, 4)).rejects.toMatchObject({ code: "store_failed" });
    expect(await picture(store)).toEqual(pictureAfter(1));
    expect(store.healthy).toBe(false);
    expect(told).toEqual(["store_failed"]);
    await store.close();
    expect(disk.fileNames()).toEqual([firstJournal, documentName]);
    const reopened = await open(disk);
    expect(await picture(reopened)).toEqual(pictureAfter(1));
    await step(reopened, 2);
    expect(await picture(reopened)).toEqual(pictureAfter(2));
  });

  it("at a checkpoint loses nothing that was acknowledged, and ends storing", async () => {
    const { disk, store } = await started(1);
    disk.failing = failAt("writeFileAtomic", "io");
    let acknowledged = 1;
    for (let n = 2; n <= 10; n += 1) {
      const refusal = await step(store, n).then(
        () => void (acknowledged = n),
        (error: unknown) => error,
      );
      if (refusal === undefined) continue;
      expect(refusal).toMatchObject({ code: "store_failed" });
      break;
    }
    expect(store.healthy).toBe(false);
    expect(await picture(store)).toEqual(pictureAfter(acknowledged));
    await store.close();
    disk.failing = () => undefined;
    expect(await picture(await open(disk))).toEqual(pictureAfter(acknowledged));
  });

  it("at the checkpoint of close says so, lets the folder go and keeps the journal", async () => {
    const { disk, store } = await started();
    disk.failing = failAt("writeFileAtomic", "io");
    const closing = store.close();
    await expect(closing).rejects.toMatchObject({ code: "store_failed", cause: { code: "io" } });
    await expect(closing).rejects.toThrow("Nothing is lost");
    disk.failing = () => undefined;
    expect(await picture(await open(disk))).toEqual(pictureAfter(1));
  });
});

describe("what is under way when a write fails", () => {
  it("is refused with it when it stands on what was lost, and changes nothing", async () => {
    const { disk, store } = await started();
    disk.failing = failAt("append", "full");
    const lost = step(store, 2);
    let sawLost = false;
    const running = store.transaction(async (tx) => {
      sawLost = (await tx.get("settings", "count"))?.value === 2;
      await tx.put("groups", group("late"));
      // Longer than the disk takes to refuse.
      for (let reads = 0; reads < 10_000 && store.healthy; reads += 1) {
        await tx.get("groups", "g1");
        if (reads % 100 === 0) await turn();
      }
      await tx.put("groups", group("later"));
      return "done";
    });
    const outcomes = await Promise.allSettled([lost, running]);
    expect(sawLost).toBe(true);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "store_full" } });
    expect(await picture(store)).toEqual(pictureAfter(1));
    disk.failing = () => undefined;
    await step(store, 2);
    disk.crash();
    expect(await picture(await open(disk.restarted()))).toEqual(pictureAfter(2));
  });

  it("can't be saved by a transaction that catches the refusal", async () => {
    const { disk, store } = await started();
    disk.failing = failAt("append", "full");
    const lost = step(store, 2);
    const stubborn = store.transaction(async (tx) => {
      await tx.put("groups", group("late"));
      while (store.healthy) await turn();
      await tx.put("groups", group("later")).catch(() => undefined);
      return "done";
    });
    await Promise.allSettled([lost]);
    await expect(stubborn).rejects.toMatchObject({ code: "store_full" });
    expect(await picture(store)).toEqual(pictureAfter(1));
  });

  it("is read again when it was only read, and tells what is true", async () => {
    const { disk, store } = await started();
    disk.failing = failAt("append", "full");
    const lost = step(store, 2);
    const seen: unknown[] = [];
    const reading = store.read(async (reader) => {
      const value = (await reader.get("settings", "count"))?.value;
      seen.push(value);
      while (store.healthy) await turn();
      return value;
    });
    await Promise.allSettled([lost]);
    expect(await reading).toBe(1);
    expect(seen).toEqual([2, 1]);
  });

  it("numbers nothing twice and leaves no gap that a restart could stumble over", async () => {
    const { disk, store } = await started();
    const number = () => store.transaction((tx) => tx.sequence());
    const before = await number();
    disk.failing = failAt("append", "full");
    await expect(Promise.all([number(), number()])).rejects.toMatchObject({ code: "store_full" });
    disk.failing = () => undefined;
    expect(await number()).toBe(before + 1);
    disk.crash();
    const again = await open(disk.restarted());
    expect(await again.transaction((tx) => tx.sequence())).toBe(before + 2);
  });
});

describe("any order of refusals, mends and a crash at the end", () => {
  const operations: DiskOperation[] = ["append", "truncate", "openAppend", "writeFileAtomic", "remove"];

  /** Each step until it is stored; whoever reads meanwhile finds exactly what was acknowledged. */
  async function runWithFaults(
    seed: number,
  ): Promise<{ disk: FaultyDisk; acknowledged: number; refused: number }> {
    const chance = new RandomStream(String(seed), "disk faults");
    const disk = new FaultyDisk();
    const store = await open(disk, 300);
    let refused = 0;
    let acknowledged = 0;
    disk.failing = (operation) => {
      if (!operations.includes(operation) || chance.fraction() > 0.3) return undefined;
      disk.failedAppendLeaves = leftovers[chance.between(0, 2)] ?? "half";
      return chance.fraction() < 0.5 ? "full" : "not_writable";
    };
    while (acknowledged < 20) {
      const next = acknowledged + 1;
      const outcome = await attempt(step(store, next));
      if (outcome === undefined) acknowledged = next;
      else {
        expect(["store_full", "store_unwritable"]).toContain(outcome);
        refused += 1;
      }
      expect(await picture(store), `seed ${seed}`).toEqual(pictureAfter(acknowledged));
    }
    // What is under way when the machine stops may be stored or not; what was acknowledged is.
    const last = attempt(step(store, 21));
    for (let turns = chance.between(0, 6); turns > 0; turns -= 1) await turn();
    disk.leftover = leftovers[chance.between(0, 2)] ?? "half";
    disk.crash();
    await last;
    return { disk, acknowledged, refused };
  }

  async function attempt(done: Promise<void>): Promise<string | undefined> {
    return done.then(
      () => undefined,
      (error: unknown) => (error instanceof PippinError ? error.code : String(error)),
    );
  }

  it("keeps what was acknowledged and nothing that was refused", async () => {
    let refusedTotal = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const { disk, acknowledged, refused } = await runWithFaults(seed);
      refusedTotal += refused;
      const store: Store = await open(disk.restarted());
      const { count, groups } = await picture(store);
      expect([acknowledged, acknowledged + 1], `seed ${seed}`).toContain(count);
      expect({ count, groups }, `seed ${seed}`).toEqual(pictureAfter(count));
    }
    expect(refusedTotal).toBeGreaterThan(500);
  });
});

describe("the machine's own disk", () => {
  it.runIf(existsSync("/dev/full"))("says full when there is no space, and not something else", async () => {
    const file = await createLiveWorld().disk.openAppend("/dev/full");
    await expect(file.append("a line\n")).rejects.toMatchObject({ name: "DiskError", code: "full" });
    await file.close();
  });
});
