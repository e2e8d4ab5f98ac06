import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startServer } from "../../../server/start-server.ts";
import { formatVersion } from "../../../server/store/migrations.ts";
import type { CollectionName, Collections } from "../../../server/store/records.ts";
import type { Store } from "../../../server/store/store.ts";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { worldWith } from "../../../shared/world-with.ts";
import { MemoryDisk } from "../../../simulator/virtual/memory-disk.ts";
import { group } from "../../contracts/store-contract.ts";
import { FaultyDisk, leftovers } from "../../support/faulty-disk.ts";
import { documentName, open, refusal, step } from "./history.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/data-folder-v1");
const folders = ["killed", "journal-only"] as const;
type Folder = (typeof folders)[number];

interface Expected {
  readonly adminKey: string;
  readonly counts: Partial<Record<CollectionName, number>>;
  readonly records: { [C in CollectionName]?: Collections[C][] };
}
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8")) as Expected;

function filesOf(folder: Folder): Map<string, Buffer> {
  const directory = join(fixtures, folder);
  return new Map(
    readdirSync(directory).map((name) => [`/data/${name}`, readFileSync(join(directory, name))]),
  );
}

async function listed<C extends CollectionName>(store: Store, collection: C): Promise<Collections[C][]> {
  return store.read((reader) =>
    reader.list(collection, { index: "all" as never, partition: "", limit: 1_000 }),
  );
}

/** As it was before, and the journal's later transactions with it. */
async function expectEverything(store: Store): Promise<void> {
  for (const [collection, count] of Object.entries(expected.counts))
    expect((await listed(store, collection as CollectionName)).length, collection).toBe(count);
  for (const [collection, records] of Object.entries(expected.records)) {
    const found = await listed(store, collection as CollectionName);
    expect(
      found.map((record) => ({ ...record })),
      collection,
    ).toMatchObject(records);
  }
}

describe("a data folder of format version 1", () => {
  it.each(folders)("%s: is of version 1 indeed", (folder) => {
    const document = filesOf(folder).get(`/data/${documentName}`)?.toString();
    if (folder === "journal-only") expect(document).toBeUndefined();
    else expect(document).toContain('"version": 1');
  });

  it("opens with everything that was in it, but for the line that was being written", async () => {
    const store = await open(new FaultyDisk(filesOf("killed")));
    await expectEverything(store);
    expect(await store.read((reader) => reader.get("groups", "torn"))).toBeUndefined();
  });

  it.each(folders)("%s: is of the present version once it was opened, and opens again", async (folder) => {
    const disk = new FaultyDisk(filesOf(folder));
    const store = await open(disk);
    const groups = await listed(store, "groups");
    const text = disk.content(documentName).toString();
    expect(text).toContain(`"version": ${formatVersion},`);
    expect(disk.fileNames()).toHaveLength(3);
    await store.transaction((tx) => tx.put("groups", group("after", "After the upgrade")));
    disk.crash();
    const again = await open(disk.restarted());
    expect((await listed(again, "groups")).map(({ id }) => id).sort()).toEqual(
      [...groups.map(({ id }) => id), "after"].sort(),
    );
  });

  it("gets API keys that never expire, were never used and have no former secret", async () => {
    const store = await open(new FaultyDisk(filesOf("killed")));
    const keys = await listed(store, "apiKeys");
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).toMatchObject({ expiresAt: null, lastUsedAt: null, previous: null });
  });

  it.each(folders.flatMap((folder) => leftovers.map((leftover) => [folder, leftover] as const)))(
    "%s: survives a crash at any step of its upgrade, leaving %s of what was being written",
    async (folder, leftover) => {
      const whole = await listed(await open(new FaultyDisk(filesOf(folder))), "commands");
      let crashes = 0;
      for (let crashAtStep = 1; ; crashAtStep += 1) {
        const disk = new FaultyDisk(filesOf(folder));
        Object.assign(disk, { crashAtStep, leftover });
        await open(disk).catch((error: unknown) => {
          if (!disk.isStopped) throw error;
        });
        if (!disk.isStopped) break;
        crashes += 1;
        const again = await open(disk.restarted());
        expect(await listed(again, "commands"), `crash at ${crashAtStep}`).toEqual(whole);
        if (folder === "killed") await expectEverything(again);
      }
      expect(crashes).toBeGreaterThan(8);
    },
  );

  it("is still refused when it is damaged", async () => {
    const files = filesOf("killed");
    const journal = [...files.keys()].find((path) => path.includes("journal-")) ?? "";
    const content = Buffer.from(files.get(journal) ?? "");
    content.writeUInt8(content.readUInt8(200) ^ 1, 200);
    files.set(journal, content);
    expect((await refusal(open(new FaultyDisk(files)))).code).toBe("store_corrupt");
  });

  it("serves a whole server: its key, its secrets and its people are there", async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory("/data");
    for (const [path, content] of filesOf("killed")) await disk.writeFileAtomic(path, content);
    const world = worldWith(createLiveWorld(), { disk });
    const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
    const server = await startServer(world, recorder, {
      host: "127.0.0.1",
      port: 0,
      dataDirectory: "/data",
      appleUrl: "http://127.0.0.1:9",
      insecureDevKey: expected.adminKey,
    });
    try {
      const headers = { authorization: `Bearer ${expected.adminKey}` };
      const answer = await world.request(`${server.url}/api/v1/users`, { headers });
      const { items } = JSON.parse(answer.body.toString()) as { items: { id: string }[] };
      expect(items.map(({ id }) => id)).toEqual(expected.records.users?.map(({ id }) => id));
      const account = await world.request(`${server.url}/api/v1/vpp/token`, { headers });
      expect(account.status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});

describe("a data folder of a later format version", () => {
  it("is refused with a sentence that says what to do, and left alone", async () => {
    const disk = new FaultyDisk();
    const store = await open(disk);
    await step(store, 1);
    await store.close();
    const newer = disk
      .content(documentName)
      .toString()
      .replace(`"version": ${formatVersion},`, `"version": ${formatVersion + 1},`);
    disk.change(documentName, newer);
    const error = await refusal(open(disk));
    expect(error.code).toBe("store_too_new");
    expect(error.details).toMatchObject({ version: formatVersion + 1, versionMax: formatVersion });
    expect(error.message).toMatch(/newer Pippin.*copy from before the upgrade/);
    expect(disk.content(documentName).toString()).toBe(newer);
  });
});
