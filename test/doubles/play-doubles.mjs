// Plays the doubles of the scenarios that are named, one after the other, and prints a line of JSON about each. By hand:
// node test/doubles/play-doubles.mjs seats-run-out
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { parse } from "yaml";
import { dependentsIn } from "./dependents.mjs";

const root = new URL("../../", import.meta.url);
const dependentsOf = dependentsIn(root);
const doubles = parse(readFileSync(new URL("doubles.yaml", import.meta.url), "utf8"));
const rules = doubles.map(({ scenario, file, replace, by }) => {
  const url = new URL(file, root).href;
  return [scenario, { file: url, replace, by, dependents: dependentsOf(url) }];
});
// Before tsx, which then asks these for the text.
register("./hooks.mjs", import.meta.url, { data: rules });
await import("../../simulator/typescript.mjs");

const { playDouble } = await import("./play-doubles.ts");
for (const scenario of process.argv.slice(2)) {
  process.stdout.write(`${JSON.stringify(await playDouble(scenario))}\n`);
}
