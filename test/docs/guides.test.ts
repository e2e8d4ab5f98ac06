import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examplesOf, ExampleShell } from "./shell-examples.ts";

describe.each([
  ["api.md", await examplesOf("api.md")],
  ["apple.md", await examplesOf("apple.md")],
])("the examples of docs/%s", (_page, examples) => {
  let shell: ExampleShell;
  beforeAll(async () => {
    shell = await ExampleShell.open();
  });
  afterAll(() => shell.close());

  it("are there", () => {
    expect(examples.length).toBeGreaterThan(7);
  });

  it.each(examples)("work, one after the other: $heading", async ({ script }) => {
    const { code, output } = await shell.run(script);
    expect(code, output).toBe(0);
  });

  it("would fail if a route were wrong", async () => {
    const wrong = 'curl -fsS -H "Authorization: Bearer $KEY" $SERVER/api/v1/nothing';
    expect((await shell.run(wrong)).code).not.toBe(0);
  });
});
