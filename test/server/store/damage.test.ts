import { describe, expect, it } from "vitest";
import type { FaultyDisk } from "../../support/faulty-disk.ts";
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
} from "./history.ts";

/** A folder after an orderly end. */
async function closedAfter(count: number): Promise<FaultyDisk> {
  const disk = await stoppedAfter(count);
  await (await open(disk)).close();
  return disk.restarted();
}

/** A folder with a document, and two transactions past it in the journal. */
async function stoppedPastDocument(): Promise<FaultyDisk> {
  const disk = await closedAfter(3);
  const store = await open(disk);
  await step(store, 4);
  await step(store, 5);
  disk.crash();
  return disk.restarted();
}

/** Refused for its damage, twice, and left alone. */
async function expectRefused(disk: FaultyDisk, what: string): Promise<void> {
  const files = disk.fileNames().map((name) => [name, disk.content(name).toString("latin1")]);
  for (let times = 0; times < 2; times += 1)
    expect((await refusal(open(disk))).code, what).toBe("store_corrupt");
  expect(disk.fileNames().map((name) => [name, disk.content(name).toString("latin1")])).toEqual(files);
}

describe("one flipped bit", () => {
  it.each([
    ["the journal", firstJournal, stoppedAfter],
    ["the document", documentName, closedAfter],
  ] as const)("anywhere in %s keeps the store from opening", async (_where, name, stop) => {
    const disk = await stop(2);
    const whole = disk.content(name);
    expect(whole.length).toBeGreaterThan(200);
    for (let at = 0; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
      const damaged = disk.restarted();
      damaged.change(name, bytes);
      const error = await refusal(open(damaged));
      expect(["store_corrupt", "store_too_new"], `byte ${at}`).toContain(error.code);
      expect(error.message, `byte ${at}`).toContain(name);
    }
    expect(await picture(await open(disk))).toEqual(pictureAfter(2));
  });
});

describe("a piece that is gone", () => {
  it("from the middle of the journal, however long, keeps the store from opening", async () => {
    const disk = await stoppedAfter(4);
    const whole = disk.content(firstJournal);
    const last = whole.length - Buffer.byteLength(linesOf(disk).at(-1) ?? "") - 1;
    for (let start = 0; start < last; start += 7) {
      for (const length of [1, 16, 100]) {
        const damaged = disk.restarted();
        const end = Math.min(start + length, last);
        damaged.change(firstJournal, Buffer.concat([whole.subarray(0, start), whole.subarray(end)]));
        expect((await refusal(open(damaged))).code, `${start} to ${end}`).toBe("store_corrupt");
      }
    }
  });

  it("is noticed when two lines have changed places", async () => {
    const disk = await stoppedAfter(4);
    const [a, b, c, d] = linesOf(disk);
    disk.change(firstJournal, [a, c, b, d, ""].join("\n"));
    await expectRefused(disk, "swapped");
  });

  it("may be the end of the document", async () => {
    const disk = await closedAfter(2);
    const whole = disk.content(documentName);
    for (let length = 0; length < whole.length; length += 5) {
      const damaged = disk.restarted();
      damaged.change(documentName, whole.subarray(0, length));
      expect((await refusal(open(damaged))).code, `${length}`).toBe("store_corrupt");
    }
  });
});

describe("a file that is missing", () => {
  it.each<[string, () => Promise<FaultyDisk>, string]>([
    ["the document, after an orderly end", () => closedAfter(3), documentName],
    ["the document, with transactions past it", stoppedPastDocument, documentName],
    ["the journal, after an orderly end", () => closedAfter(3), journalFrom(4)],
    ["the journal, with transactions past the document", stoppedPastDocument, journalFrom(4)],
  ])("is noticed: %s", async (_what, stop, name) => {
    const disk = await stop();
    const content = disk.content(name);
    disk.change(name, undefined);
    await expectRefused(disk, name);
    disk.change(name, content);
    expect((await picture(await open(disk))).count).toBeGreaterThanOrEqual(3);
  });

  it("is noticed when it is the newest of several journals", async () => {
    const { disk, journals } = await stoppedBetweenJournals();
    const missing = disk.restarted();
    missing.change(journals.at(-1) ?? "", undefined);
    const error = await refusal(open(missing));
    expect(error.code).toBe("store_corrupt");
    expect(error.message).toMatch(/another journal follows it.*missing/);
    expect((await picture(await open(disk))).count).toBeGreaterThan(0);
  });

  it("does no harm when everything in it is elsewhere", async () => {
    // Never checkpointed: the journal has the history from its first transaction on.
    const disk = await stoppedAfter(3);
    disk.change(documentName, undefined);
    expect(await picture(await open(disk))).toEqual(pictureAfter(3));
  });
});

describe("the end of the journal", () => {
  const lastLine = (disk: FaultyDisk) => linesOf(disk).at(-1) ?? "";

  it("is forgiven when it is a line that was being written, whatever the disk made of the rest of it", async () => {
    const disk = await stoppedAfter(3);
    const whole = disk.content(firstJournal);
    const start = whole.length - Buffer.byteLength(lastLine(disk)) - 1;
    const holed = Buffer.from(whole).fill(0, start + 10, start + 20);
    for (const content of [
      whole.subarray(0, start + 15),
      holed,
      Buffer.concat([whole.subarray(0, start), Buffer.alloc(40)]),
    ]) {
      const torn = disk.restarted();
      torn.change(firstJournal, content);
      expect(await picture(await open(torn))).toEqual(pictureAfter(2));
    }
  });

  it("is not forgiven when the line was whole: its transaction may have been acknowledged", async () => {
    const disk = await stoppedAfter(3);
    const whole = disk.content(firstJournal).toString("latin1");
    disk.change(firstJournal, Buffer.from(whole.replace(/"t":3/, '"t":5'), "latin1"));
    await expectRefused(disk, "changed last line");
  });
});
