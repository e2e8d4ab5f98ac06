/** A history whose every prefix can be told from every other, and disks that stopped somewhere in it. */
import { crc32 } from "node:zlib";
import { expect } from "vitest";
import { openLowdbStore, type LowdbStoreOptions } from "../../../server/store/lowdb-store.ts";
import type { Store } from "../../../server/store/store.ts";
import { PippinError } from "../../../shared/errors.ts";
import { group } from "../../contracts/store-contract.ts";
import { FaultyDisk } from "../../support/faulty-disk.ts";

export const directory = "/data";
export const documentName = "store.json";
export const journalFrom = (first: number) => `journal-${String(first).padStart(12, "0")}.ndjson`;
export const firstJournal = journalFrom(1);
export const open = (
  disk: FaultyDisk,
  checkpointBytesMin?: number,
  options: Pick<LowdbStoreOptions, "trouble"> = {},
) => openLowdbStore({ disk, directory, ...(checkpointBytesMin && { checkpointBytesMin }), ...options });

/** The n-th transaction: what it leaves can be told from every other prefix of the history. */
export function step(store: Store, n: number): Promise<void> {
  return store.transaction(async (tx) => {
    await tx.put("settings", { id: "count", value: n });
    await tx.put("groups", group(`g${n}`, "ä".repeat(n)));
    if (n % 3 === 0) await tx.delete("groups", `g${n - 1}`);
    if (n % 4 === 0) await tx.put("groups", group("g1", `changed by ${n}`));
    await tx.sequence();
  });
}

export interface Picture {
  count: number;
  groups: string[];
}

export async function picture(store: Store): Promise<Picture> {
  return store.read(async (reader) => {
    const count = await reader.get("settings", "count");
    const groups = await reader.list("groups", { index: "all", partition: "", limit: 1000 });
    for (const one of groups)
      expect(await reader.count("groups", "byName", one.name.toLowerCase())).toBeGreaterThan(0);
    return {
      count: typeof count?.value === "number" ? count.value : 0,
      groups: groups.map(({ id, name }) => `${id} ${name}`),
    };
  });
}

export function pictureAfter(count: number): Picture {
  const names = new Map<string, string>();
  for (let n = 1; n <= count; n += 1) {
    names.set(`g${n}`, "ä".repeat(n));
    if (n % 3 === 0) names.delete(`g${n - 1}`);
    if (n % 4 === 0) names.set("g1", `changed by ${n}`);
  }
  const sorted = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
  return { count, groups: sorted.map(([id, name]) => `${id} ${name}`) };
}

/** The disk of a machine that stopped after so many transactions, all in one journal file. */
export async function stoppedAfter(count: number): Promise<FaultyDisk> {
  const disk = new FaultyDisk();
  const store = await open(disk);
  for (let n = 1; n <= count; n += 1) await step(store, n);
  disk.crash();
  return disk.restarted();
}

/** A machine that stopped before its checkpoint wrote the document: two journals, and the document of the start. */
export async function stoppedBetweenJournals(): Promise<{ disk: FaultyDisk; journals: string[] }> {
  const disk = new FaultyDisk();
  const store = await open(disk, 1);
  disk.failing = (operation) => (operation === "writeFileAtomic" ? "full" : undefined);
  const journals = () => disk.fileNames().filter((name) => name.startsWith("journal-"));
  for (let n = 1; journals().length < 2 || linesOf(disk, journals().at(-1)).length === 0; n += 1)
    await step(store, n);
  disk.crash();
  const restarted = disk.restarted();
  return { disk: restarted, journals: restarted.fileNames().filter((name) => name.startsWith("journal-")) };
}

export const linesOf = (disk: FaultyDisk, name = firstJournal) =>
  disk.content(name).toString().split("\n").slice(0, -1);
export const withChecksum = (json: string) => `${crc32(json).toString(16).padStart(8, "0")} ${json}`;

export async function refusal(opening: Promise<Store>): Promise<PippinError> {
  const error: unknown = await opening.then(
    () => new Error("It opened."),
    (reason: unknown) => reason,
  );
  if (error instanceof PippinError) return error;
  throw error;
}
