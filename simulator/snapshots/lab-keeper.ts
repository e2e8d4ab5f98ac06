/** Keeps a lab as it is and brings it back. The lab stands still for the moment that this takes. */
import { join } from "node:path";
import { PippinError } from "../../shared/errors.ts";
import { DiskError, type Disk } from "../../shared/world.ts";
import { decodeArchive, encodeArchive, type Beginning, type LabArchive } from "./archive.ts";
import type { LabFacts, LabFolder } from "./lab-folder.ts";

const suffix = ".pippin-lab";
/** Where they are, in the lab's folder. */
export const snapshotsFolder = "snapshots";
/** As far as two clocks of one day may be apart. */
const clockSlackMs = 24 * 3_600_000;
/** Listing them reads them. */
const snapshotsMax = 100;
export const namePattern = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** The running parts of a lab: Apple, the server, the phones with their people. */
export interface LabParts {
  /** Starts them on what is kept in the folder, new where nothing is. */
  start(directory: string, facts: LabFacts): Promise<void>;
  /** In good order. Nothing is written to the folder any more when it resolves. */
  stop(): Promise<void>;
  readonly phoneCount: number;
  /** Milliseconds since 1970, by the lab's clock. */
  now(): number;
}

/** What becomes of a lab as a whole: from there on its history is another. */
export type LabChange = "snapshot" | "restored" | "imported" | "reset";

export interface SnapshotFacts {
  readonly name: string;
  readonly takenAt: string;
  readonly seed: string | null;
  readonly phoneCount: number;
  readonly bytes: number;
}

/** One lab and its snapshots. What moves the whole lab is done one at a time. */
export class LabKeeper {
  readonly #disk: Disk;
  readonly #folder: LabFolder;
  readonly #parts: LabParts;
  /** Brings a lab that has nothing to where it began. */
  readonly #begin: (beginning: Beginning) => Promise<void>;
  readonly #note: (what: LabChange, name?: string) => void;
  #underWay: { readonly what: string; readonly isMoving: boolean } | undefined;

  constructor(options: {
    disk: Disk;
    folder: LabFolder;
    parts: LabParts;
    begin: (beginning: Beginning) => Promise<void>;
    /** Hears of what was done, for the record. */
    note: (what: LabChange, name?: string) => void;
  }) {
    this.#disk = options.disk;
    this.#folder = options.folder;
    this.#parts = options.parts;
    this.#begin = options.begin;
    this.#note = options.note;
  }

  /** What is done with the lab as a whole just now. */
  get underWay(): string | undefined {
    return this.#underWay?.what;
  }

  /** Whether it stands still for that, or is about to be another. */
  get isMoving(): boolean {
    return this.#underWay?.isMoving === true;
  }

  get beginning(): Beginning | null {
    return this.#folder.facts.beginning;
  }

  /**
   * Brings a new lab to where it begins, and notes what that is for a reset. Meanwhile it can be looked at, and not kept. Throws what
   * `act` throws.
   */
  async begin<T>(beginning: Beginning, act: () => Promise<T>): Promise<T> {
    const isMoving = false;
    return await this.#alone("begins", () => this.#folder.note({ beginning }).then(act), { isMoving });
  }

