import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../../../simulator/virtual/memory-disk.ts";

describe("MemoryDisk on its own", () => {
  it("keeps files, hands out copies, and takes copies", async () => {
    const disk = new MemoryDisk();
    const bytes = Buffer.from("one");
    await disk.writeFileAtomic("/file", bytes);
    bytes.fill("x");
    const read = await disk.readFile("/file");
    expect(read?.toString()).toBe("one");
    read?.fill("y");
    expect((await disk.readFile("/file"))?.toString()).toBe("one");
  });

  it("is one disk for all its views", async () => {
    const disk = new MemoryDisk();
    await disk.writeFileAtomic("/file", "same");
    expect((await new MemoryDisk({ of: disk }).readFile("/file"))?.toString()).toBe("same");
    expect(await new MemoryDisk().readFile("/file")).toBeUndefined();
  });

  it("loses at a crash only what was not synced, and frees the locks", async () => {
    let finish: () => void = () => undefined;
    const disk = new MemoryDisk();
    const slow = new MemoryDisk({
      of: disk,
      timing: {
        read: async (work) => work(),
        write: (work) => new Promise((resolve) => (finish = () => resolve(work()))),
      },
    });
    const journal = await disk.openAppend("/journal");
    await journal.append("kept ");
    const lock = await disk.lock("/");
    const opening = slow.openAppend("/journal");
    finish();
    const unsynced = (await opening).append("lost");
    void unsynced;
    expect((await disk.readFile("/journal"))?.toString()).toBe("kept lost");
    disk.crash();
    expect((await disk.readFile("/journal"))?.toString()).toBe("kept ");
    const next = await disk.lock("/");
    await lock.release();
    await expect(disk.lock("/")).rejects.toMatchObject({ code: "locked" });
    await next.release();
  });

  it("keeps what was appended and synced through a crash", async () => {
    const disk = new MemoryDisk();
    const journal = await disk.openAppend("/journal");
    await journal.append("one ");
    await journal.append("two");
    await journal.truncate(5);
    disk.crash();
    expect((await disk.readFile("/journal"))?.toString()).toBe("one t");
  });

  it("refuses a relative path, and takes `/a/../b/` for `/b`", async () => {
    const disk = new MemoryDisk();
    expect(() => disk.readFile("file")).toThrow(/not an absolute path/);
    await disk.makeDirectory("/a/../b/");
    expect(await disk.list("/")).toEqual(["b"]);
  });
});
