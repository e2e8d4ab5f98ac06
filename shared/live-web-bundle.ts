/** Programs for the browser, made of the TypeScript that is shipped: there is no build that could be forgotten. */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** A file as it goes out, in every form that a browser may ask for. */
export interface WebFile {
  readonly contentType: string;
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array;
  readonly brotli: Uint8Array;
  /** Of the content: another file, another version. */
  readonly version: string;
}

export interface WebBundle {
  readonly script: WebFile;
  readonly style: WebFile;
}

const bundles = new Map<string, WebBundle>();
/** Loaded with the first browser: most servers of a test have none, and start the sooner. */
const load = createRequire(import.meta.url);

/**
 * The program that begins with this module, and the styles it imports. Made once in a process, in some tens of milliseconds, by the
 * first who asks.
 */
export function bundleForBrowser(entry: URL): WebBundle {
  const made = bundles.get(entry.href);
  if (made) return made;
  const { buildSync } = load("esbuild") as typeof import("esbuild");
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    outdir: "out",
    write: false,
    logLevel: "silent",
  });
  const find = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.contents;
  const bundle = {
    script: webFile("text/javascript; charset=utf-8", find(".js") ?? new Uint8Array()),
    style: webFile("text/css; charset=utf-8", find(".css") ?? new Uint8Array()),
  };
  bundles.set(entry.href, bundle);
  return bundle;
}

export function webFile(contentType: string, plain: Uint8Array): WebFile {
  return {
    contentType,
    plain,
    gzip: gzipSync(plain),
    // The utmost would take half a second, in which the server does nothing else, for a few percent.
    brotli: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
    version: createHash("sha256").update(plain).digest("base64url").slice(0, 16),
  };
}
