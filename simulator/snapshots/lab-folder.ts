/**
 * Where a lab is kept. There is room for it twice in the folder, in the folder itself and in `aside`, and one small file says which of
 * the two counts: another lab is written beside the one that runs, and takes its place in one step.
 */
import { dirname, join } from "node:path";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { DiskError, type Disk } from "../../shared/world.ts";
import { listName, serialsOnList } from "../fleet/phone-desk.ts";
import { Beginning, type LabFile } from "./archive.ts";

const markName = "lab.json";
const slots = ["main", "aside"] as const;
type Slot = (typeof slots)[number];

const Mark = z.strictObject({
  version: z.literal(1),
  slot: z.enum(slots),
  beginning: Beginning.nullable(),
  serverUrl: z.url().nullable(),
});
type Mark = z.infer<typeof Mark>;

/** What is kept of a lab beside its files. */
export type LabFacts = Pick<Mark, "beginning" | "serverUrl">;

export class LabFolder {
  readonly root: string;
  readonly #disk: Disk;
  readonly #lock: { release(): Promise<void> };
  #mark: Mark;

  private constructor(disk: Disk, root: string, lock: { release(): Promise<void> }, mark: Mark) {
    this.#disk = disk;
    this.root = root;
    this.#lock = lock;
    this.#mark = mark;
  }

  /** Makes the folder when there is none. Throws PippinError `store_locked`, `store_corrupt`, `store_too_new`, and DiskError. */
  static async open(disk: Disk, root: string): Promise<LabFolder> {
    await disk.makeDirectory(root);
    const lock = await lockFolder(disk, root);
    try {
      const content = await disk.readFile(join(root, markName));
      const mark: Mark =
        content === undefined
          ? { version: 1, slot: "main", beginning: null, serverUrl: null }
          : readMark(content, root);
      const folder = new LabFolder(disk, root, lock, mark);
      // What a lab that was never finished left behind.
      await folder.#clear(folder.#otherSlot);
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** What the lab in a folder began with; null when there is none, or it isn't known. Throws as `open` does, and locks nothing. */
  static async beginningIn(disk: Disk, root: string): Promise<Beginning | null> {
    const content = await disk.readFile(join(root, markName));
    return content === undefined ? null : readMark(content, root).beginning;
  }

  get facts(): LabFacts {
    const { beginning, serverUrl } = this.#mark;
    return { beginning, serverUrl };
  }

  /** The folder of the lab that counts. */
  get current(): string {
    return this.#directory(this.#mark.slot);
  }

  /** The folder of one that is being made. */
  get other(): string {
    return this.#directory(this.#otherSlot);
  }

  async note(facts: Partial<LabFacts>): Promise<void> {
    await this.#write({ ...this.#mark, ...facts });
  }

  /** Empties the other folder. */
  async clearOther(): Promise<void> {
    await this.#clear(this.#otherSlot);
  }

  /** Writes a lab into the other folder, which must be empty. */
  async writeOther(files: readonly LabFile[]): Promise<void> {
    // The list of phones first: it is what finds the others, should this never be finished.
    const isList = ({ path }: LabFile) => path === `phones/${listName}`;
    await this.#makeFolders(this.other);
    for (const file of [...files.filter(isList), ...files.filter((one) => !isList(one))]) {
      const path = join(this.other, file.path);
      await this.#disk.makeDirectory(dirname(path));
      await this.#disk.writeFileAtomic(path, file.content);
    }
  }

  /** From now on the other one counts. Whatever happens, it is the one or the other. */
  async switchOver(facts: LabFacts): Promise<void> {
    await this.#write({ version: 1, slot: this.#otherSlot, ...facts });
  }

  /** Every file of the lab that counts. It must stand still. */
  async readAll(): Promise<LabFile[]> {
    const files: LabFile[] = [];
    for (const path of await this.#pathsIn(this.current)) {
      const content = await this.#disk.readFile(join(this.current, path));
      if (content !== undefined) files.push({ path, content });
    }
    return files;
  }

  async close(): Promise<void> {
    await this.#lock.release();
  }

  get #otherSlot(): Slot {
    return this.#mark.slot === "main" ? "aside" : "main";
  }

  #directory(slot: Slot): string {
    return slot === "main" ? this.root : join(this.root, slot);
  }

  async #write(mark: Mark): Promise<void> {
    await this.#disk.writeFileAtomic(join(this.root, markName), `${JSON.stringify(mark)}\n`);
    this.#mark = mark;
  }

  async #makeFolders(directory: string): Promise<void> {
    for (const name of ["server", "phones"]) await this.#disk.makeDirectory(join(directory, name));
  }

  async #clear(slot: Slot): Promise<void> {
    const directory = this.#directory(slot);
    // The list of phones last: what it lists can't be found without it.
    const paths = await this.#pathsIn(directory);
    for (const path of paths.reverse()) await this.#disk.remove(join(directory, path));
  }

  /** The list of phones first. */
  async #pathsIn(directory: string): Promise<string[]> {
    const listPath = join(directory, "phones", listName);
    const list = await this.#disk.readFile(listPath);
    const serials = list === undefined ? [] : serialsOnList(list, listPath);
    const serverFiles = await this.#disk.list(join(directory, "server"));
    return [
      ...(list === undefined ? [] : [`phones/${listName}`]),
      "apple.json",
      ...serverFiles.map((name) => `server/${name}`),
      ...serials.map((serial) => `phones/${serial}/phone.json`),
    ];
  }
}

async function lockFolder(disk: Disk, root: string): Promise<{ release(): Promise<void> }> {
  try {
    return await disk.lock(root);
  } catch (cause) {
    if (!(cause instanceof DiskError) || cause.code !== "locked") throw cause;
    throw new PippinError("store_locked", `another lab runs in ${root}`, { cause });
  }
}

function readMark(content: Buffer, root: string): Mark {
  let json: unknown;
  try {
    json = JSON.parse(content.toString("utf8"));
  } catch {
    json = undefined; // the schema refuses it
  }
  const version = z.looseObject({ version: z.number() }).safeParse(json);
  if (version.success && version.data.version > 1)
    throw new PippinError("store_too_new", `the lab in ${root} was written by a newer version`);
  const mark = Mark.safeParse(json);
  if (!mark.success) throw new PippinError("store_corrupt", `${join(root, markName)} is damaged`);
  return mark.data;
}
