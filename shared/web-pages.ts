/** A program for the browser as the pages it is served by: one shell for every path, its script, its style, its icon. */
import { Hono, type Context } from "hono";
import { bundleForBrowser, webFile, type WebFile } from "./live-web-bundle.ts";

export interface WebPages {
  /** The module that the program begins with. */
  readonly entry: URL;
  /** Where the pages are mounted: `/console`. Without a slash at its end; empty for the root. */
  readonly base: string;
  readonly title: string;
  /** Told to who has no script, in both languages. */
  readonly withoutScript: string;
}

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** A pippin. */
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#2f7d4f" d="M17 8c0-4 3-6 7-6 0 4-3 6-7 6z"/><circle cx="16" cy="19" r="11" fill="#c8402f"/><path d="M16 10V6" stroke="#5b3a1e" stroke-width="2" stroke-linecap="round"/><circle cx="12" cy="16" r="3" fill="#fff" fill-opacity=".35"/></svg>`;

/** Serves the files at `base`, and the shell at every other path below it. */
export function createWebPages({ entry, base, title, withoutScript }: WebPages): Hono {
  const app = new Hono();
  const iconFile = webFile("image/svg+xml", Buffer.from(icon));
  const files: Readonly<Record<string, () => WebFile>> = {
    "/app.js": () => bundleForBrowser(entry).script,
    "/app.css": () => bundleForBrowser(entry).style,
    "/icon.svg": () => iconFile,
  };
  for (const [path, file] of Object.entries(files))
    app.get(`${base}${path}`, (context) => sendFile(context, file()));
  const shell = (context: Context) => {
    const { script, style } = bundleForBrowser(entry);
    const at = (name: string, { version }: WebFile) => `${base}/${name}?v=${version}`;
    return context.body(
      `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${base}/icon.svg">
<link rel="stylesheet" href="${at("app.css", style)}">
<script type="module" src="${at("app.js", script)}"></script>
<body><div id="app"></div><noscript>${withoutScript}</noscript></body>
</html>
`,
      200,
      { ...pageHeaders, "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
    );
  };
  app.get(base === "" ? "/" : base, shell);
  app.get(`${base}/*`, shell);
  return app;
}

function sendFile(context: Context, file: WebFile): Response {
  const etag = `"${file.version}"`;
  const headers: Record<string, string> = {
    ...pageHeaders,
    "content-type": file.contentType,
    etag,
    vary: "accept-encoding",
    // Named by its content, it never changes; without the name it may, with the next version of the program.
    "cache-control":
      context.req.query("v") === file.version ? "private, max-age=31536000, immutable" : "no-cache",
  };
  if (context.req.header("if-none-match") === etag) return context.body(null, 304, headers);
  const accepted = context.req.header("accept-encoding") ?? "";
  for (const [encoding, bytes] of [
    ["br", file.brotli],
    ["gzip", file.gzip],
  ] as const)
    if (new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(?:\\.0*)?(?:,|$))`).test(accepted))
      return context.body(Buffer.from(bytes), 200, { ...headers, "content-encoding": encoding });
  return context.body(Buffer.from(file.plain), 200, headers);
}
