import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { group } from "../../contracts/store-contract.ts";
import { formatDocument, parseDocument } from "../../../server/store/document.ts";
import { createEmptyState } from "../../../server/store/tables.ts";
import { bytesOf } from "../../../shared/world.ts";
import { FaultyDisk, leftovers, turn } from "../../support/faulty-disk.ts";
import type { Leftover } from "../../support/faulty-disk.ts";
import {
  documentName,
  firstJournal,
  journalFrom,
  linesOf,
  open,
  picture,
  pictureAfter,
  refusal,
  step,
  stoppedAfter,
  stoppedBetweenJournals,
  withChecksum,
} from "./history.ts";

describe("a torn end of the journal", () => {
  it("costs the transaction that was being written at every byte, and none before it", async () => {
    const disk = await stoppedAfter(3);
    const whole = disk.content(firstJournal);
    const lastLine = Buffer.byteLength(linesOf(disk)[2] ?? "") + 1;
    for (let cut = whole.length - lastLine; cut <= whole.length; cut += 1) {
      for (const garbage of ["", "\0\0\0"]) {
        const torn = disk.restarted();
        torn.change(firstJournal, Buffer.concat([whole.subarray(0, cut), Buffer.from(garbage)]));
        const survived = cut === whole.length ? 3 : 2;
        const store = await open(torn);
        expect(await picture(store), `${cut} of ${whole.length}`).toEqual(pictureAfter(survived));
        await step(store, survived + 1);
        torn.crash();
        expect(await picture(await open(torn.restarted()))).toEqual(pictureAfter(survived + 1));
      }
    }
  });

  it("may be the only line there is", async () => {
    const disk = await stoppedAfter(1);
    disk.change(firstJournal, disk.content(firstJournal).subarray(0, 20));
    const store = await open(disk);
    expect(await picture(store)).toEqual(pictureAfter(0));
    await step(store, 1);
    disk.crash();
    expect(await picture(await open(disk.restarted()))).toEqual(pictureAfter(1));
  });
});

describe("a line of the journal", () => {
  it("holds what is new in a record, and a new record as a whole", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    await store.transaction((tx) => tx.put("groups", group("g1", "before")));
    await store.transaction((tx) => tx.put("groups", { ...group("g1", "after"), createdAt: 5 }));
    await store.transaction((tx) => tx.put("groups", { ...group("g1", "after"), createdAt: 5 }));
    disk.crash();
    const writes = linesOf(disk).map((line) => (JSON.parse(line.slice(9)) as { w: unknown }).w);
    expect(writes).toEqual([
      [["groups", "g1", group("g1", "before")]],
      [["groups", "g1", { name: "after", createdAt: 5 }, "members"]],
    ]);
    const again = await open(disk.restarted());
    expect(await again.read((reader) => reader.get("groups", "g1"))).toEqual({
      ...group("g1", "after"),
      createdAt: 5,
    });
  });

  it("leaves a record without the members that were taken away", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    const put = (value: object) =>
      store.transaction((tx) => tx.put("settings", { id: "s", ...value } as never));
    await put({ value: 1, request: "x" });
    await put({ value: 1 });
    disk.crash();
    const again = await open(disk.restarted());
    expect(await again.read((reader) => reader.get("settings", "s"))).toEqual({ id: "s", value: 1 });
  });
});

