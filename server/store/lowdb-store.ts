import { Low } from "lowdb";
import { PippinError } from "../../shared/errors.ts";
import { DiskError } from "../../shared/world.ts";
import type { Disk } from "../../shared/world.ts";
import { corrupt } from "./document.ts";
import { JournalAdapter } from "./journal-adapter.ts";
import { SerialStore } from "./serial-store.ts";
import type { CommitLog } from "./serial-store.ts";
import type { Store } from "./store.ts";
import { createEmptyState, Tables } from "./tables.ts";
import type { Change, StoreState } from "./tables.ts";

const checkpointBytesMinDefault = 32 * 1024 * 1024;

export interface LowdbStoreOptions {
  readonly disk: Disk;
  /** Absolute; created when missing. One process at a time has it. */
  readonly directory: string;
  /** The document is written anew once the journal is longer than this (and than twice the document). Default 32 MiB. */
  readonly checkpointBytesMin?: number;
}

/**
 * Opens the embedded store: one JSON document and a journal, in a folder of their own.
 *
 * Throws `store_locked` when another process has the folder, `store_unwritable`, `store_corrupt` when what is there can't be
 * trusted to be whole, `store_failed` when the disk failed.
 */
export async function openLowdbStore(options: LowdbStoreOptions): Promise<Store> {
  const { disk, directory, checkpointBytesMin = checkpointBytesMinDefault } = options;
  const lock = await translateDiskErrors(directory, async () => {
    await disk.makeDirectory(directory);
    return disk.lock(directory);
  });
  const adapter = new JournalAdapter({ disk, directory, checkpointBytesMin });
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
  #checkpoint: Promise<void> | undefined;

  constructor(database: Low<StoreState>, adapter: JournalAdapter, lock: { release(): Promise<void> }) {
    this.#database = database;
    this.#adapter = adapter;
    this.#lock = lock;
  }

  get failure(): PippinError | undefined {
    return this.#adapter.failure;
  }

  append(change: Change): void {
    this.#adapter.append(change);
    // Now the state is exactly what this transaction left; the next one may already be half way when a microtask has passed.
    if (this.#checkpoint === undefined && this.#adapter.isCheckpointDue)
      this.#checkpoint = this.#writeDocument().finally(() => (this.#checkpoint = undefined));
  }

  durability(): Promise<PippinError | undefined> {
    return this.#adapter.durability();
  }

  async close(): Promise<void> {
    const wasHealthy = this.failure === undefined;
    await this.#adapter.durability();
    await this.#checkpoint;
    try {
      // After a failure memory is ahead of the disk: it must not become the document.
      if (this.failure === undefined) await this.#writeDocument();
      await this.#adapter.close();
    } catch (error) {
      this.#adapter.fail(error);
    } finally {
      await this.#lock.release();
    }
    if (wasHealthy && this.failure) throw this.failure;
  }

  async #writeDocument(): Promise<void> {
    try {
      await this.#database.write();
    } catch (error) {
      this.#adapter.fail(error);
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
    if (!(error instanceof DiskError)) throw error;
    throw translate(error, directory);
  }
}

function translate(error: DiskError, directory: string): PippinError {
  switch (error.code) {
    case "locked":
      return new PippinError(
        "store_locked",
        `Another process is using the data folder ${directory}. Stop it, or choose another folder.`,
        { cause: error },
      );
    case "not_writable":
      return new PippinError("store_unwritable", `The data folder ${directory} can't be written to.`, {
        cause: error,
      });
    case "full":
    case "io":
      return new PippinError(
        "store_failed",
        `The disk failed while the data folder ${directory} was opened.`,
        {
          cause: error,
        },
      );
  }
}
