/** The admin console: pages that ask the same API as everybody else, with a session in place of a key. */
import type { Hono } from "hono";
import { createWebPages } from "../../shared/web-pages.ts";

export function createConsole(): Hono {
  return createWebPages({
    entry: new URL("./web/main.tsx", import.meta.url),
    base: "/console",
    title: "Pippin",
    withoutScript: "This page needs JavaScript. Questa pagina richiede JavaScript.",
  });
}