describe("a damaged store", () => {
  const flip = (line: string) => line.replace('"t":', '"T":');
  it.each<[string, number, (lines: string[]) => string[]]>([
    ["a changed line in the middle", 2, ([a = "", b = "", c = ""]) => [a, flip(b), c]],
    ["a changed first line", 1, ([a = "", b = "", c = ""]) => [flip(a), b, c]],
    ["two changed lines at the end", 2, ([a = "", b = "", c = ""]) => [a, flip(b), flip(c)]],
    ["an empty line", 2, ([a = "", b = "", c = ""]) => [a, "", b, c]],
    ["a missing line", 2, ([a = "", , c = ""]) => [a, c]],
    ["a missing first line", 1, ([, b = "", c = ""]) => [b, c]],
    ["a line twice", 3, ([a = "", b = "", c = ""]) => [a, b, b, c]],
    ["line ends changed by an editor", 1, (lines) => lines.map((line) => `${line}\r`)],
    [
      "a line with a good checksum and no transaction",
      3,
      ([a = "", b = ""]) => [a, b, withChecksum('{"t":3}')],
    ],
    [
      "a line for a collection that is not known",
      3,
      ([a = "", b = ""]) => [a, b, withChecksum('{"t":3,"s":3,"w":[["moons","x",null]]}')],
    ],
    [
      "a line whose record has another id",
      3,
      ([a = "", b = ""]) => [a, b, withChecksum('{"t":3,"s":3,"w":[["groups","x",{"id":"y"}]]}')],
    ],
    [
      "a line that changes a record that isn't there",
      3,
      ([a = "", b = ""]) => [a, b, withChecksum('{"t":3,"s":3,"w":[["groups","x",{"name":"y"},"members"]]}')],
    ],
    [
      "a line that gives a record another id",
      3,
      ([a = "", b = ""]) => [a, b, withChecksum('{"t":3,"s":3,"w":[["groups","g1",{"id":"y"},"members"]]}')],
    ],
    [
      "a line that changes a record in a way that isn't known",
      3,
      ([a = "", b = ""]) => [a, b, withChecksum('{"t":3,"s":3,"w":[["groups","g1",{"name":"y"},"later"]]}')],
    ],
  ])("is refused, named and left alone: %s", async (_name, line, damage) => {
    const disk = await stoppedAfter(3);
    const whole = disk.content(firstJournal);
    const damaged = damage(linesOf(disk))
      .map((one) => `${one}\n`)
      .join("");
    disk.change(firstJournal, damaged);
    for (let times = 0; times < 2; times += 1) {
      const error = await refusal(open(disk));
      expect(error).toMatchObject({ code: "store_corrupt", details: { line } });
      expect(error.message).toContain(firstJournal);
    }
    expect(disk.content(firstJournal).toString()).toBe(damaged);
    disk.change(firstJournal, whole);
    expect(await picture(await open(disk))).toEqual(pictureAfter(3));
  });

  it("is refused when a journal before the last one ends in a torn line, or is missing", async () => {
    const { disk, journals } = await stoppedBetweenJournals();
    const [older = "", newer = ""] = journals;
    expect(journals).toHaveLength(2);

    const torn = disk.restarted();
    const [transactions = ""] = disk
      .content(older)
      .toString()
      .split(/(?<=\n)(?=\w+ \{"next")/);
    torn.change(older, transactions.slice(0, -5));
    const tornError = await refusal(open(torn));
    expect(tornError.code).toBe("store_corrupt");
    expect(tornError.message).toContain(older);

    const missing = disk.restarted();
    missing.change(older, undefined);
    const missingError = await refusal(open(missing));
    expect(missingError.code).toBe("store_corrupt");
    expect(missingError.message).toContain(newer);

    const { count } = await picture(await open(disk));
    expect(count).toBeGreaterThan(0);
  });

  const empty = '"sequence": 0, "lastTransaction": 0, "collections": {}';
  /** As if it had been written so. */
  const sealed = (text: string) => {
    const content = text.slice(0, text.lastIndexOf('"checksum"'));
    return `${content}"checksum": "${crc32(content).toString(16).padStart(8, "0")}"}\n`;
  };
  it.each([
    ["cut short", (text: string) => text.slice(0, -30), "not JSON"],
    ["a list", () => "[]", "not a JSON object"],
    ["of another program", () => `{"format": "other", "version": 1, ${empty}}`, "pippin-store"],
    ["of no version", () => `{"format": "pippin-store", ${empty}}`, "version"],
    [
      "without counters",
      () => '{"format": "pippin-store", "version": 1, "collections": {}}',
      "whole numbers",
    ],
    ["with an unknown collection", (text: string) => text.replace('"groups"', '"moons"'), "moons"],
    ["with a record under another's id", (text: string) => text.replace('"g1": {', '"g9": {'), "g9"],
    ["with a record that is none", (text: string) => text.replace(/"g1": \{.*\}/, '"g1": 7'), "g1"],
    [
      "with a record that lacks what its index needs",
      (text: string) => text.replace('"name"', '"nom"'),
      "lacks",
    ],
  ] as const)("is refused when the document is %s", async (_name, damage, words) => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    await step(store, 1);
    await store.close();
    const good = disk.content(documentName).toString();
    const damaged = damage(good);
    disk.change(documentName, damaged.includes("checksum") ? sealed(damaged) : damaged);
    const error = await refusal(open(disk));
    expect(error.code).toBe("store_corrupt");
    expect(error.message).toContain(words);
    disk.change(documentName, good);
    expect(await picture(await open(disk))).toEqual(pictureAfter(1));
  });
});

