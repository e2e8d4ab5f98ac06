// Plays the doubles of the scenarios that are named, one after the other, and prints a line of JSON about each. By hand:
// node test/doubles/play-doubles.mjs seats-run-out
// With `~unchanged` behind the name the rule is put in as it was.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { parse } from "yaml";
import { dependentsIn } from "./dependents.mjs";

const root = new URL("../../", import.meta.url);
const dependentsOf = dependentsIn(root);
const doubles = parse(readFileSync(new URL("doubles.yaml", import.meta.url), "utf8"));
const rules = doubles.flatMap(({ scenario, file, replace, by }) => {
  const url = new URL(file, root).href;
  const rule = { file: url, replace, dependents: dependentsOf(url) };
  // The second shows that it is the bug which makes the scenario fail, not the way it is brought in.
  return [
    [scenario, { ...rule, by }],
    [`${scenario}~unchanged`, { ...rule, by: replace }],
  ];
});
// Before tsx, which then asks these for the text.
register("./hooks.mjs", import.meta.url, { data: rules });
await import("../../simulator/typescript.mjs");

const { playDouble } = await import("./play-doubles.ts");
for (const double of process.argv.slice(2)) {
  process.stdout.write(`${JSON.stringify(await playDouble(double))}\n`);
}
