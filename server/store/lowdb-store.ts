import { Low } from "lowdb";
import type { PippinError } from "../../shared/errors.ts";
import { DiskError } from "../../shared/world.ts";
import type { Disk } from "../../shared/world.ts";
import { openingFailure } from "./disk-failures.ts";
import { corrupt } from "./document.ts";
import { JournalAdapter } from "./journal-adapter.ts";
import { SerialStore } from "./serial-store.ts";
import type { CommitLog } from "./serial-store.ts";
import type { Store } from "./store.ts";
import { createEmptyState, Tables } from "./tables.ts";
import type { Change, StoreState } from "./tables.ts";

const checkpointBytesMinDefault = 64 * 1024 * 1024;

export interface LowdbStoreOptions {
  readonly disk: Disk;
  /** Absolute; created when missing. One process at a time has it. */
  readonly directory: string;
  /** The document is written anew once the journal is longer than this (and than twice the document). Default 64 MiB. */
  readonly checkpointBytesMin?: number;
  /** Told once when writing begins to fail, and once, without an error, when it works again. */
  readonly trouble?: (error: PippinError | undefined) => void;
}

/**
 * Opens the embedded store: one JSON document and a journal, in a folder of their own.
 *
 * Throws `store_locked` when another process has the folder, `store_unwritable`, `store_full`, `store_corrupt` when what is there
 * can't be trusted to be whole, `store_too_new`, `store_failed` when the disk failed.
 */
export async function openLowdbStore(options: LowdbStoreOptions): Promise<Store> {
  const { disk, directory, checkpointBytesMin = checkpointBytesMinDefault, trouble = () => {} } = options;
  const lock = await translateDiskErrors(directory, async () => {
    await disk.makeDirectory(directory);
    return disk.lock(directory);
  });
  const adapter = new JournalAdapter({ disk, directory, checkpointBytesMin, trouble });
  const database = new Low<StoreState>(adapter, createEmptyState());
  try {
    await translateDiskErrors(directory, () => database.read());
    const tables = buildTables(database.data, directory);
    return new SerialStore(tables, new JournalLog(database, adapter, lock));
  } catch (error) {
    // The reason it can't be opened is the one to tell, whatever else goes wrong on the way out.
    await Promise.allSettled([adapter.close()]);
    await lock.release();
    throw error;
  }
}

/** Commits go to the journal; now and then lowdb writes its document. */
class JournalLog implements CommitLog {
  readonly #database: Low<StoreState>;
  readonly #adapter: JournalAdapter;
  readonly #lock: { release(): Promise<void> };
  /** The checkpoint under way; it never rejects. */
  #checkpoint: Promise<unknown> | undefined;

  constructor(database: Low<StoreState>, adapter: JournalAdapter, lock: { release(): Promise<void> }) {
    this.#database = database;
    this.#adapter = adapter;
    this.#lock = lock;
  }

  get failure(): PippinError | undefined {
    return this.#adapter.failure;
  }

  get healthy(): boolean {
    return this.#adapter.healthy;
  }

  set onLoss(listener: (failure: PippinError) => void) {
    this.#adapter.onLoss = listener;
  }

  append(change: Change, undo: () => void): void {
    this.#adapter.append(change, undo);
    // Now the state is exactly what this transaction left; the next one may already be half way when a microtask has passed.
    if (this.#checkpoint === undefined && this.#adapter.isCheckpointDue) {
      this.#checkpoint = this.#database
        .write()
        // The journal has it all, and the adapter has told of the trouble.
        .catch(() => undefined)
        .finally(() => (this.#checkpoint = undefined));
    }
  }

  durability(): Promise<PippinError | undefined> {
    return this.#adapter.durability();
  }

  async close(): Promise<void> {
    const failedBefore = this.failure !== undefined;
    await this.#adapter.durability();
    await this.#checkpoint;
    try {
      if (!failedBefore) await this.#database.write();
    } finally {
      // The journal holds what the checkpoint doesn't: closing it badly loses nothing.
      await Promise.allSettled([this.#adapter.close()]);
      await this.#lock.release();
    }
  }
}

function buildTables(state: StoreState, directory: string): Tables {
  try {
    return new Tables(state);
  } catch (error) {
    throw corrupt(directory, "a record lacks what its collection needs", { cause: error });
  }
}

async function translateDiskErrors<T>(directory: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof DiskError ? openingFailure(error, directory) : error;
  }
}
