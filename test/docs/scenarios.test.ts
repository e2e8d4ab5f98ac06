import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { metrics } from "../../simulator/scenarios/metrics.ts";
import { readScenario } from "../../simulator/scenarios/read-scenario.ts";
import { scenarioLanguage } from "../../simulator/scenarios/scenario-file.ts";
import { playText } from "../simulator/scenarios/play-text.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "scenarios.md"), "utf8");
const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";

describe("docs/scenarios.md", () => {
  const { verbs, expectations } = scenarioLanguage();

  it.each(verbs)("describes the step %s", (verb) => {
    expect(page).toMatch(new RegExp(`^\\|.*\\|.*\`${verb}\`.*\\|`, "m"));
  });

  it.each(expectations)("describes the expectation %s", (name) => {
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` `, "m"));
  });

  it.each([...metrics.keys()])("describes the metric %s", (name) => {
    const written = /\.(?:p\d\d|max)$/.test(name) ? name.split(".")[0] : name;
    expect(page).toMatch(new RegExp(`^\\|.*\`${written ?? ""}\`.*\\|`, "m"));
  });

  it("has an example that is played as it stands", async () => {
    expect(readScenario(example, "example").name).toBe("late-licence");
    const { summary } = await playText(example);
    expect(summary.failures).toEqual([]);
    expect(summary.apps).toMatchObject([{ name: "Pages", total: 4, used: 4 }]);
  });
});