describe("a crash", () => {
  const transactionCount = 24;

  /** Runs the history on a disk and tells how much of it was acknowledged. */
  async function run(disk: FaultyDisk): Promise<{ acknowledged: number }> {
    const done = { acknowledged: 0 };
    try {
      const store = await open(disk, 300);
      for (let n = 1; n <= transactionCount;) {
        const together = Array.from({ length: 1 + (n % 3) }, () => n++);
        const outcomes = await Promise.allSettled(
          together.map((m) =>
            step(store, m).then(() => void (done.acknowledged = Math.max(done.acknowledged, m))),
          ),
        );
        for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      }
      await store.close();
    } catch (error) {
      if (!disk.isStopped) throw error;
    }
    return done;
  }

  it.each(leftovers)(
    "at any step, leaving %s of what was being written, keeps all that was acknowledged",
    async (leftover) => {
      let checkpoints = 0;
      let crashes = 0;
      for (let crashAtStep = 1; ; crashAtStep += 1) {
        const disk = new FaultyDisk();
        Object.assign(disk, { crashAtStep, leftover });
        const { acknowledged } = await run(disk);
        checkpoints = disk.count("writeFileAtomic");
        if (!disk.isStopped) break;
        crashes += 1;
        await expectRecovery(disk.restarted(), { acknowledged, leftover, crashAtStep });
      }
      expect(checkpoints).toBeGreaterThan(2);
      expect(crashes).toBeGreaterThan(50);
    },
  );

  async function expectRecovery(
    disk: FaultyDisk,
    {
      acknowledged,
      leftover,
      crashAtStep,
    }: { acknowledged: number; leftover: Leftover; crashAtStep: number },
  ) {
    // The machine may stop again while it recovers, at any step of that.
    for (let againAtStep = 1; ; againAtStep += 1) {
      const recovering = disk.restarted();
      Object.assign(recovering, { crashAtStep: againAtStep, leftover });
      const store = await open(recovering, 300).catch((error: unknown) => {
        if (!recovering.isStopped) throw error;
      });
      const recovered = store ?? (await open(recovering.restarted(), 300));
      const { count, groups } = await picture(recovered);
      const where = `crash at ${crashAtStep}, again at ${againAtStep}, leaving ${leftover}`;
      expect(count, where).toBeGreaterThanOrEqual(acknowledged);
      expect({ count, groups }, where).toEqual(pictureAfter(count));
      if (store === undefined) continue;
      recovering.crashAtStep = Number.POSITIVE_INFINITY;
      await step(store, count + 1);
      await store.close();
      expect(recovering.fileNames()).toEqual([journalFrom(count + 2), documentName]);
      expect(await picture(await open(recovering.restarted())), where).toEqual(pictureAfter(count + 1));
      break;
    }
  }
});

describe("the folder", () => {
  it("has one holder: a second is refused and harms nothing", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    await step(store, 1);
    const error = await refusal(open(disk));
    expect(error).toMatchObject({ code: "store_locked", status: 503 });
    expect(error.message).toMatch(/another process/i);
    await step(store, 2);
    await store.close();
    expect(await picture(await open(disk))).toEqual(pictureAfter(2));
  });

  it.each([
    ["can't be written to", "not_writable", "store_unwritable"],
    ["is on a disk that fails", "io", "store_failed"],
    ["is on a full disk", "full", "store_full"],
  ] as const)("is refused when it %s, and opens once that is mended", async (_name, code, expected) => {
    for (const broken of ["makeDirectory", "openAppend", "writeFileAtomic"] as const) {
      const disk = new FaultyDisk();
      disk.failing = (operation) => (operation === broken ? code : undefined);
      expect((await refusal(open(disk))).code).toBe(expected);
      disk.failing = () => undefined;
      await step(await open(disk), 1);
    }
  });

  it("holds one readable JSON document after close", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    await step(store, 1);
    await store.close();
    expect(disk.fileNames()).toEqual([journalFrom(2), documentName]);
    expect(disk.content(journalFrom(2))).toHaveLength(0);
    const text = disk.content(documentName).toString();
    expect(JSON.parse(text)).toMatchObject({
      format: "pippin-store",
      version: 2,
      sequence: 1,
      lastTransaction: 1,
      collections: { groups: { g1: group("g1", "ä") }, settings: { count: { id: "count", value: 1 } } },
    });
    expect(text.split("\n")).toContain('"g1": {"id":"g1","name":"ä","createdAt":1}');
  });

  it("holds what it held when it was begun, however slowly it is written", () => {
    const state = createEmptyState();
    const records = state.collections.get("groups");
    for (let n = 0; n < 10_000; n += 1) records?.set(`g${n}`, group(`g${n}`, "before"));
    const expected = bytesOf(formatDocument(state)).toString();
    const sizes: number[] = [];
    let written = "";
    for (const piece of formatDocument(state)) {
      records?.set(`g${sizes.length}`, group(`g${sizes.length}`, "after"));
      records?.delete("g9999");
      state.lastTransaction += 1;
      sizes.push(piece.length);
      written += piece.toString();
    }
    expect(written === expected).toBe(true);
    expect(parseDocument(written, documentName).state.collections.get("groups")?.size).toBe(10_000);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThan(300_000);
  });

  it("is left as it is by a start that changes nothing", async () => {
    const disk = new FaultyDisk();
    await (await open(disk)).close();
    const text = disk.content(documentName).toString();
    const writes = disk.count("writeFileAtomic");
    await (await open(disk)).close();
    expect(disk.count("writeFileAtomic")).toBe(writes);
    expect(disk.content(documentName).toString()).toBe(text);
    expect(disk.fileNames()).toEqual([firstJournal, documentName]);
  });

  it("may lose journals that the document has overtaken", async () => {
    const disk = await stoppedAfter(3);
    const journal = disk.content(firstJournal);
    await (await open(disk)).close();
    disk.change(firstJournal, journal.subarray(0, -4));
    const store = await open(disk);
    expect(await picture(store)).toEqual(pictureAfter(3));
    await step(store, 4);
    disk.crash();
    expect(await picture(await open(disk.restarted()))).toEqual(pictureAfter(4));
  });
});

