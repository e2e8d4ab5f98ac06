/** Refusals as problem documents (RFC 9457), the same on every HTTP surface. */
import { STATUS_CODES } from "node:http";
import type { z } from "zod";
import { PippinError, problems, type ProblemCode } from "./errors.ts";

export const problemMediaType = "application/problem+json";

export interface FieldError {
  /** Dotted, from the part of the request: `body.users.3.email`. */
  readonly path: string;
  readonly expected: string;
}

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly instance?: string;
  /** Facts beside the sentence. */
  readonly [detail: string]: unknown;
}

/** What the reader is told. A bug says nothing of itself: its message could hold anything. */
export function problemOf(error: unknown, instance?: string): ProblemDocument {
  const code: ProblemCode = error instanceof PippinError ? error.code : "internal";
  const status = problems[code];
  return {
    ...(error instanceof PippinError ? error.details : undefined),
    type: `urn:pippin:problem:${code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    code,
    detail: error instanceof PippinError ? error.message : "The server made a mistake; its log says more.",
    ...(instance === undefined ? {} : { instance }),
  };
}

/** Headers that HTTP itself wants with some refusals. */
export function problemHeaders(error: unknown): Record<string, string> {
  if (!(error instanceof PippinError)) return {};
  const { retryAfterSeconds, allow } = error.details ?? {};
  return {
    ...(error.status === 401 ? { "www-authenticate": 'Bearer realm="pippin"' } : {}),
    ...(typeof retryAfterSeconds === "number" ? { "retry-after": String(retryAfterSeconds) } : {}),
    ...(Array.isArray(allow) ? { allow: allow.join(", ") } : {}),
  };
}

/** The answer to a request that ended in `error`, for any HTTP surface of the server. */
export function toProblemResponse(error: unknown): Response {
  const problem = problemOf(error);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": problemMediaType, "cache-control": "no-store", ...problemHeaders(error) },
  });
}

/** Errors that a refusal names; where there are more, it says how many. */
const errorsMax = 100;

/** `invalid_request`, with one entry for each thing that was not as expected. */
export function invalidRequest(part: string, error: z.ZodError): PippinError {
  const errors = error.issues.slice(0, errorsMax).flatMap((issue) => fieldErrors(part, issue));
  const errorCount = error.issues.length > errorsMax ? { errorCount: error.issues.length } : {};
  const first = errors[0];
  return new PippinError(
    "invalid_request",
    first ? `${first.path}: ${first.expected}` : `The ${part} is not as expected.`,
    { details: { errors, ...errorCount } },
  );
}

function fieldErrors(part: string, issue: z.core.$ZodIssue): FieldError[] {
  const path = [part, ...issue.path.map(String)];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, 20).map((key) => ({
      path: [...path, key.slice(0, 64)].join("."),
      expected: "no such field (it is not known here)",
    }));
  }
  // zod's sentences name what was expected and, at most, the type of what came: never its value.
  return [{ path: path.join("."), expected: issue.message }];
}
