import { describe, expect, it } from "vitest";
import { decodeArchive, encodeArchive, type LabFile } from "../../../simulator/snapshots/archive.ts";
import { LabFolder } from "../../../simulator/snapshots/lab-folder.ts";
import { LabKeeper, type LabParts } from "../../../simulator/snapshots/lab-keeper.ts";
import { FaultyDisk, leftovers } from "../../support/faulty-disk.ts";

const root = "/lab";
const beginning = { seed: "7", play: "fleet", fleetSize: 1 } as const;
const serverUrl = "http://127.0.0.1:8080";
const takenAt = "2016-06-15T08:00:00.000Z";

function phones(serial: string): string {
  const config = {
    ...{ udid: `udid-${serial}`, serialNumber: serial, productName: "iPhone8,1", osVersion: "9.3.2" },
    ...{ buildVersion: "13F69", deviceName: serial, kind: "user", enrollmentUrl: `${serverUrl}/enroll/x` },
    ...{ appleUrl: "http://127.0.0.1:8081", protocol: "mdm.plist.binary", dataDirectory: `/was/${serial}` },
    bytesPerSecond: 1,
  };
  return JSON.stringify({ version: 2, phones: [{ config, isHeld: false }] });
}

/** A lab of few files, all of which say which it is. */
function filesOf(which: string): LabFile[] {
  const file = (path: string, text: string): LabFile => ({ path, content: Buffer.from(text) });
  return [
    file("phones/phones.json", phones(which)),
    file("apple.json", `Apple of ${which}`),
    file("server/journal-000000000001.ndjson", `journal of ${which}`),
    file(`server/only-${which}.json`, `server of ${which}`),
    file(`phones/${which}/phone.json`, `phone of ${which}`),
  ];
}

const archiveOf = (which: string) =>
  encodeArchive({ takenAt, beginning, serverUrl, phoneCount: 1, files: filesOf(which) });

const sorted = (files: readonly LabFile[]) =>
  files.map(({ path, content }) => `${path}: ${content.toString()}`).sort();

/** The parts do nothing but note where they run. */
class StillParts implements LabParts {
  readonly phoneCount = 1;
  runsIn: string | undefined = root;
  now = () => Date.parse(takenAt);
  async start(directory: string): Promise<void> {
    if (this.runsIn !== undefined) throw new Error("started twice");
    this.runsIn = directory;
  }
  async stop(): Promise<void> {
    this.runsIn = undefined;
  }
}

async function open(disk: FaultyDisk) {
  const folder = await LabFolder.open(disk, root);
  const parts = new StillParts();
  parts.runsIn = folder.current;
  const begin = async () => {
    for (const { path, content } of filesOf("SEED"))
      await disk.writeFileAtomic(`${folder.other}/${path}`, content);
  };
  const notes: string[] = [];
  const note = (what: string, name = "") => void notes.push(`${what} ${name}`.trim());
  return { folder, parts, notes, keeper: new LabKeeper({ disk, folder, parts, begin, note }) };
}

/** A disk with the lab `OLD` on it, and a snapshot of the lab `NEW`. */
async function diskWithOld(): Promise<FaultyDisk> {
  const disk = new FaultyDisk();
  for (const { path, content } of filesOf("OLD")) await disk.writeFileAtomic(`${root}/${path}`, content);
  const { folder, keeper } = await open(disk);
  await folder.note({ beginning, serverUrl });
  await disk.writeFileAtomic(`${root}/snapshots/new.pippin-lab`, archiveOf("NEW"));
  expect((await keeper.snapshots()).map(({ name }) => name)).toEqual(["new"]);
  return disk.restarted();
}

type Act = (keeper: LabKeeper) => Promise<unknown>;
type Name = "import" | "restore" | "reset" | "snapshot";
const acts: readonly (readonly [Name, Act, string])[] = [
  ["import", (keeper) => keeper.import(archiveOf("NEW")), "NEW"],
  ["restore", (keeper) => keeper.restore("new"), "NEW"],
  ["reset", (keeper) => keeper.reset(), "SEED"],
  ["snapshot", (keeper) => keeper.snapshot("kept"), "OLD"],
];

