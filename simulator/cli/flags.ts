import type { z } from "zod";
import { PippinError } from "../../shared/errors.ts";

/** Flags as commander read them, checked. Throws usage, naming each wrong flag. */
export function checkFlags<T extends z.ZodType>(schema: T, given: unknown): z.infer<T> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `--${flagName(issue.path)}: ${issue.message}`);
  throw new PippinError("usage", wrong.join("; "));
}

function flagName(path: readonly PropertyKey[]): string {
  return path.map((part) => String(part).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).join(".");
}
