import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Who may import from whom. Server and agent meet over the wire alone. */
const mayImport: Record<string, readonly string[]> = {
  shared: ["shared"],
  server: ["server", "shared"],
  agent: ["agent", "shared"],
  simulator: ["simulator", "agent", "shared"],
};

/** The one file that starts a whole lab, server included, in one process. */
const labFile = "simulator/lab.ts";

/** Modules through which a program reaches the machine past its World. */
const outsideModules = new Set([
  ...["fs", "fs/promises", "http", "https", "http2", "net", "tls", "dgram", "dns", "dns/promises"],
  ...["timers", "timers/promises", "child_process", "worker_threads", "cluster"],
  ...["ws", "@hono/node-server", "lowdb/node", "esbuild"],
]);

/** Calls through which time, chance and the network get past the World. */
const outsideCalls = [
  /^(?:Date|performance)\.now$/,
  /^Math\.random$/,
  /^AbortSignal\.timeout$/,
  /^(?:globalThis\.)?(?:setTimeout|setInterval|setImmediate|fetch)$/,
  /^(?:(?:crypto|webcrypto|globalThis)\.)+(?:random\w+|getRandomValues)$/,
  /^(?:crypto\.|webcrypto\.|globalThis\.)*subtle\./,
  /^(?:\w+\.)*random\.getBytes(?:Sync)?$/,
];

/** What outside modules hold that needs no World: nothing but data. */
const harmlessNames = new Set(["node:http#STATUS_CODES"]);

/** Chance by a name imported from `node:crypto`. A parameter of that name is fine. */
const isCryptoChance = (name: string) =>
  /^node:crypto#(?:random\w+|getRandomValues|generateKeyPair\w*)$/.test(name);

const isLiveWorld = (file: string) => /^shared\/live-[^/]+\.ts$/.test(file);

/** Programs for the browser lie in folders of this name; they live in no World. */
const isForBrowser = (file: string) => file.includes("/web/");

/** Packages that a program for the browser may be made of. */
const browserPackages = new Set(["preact", "preact/hooks", "uplot", "uplot/dist/uPlot.min.css", "uqr"]);

/** What a file may use all the same, and why. */
const exceptions: Record<string, { readonly uses: readonly string[]; readonly because: string }> = {
  "simulator/assets.ts": {
    uses: ["node:fs#readFileSync", "node:fs#readdirSync"],
    because: "files that are shipped with the program are part of its code, not of the world's disk",
  },
  "simulator/virtual/scheduler.ts": {
    uses: ["setImmediate"],
    because: "the turn of the event loop between two events is how all promise callbacks get to run",
  },
};

interface SourceFile {
  readonly file: string;
  readonly imports: readonly string[];
  /** What is imported for use at run time, as `module#name`; the name is `*` for all of it. */
  readonly names: readonly string[];
  /** Calls by the text of what is called, and `new Date()` without an argument. */
  readonly calls: readonly string[];
}

function sourceFilesOf(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort()
    .map((file) => readSource(file, readFileSync(join(root, file), "utf8")));
}

function readSource(file: string, text: string): SourceFile {
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const names: string[] = [];
  const calls: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) names.push(...namesOf(node));
    if (ts.isCallExpression(node)) {
      const [argument] = node.arguments;
      if (node.expression.kind !== ts.SyntaxKind.ImportKeyword) calls.push(calledName(node.expression));
      else if (argument && ts.isStringLiteral(argument)) names.push(`${argument.text}#*`);
    }
    if (ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length) {
      calls.push("new Date()");
    }
    ts.forEachChild(node, visit);
  };
  visit(
    ts.createSourceFile(
      file,
      text,
      ts.ScriptTarget.Latest,
      true,
      file.endsWith("x") ? ts.ScriptKind.TSX : undefined,
    ),
  );
  return { file, imports, names, calls };
}

function namesOf(node: ts.ImportDeclaration | ts.ExportDeclaration): string[] {
  const { moduleSpecifier } = node;
  if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier)) return [];
  const clause = ts.isImportDeclaration(node) ? node.importClause : node.exportClause;
  if (ts.isImportDeclaration(node) ? node.importClause?.isTypeOnly : node.isTypeOnly) return [];
  const named = clause && ts.isImportClause(clause) ? clause.namedBindings : clause;
  if (named && (ts.isNamedImports(named) || ts.isNamedExports(named))) {
    const elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[] = named.elements;
    return elements
      .filter(({ isTypeOnly }) => !isTypeOnly)
      .map(({ name, propertyName }) => `${moduleSpecifier.text}#${(propertyName ?? name).text}`);
  }
  return [`${moduleSpecifier.text}#*`];
}

function calledName(expression: ts.Expression): string {
  return expression.getText().replace(/\?\.|\s/g, (match) => (match === "?." ? "." : ""));
}

/** The top folder that a relative import leads to; undefined for a package. */
function folderOf(file: string, imported: string): string | undefined {
  if (!imported.startsWith(".")) return undefined;
  return posix.join(posix.dirname(file), imported).split("/")[0];
}

function wrongImports({ file, imports }: SourceFile): string[] {
  const folder = file.split("/")[0] ?? "";
  const allowed = [...(mayImport[folder] ?? []), ...(file === labFile ? ["server"] : [])];
  return imports.filter((imported) => {
    const target = folderOf(file, imported);
    return target !== undefined && !allowed.includes(target);
  });
}

