/** docs/library.md: the scenarios that come with Pippin, each with its story and with the bug that it is known to find. */
import { format, resolveConfig } from "prettier";
import { scenarioLibrary, storyLibrary } from "../../simulator/scenarios/library.ts";
import { doubles } from "../doubles/doubles.ts";

/** The page, as prettier would have it. */
export async function libraryPage(): Promise<string> {
  const stories = new Map(storyLibrary().map(({ name, story }) => [name, story]));
  const bugs = new Map(doubles.map((double) => [double.scenario, double]));
  const rows = scenarioLibrary().map(({ name, title }) => {
    const story = stories.get(name);
    const bug = bugs.get(name);
    const cells = [
      `\`${name}\``,
      title,
      story === undefined ? "" : `${story.symptom} (${story.source})`,
      bug === undefined ? "" : `${bug.bug} (\`${bug.file}\`)`,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  const page = [
    "# The library of scenarios",
    "",
    "`pippin run NAME` plays one of these. Most retell what went wrong for somebody with another product, and show what comes of it here.",
    "Each passes against this server, and each has been seen to fail: in its *double* one rule of the product has a bug, that of the last",
    "column, and the scenario finds it. `node test/doubles/play-doubles.mjs NAME` plays a double; the bugs are in",
    "`test/doubles/doubles.yaml`. A scenario without a double fails the tests, because one that can't fail shows nothing.",
    "",
    "| scenario | what it shows | the story, and who told it | fails when |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "`load` and `soak` take about half a minute as they are; the tests play them with a tenth of the phones.",
    "",
    "<!-- Made of the library and of the doubles by `npx vitest run test/docs/library.test.ts --update`. -->",
    "",
  ].join("\n");
  const config = await resolveConfig("docs/library.md");
  return await format(page, { ...config, parser: "markdown" });
}
