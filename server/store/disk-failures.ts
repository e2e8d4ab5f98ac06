/** What a disk's trouble means for the store. */
import { PippinError } from "../../shared/errors.ts";
import { DiskError } from "../../shared/world.ts";

/** When to try again what a full disk refused, in seconds. */
const retryAfterSeconds = 10;

/** The disk said no, and may say yes later. Anything else says that the disk, or the program, can't be relied upon. */
export function isPassing(cause: unknown): boolean {
  return cause instanceof DiskError && (cause.code === "full" || cause.code === "not_writable");
}

/** What a disk says when it refused something and did it all the same. */
export function unreliable(cause: unknown): DiskError {
  return new DiskError("io", "The disk did not do what was asked, nor leave it.", { cause });
}

/** Why a write came to nothing: `store_full`, `store_unwritable` or, for good, `store_failed`. */
export function writeFailure(cause: unknown): PippinError {
  const code = cause instanceof DiskError ? cause.code : "io";
  if (code === "full") {
    return new PippinError(
      "store_full",
      "The server's disk is full: this was not stored. What was stored before can be read; storing goes on when there is space.",
      { cause, details: { retryAfterSeconds } },
    );
  }
  if (code === "not_writable") {
    return new PippinError(
      "store_unwritable",
      "The server's disk can't be written to: this was not stored. What was stored before can be read.",
      { cause, details: { retryAfterSeconds } },
    );
  }
  return new PippinError(
    "store_failed",
    "The server's disk failed: this was not stored, and nothing more is until the server is started again. What was stored before can be read.",
    { cause },
  );
}

/** Why a checkpoint was not written. */
export function checkpointFailure(cause: unknown): PippinError {
  return new PippinError(
    writeFailure(cause).code,
    "The server's disk did not take a checkpoint. Nothing is lost by that: the journal holds everything.",
    { cause },
  );
}

/** Why a data folder can't be opened: `store_locked`, `store_unwritable`, `store_full`, `store_failed`. */
export function openingFailure(error: DiskError, directory: string): PippinError {
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
      return new PippinError(
        "store_full",
        `The disk of the data folder ${directory} is full. Make some space, then start again.`,
        { cause: error },
      );
    case "io":
      return new PippinError(
        "store_failed",
        `The disk failed while the data folder ${directory} was opened.`,
        { cause: error },
      );
  }
}