describe.each(acts)("%s", (name, act, after) => {
  it("does what it is to do", async () => {
    const { folder, parts, keeper, notes } = await open(await diskWithOld());
    await act(keeper);
    const noted = { import: "imported", restore: "restored new", reset: "reset", snapshot: "snapshot kept" };
    expect(notes).toEqual([noted[name]]);
    expect(sorted(await folder.readAll())).toEqual(sorted(filesOf(after)));
    expect(parts.runsIn).toBe(folder.current);
    expect(folder.facts).toEqual({ beginning, serverUrl });
    // And back, and there again: there is room for two.
    await keeper.import(archiveOf("THIRD"));
    await act(keeper).catch(() => undefined);
    await keeper.import(archiveOf("FOURTH"));
    expect(sorted(await folder.readAll())).toEqual(sorted(filesOf("FOURTH")));
  });

  it.each(leftovers)(
    "leaves the lab whole wherever the machine stops, with %s of what was under way",
    async (leftover) => {
      const outcomes = new Set<string>();
      for (let step = 1; ; step += 1) {
        const disk = await diskWithOld();
        const { keeper } = await open(disk);
        disk.leftover = leftover;
        disk.crashAtStep = disk.steps + step;
        await act(keeper).catch(() => undefined);
        const finished = !disk.isStopped;
        const { folder, keeper: again } = await open(disk.restarted());
        const found = sorted(await folder.readAll());
        const which = found.join() === sorted(filesOf("OLD")).join() ? "OLD" : after;
        expect(found, `stopped at step ${step}`).toEqual(sorted(filesOf(which)));
        expect(folder.facts).toEqual({ beginning, serverUrl });
        const kept = await again.snapshots();
        expect(kept.filter((one) => "problem" in one)).toEqual([]);
        if (kept.some((one) => one.name === "kept"))
          expect(sorted(decodeArchive(await again.export("kept")).files)).toEqual(sorted(filesOf("OLD")));
        outcomes.add(name === "snapshot" ? String(kept.length) : which);
        // Nothing is left over that would get into the next one.
        await again.import(archiveOf("NEXT"));
        expect(sorted(await folder.readAll())).toEqual(sorted(filesOf("NEXT")));
        if (finished) break;
        expect(step).toBeLessThan(200);
      }
      // Both ends were seen.
      expect(outcomes.size).toBe(2);
    },
  );

  it.each(["full", "not_writable", "io"] as const)(
    "leaves the lab running as it was when the disk says %s",
    async (code) => {
      const refusals = { full: "store_full", not_writable: "store_unwritable", io: "store_failed" };
      for (let failing = 0; ; failing += 1) {
        const disk = await diskWithOld();
        const { folder, parts, keeper } = await open(disk);
        let writes = 0;
        disk.failing = (operation) => {
          if (operation !== "writeFileAtomic") return undefined;
          writes += 1;
          return writes > failing ? code : undefined;
        };
        const outcome = await act(keeper).then(
          () => "done",
          (error: unknown) => (error as { code?: string }).code,
        );
        disk.failing = () => undefined;
        expect(parts.runsIn).toBe(folder.current);
        if (outcome === "done") break;
        expect(outcome).toBe(refusals[code]);
        expect(sorted(await folder.readAll())).toEqual(sorted(filesOf("OLD")));
        expect(failing).toBeLessThan(20);
      }
    },
  );
});

describe("a lab that can't be started", () => {
  it("gives its place back to the one that ran", async () => {
    const disk = await diskWithOld();
    const { folder, parts, keeper } = await open(disk);
    const start = parts.start.bind(parts);
    parts.start = async (directory) => {
      if (directory === folder.other) throw new Error("no");
      await start(directory);
    };
    await expect(keeper.import(archiveOf("NEW"))).rejects.toThrow("no");
    expect(parts.runsIn).toBe(root);
    expect(sorted(await folder.readAll())).toEqual(sorted(filesOf("OLD")));
  });
});

describe("a file that is no snapshot", () => {
  const good = archiveOf("NEW");
  const flipped = (at: number) => {
    const copy = Buffer.from(good);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return copy;
  };
  const withHead = (change: (head: string) => string): Buffer => {
    const [, head = ""] = good.toString("utf8").split("\n");
    const { files, ...facts } = decodeArchive(good);
    const changed = change(head);
    expect(changed).not.toBe(head);
    // Made anew, so that the checksum fits and the table of contents doesn't.
    const paths = (JSON.parse(changed) as { files: { path: string }[] }).files.map(({ path }) => path);
    return encodeArchive({
      ...facts,
      files: files.map(({ content }, index) => ({ path: paths[index] ?? "", content })),
    });
  };

  it.each<[string, Buffer, string]>([
    ["an empty one", Buffer.alloc(0), "snapshot_damaged"],
    ["another kind", Buffer.from("PK\u0003\u0004"), "snapshot_damaged"],
    ["one cut short", good.subarray(0, good.length - 1), "snapshot_damaged"],
    ["one cut in its head", good.subarray(0, 120), "snapshot_damaged"],
    ["one with a bit turned in a file", flipped(good.length - 3), "snapshot_damaged"],
    ["one with a bit turned in its head", flipped(150), "snapshot_damaged"],
    [
      "one that leads out of its folder",
      withHead((head) => head.replace("apple.json", "../../evil")),
      "snapshot_damaged",
    ],
    [
      "one of a later form",
      Buffer.from(good.toString("latin1").replace("lab 1", "lab 9"), "latin1"),
      "snapshot_too_new",
    ],
  ])("is refused, and nothing is touched: %s", async (_name, bytes, code) => {
    const { folder, parts, keeper } = await open(await diskWithOld());
    await expect(keeper.import(bytes)).rejects.toMatchObject({ code });
    expect(parts.runsIn).toBe(root);
    expect(sorted(await folder.readAll())).toEqual(sorted(filesOf("OLD")));
  });

  it("is named among the others by what is wrong with it", async () => {
    const disk = await diskWithOld();
    await disk.writeFileAtomic(`${root}/snapshots/bad.pippin-lab`, flipped(200));
    const { keeper } = await open(disk);
    expect(await keeper.snapshots()).toMatchObject([
      { name: "bad", problem: "snapshot_damaged" },
      { name: "new", phoneCount: 1 },
    ]);
    await expect(keeper.restore("bad")).rejects.toMatchObject({ code: "snapshot_damaged" });
  });
});
