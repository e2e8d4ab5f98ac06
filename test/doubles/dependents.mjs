// Which modules of the project would be others if one of them were: those that import it, and those that import these.
import { readdirSync, readFileSync } from "node:fs";

const folders = ["shared", "server", "agent", "simulator"];
/** Types leave nothing to import at run time. */
const imported = /^(?:import|export)(?! type)[^;]*?from "(\.[^"]+)"|import\("(\.[^"]+)"\)/gm;

/** By URL, the modules that import the one of that URL. */
function importersIn(root) {
  const importers = new Map();
  for (const folder of folders) {
    const files = readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: "utf8" });
    for (const file of files.filter((name) => name.endsWith(".ts"))) {
      const url = new URL(`${folder}/${file.replaceAll("\\", "/")}`, root);
      for (const [, from, within] of readFileSync(url, "utf8").matchAll(imported)) {
        const target = new URL(from ?? within, url).href;
        importers.set(target, [...(importers.get(target) ?? []), url.href]);
      }
    }
  }
  return importers;
}

/** Answers with a function that tells the URLs for one URL, itself among them. */
export function dependentsIn(root) {
  const importers = importersIn(root);
  return (url) => {
    const found = new Set([url]);
    for (const one of found) for (const importer of importers.get(one) ?? []) found.add(importer);
    return [...found];
  };
}
