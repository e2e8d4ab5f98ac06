import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import type { AppleContext } from "./exchange.ts";

/** The body of a control request; nothing counts as an empty object. Throws malformed_json. */
export function parseJson(context: AppleContext): unknown {
  const text = context.get("body").toString("utf8");
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PippinError("malformed_json", "the request isn't JSON", { cause });
  }
}

/** Throws invalid_request. */
export function validate<T>(schema: z.ZodType<T>, content: unknown): T {
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new PippinError("invalid_request", z.prettifyError(parsed.error));
  return parsed.data;
}

export const decode = <T>(schema: z.ZodType<T>, context: AppleContext): T =>
  validate(schema, parseJson(context));
