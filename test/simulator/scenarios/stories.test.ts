import { describe, expect, it } from "vitest";
import { storyFiles } from "../../../simulator/assets.ts";
import { storyText } from "../../support/small-story.ts";
import { playText } from "./play-text.ts";

const seeds = ["1"];

describe.each(storyFiles().map((file) => file.replace(/\.yaml$/, "")))("the story %s", (name) => {
  it.each(seeds)("passes with seed %s", async (seed) => {
    const { summary } = await playText(storyText(name), seed);
    expect(summary.failures).toEqual([]);
  });
});
