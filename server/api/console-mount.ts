/** The console's pages beside the API: open to everybody, for they hold nothing; what they show they ask the API for. */
import type { Env, Hono } from "hono";
import type { World } from "../../shared/world.ts";
import type { Metrics } from "../metrics.ts";

const path = "/console";

/** Answers with the routes that there are now. Throws when the console wants another place than its own, or more than to be read. */
export function mountConsole<E extends Env>(
  app: Hono<E>,
  consoleApp: Hono,
  {
    world,
    metrics,
  }: { readonly world: Pick<World, "now">; readonly metrics: Pick<Metrics, "observeRequest"> },
): { readonly method: "GET"; readonly path: string; readonly role: "open" }[] {
  const own = consoleApp.routes.filter(({ method }) => method !== "ALL");
  const strange = own.find((route) => route.method !== "GET" || !/^\/console(?:\/|$)/.test(route.path));
  if (strange) throw new Error(`The console has no business at ${strange.method} ${strange.path}.`);
  app.use(`${path}/*`, async (c, next) => {
    const startedAt = world.now();
    await next();
    const durationMs = world.now() - startedAt;
    metrics.observeRequest({ method: c.req.method, route: path, status: c.res.status, durationMs });
  });
  app.route("/", consoleApp);
  app.get("/", (c) => c.redirect(path));
  const paths = ["/", ...own.map((route) => route.path.replaceAll(/:([^/]+)/g, "{$1}"))];
  return paths.map((each) => ({ method: "GET", path: each, role: "open" }));
}
