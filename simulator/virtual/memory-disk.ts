import { posix } from "node:path";
import {
  bytesOf,
  DiskError,
  type AppendFile,
  type Disk,
  type DiskErrorCode,
  type FileContent,
} from "../../shared/world.ts";

/** When a read is done and when a write is durable. A disk on its own is as quick as it can be. */
export interface DiskTiming {
  read<T>(work: () => T): Promise<T>;
  write<T>(work: () => T): Promise<T>;
}

const immediately: DiskTiming = {
  read: async (work) => work(),
  write: async (work) => work(),
};

/** One file: what a program would read, and how much of it would survive a crash. */
class MemoryFile {
  /** A text is kept as it came until somebody wants its bytes: most are replaced unread. */
  #text: string | undefined;
  #chunks: Buffer[];
  #bytes: number;
  #durableBytes: number;

  constructor(data: Buffer | string) {
    const isText = typeof data === "string";
    this.#text = isText ? data : undefined;
    this.#chunks = isText ? [] : [data];
    this.#bytes = isText ? 0 : data.length;
    this.#durableBytes = this.#bytes;
  }

  #encode(): void {
    if (this.#text === undefined) return;
    const data = Buffer.from(this.#text);
    this.#text = undefined;
    this.#chunks = [data];
    this.#bytes = this.#durableBytes = data.length;
  }

  get bytes(): number {
    this.#encode();
    return this.#bytes;
  }

  read(): Buffer {
    this.#encode();
    const [first] = this.#chunks;
    const whole = first && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return Buffer.from(whole);
  }

  append(data: Buffer): void {
    this.#encode();
    this.#chunks.push(data);
    this.#bytes += data.length;
  }

  sync(): void {
    this.#durableBytes = this.#bytes;
  }

  truncate(bytes: number): void {
    this.#encode();
    const kept = Buffer.alloc(bytes);
    this.read().copy(kept);
    this.#chunks = [kept];
    this.#bytes = bytes;
    this.#durableBytes = bytes;
  }

  /** Loses what was not synced, but for the part of it that `keep` chooses. */
  crash(keep: (unsyncedBytes: number) => number): void {
    const unsynced = this.#bytes - this.#durableBytes;
    if (unsynced > 0) this.truncate(this.#durableBytes + keep(unsynced));
  }
}

/** What is on a disk, whoever looks at it. */
class MemoryFiles {
  readonly files = new Map<string, MemoryFile>();
  readonly directories = new Set<string>(["/"]);
  /** By folder: who holds it. */
  readonly locks = new Map<string, object>();

  /** Throws unless a file can be made at `path`. */
  checkWritable(path: string): void {
    const parent = posix.dirname(path);
    if (!this.directories.has(parent)) throw problem("not_writable", `${parent} is not a folder.`);
    if (this.directories.has(path)) throw problem("io", `${path} is a folder.`);
  }

  makeDirectory(directory: string): void {
    if (directory === "/") return;
    this.makeDirectory(posix.dirname(directory));
    if (this.files.has(directory)) throw problem("not_writable", `${directory} is a file.`);
    this.directories.add(directory);
  }

  list(directory: string): string[] {
    return [...this.files.keys(), ...this.directories]
      .filter((path) => path !== "/" && posix.dirname(path) === directory)
      .map((path) => posix.basename(path))
      .sort();
  }
}

/**
 * A disk in memory. It keeps apart what was written and what is durable, so that a crash can be played: `crash` leaves
 * what a machine would find after a power cut. On its own it answers at once, in any world.
 */
export class MemoryDisk implements Disk {
  readonly #content: MemoryFiles;
  readonly #timing: DiskTiming;

  /** `of` makes this another view of that disk, with a timing of its own. */
  constructor(options: { of?: MemoryDisk; timing?: DiskTiming } = {}) {
    this.#content = options.of ? options.of.#content : new MemoryFiles();
    this.#timing = options.timing ?? immediately;
  }

  /**
   * Plays a power cut: appends that were not synced are lost and locks are free. With `random` (uniform in [0, 1))
   * a part of such an append may stay: a torn write.
   */
  crash(random?: () => number): void {
    const keep = (unsyncedBytes: number) => (random ? Math.floor(random() * (unsyncedBytes + 1)) : 0);
    for (const file of this.#content.files.values()) file.crash(keep);
    this.#content.locks.clear();
  }

  readFile(path: string): Promise<Buffer | undefined> {
    const at = absolute(path);
    return this.#timing.read(() => {
      if (this.#content.directories.has(at)) throw problem("io", `${at} is a folder.`);
      return this.#content.files.get(at)?.read();
    });
  }

  writeFileAtomic(path: string, data: FileContent): Promise<void> {
    const at = absolute(path);
    // A text can't be changed by whoever gave it.
    const copy = typeof data === "string" ? data : bytesOf(data);
    return this.#timing.write(() => {
      this.#content.checkWritable(at);
      this.#content.files.set(at, new MemoryFile(copy));
    });
  }

  openAppend(path: string): Promise<AppendFile> {
    const at = absolute(path);
    return this.#timing.write(() => {
      this.#content.checkWritable(at);
      const file = this.#content.files.get(at) ?? new MemoryFile(Buffer.alloc(0));
      this.#content.files.set(at, file);
      return new MemoryAppendFile(file, this.#timing);
    });
  }

  list(directory: string): Promise<string[]> {
    const at = absolute(directory);
    return this.#timing.read(() => this.#content.list(at));
  }

  remove(path: string): Promise<void> {
    const at = absolute(path);
    return this.#timing.write(() => {
      if (this.#content.directories.has(at)) throw problem("io", `${at} is a folder.`);
      this.#content.files.delete(at);
    });
  }

  makeDirectory(directory: string): Promise<void> {
    const at = absolute(directory);
    return this.#timing.write(() => this.#content.makeDirectory(at));
  }

  lock(directory: string): Promise<{ release(): Promise<void> }> {
    const at = absolute(directory);
    return this.#timing.write(() => {
      const { directories, locks } = this.#content;
      if (!directories.has(at)) throw problem("not_writable", `${at} is not a folder.`);
      if (locks.has(at)) throw problem("locked", `${at} is in use by another process.`);
      const holder = {};
      locks.set(at, holder);
      const release = () =>
        this.#timing.write(() => {
          // After a crash somebody else may hold it.
          if (locks.get(at) === holder) locks.delete(at);
        });
      return { release };
    });
  }
}

class MemoryAppendFile implements AppendFile {
  readonly #file: MemoryFile;
  readonly #timing: DiskTiming;
  #bytes: number;
  #closed = false;

  constructor(file: MemoryFile, timing: DiskTiming) {
    this.#file = file;
    this.#timing = timing;
    this.#bytes = file.bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  append(data: string | Uint8Array): Promise<void> {
    const copy = bytesOf(data);
    // What is written but not yet synced may be read, and may be lost.
    if (!this.#closed) this.#file.append(copy);
    return this.#timing.write(() => {
      this.#checkOpen();
      this.#file.sync();
      this.#bytes += copy.length;
    });
  }

  truncate(bytes: number): Promise<void> {
    return this.#timing.write(() => {
      this.#checkOpen();
      this.#file.truncate(bytes);
      this.#bytes = bytes;
    });
  }

  close(): Promise<void> {
    return this.#timing.read(() => {
      this.#closed = true;
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw problem("io", "The file is closed.");
  }
}

function problem(code: DiskErrorCode, message: string): DiskError {
  return new DiskError(code, message);
}

function absolute(path: string): string {
  if (!posix.isAbsolute(path)) throw new TypeError(`${path} is not an absolute path.`);
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
