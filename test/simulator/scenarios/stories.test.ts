import { describe, expect, it } from "vitest";
import { runVirtual } from "../../../simulator/lab.ts";
import { storyLibrary } from "../../../simulator/scenarios/library.ts";
import { play } from "../../../simulator/scenarios/play.ts";

const seeds = ["1"];

describe.each(storyLibrary().map((file) => [file.name, file] as const))("the story %s", (_, file) => {
  it.each(seeds)("passes with seed %s", async (seed) => {
    const options = { seed, progress: () => undefined, keepsWire: false };
    const { failures } = await runVirtual(options, (lab) => play(lab, file));
    expect(failures).toEqual([]);
  });
});
