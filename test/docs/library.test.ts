import { describe, expect, it } from "vitest";
import { storyLibrary } from "../../simulator/scenarios/library.ts";
import { libraryPage } from "./library-page.ts";

/** These retell nobody's story. */
const withoutStory = ["chaos", "load", "smoke", "soak"];

describe("docs/library.md", () => {
  it("is what the library and the doubles say", async () => {
    await expect(await libraryPage()).toMatchFileSnapshot("../../docs/library.md");
  });

  it("leaves no story without its source", () => {
    const silent = storyLibrary().filter(({ story }) => story === undefined);
    expect(silent.map(({ name }) => name)).toEqual(withoutStory);
  });
});
