import { readdirSync, readFileSync } from "node:fs";

/** The text of a file that is shipped with the program: part of the code, not of the world's disk. */
export function readAsset(name: string): string {
  return readFileSync(new URL(`./data/${name}`, import.meta.url), "utf8");
}

const stories = new URL("./scenarios/stories/", import.meta.url);

/** The scenarios that are shipped as files, in alphabetical order. */
export function storyFiles(): string[] {
  return readdirSync(stories)
    .filter((name) => name.endsWith(".yaml"))
    .sort();
}

export function readStory(fileName: string): string {
  return readFileSync(new URL(fileName, stories), "utf8");
}

/** A part of the page that reports are written as: its style, or its script. */
export function readReportPart(name: string): string {
  return readFileSync(new URL(`./reports/page/${name}`, import.meta.url), "utf8");
}
