import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { openLowdbStore } from "../../../server/store/lowdb-store.ts";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { MemoryDisk } from "../../../simulator/virtual/memory-disk.ts";
import { storeContract } from "../../contracts/store-contract.ts";
import type { StoreFixture } from "../../contracts/store-contract.ts";
import { FaultyDisk } from "../../support/faulty-disk.ts";

const directory = "/data";

function faultyFixture(checkpointBytesMin?: number): StoreFixture {
  let disk = new FaultyDisk();
  return {
    open: () => openLowdbStore({ disk, directory, ...(checkpointBytesMin && { checkpointBytesMin }) }),
    crash() {
      disk.crash();
      disk = disk.restarted();
    },
  };
}

function virtualFixture(): StoreFixture {
  const disk = new MemoryDisk();
  return { open: () => openLowdbStore({ disk, directory }) };
}

async function liveFixture(): Promise<StoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), "pippin-store-"));
  return {
    open: () => openLowdbStore({ disk: createLiveWorld().disk, directory: join(folder, "data") }),
    dispose: () => rm(folder, { recursive: true }),
  };
}

describe("the lowdb store", () => storeContract(() => faultyFixture(), ["crash", "close"]));
describe("the lowdb store that writes its document all the time", () =>
  storeContract(() => faultyFixture(1), ["crash", "close"]));
describe("the lowdb store on a virtual disk", () => storeContract(virtualFixture, ["close"]));
describe("the lowdb store on a real disk", () => storeContract(liveFixture, ["close"]));
