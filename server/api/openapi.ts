/** The OpenAPI document, made from the endpoints themselves. */
import { z, type OpenAPIHono } from "@hono/zod-openapi";
import { problems, type ProblemCode } from "../../shared/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { Problem, problemMediaType } from "./problem-response.ts";
import { sessionCookieName } from "./session-cookie.ts";

type Registry = OpenAPIHono["openAPIRegistry"];
type RouteConfig = Parameters<Registry["registerPath"]>[0];

/** The two ways to say who one is, by the names that routes refer to. */
export const securitySchemes = {
  apiKey: { type: "http", scheme: "bearer" },
  session: {
    type: "apiKey",
    in: "cookie",
    name: sessionCookieName,
    description:
      "Set by `POST /api/v1/sessions`. A request that changes something needs the session's token in the header `X-CSRF-Token` too.",
  },
} as const;
const anyScheme = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));

const IdempotencyHeader = z.object({
  "Idempotency-Key": z.string().max(128).optional().openapi({
    description:
      "The same key with the same request within a day is answered as before, and nothing is done twice.",
  }),
});

/** Codes that a route may answer with for what it is, beside those of its subject. */
function commonRefusals(endpoint: Endpoint): ProblemCode[] {
  const codes: ProblemCode[] = ["unauthorized", "limit_exceeded", "internal", "store_failed"];
  if (endpoint.role !== "open") codes.push("forbidden");
  codes.push("invalid_request");
  if (endpoint.method !== "get") codes.push("store_full", "store_unwritable");
  if (endpoint.method !== "get" && endpoint.role !== "open") codes.push("csrf_token_invalid");
  if (endpoint.schemas.body) codes.push("malformed_json", "body_too_large", "unsupported_media_type");
  if (endpoint.creates) codes.push("idempotency_mismatch", "request_interrupted", "conflict");
  return codes;
}

function problemResponses(codes: readonly ProblemCode[]): RouteConfig["responses"] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) {
    byStatus.set(problems[code], [...(byStatus.get(problems[code]) ?? []), code]);
  }
  const entries = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(
    entries.map(([status, ofStatus]) => [
      String(status),
      { description: ofStatus.join(", "), content: { [problemMediaType]: { schema: Problem } } },
    ]),
  );
}

function answerResponse(endpoint: Endpoint): RouteConfig["responses"] {
  const { status, schema, mediaType = "application/json" } = endpoint.answer;
  const example = endpoint.answerExample === undefined ? {} : { example: endpoint.answerExample };
  return {
    [String(status)]: {
      description: endpoint.summary,
      ...(schema ? { content: { [mediaType.split(";")[0] ?? mediaType]: { schema, ...example } } } : {}),
    },
  };
}

/** The registry's form of an endpoint. */
export function describeEndpoint(endpoint: Endpoint): RouteConfig {
  const { params, query, body } = endpoint.schemas;
  const example = endpoint.requestExample === undefined ? {} : { example: endpoint.requestExample };
  const texts = (endpoint.textTypes ?? []).map((type) => [type, { schema: z.string() }] as const);
  return {
    method: endpoint.method,
    path: endpoint.path,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    description: [endpoint.description, endpoint.role !== "open" && `Role: ${endpoint.role} or higher.`]
      .filter(Boolean)
      .join("\n\n"),
    ...(endpoint.role === "open" ? { security: [] } : { security: anyScheme, "x-role": endpoint.role }),
    request: {
      ...(Object.keys(params.shape).length > 0 ? { params } : {}),
      ...(Object.keys(query.shape).length > 0 ? { query } : {}),
      ...(endpoint.creates ? { headers: IdempotencyHeader } : {}),
      ...(body
        ? {
            body: {
              required: true,
              content: { "application/json": { schema: body, ...example }, ...Object.fromEntries(texts) },
            },
          }
        : {}),
    },
    responses: {
      ...answerResponse(endpoint),
      ...problemResponses([...commonRefusals(endpoint), ...(endpoint.refusals ?? [])]),
    },
  };
}

/** A route outside the API: it asks for no key. */
export function describeOpenRoute(method: string, path: string, summary: string): RouteConfig {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = ""]) => name);
  return {
    method: method.toLowerCase() as RouteConfig["method"],
    path,
    tags: [path.startsWith("/enroll") ? "Enrolment" : "Server"],
    summary,
    security: [],
    ...(names.length > 0
      ? { request: { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) } }
      : {}),
    responses: {
      200: { description: summary },
      default: { description: "A refusal", content: { [problemMediaType]: { schema: Problem } } },
    },
  };
}

export function openApiDocument(app: Pick<OpenAPIHono, "getOpenAPI31Document">) {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Pippin MDM server",
      version: "1",
      description:
        "Administration of phones, apps and volume-purchase licences. Every request carries `Authorization: Bearer <API key>`, or a browser's session. " +
        "Lists come in pages: pass `nextCursor` as `cursor` until it is null. Refusals are problem documents (RFC 9457) with a stable `code`.",
    },
  });
}
