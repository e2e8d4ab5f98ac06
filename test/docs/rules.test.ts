import { describe, expect, it } from "vitest";
import { readProofs, rulesPage } from "./rules-page.ts";
import { rules } from "./rules.ts";

const proofs = readProofs();

describe("docs/rules.md", () => {
  it("is what the tests say of themselves", async () => {
    await expect(await rulesPage(proofs)).toMatchFileSnapshot("../../docs/rules.md");
  });

  it("has forty-five rules, and no test claims another", () => {
    expect(Object.keys(rules)).toEqual(Array.from({ length: 45 }, (_rule, index) => `R${index + 1}`));
    expect([...proofs.keys()].filter((rule) => !(rule in rules))).toEqual([]);
  });

  it.each(Object.keys(rules))("leaves %s not without a test", (rule) => {
    expect(proofs.get(rule)).not.toEqual([]);
  });
});