describe("a commit", () => {
  it("resolves only once it is on disk, and so does what read it", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    await step(store, 1);
    const release = disk.hold();
    const settled: string[] = [];
    const note = (name: string) => () => void settled.push(name);
    const all = [
      step(store, 2).then(note("write")),
      picture(store).then(note("read")),
      store.transaction((tx) => tx.get("groups", "g2")).then(note("transaction that wrote nothing")),
      store.read(() => Promise.reject(new Error("seen"))).catch(note("refusal")),
    ];
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(settled).toEqual([]);
    release();
    await Promise.all(all);
    expect(settled).toHaveLength(4);
    disk.hold();
    expect(await picture(store)).toEqual(pictureAfter(2)); // waits for nothing: all of it is on disk
  });

  it("shares its write with those that come while another is under way", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    await Promise.all(Array.from({ length: 200 }, (_, at) => step(store, at + 1)));
    expect(disk.count("append")).toBeLessThan(10);
    disk.crash();
    expect(await picture(await open(disk.restarted()))).toEqual(pictureAfter(200));
  });

  it("shares a write only up to a size", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    const value = "x".repeat(1_500_000);
    await Promise.all(
      Array.from({ length: 9 }, (_, at) =>
        store.transaction((tx) => tx.put("settings", { id: `s${at}`, value })),
      ),
    );
    expect(disk.count("append")).toBeGreaterThanOrEqual(3);
    expect(disk.count("append")).toBeLessThan(9);
  });

  it("goes on while a checkpoint is being written", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk, 1);
    await step(store, 1);
    for (let n = 2; n <= 40; n += 1) await step(store, n);
    const operations = disk.operations.map(({ operation }) => operation);
    const starts = operations.flatMap((operation, at) => (operation === "writeFileAtomic" ? [at] : []));
    // Somewhere an append was begun between the start of a document and the removal of what it replaces.
    const overlaps = starts.filter((start) => {
      const end = operations.indexOf("remove", start);
      return operations.slice(start, end).includes("append");
    });
    expect(overlaps.length).toBeGreaterThan(0);
    await store.close();
    expect(await picture(await open(disk))).toEqual(pictureAfter(40));
  });

  it("keeps the journal short", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk, 2000);
    for (let n = 1; n <= 300; n += 1)
      await store.transaction((tx) => tx.put("settings", { id: "count", value: n }));
    const journals = disk.fileNames().filter((name) => name.startsWith("journal-"));
    expect(journals.reduce((bytes, name) => bytes + disk.content(name).length, 0)).toBeLessThan(6000);
    expect(disk.count("writeFileAtomic")).toBeGreaterThan(3);
  });

  it("that is too large is refused whole, and the next one is taken", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    const value = "x".repeat(23 * 1024 * 1024);
    const tooLarge = store.transaction(async (tx) => {
      for (const id of ["a", "b", "c"]) await tx.put("settings", { id, value });
    });
    await expect(tooLarge).rejects.toThrow("writes at most");
    await step(store, 1);
    disk.crash();
    const reopened = await open(disk.restarted());
    expect(await picture(reopened)).toEqual(pictureAfter(1));
    expect(await reopened.read((reader) => reader.count("settings", "all", ""))).toBe(1);
  });
});
