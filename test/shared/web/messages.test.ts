import { describe, expect, it } from "vitest";
import { chooseLanguage, say } from "../../../shared/web/messages.ts";

const phones = {
  en: { one: "{n} phone of {owner}", other: "{n} phones of {owner}" },
  it: { one: "{n} telefono di {owner}", other: "{n} telefoni di {owner}" },
};

describe("a message", () => {
  it.each([
    ["en", 1, "1 phone of Anna"],
    ["en", 12_345, "12,345 phones of Anna"],
    ["it", 1, "1 telefono di Anna"],
    ["it", 12_345, "12.345 telefoni di Anna"],
  ] as const)("is said in %s for %d", (language, n, said) => {
    expect(say(language, phones, { n, owner: "Anna" })).toBe(said);
  });

  it("shows which value is missing", () => {
    expect(say("en", { en: "Hello {name}", it: "Ciao {name}" })).toBe("Hello {name}");
  });
});

it.each([
  [["it-IT", "en"], "it"],
  [["fr", "IT"], "it"],
  [["fr-FR"], "en"],
  [["en-GB", "it"], "en"],
  [[], "en"],
] as const)("chooses of %j the language %s", (wanted, chosen) => {
  expect(chooseLanguage(wanted)).toBe(chosen);
});
