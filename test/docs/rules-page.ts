/** docs/rules.md: which test proves which rule. It is read off the names of the tests. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { format, resolveConfig } from "prettier";
import { rules } from "./rules.ts";

const root = join(import.meta.dirname, "..", "..");

export interface Proof {
  /** From the root of the project. */
  readonly file: string;
  readonly name: string;
}

/** A name in quotes that begins with rules: `R5, R41: …`. */
const namePattern = /(["'`])((R\d+(?:, R\d+)*): (?:(?!\1|\n).)+)\1/g;

/** By rule, every test whose name says that it proves it, in the order of files and lines. Unknown rules are among them. */
export function readProofs(): Map<string, Proof[]> {
  const proofs = new Map<string, Proof[]>(Object.keys(rules).map((rule) => [rule, []]));
  for (const path of testFiles(join(root, "test"))) {
    for (const [, , name = "", list = ""] of readFileSync(path, "utf8").matchAll(namePattern)) {
      for (const rule of list.split(", ")) {
        const found = proofs.get(rule) ?? [];
        proofs.set(rule, [...found, { file: relative(root, path), name: name.slice(list.length + 2) }]);
      }
    }
  }
  return proofs;
}

/** The page, as prettier would have it. */
export async function rulesPage(proofs: ReadonlyMap<string, readonly Proof[]>): Promise<string> {
  const sections = Object.entries(rules).map(([rule, sentence]) => {
    const lines = (proofs.get(rule) ?? []).map(({ file, name }) => `- ${escaped(name)} (\`${file}\`)`);
    return [`## ${rule}`, "", sentence, "", ...lines, ""].join("\n");
  });
  const page = [
    "# Rules and their tests",
    "",
    "Pippin's behaviour comes from an article of 2016 on apps bought through Apple's Volume Purchase Program. These are its rules, each with",
    "the tests that fail when it doesn't hold.",
    "",
    ...sections,
    "<!-- Made of the names of the tests by `npx vitest run test/docs/rules.test.ts --update`. -->",
    "",
  ].join("\n");
  const config = await resolveConfig("docs/rules.md");
  return await format(page, { ...config, parser: "markdown" });
}

/** Names of table tests have placeholders and other signs that Markdown would take for its own. */
function escaped(name: string): string {
  return name.replace(/[\\`*_{}[\]<>#|]/g, "\\$&");
}

function testFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => join(directory, name));
}