/** What a browser would not get: anything of ours that is not made for it, but for types; other packages. */
function notForBrowser({ file, names }: SourceFile): string[] {
  if (!isForBrowser(file)) return [];
  return names.filter((name) => {
    const module = name.replace(/#.*/, "");
    if (!module.startsWith(".")) return !browserPackages.has(module);
    const target = posix.join(posix.dirname(file), module);
    return (
      !isForBrowser(target) ||
      !(mayImport[file.split("/")[0] ?? ""] ?? []).includes(target.split("/")[0] ?? "")
    );
  });
}

function isOutsideName(name: string): boolean {
  const module = name.replace(/^node:/, "").replace(/#.*/, "");
  return isCryptoChance(name) || (outsideModules.has(module) && !harmlessNames.has(name));
}

function pastTheWorld({ file, names, calls }: SourceFile): string[] {
  if (isLiveWorld(file) || isForBrowser(file)) return [];
  const used = calls.filter(
    (call) => call === "new Date()" || outsideCalls.some((outside) => outside.test(call)),
  );
  const excused = exceptions[file]?.uses ?? [];
  return [...names.filter(isOutsideName), ...used].filter((use) => !excused.includes(use));
}

const folders = Object.keys(mayImport);
const sources = folders.flatMap(sourceFilesOf);

describe("the source tree", () => {
  it.each(folders)("%s imports only what it may", (folder) => {
    const files = sources.filter(({ file }) => file.startsWith(`${folder}/`));
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((source) => wrongImports(source).map((what) => `${source.file}: ${what}`))).toEqual(
      [],
    );
  });

  it.each(folders)("%s reaches clock, chance, network and disk through the World alone", (folder) => {
    const files = sources.filter(({ file }) => file.startsWith(`${folder}/`));
    expect(files.flatMap((source) => pastTheWorld(source).map((what) => `${source.file}: ${what}`))).toEqual(
      [],
    );
  });

  it("gives the browser nothing that isn't made for it", () => {
    const files = sources.filter(({ file }) => isForBrowser(file));
    expect(files.length).toBeGreaterThan(3);
    expect(files.flatMap((source) => notForBrowser(source).map((what) => `${source.file}: ${what}`))).toEqual(
      [],
    );
  });

  it.each(Object.entries(exceptions))("%s still needs its exception", (file, { uses }) => {
    const source = sources.find((candidate) => candidate.file === file);
    for (const use of uses) expect([...(source?.names ?? []), ...(source?.calls ?? [])]).toContain(use);
  });
});

describe("the check itself", () => {
  it.each([
    ['import type { App } from "../../api/app-routes.ts";', []],
    ['import { appRoutes } from "../../api/app-routes.ts";', ["../../api/app-routes.ts#appRoutes"]],
    ['import { Sheet } from "../../../shared/web/sheet.tsx";', []],
    ['import { PippinError } from "../../../shared/errors.ts";', ["../../../shared/errors.ts#PippinError"]],
    ['import { x } from "../../../agent/screen/web/x.ts";', ["../../../agent/screen/web/x.ts#x"]],
    ['import { render } from "preact"; import { z } from "zod";', ["zod#z"]],
    ['import "./page.css";', []],
  ])("judges for the browser: %s", (text, found) => {
    expect(notForBrowser(readSource("server/console/web/some.tsx", text))).toEqual(found);
  });

  it.each([
    ["server/a/b.ts", 'import { Phone } from "../../agent/phone.ts";', ["../../agent/phone.ts"]],
    ["server/a.ts", 'import type { World } from "../shared/world.ts";', []],
    ["agent/a.ts", 'export * from "../simulator/x.ts";', ["../simulator/x.ts"]],
    ["shared/a.ts", 'const x = await import("../server/x.ts");', ["../server/x.ts"]],
    ["simulator/fleet/a.ts", 'import { x } from "../../server/x.ts";', ["../../server/x.ts"]],
    ["simulator/lab.ts", 'import { x } from "../server/x.ts";', []],
    ["agent/a.ts", '// import { x } from "../server/x.ts";\nimport { z } from "zod";', []],
  ])("judges the imports of %s: %s", (file, text, wrong) => {
    expect(wrongImports(readSource(file, text))).toEqual(wrong);
  });

  it.each([
    ['import { readFile } from "node:fs/promises";', ["node:fs/promises#readFile"]],
    ['import * as net from "node:net";', ["node:net#*"]],
    ['import { WebSocket } from "ws";', ["ws#WebSocket"]],
    ['import type { Socket } from "node:net"; import { type Server, STATUS_CODES } from "node:http";', []],
    ['const { readFile } = await import("node:fs/promises");', ["node:fs/promises#*"]],
    ['import { createHash, randomBytes as bytes } from "node:crypto";', ["node:crypto#randomBytes"]],
    ['import { createHash } from "node:crypto"; createHash("sha256");', []],
    ["const now = Date.now();", ["Date.now"]],
    ["const now = new Date();", ["new Date()"]],
    ["const then = new Date(0);", []],
    ["setTimeout(() => undefined, 1);", ["setTimeout"]],
    ["globalThis.setTimeout(() => undefined, 1);", ["globalThis.setTimeout"]],
    ["void fetch('http://127.0.0.1/');", ["fetch"]],
    ["app.fetch(request);", []],
    ["crypto.randomUUID(); Math.random();", ["crypto.randomUUID", "Math.random"]],
    ["world.randomBytes(4); this.#world.random(); randomBytes(4);", []],
    ["await crypto.subtle.digest('SHA-256', bytes);", ["crypto.subtle.digest"]],
    ["forge.random.getBytesSync(16);", ["forge.random.getBytesSync"]],
    ["// Date.now() and setTimeout() are named here only.", []],
  ])("judges what is used in: %s", (text, found) => {
    expect(pastTheWorld(readSource("server/some.ts", text))).toEqual(found);
    expect(pastTheWorld(readSource("shared/live-some.ts", text))).toEqual([]);
  });
});
