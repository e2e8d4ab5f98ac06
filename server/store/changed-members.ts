import type { StoredRecord } from "./tables.ts";

/**
 * The members of `after` that are not as they were; undefined where it takes the whole record to tell: a member is gone, or has a
 * name that can't be set.
 */
export function changedMembers(
  before: StoredRecord,
  after: StoredRecord,
): Readonly<Record<string, unknown>> | undefined {
  const old = before as unknown as Readonly<Record<string, unknown>>;
  const now = after as unknown as Readonly<Record<string, unknown>>;
  const changed: Record<string, unknown> = {};
  for (const key of Object.keys(now)) {
    const value = now[key];
    if (isSame(old[key], value) && Object.hasOwn(old, key)) continue;
    if (value === undefined || key === "__proto__") return undefined;
    changed[key] = value;
  }
  return Object.keys(old).every((key) => Object.hasOwn(now, key)) ? changed : undefined;
}

/** Of plain data. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) &&
      isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
