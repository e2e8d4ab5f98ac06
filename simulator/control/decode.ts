/** What a client of the lab sent, as a typed value. */
import type { Context } from "hono";
import type { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { invalidRequest } from "../../shared/problem-document.ts";
import { readBody } from "../apple/exchange.ts";

const bodyBytesMax = 64 * 1024;

/** A body of JSON; none counts as an empty object. Throws body_too_large, malformed_json, invalid_request. */
export async function decodeBody<T>(schema: z.ZodType<T>, context: Context): Promise<T> {
  const text = (await readBytes(context, bodyBytesMax)).toString("utf8");
  let json: unknown = {};
  try {
    if (text.trim() !== "") json = JSON.parse(text);
  } catch {
    throw new PippinError("malformed_json", "The body is not JSON.");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw invalidRequest("body", parsed.error);
  return parsed.data;
}

/** Throws invalid_request, for a parameter that the route doesn't know too. */
export function decodeQuery<T>(schema: z.ZodType<T>, context: Context): T {
  const parsed = schema.safeParse(context.req.query());
  if (!parsed.success) throw invalidRequest("query", parsed.error);
  return parsed.data;
}

/** Throws body_too_large. */
export async function readBytes(context: Context, bytesMax: number): Promise<Buffer> {
  const body = await readBody(context.req.raw, bytesMax);
  if (body) return body;
  throw new PippinError("body_too_large", `The body may have at most ${bytesMax} bytes.`, {
    details: { bytesMax },
  });
}
