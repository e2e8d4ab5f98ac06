import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, writeFile, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskErrorFrom, systemCodeOf } from "./live-errors.ts";
import { lockDirectory } from "./live-lock.ts";
import type { AppendFile, Disk, FileContent } from "./world.ts";

/** The world's own files: a half-written replacement, a lock. Not listed. */
const ownPrefix = ".pippin-";

/** Files hold secrets (keys, tokens): for their owner alone. */
const fileMode = 0o600;

/** This machine's disk. */
export class LiveDisk implements Disk {
  async readFile(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw diskErrorFrom(error, `Reading ${path}`);
    }
  }

  async writeFileAtomic(path: string, data: FileContent): Promise<void> {
    const temporary = join(dirname(path), `${ownPrefix}${randomBytes(8).toString("hex")}.tmp`);
    try {
      const file = await open(temporary, "wx", fileMode);
      try {
        await writeFile(file, data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      // The first error is the one to tell; a file left over is swept by the next holder of the lock.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw diskErrorFrom(error, `Writing ${path}`);
    }
  }

  async openAppend(path: string): Promise<AppendFile> {
    try {
      const file = await open(path, "a", fileMode);
      const { size } = await file.stat();
      await syncDirectory(dirname(path));
      return new LiveAppendFile(path, file, size);
    } catch (error) {
      throw diskErrorFrom(error, `Opening ${path}`);
    }
  }

  async list(directory: string): Promise<string[]> {
    try {
      const names = await readdir(directory);
      return names.filter((name) => !name.startsWith(ownPrefix)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw diskErrorFrom(error, `Listing ${directory}`);
    }
  }

  async remove(path: string): Promise<void> {
    try {
      await rm(path);
      await syncDirectory(dirname(path));
    } catch (error) {
      if (!isMissing(error)) throw diskErrorFrom(error, `Removing ${path}`);
    }
  }

  async makeDirectory(directory: string): Promise<void> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw diskErrorFrom(error, `Making the folder ${directory}`);
    }
  }

  async lock(directory: string): Promise<{ release(): Promise<void> }> {
    try {
      const lock = await lockDirectory(directory, ownPrefix);
      await removeLeftovers(directory);
      return lock;
    } catch (error) {
      throw diskErrorFrom(error, `Locking ${directory}`);
    }
  }
}

class LiveAppendFile implements AppendFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #bytes: number;

  constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
    } catch (error) {
      throw diskErrorFrom(error, `Appending to ${this.#path}`);
    }
    this.#bytes += bytes.length;
  }

  async truncate(bytes: number): Promise<void> {
    try {
      await this.#file.truncate(bytes);
      await this.#file.sync();
    } catch (error) {
      throw diskErrorFrom(error, `Truncating ${this.#path}`);
    }
    this.#bytes = bytes;
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } catch (error) {
      throw diskErrorFrom(error, `Closing ${this.#path}`);
    }
  }
}

/** A new or renamed file survives a power cut only once its folder is on disk too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replacements that a process was writing when it died. Safe only while holding the folder's lock. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(ownPrefix) && name.endsWith(".tmp")) await rm(join(directory, name), { force: true });
  }
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCodeOf(error));
}
