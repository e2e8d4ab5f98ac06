/** Who may look at the screen and touch it: whoever came by the printed link, from this page, to this machine by its own name. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { PippinError } from "../../shared/errors.ts";
import { pageHeaders } from "../../shared/web-pages.ts";

/** What a page of ours sends with every act: a form on another site can't. */
export const actHeader = "x-pippin-screen";
export const screenRoot = "/screen/v1";

const addressForm = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\]|localhost)(?::\d{1,5})?$/i;

export interface EntryGuard {
  /** For every request. */
  readonly host: MiddlewareHandler;
  readonly entry: MiddlewareHandler;
  /** For requests below `screenRoot`. */
  readonly origin: MiddlewareHandler;
}

export function createEntryGuard({ key, host }: { key: string; host: string }): EntryGuard {
  // Cookies don't know ports: every screen of this machine has a name of its own.
  const cookieName = `pippin-screen-${digest(`name ${key}`).toString("hex").slice(0, 12)}`;
  const cookieValue = digest(`cookie ${key}`).toString("base64url");
  const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

  function enter(context: Context): Response {
    setCookie(context, cookieName, cookieValue, { httpOnly: true, sameSite: "Strict", path: "/" });
    const url = new URL(context.req.url);
    url.searchParams.delete("key");
    const target = `${url.pathname}${url.search}`;
    context.header("cache-control", "no-store");
    context.header("referrer-policy", "no-referrer");
    // A browser that comes from another site takes no strict cookie along a redirect.
    if (context.req.header("sec-fetch-site") === "cross-site")
      return context.html(entrance(target), 200, pageHeaders);
    return context.redirect(target, 303);
  }

  return {
    async host(context, next) {
      const named = context.req.header("host") ?? new URL(context.req.url).host;
      // A name that leads here may be anybody's; an address is nobody's but this machine's.
      if (!addressForm.test(named) && named.replace(/:\d{1,5}$/, "") !== host)
        throw new PippinError("forbidden", "This screen is reached by its address, not by that name.");
      await next();
    },
    async entry(context, next) {
      const given = context.req.query("key");
      const isRoute = `${context.req.path}/`.startsWith(`${screenRoot}/`);
      if (given !== undefined && !isRoute && context.req.method === "GET" && same(given, key))
        return enter(context);
      if (!same(getCookie(context, cookieName) ?? "", cookieValue)) {
        if (isRoute) throw new PippinError("unauthorized", "Open the screen by its link first.");
        return context.html(closed, 401, { ...pageHeaders, "cache-control": "no-store" });
      }
      return await next();
    },
    async origin(context, next) {
      const site = context.req.header("sec-fetch-site");
      if (site !== undefined && site !== "same-origin" && site !== "none")
        throw new PippinError("forbidden", "That request comes from another site.");
      if (context.req.method !== "GET") {
        if (context.req.header(actHeader) === undefined)
          throw new PippinError("forbidden", `An act carries the header ${actHeader}.`);
        const type = context.req.header("content-type") ?? "";
        if (!/^application\/json\s*(?:;|$)/i.test(type))
          throw new PippinError("unsupported_media_type", "Expected application/json.");
      }
      await next();
    },
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

const page = (head: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<meta name="color-scheme" content="light dark">${head}<body><main>${body}</main></body></html>`;

const closed = page(
  "<title>Pippin</title>",
  `<h1>This screen opens by its link</h1>
<p>The program that serves it has printed a link that ends in <code>?key=…</code>. Open that one. When the program was started anew, so is the link.</p>
<section lang="it"><h2>Questo schermo si apre con il suo link</h2>
<p>Il programma che lo offre ha scritto un link che termina con <code>?key=…</code>. Aprire quello. Se il programma è stato riavviato, anche il link è nuovo.</p></section>`,
);

function entrance(target: string): string {
  const safe = target.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return page(
    `<title>Pippin</title><meta http-equiv="refresh" content="0; url=${safe}">`,
    `<p><a href="${safe}">Pippin</a></p>`,
  );
}
