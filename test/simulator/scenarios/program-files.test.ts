import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLiveWorld } from "../../../shared/live-world.ts";
import { findScenario } from "../../../simulator/scenarios/library.ts";

describe("a scenario that a program makes", () => {
  let folder = "";
  const { disk } = createLiveWorld();
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pippin-scenarios-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  it("is what the file exports by default", async () => {
    const path = file("good.mjs", 'export default { name: "good", title: "a good one", run() {} };');
    expect(await findScenario(path, disk)).toMatchObject({ name: "good", title: "a good one" });
  });

  it.each([
    ["nothing", "export const scenario = 1;", "expected `export default defineScenario({ … })`"],
    ["something else", "export default { name: 1 };", "expected `export default defineScenario({ … })`"],
    ["a mistake of its own", 'throw new TypeError("of its own");', "TypeError: of its own"],
    ["no module that there is", 'import "./nowhere.mjs";', "nowhere.mjs"],
  ])("is refused with its file's name when that has %s", async (what, text, message) => {
    const path = file(`${what.replaceAll(" ", "-")}.mjs`, text);
    const refusal = findScenario(path, disk);
    await expect(refusal).rejects.toMatchObject({ code: "invalid_scenario" });
    await expect(refusal).rejects.toThrow(path);
    await expect(refusal).rejects.toThrow(message);
  });

  it("must be there", async () => {
    await expect(findScenario(join(folder, "none.ts"), disk)).rejects.toMatchObject({
      code: "unknown_scenario",
    });
  });
});
