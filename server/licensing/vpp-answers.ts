/** Reading what came back from Apple's service. */
import type { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { NetworkError, type HttpResponse } from "../../shared/world.ts";

export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new PippinError("apple_refused", "Apple's answer lacks what was asked for.");
  return value;
}

export function unreachable(error: unknown): never {
  if (error instanceof NetworkError) {
    throw new PippinError("apple_unavailable", `Apple's service can't be reached (${error.code}).`, {
      cause: error,
    });
  }
  throw error;
}

export function parse<A>(response: HttpResponse, schema: z.ZodType<A>): A {
  if (response.status !== 200) {
    throw new PippinError(
      "apple_unavailable",
      `Apple's service answered with HTTP status ${response.status}.`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(response.body.toString("utf8"));
  } catch (cause) {
    throw new PippinError("apple_unavailable", "Apple's service answered with something that is no JSON.", {
      cause,
    });
  }
  const answer = schema.safeParse(json);
  if (!answer.success) {
    const paths = answer.error.issues.map((issue) => issue.path.join(".")).join(", ");
    throw new PippinError("apple_unavailable", `Apple's answer is not of the expected form (${paths}).`);
  }
  return answer.data;
}

/** `Retry-After` is a number of seconds or an HTTP date. */
export function retryAfterMs(response: HttpResponse, now: number): number | undefined {
  const header = response.headers["retry-after"];
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
