/** The trace: every event of a run, one JSON object a line, in order. */
import { PippinError } from "../shared/errors.ts";
import type { Recorder } from "../shared/trace.ts";
import { DiskError, type Disk } from "../shared/world.ts";

const flushBytes = 256 * 1024;

export interface TraceFile {
  /** Resolves when everything recorded so far is on disk. Throws PippinError store_unwritable when it could not be written. */
  close(): Promise<void>;
}

/** Replaces what is there. Throws PippinError store_unwritable. */
export async function openTraceFile(disk: Disk, path: string, recorder: Recorder): Promise<TraceFile> {
  const file = await disk.openAppend(path).catch((cause: unknown) => unwritable(path, cause));
  await file.truncate(0).catch((cause: unknown) => unwritable(path, cause));
  let waiting = "";
  let failure: unknown;
  let writing: Promise<void> = Promise.resolve();
  function flush(): void {
    const lines = waiting;
    waiting = "";
    if (lines === "") return;
    writing = writing.then(async () => {
      if (failure === undefined) await file.append(lines);
    });
    writing = writing.catch((error: unknown) => {
      failure ??= error;
    });
  }
  const unsubscribe = recorder.subscribe((event) => {
    waiting += `${JSON.stringify(event)}\n`;
    if (waiting.length > flushBytes) flush();
  });
  return {
    async close() {
      unsubscribe();
      flush();
      await writing;
      await file.close();
      if (failure !== undefined) unwritable(path, failure);
    },
  };
}

function unwritable(path: string, cause: unknown): never {
  const why = cause instanceof DiskError ? ` (${cause.code})` : "";
  throw new PippinError("store_unwritable", `The trace can't be written to ${path}${why}.`, { cause });
}