  /**
   * Keeps the lab as it is now, under a name that isn't taken. Throws PippinError `already_exists`, `limit_exceeded`, `unavailable`
   * while another of these is under way, `store_*` when the disk doesn't take it: then there is no snapshot.
   */
  async snapshot(name: string): Promise<SnapshotFacts> {
    return await this.#alone("takes a snapshot", async () => {
      const names = await this.#names();
      if (names.includes(name))
        throw new PippinError("already_exists", `there is a snapshot ${name} already`);
      if (names.length >= snapshotsMax)
        throw new PippinError("limit_exceeded", `a lab keeps up to ${snapshotsMax} snapshots`);
      const archive = await this.#photograph();
      const bytes = encodeArchive(archive);
      await this.#disk.makeDirectory(this.#shelf);
      await this.#disk.writeFileAtomic(this.#pathOf(name), bytes);
      this.#note("snapshot", name);
      return factsOf(name, archive, bytes.length);
    });
  }

  /** By name. One that can't be read any more comes with the code of what is wrong with it, and is refused when it is asked for. */
  async snapshots(): Promise<(SnapshotFacts | { readonly name: string; readonly problem: string })[]> {
    const found = [];
    for (const name of await this.#names()) {
      try {
        const bytes = await this.#read(name);
        found.push(factsOf(name, decodeArchive(bytes), bytes.length));
      } catch (error) {
        if (!(error instanceof PippinError)) throw error;
        found.push({ name, problem: error.code });
      }
    }
    return found;
  }

  /** Throws PippinError `not_found`. */
  async removeSnapshot(name: string): Promise<void> {
    await this.#read(name);
    await translated(() => this.#disk.remove(this.#pathOf(name)));
  }

  /** A snapshot as one file; without a name, the lab as it is now. Throws PippinError `not_found`, `unavailable`. */
  async export(name?: string): Promise<Buffer> {
    if (name !== undefined) return await this.#read(name);
    return await this.#alone("is exported", async () => encodeArchive(await this.#photograph()));
  }

  /** The lab is again as it was then. Throws PippinError `not_found`, or as `import` does. */
  async restore(name: string): Promise<SnapshotFacts> {
    const bytes = await this.#read(name);
    const archive = decodeArchive(bytes);
    await this.#replaceWith(archive);
    this.#note("restored", name);
    return factsOf(name, archive, bytes.length);
  }

  /**
   * This lab becomes the one in the file. Throws PippinError `snapshot_damaged`, `snapshot_too_new`, `unavailable`, `store_*`, and
   * `conflict` when it was taken later than it is here; then it is as it was.
   */
  async import(bytes: Buffer): Promise<SnapshotFacts> {
    const archive = decodeArchive(bytes);
    await this.#replaceWith(archive);
    this.#note("imported");
    return factsOf("", archive, bytes.length);
  }

  /**
   * The lab begins anew, from its seed. Throws PippinError `conflict` when it isn't known what it began with, or as `import` does.
   */
  async reset(): Promise<Beginning> {
    const beginning = this.requireBeginning();
    await this.#alone("begins anew", async () => {
      await this.#folder.clearOther();
      await this.#parts.stop();
      const facts = { beginning, serverUrl: this.#folder.facts.serverUrl };
      await this.#tryOther(facts, () => this.#begin(beginning));
    });
    this.#note("reset");
    return beginning;
  }

  /** Throws PippinError `conflict` when it isn't known. */
  requireBeginning(): Beginning {
    const { beginning } = this.#folder.facts;
    if (beginning !== null) return beginning;
    throw new PippinError("conflict", "it isn't known what this lab began with: restore a snapshot instead");
  }

  async #replaceWith(archive: LabArchive): Promise<void> {
    const now = this.#parts.now();
    // To a server that is younger than its own certificates nobody comes back.
    if (Date.parse(archive.takenAt) > now + clockSlackMs)
      throw new PippinError(
        "conflict",
        `it is ${new Date(now).toISOString()} in this lab, and the snapshot is of ${archive.takenAt}`,
      );
    await this.#alone("is replaced", async () => {
      try {
        await this.#folder.clearOther();
        await this.#folder.writeOther(archive.files);
      } catch (error) {
        await this.#folder.clearOther().catch(() => undefined);
        throw error;
      }
      await this.#parts.stop();
      const { beginning, serverUrl } = archive;
      await this.#tryOther({ beginning, serverUrl }, () => Promise.resolve());
    });
  }

  /** The parts stand still. Starts them on the other folder, which counts from then on; if that fails, on this one again. */
  async #tryOther(facts: LabFacts, begin: () => Promise<void>): Promise<void> {
    const before = this.#folder.facts;
    try {
      await this.#parts.start(this.#folder.other, facts);
      await begin();
      await this.#folder.switchOver(facts);
    } catch (error) {
      await this.#parts.stop();
      await this.#parts.start(this.#folder.current, before);
      await this.#folder.clearOther().catch(() => undefined);
      throw error;
    }
    // What is left of the former one is in nobody's way, and cleared away before the next.
    await this.#folder.clearOther().catch(() => undefined);
  }

  async #photograph(): Promise<LabArchive> {
    const { beginning, serverUrl } = this.#folder.facts;
    const takenAt = new Date(this.#parts.now()).toISOString();
    const { phoneCount } = this.#parts;
    await this.#parts.stop();
    try {
      return { takenAt, beginning, serverUrl, phoneCount, files: await this.#folder.readAll() };
    } finally {
      await this.#parts.start(this.#folder.current, this.#folder.facts);
    }
  }

  /** One at a time: each of them moves the whole lab. */
  async #alone<T>(what: string, act: () => Promise<T>, { isMoving } = { isMoving: true }): Promise<T> {
    if (this.#underWay !== undefined)
      throw new PippinError("unavailable", `the lab ${this.#underWay.what} just now`, {
        details: { retryAfterSeconds: 1 },
      });
    this.#underWay = { what, isMoving };
    try {
      return await translated(act);
    } finally {
      this.#underWay = undefined;
    }
  }

  get #shelf(): string {
    return join(this.#folder.root, snapshotsFolder);
  }

  #pathOf(name: string): string {
    return join(this.#shelf, `${name}${suffix}`);
  }

  async #names(): Promise<string[]> {
    const files = await translated(() => this.#disk.list(this.#shelf));
    return files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
  }

  async #read(name: string): Promise<Buffer> {
    const bytes = namePattern.test(name)
      ? await translated(() => this.#disk.readFile(this.#pathOf(name)))
      : undefined;
    if (bytes === undefined) throw new PippinError("not_found", `there is no snapshot ${name}`);
    return bytes;
  }
}

/** What is told of a snapshot of so many bytes. */
export function factsOf(name: string, archive: LabArchive, bytes: number): SnapshotFacts {
  const { takenAt, phoneCount, beginning } = archive;
  return { name, takenAt, seed: beginning?.seed ?? null, phoneCount, bytes };
}

const codeOf = {
  full: "store_full",
  not_writable: "store_unwritable",
  locked: "store_locked",
  io: "store_failed",
} as const;

/** A disk that doesn't do what it should is a refusal like others. */
async function translated<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof DiskError)) throw cause;
    throw new PippinError(codeOf[cause.code], "The disk did not take it, and nothing was changed.", {
      cause,
    });
  }
}
