import { readFileSync } from "node:fs";

/** The text of a file that is shipped with the program: part of the code, not of the world's disk. */
export function readAsset(name: string): string {
  return readFileSync(new URL(`./data/${name}`, import.meta.url), "utf8");
}
