/** A disk that can be told to fail, in front of one that can't. */
import { DiskError, type AppendFile, type Disk, type DiskErrorCode } from "../../shared/world.ts";

export class SickDisk implements Disk {
  readonly #disk: Disk;
  readonly #ailment: () => DiskErrorCode | undefined;

  /** `ailment` answers why nothing can be written just now. */
  constructor(disk: Disk, ailment: () => DiskErrorCode | undefined) {
    this.#disk = disk;
    this.#ailment = ailment;
  }

  readFile(path: string): Promise<Buffer | undefined> {
    return this.#disk.readFile(path);
  }

  async writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
    this.#check();
    await this.#disk.writeFileAtomic(path, data);
  }

  async openAppend(path: string): Promise<AppendFile> {
    this.#check();
    const file = await this.#disk.openAppend(path);
    const check = (): void => this.#check();
    return {
      get bytes() {
        return file.bytes;
      },
      append: async (data) => {
        const ailment = this.#ailment();
        if (ailment === undefined) return await file.append(data);
        // What still fits is on the disk all the same.
        await file.append(data.slice(0, Math.floor(data.length / 2)));
        throw sick(ailment);
      },
      truncate: async (bytes) => {
        check();
        await file.truncate(bytes);
      },
      close: () => file.close(),
    };
  }

  list(directory: string): Promise<string[]> {
    return this.#disk.list(directory);
  }

  async remove(path: string): Promise<void> {
    this.#check();
    await this.#disk.remove(path);
  }

  async makeDirectory(directory: string): Promise<void> {
    this.#check();
    await this.#disk.makeDirectory(directory);
  }

  lock(directory: string): Promise<{ release(): Promise<void> }> {
    return this.#disk.lock(directory);
  }

  #check(): void {
    const ailment = this.#ailment();
    if (ailment !== undefined) throw sick(ailment);
  }
}

function sick(code: DiskErrorCode): DiskError {
  return new DiskError(code, "The disk was told to fail.");
}
