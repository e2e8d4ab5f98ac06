import { posix } from "node:path";
import { bytesOf, DiskError } from "../../shared/world.ts";
import type { AppendFile, Disk, DiskErrorCode, FileContent } from "../../shared/world.ts";

export type DiskOperation =
  | "readFile"
  | "writeFileAtomic"
  | "openAppend"
  | "append"
  | "truncate"
  | "list"
  | "remove"
  | "makeDirectory"
  | "lock";

/** What a crash leaves of a write that was under way. A replacement or removal is never left half done, as the Disk promises. */
export const leftovers = ["nothing", "half", "everything"] as const;
export type Leftover = (typeof leftovers)[number];

/** A disk in memory that stops, tears and fails on request. What is under way is not on it yet. */
export class FaultyDisk implements Disk {
  readonly #files: Map<string, Buffer>;
  readonly #locks = new Set<string>();
  readonly #underWay = new Set<(leftover: Leftover) => void>();
  #isStopped = false;
  #steps = 0;
  #gate: Promise<void> = Promise.resolve();
  /** Every operation that was begun. */
  readonly operations: { operation: DiskOperation; name: string }[] = [];
  /** Stops at this step; an operation that writes has two, before and after its bytes are handed over. */
  crashAtStep = Number.POSITIVE_INFINITY;
  leftover: Leftover = "nothing";
  /** What an append that fails leaves in the file: a full disk takes what fits before it refuses, and a sync may fail after all. */
  failedAppendLeaves: Leftover = "half";
  /** Answers why an operation fails. */
  failing: (operation: DiskOperation, name: string) => DiskErrorCode | undefined = () => undefined;

  constructor(files: ReadonlyMap<string, Buffer> = new Map()) {
    this.#files = new Map(files);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Steps so far, as `crashAtStep` counts them. */
  get steps(): number {
    return this.#steps;
  }

  count(operation: DiskOperation): number {
    return this.operations.filter((one) => one.operation === operation).length;
  }

  /** The machine stops now: what is under way leaves what `leftover` says, and whoever waits gets an error. */
  crash(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const leave of this.#underWay) leave(this.leftover);
  }

  /** The disk of the machine after it was started again. */
  restarted(): FaultyDisk {
    return new FaultyDisk(this.#files);
  }

  /** Every operation from now on waits until the function given back is called. */
  hold(): () => void {
    let release = () => {};
    this.#gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  fileNames(): string[] {
    return [...this.#files.keys()].map((path) => posix.basename(path)).sort();
  }

  content(name: string): Buffer {
    return this.#files.get(this.#pathOf(name)) ?? Buffer.alloc(0);
  }

  /** Behind everybody's back. */
  change(name: string, content: Buffer | string | undefined): void {
    const path = this.#pathOf(name);
    if (content === undefined) this.#files.delete(path);
    else this.#files.set(path, Buffer.from(content));
  }

  async readFile(path: string): Promise<Buffer | undefined> {
    await this.#begin("readFile", path);
    const content = this.#files.get(path);
    return content && Buffer.from(content);
  }

  async writeFileAtomic(path: string, data: FileContent): Promise<void> {
    await this.#begin("writeFileAtomic", path);
    await this.#write((leftover) => {
      if (leftover === "everything") this.#files.set(path, bytesOf(data));
    });
  }

  async openAppend(path: string): Promise<AppendFile> {
    await this.#begin("openAppend", path);
    await this.#write((leftover) => {
      if (leftover === "everything" && !this.#files.has(path)) this.#files.set(path, Buffer.alloc(0));
    });
    const size = () => this.#files.get(path)?.length ?? 0;
    const append = async (data: string | Uint8Array) => {
      const bytes = bytesOf(data);
      const keep = (length: number) =>
        this.#files.set(
          path,
          Buffer.concat([this.#files.get(path) ?? Buffer.alloc(0), bytes.subarray(0, length)]),
        );
      const half = Math.floor(bytes.length / 2);
      const failed = { nothing: 0, half, everything: bytes.length };
      await this.#begin("append", path, () => keep(failed[this.failedAppendLeaves]));
      await this.#write((leftover) => {
        if (leftover !== "nothing") keep(leftover === "half" ? half : bytes.length);
      });
    };
    const truncate = async (bytes: number) => {
      await this.#begin("truncate", path);
      await this.#write((leftover) => {
        const content = this.#files.get(path) ?? Buffer.alloc(0);
        if (leftover === "everything") this.#files.set(path, content.subarray(0, bytes));
      });
    };
    return {
      get bytes() {
        return size();
      },
      append,
      truncate,
      close: () => Promise.resolve(),
    };
  }

  async list(directory: string): Promise<string[]> {
    await this.#begin("list", directory);
    return [...this.#files.keys()]
      .filter((path) => posix.dirname(path) === directory)
      .map((path) => posix.basename(path))
      .sort();
  }

  async remove(path: string): Promise<void> {
    await this.#begin("remove", path);
    await this.#write((leftover) => {
      if (leftover === "everything") this.#files.delete(path);
    });
  }

  async makeDirectory(directory: string): Promise<void> {
    await this.#begin("makeDirectory", directory);
  }

  async lock(directory: string): Promise<{ release(): Promise<void> }> {
    await this.#begin("lock", directory);
    if (this.#locks.has(directory)) throw new DiskError("locked", `${directory} is locked.`);
    this.#locks.add(directory);
    return {
      release: async () => {
        this.#locks.delete(directory);
      },
    };
  }

  async #begin(operation: DiskOperation, path: string, failed: () => void = () => {}): Promise<void> {
    this.#refuseWhenStopped();
    const name = posix.basename(path);
    this.operations.push({ operation, name });
    await this.#gate;
    await turn();
    this.#step();
    const code = this.failing(operation, name);
    if (code === undefined) return;
    failed();
    throw new DiskError(code, `The disk was told to fail at ${operation} ${name}.`);
  }

  async #write(leave: (leftover: Leftover) => void): Promise<void> {
    this.#underWay.add(leave);
    await turn();
    this.#step();
    this.#underWay.delete(leave);
    leave("everything");
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps === this.crashAtStep) this.crash();
    this.#refuseWhenStopped();
  }

  #refuseWhenStopped(): void {
    if (this.#isStopped) throw new DiskError("io", "The machine has stopped.");
  }

  #pathOf(name: string): string {
    for (const path of this.#files.keys()) if (posix.basename(path) === name) return path;
    return posix.join("/data", name);
  }
}

/** Lets everything else that is ready run first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
