/** The server's HTTP surface: admin API, health, metrics, and the enrolment pages mounted beside them. */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { PippinError } from "../../shared/errors.ts";
import type { Peer } from "../../shared/world.ts";
import { createAuditLog, type Act, type ActDescription } from "../audit/audit-log.ts";
import type { Role } from "../store/records.ts";
import { appRoutes } from "./app-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { isTurnedAway, shownRequest, subjectOfCall, targetOfPath } from "./audited-subjects.ts";
import {
  createAuthenticator,
  isSessionEnd,
  requireOwnPage,
  requireRole,
  type Identified,
} from "./authentication.ts";
import { commandRoutes } from "./command-routes.ts";
import { mountConsole } from "./console-mount.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { deploymentPreviewRoutes } from "./deployment-preview-routes.ts";
import { deploymentRoutes } from "./deployment-routes.ts";
import { deviceRoutes } from "./device-routes.ts";
import { endpoint, type Caller, type Endpoint, type Exchange } from "./endpoint.ts";
import { enrollmentRoutes } from "./enrollment-routes.ts";
import { eventStreamRoutes, eventStreamType } from "./event-stream-routes.ts";
import { recordAnswerBody, recordFailure, recordRequestBody } from "./exchange-trace.ts";
import { groupRoutes } from "./group-routes.ts";
import { answerOnce, idempotencyKeyOf } from "./idempotency.ts";
import { installationActionRoutes } from "./installation-action-routes.ts";
import { installationRoutes } from "./installation-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { ledgerRoutes } from "./ledger-routes.ts";
import { licenseRoutes } from "./license-routes.ts";
import { describeEndpoint, describeOpenRoute, openApiDocument, securitySchemes } from "./openapi.ts";
import { problemHeaders, problemMediaType, problemOf, toProblemResponse } from "./problem-response.ts";
import { pulseRoutes } from "./pulse-routes.ts";
import { readRequestBody } from "./request-body.ts";
import { clearedCookie } from "./session-cookie.ts";
import { sessionRoutes } from "./session-routes.ts";
import { summaryRoutes } from "./summary-routes.ts";
import { systemRoutes } from "./system-routes.ts";
import { userRoutes } from "./user-routes.ts";
import { syncRoutes } from "./sync-routes.ts";
import { vppRoutes } from "./vpp-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";

export interface RouteEntry {
  /** In capitals. */
  readonly method: string;
  /** With parameters in braces. */
  readonly path: string;
  /** `open`: for everybody. `enrollment`: for who holds the token in the path. */
  readonly role: Role | "open" | "enrollment";
}

export interface Api {
  readonly app: OpenAPIHono<Environment>;
  /** Every route there is, read off the app. */
  readonly routeTable: readonly RouteEntry[];
  readonly endpoints: readonly Endpoint[];
  handle(request: Request, peer: Peer): Promise<Response>;
}

interface Environment {
  Bindings: { peer?: Peer };
}

interface Reply {
  readonly status: number;
  readonly text: string | null;
  /** In place of a text: an answer that has no end. */
  readonly stream?: ReadableStream<Uint8Array>;
  readonly headers: Readonly<Record<string, string>>;
  readonly code?: string;
}

