import { describe, expect, it } from "vitest";
import { Catalogue, defaultCatalogue, parseCatalogue } from "../../../simulator/apple/catalogue.ts";

describe("the catalogue", () => {
  it("holds two dozen real apps, most of which may go to devices", () => {
    const items = defaultCatalogue();
    expect(items).toHaveLength(24);
    expect(items.find(({ name }) => name === "Slack")).toMatchObject({
      adamId: "618783545",
      bundleId: "com.tinyspeck.chatlyio",
    });
    expect(items.every(({ productTypeId }) => productTypeId === 8)).toBe(true);
    const forUsersAlone = items.filter(({ deviceAssignable }) => !deviceAssignable);
    expect(forUsersAlone.map(({ name }) => name)).toEqual(["OmniFocus", "Duolingo"]);
  });

  const [item] = defaultCatalogue();
  it.each([
    ["a number for an adamId", [{ ...item, adamId: 1 }]],
    ["a missing field", [{ ...item, bytes: undefined }]],
    ["an unknown field", [{ ...item, stars: 5 }]],
    ["the same item twice", [item, item]],
    ["no list", { items: [] }],
  ])("with %s is refused", (_what, content) => {
    expect(() => parseCatalogue(content)).toThrow(expect.objectContaining({ name: "PippinError" }) as Error);
    expect(parseCatalogue([item])).toEqual([item]);
  });

  it("stops at ten thousand items", () => {
    const filled = new Catalogue([]);
    const add = (index: number): void => {
      if (item) filled.add({ ...item, adamId: String(index), bundleId: `b${index}` });
    };
    for (let index = 1; index <= 10_000; index += 1) add(index);
    expect(() => add(10_001)).toThrow("at most 10000");
  });
});
