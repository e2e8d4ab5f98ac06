import { expect, it } from "vitest";
import { problems } from "../../shared/errors.ts";
import { problemMeanings } from "../../shared/problem-meanings.ts";
import { errorsPage } from "./errors-page.ts";

it("docs/errors.md is what the code says", async () => {
  await expect(await errorsPage()).toMatchFileSnapshot("../../docs/errors.md");
});

it("every code has a sentence that says what it means", () => {
  expect(Object.keys(problemMeanings)).toEqual(Object.keys(problems));
  for (const [code, meaning] of Object.entries(problemMeanings))
    expect(meaning, code).toMatch(/^[A-Z].{15,}\.$/);
});