const bodyBytesMaxDefault = 1024 * 1024;
/** Stands where an open route has no caller; none of them looks at it. */
const nobody: Caller = { keyId: "", role: "read-only", endsAt: null };
/** Answers are for the one who asked, and nothing in them is to be guessed at or run. */
const answerHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export function createApi(dependencies: ApiDependencies): Api {
  const { world, store, recorder, metrics, enrollApp, consoleApp, readiness = {} } = dependencies;
  const authenticator = createAuthenticator(dependencies);
  const audit = dependencies.audit ?? createAuditLog(dependencies);
  const app = new OpenAPIHono<Environment>();
  const routeTable: RouteEntry[] = [];
  /** Of the routes, in order. Most servers, and all of most tests, are never asked for them. */
  const descriptions: (() => ReturnType<typeof describeEndpoint>)[] = [];

  /** An act is not undone because it can't be noted; while the store refuses everything, it refuses the act too, and says so. */
  async function noteAct(cause: number, note: () => Promise<void> | void | undefined): Promise<void> {
    try {
      await note();
    } catch (error) {
      if (!(error instanceof PippinError)) recordFailure(recorder, error, cause);
    }
  }

  async function serve(c: Context<Environment>, target: Endpoint | undefined): Promise<Response> {
    const startedAt = world.now();
    const method = c.req.method;
    const path = target?.path ?? "unmatched";
    const quiet = target?.quiet === true;
    let keyId: string | null = null;
    let cause: number | undefined;
    let cookie: string | undefined;
    const begin = () => (cause ??= quiet ? 0 : recorder.record("api.request", { method, path, keyId }));

    let reply: Reply;
    let act: Act | undefined;
    let role: Role | null = null;
    const exchange: Exchange = {
      address: c.env?.peer?.address ?? "unknown",
      userAgent: c.req.header("user-agent") ?? null,
      url: c.req.url,
      isSecure: /^https:/.test(c.req.url) || /^https:/.test(dependencies.publicUrl()),
      identified(found) {
        ({ keyId, role } = found);
        act?.by(found);
      },
      setCookie: (value) => (cookie = value),
    };
    const isOpen = target?.role === "open";
    const description = (): ActDescription => {
      const operation = keyId === null && !isOpen ? "authenticate" : `${method} ${path}`;
      return { cause: begin(), keyId, role, address: exchange.address, operation };
    };
    try {
      const caller = isOpen ? undefined : await authenticator.identify(c.req.raw, exchange.address);
      if (caller) exchange.identified(caller);
      begin();
      if (!target) throw unmatched(c);
      if (caller) requireOwnPage(c.req.raw, caller);
      if (caller && target.role !== "open") requireRole(caller, target.role);
      if (method !== "GET") act = audit.begin(description(), subjectOfCall(path, c.req.param()));
      reply = await answer(c, target, { caller, exchange, act, cause: begin() });
      await noteAct(begin(), () => (reply.headers["idempotency-replayed"] ? act?.repeated() : act?.done()));
    } catch (error) {
      await noteAct(begin(), () => {
        if (act) return act.refused(error);
        return isTurnedAway(error)
          ? audit.turnedAway(description(), targetOfPath(c.req.path), error)
          : undefined;
      });
      const seq = begin();
      const instance = seq === 0 ? undefined : `urn:pippin:event:${seq}`;
      const problem = problemOf(error, instance);
      if (problem.code === "internal") recordFailure(recorder, error, seq);
      if (isSessionEnd(error)) cookie = clearedCookie(exchange);
      const headers = { "content-type": problemMediaType, ...problemHeaders(error) };
      reply = { status: problem.status, text: JSON.stringify(problem), headers, code: problem.code };
    }

    const { status, text, code, stream } = reply;
    metrics.observeRequest({ method, route: path, status, durationMs: world.now() - startedAt });
    if (!quiet) {
      const seq = begin();
      if (!stream)
        recordAnswerBody({ recorder, secretFields: target?.secretFields ?? [] }, text, {
          status,
          cause: seq,
        });
      recorder.record("api.answered", {
        method,
        path,
        status,
        keyId,
        ...(code === undefined ? {} : { code }),
        cause: seq,
      });
    }
    const headers: Record<string, string> = { ...answerHeaders, ...reply.headers };
    if (cookie !== undefined) headers["set-cookie"] = cookie;
    return new Response(stream ?? text, { status, headers });
  }

  async function answer(
    c: Context<Environment>,
    target: Endpoint,
    given: {
      readonly caller: Identified | undefined;
      readonly exchange: Exchange;
      readonly act: Act | undefined;
      readonly cause: number;
    },
  ): Promise<Reply> {
    const { caller, exchange, act, cause } = given;
    const request = c.req.raw;
    const url = new URL(request.url);
    const path = `${url.pathname}${url.search}`;
    const body = await readRequestBody(request, {
      wanted: target.schemas.body !== undefined,
      bytesMax: target.bodyBytesMax ?? bodyBytesMaxDefault,
      textTypes: target.textTypes ?? [],
    });
    const { secretFields = [] } = target;
    if (!target.quiet)
      recordRequestBody({ recorder, secretFields }, body, { method: c.req.method, path, cause });
    const query = queryOf(url);
    await act?.about(shownRequest(query, body, secretFields));
    const perform = target.prepare({
      params: c.req.param(),
      query,
      body: body.json,
      text: body.text,
      caller: caller ? withoutSecret(caller) : nobody,
      lastEventId: request.headers.get("last-event-id") ?? undefined,
      exchange,
      cause,
    });
    const { status, mediaType = "application/json" } = target.answer;
    const headers = { "content-type": mediaType };
    const run = async () => {
      const result = await perform();
      return { status, text: mediaType === "application/json" ? JSON.stringify(result) : String(result) };
    };
    if (!target.answer.schema) {
      await perform();
      return { status, text: null, headers: {} };
    }
    if (mediaType === eventStreamType) {
      const stream = (await perform()) as ReadableStream<Uint8Array>;
      return { status, text: null, stream, headers };
    }
    const key = target.creates ? idempotencyKeyOf(request) : undefined;
    if (key === undefined || caller === undefined) return { ...(await run()), headers };
    const once = { caller, key, target: `${c.req.method} ${path}`, body: body.bytes };
    const stored = await answerOnce(dependencies, once, run);
    return {
      status: stored.status,
      text: stored.text,
      headers: stored.replayed ? { ...headers, "idempotency-replayed": "true" } : headers,
    };
  }

  function unmatched(c: Context<Environment>): PippinError {
    const there = routeTable.filter((route) => matches(route.path, c.req.path));
    const allow = [...new Set(there.map((route) => route.method))];
    return allow.length > 0
      ? new PippinError("method_not_allowed", `Here one may ${allow.join(", ")}.`, { details: { allow } })
      : new PippinError("route_not_found", "There is nothing at this path.");
  }

  function open(path: string, summary: string, run: () => { status: 200 | 503; body: object }): void {
    routeTable.push({ method: "GET", path, role: "open" });
    descriptions.push(() => describeOpenRoute("GET", path, summary));
    app.get(path, (c) => {
      const { status, body } = run();
      metrics.observeRequest({ method: c.req.method, route: path, status, durationMs: 0 });
      return c.json(body, status, answerHeaders);
    });
  }

  let document: ReturnType<typeof openApiDocument> | undefined;
  const openApiRoute = endpoint({
    method: "get",
    path: "/openapi.json",
    role: "read-only",
    tag: "Server",
    summary: "This description",
    quiet: true,
    answer: { status: 200, schema: z.looseObject({ openapi: z.string() }) },
    async handle() {
      // Made when first asked for: it takes a while, and never changes.
      document ??= describe();
      return { ...document };
    },
  });

  function describe(): ReturnType<typeof openApiDocument> {
    const { openAPIRegistry: registry } = app;
    for (const [name, scheme] of Object.entries(securitySchemes))
      registry.registerComponent("securitySchemes", name, scheme);
    for (const description of descriptions) registry.registerPath(description());
    return openApiDocument(app);
  }

  const endpoints = [
    ...vppRoutes(dependencies),
    ...syncRoutes(dependencies),
    ...appRoutes(dependencies),
    ...userRoutes(dependencies),
    ...groupRoutes(dependencies),
    ...deviceRoutes(dependencies),
    ...commandRoutes(dependencies),
    ...enrollmentRoutes(dependencies),
    // Before the route of one deployment, whose id could be any word.
    ...deploymentPreviewRoutes(dependencies),
    ...deploymentRoutes(dependencies),
    ...installationRoutes(dependencies),
    ...installationActionRoutes(dependencies),
    ...licenseRoutes(dependencies),
    ...ledgerRoutes(dependencies),
    ...auditRoutes(dependencies),
    ...summaryRoutes(dependencies),
    ...keyRoutes(dependencies),
    ...sessionRoutes(dependencies, authenticator),
    ...webhookRoutes(dependencies),
    ...systemRoutes(dependencies),
    ...eventStreamRoutes(dependencies),
    ...pulseRoutes(dependencies),
    openApiRoute,
  ];

  for (const target of endpoints) {
    const method = target.method.toUpperCase();
    routeTable.push({ method, path: target.path, role: target.role });
    descriptions.push(() => describeEndpoint(target));
    app.on(method, target.path.replaceAll(/\{([^}]+)\}/g, ":$1"), (c) => serve(c, target));
  }
  open("/healthz", "Whether the process is up", () => ({ status: 200, body: { status: "ok" } }));
  open("/readyz", "Whether the server can work, and what can't", () => {
    const checks = { store: () => store.healthy, ...readiness };
    const failing = Object.entries(checks).flatMap(([name, isWell]) => (isWell() ? [] : [name]));
    return failing.length === 0
      ? { status: 200, body: { status: "ready", failing } }
      : { status: 503, body: { status: "unavailable", failing } };
  });
  if (enrollApp) {
    for (const route of enrollApp.routes) {
      // A middleware is registered too, under the method ALL; it is no route of its own.
      if (route.method === "ALL" || isListed(routeTable, route.method, enrollPath(route.path))) continue;
      const path = enrollPath(route.path);
      routeTable.push({ method: route.method, path, role: "enrollment" });
      descriptions.push(() => describeOpenRoute(route.method, path, "Enrolment of a phone"));
    }
    app.use("/enroll/*", async (c, next) => {
      const startedAt = world.now();
      await next();
      const durationMs = world.now() - startedAt;
      metrics.observeRequest({ method: c.req.method, route: "/enroll", status: c.res.status, durationMs });
    });
    app.route("/enroll", enrollApp);
  }
  if (consoleApp) routeTable.push(...mountConsole(app, consoleApp, { world, metrics }));
  app.notFound(async (c) => {
    if (c.req.path.startsWith("/api/")) return await serve(c, undefined);
    metrics.observeRequest({ method: c.req.method, route: "unmatched", status: 404, durationMs: 0 });
    return toProblemResponse(unmatched(c));
  });
  app.onError((error) => {
    if (!(error instanceof PippinError)) recordFailure(recorder, error);
    return toProblemResponse(error);
  });

  return {
    app,
    routeTable,
    endpoints,
    handle: async (request, peer) => await app.fetch(request, { peer }),
  };
}

function withoutSecret({ secret: _, ...caller }: Identified): Caller {
  return caller;
}

function enrollPath(path: string): string {
  return `/enroll${path === "/" ? "" : path}`.replaceAll(/:([^/]+)/g, "{$1}");
}

function isListed(table: readonly RouteEntry[], method: string, path: string): boolean {
  return table.some((route) => route.method === method && route.path === path);
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith("{") ? given[index] !== "" : part === given[index]))
  );
}

/** Throws invalid_request for a name that comes twice: which one would count? */
function queryOf(url: URL): Record<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (query.has(name)) {
      throw new PippinError("invalid_request", "query: expected each name once", {
        details: { errors: [{ path: `query.${name.slice(0, 64)}`, expected: "the name once" }] },
      });
    }
    query.set(name, value);
  }
  return Object.fromEntries(query);
}
