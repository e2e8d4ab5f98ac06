import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { languages, type Message, type Text } from "../../../shared/web/messages.ts";

const root = join(import.meta.dirname, "../../..");
const files = ["shared", "server", "agent"]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
  .filter((file) => file.includes("/web/"))
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));

/** What a person reads, or has read to them. */
const spokenAttributes = new Set(["aria-label", "aria-description", "alt", "title", "placeholder", "label"]);
const hasWords = (text: string) => /\p{L}{2}/u.test(text);

/** Texts that stand in the page's own source, in place of the catalogue. */
function looseTexts(file: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && hasWords(node.text)) found.push(node.text.trim());
    if (ts.isJsxAttribute(node) && spokenAttributes.has(node.name.getText()) && node.initializer) {
      const value = ts.isJsxExpression(node.initializer) ? node.initializer.expression : node.initializer;
      if (value && ts.isStringLiteralLike(value) && hasWords(value.text)) found.push(value.text);
    }
    if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent))
      found.push(...literalsShown(node.expression));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** Of `{condition ? "text" : other}` and the like. */
function literalsShown(expression: ts.Expression): string[] {
  if (ts.isStringLiteralLike(expression)) return hasWords(expression.text) ? [expression.text] : [];
  if (ts.isParenthesizedExpression(expression)) return literalsShown(expression.expression);
  if (ts.isConditionalExpression(expression))
    return [...literalsShown(expression.whenTrue), ...literalsShown(expression.whenFalse)];
  if (ts.isBinaryExpression(expression)) return literalsShown(expression.right);
  return [];
}

const formsOf = (text: Text) => (typeof text === "string" ? [text] : [text.one, text.other]);
const placesIn = (text: Text) =>
  [
    ...new Set(
      formsOf(text)
        .join(" ")
        .match(/\{\w+\}/g) ?? [],
    ),
  ].sort();

/** What is wrong with a message, in a sentence each. */
function faultsOf(name: string, message: Message): string[] {
  const faults: string[] = [];
  const [first = "en", ...others] = languages;
  for (const language of languages) {
    if (formsOf(message[language] ?? "").some((form) => form.trim() === ""))
      faults.push(`${name} has no ${language}`);
  }
  for (const other of others)
    if (placesIn(message[other]).join() !== placesIn(message[first]).join())
      faults.push(`${name} has other places in ${other} than in ${first}`);
  return faults;
}

const catalogues: { file: string; name: string; messages: Record<string, Message> }[] = [];
for (const { file, text } of files) {
  if (file === "shared/web/messages.ts" || !/= catalogue\(/.test(text)) continue;
  const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>;
  for (const [, name] of text.matchAll(/export const (\w+) = catalogue\(/g))
    catalogues.push({ file, name: name ?? "", messages: module[name ?? ""] as Record<string, Message> });
}

describe("what pages say", () => {
  it("stands in the catalogues alone", () => {
    expect(files.length).toBeGreaterThan(3);
    expect(files.flatMap(({ file, text }) => looseTexts(file, text).map((one) => `${file}: ${one}`))).toEqual(
      [],
    );
  });

  it("is there in every language, with the same places for values", () => {
    expect(catalogues.length).toBeGreaterThan(0);
    const faults = catalogues.flatMap(({ name, messages }) =>
      Object.entries(messages).flatMap(([key, message]) => faultsOf(`${name}.${key}`, message)),
    );
    expect(faults).toEqual([]);
  });

  it("has nothing that no page says", () => {
    const pages = files.map(({ text }) => text).join("\n");
    const unused = catalogues.flatMap(({ name, messages }) =>
      // A catalogue that is looked up by a value has all its messages in use.
      new RegExp(`\\b${name}\\[|[(:,] ?${name}\\b(?!\\.)`).test(pages)
        ? []
        : Object.keys(messages)
            .filter((key) => !new RegExp(`\\b${name}\\.${key}\\b`).test(pages))
            .map((key) => `${name}.${key}`),
    );
    expect(unused).toEqual([]);
  });
});

describe("the check itself", () => {
  it.each([
    ["<p>{say(m.hello)}</p>", []],
    ["<p>Hello</p>", ["Hello"]],
    ["<p>{ready ? 'Ready' : say(m.not)}</p>", ["Ready"]],
    ["<p>{ready && 'Ready'}</p>", ["Ready"]],
    ['<input placeholder="Name" class="wide" />', ["Name"]],
    ["<p>{count} · {total} %</p>", []],
  ])("finds what is loose in %s", (text, found) => {
    expect(looseTexts("page.tsx", `const page = ${text};`)).toEqual(found);
  });

  it.each<[string, Message, number]>([
    ["a whole one", { en: "{n} phones", it: "{n} telefoni" }, 0],
    ["an empty one", { en: "Phones", it: " " }, 1],
    ["another place", { en: "{n} of {all}", it: "{n} di {tutti}" }, 1],
    ["a form that is empty", { en: { one: "{n} phone", other: "" }, it: { one: "{n}", other: "{n}" } }, 1],
  ])("judges %s", (_what, message, count) => {
    expect(faultsOf("some", message)).toHaveLength(count);
  });
});
