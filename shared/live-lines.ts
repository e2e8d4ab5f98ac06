import { createReadStream } from "node:fs";
import { diskErrorFrom, systemCodeOf } from "./live-errors.ts";
import { DiskError } from "./world.ts";

/** A longer line is nothing that one of our programs wrote. */
const lineBytesMax = 64 * 1024 * 1024;

/**
 * The lines of a file, without their ends, a handful at a time, so that a file of any length takes little memory. Answers undefined
 * when there is no such file. Throws DiskError.
 */
export async function openLines(path: string): Promise<AsyncIterable<readonly string[]> | undefined> {
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: 256 * 1024 });
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once("open", () => resolve());
      stream.once("error", reject);
    });
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw diskErrorFrom(error, `reading ${path}`);
  }
  return linesOf(stream, path);
}

async function* linesOf(stream: AsyncIterable<string>, path: string): AsyncGenerator<readonly string[]> {
  let rest = "";
  try {
    for await (const piece of stream) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > lineBytesMax) throw new DiskError("io", `${path} has a line that is too long.`);
      yield lines;
    }
  } catch (error) {
    throw diskErrorFrom(error, `reading ${path}`);
  }
  if (rest !== "") yield [rest];
}
