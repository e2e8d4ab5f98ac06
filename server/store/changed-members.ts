import { cloneData } from "../../shared/json.ts";
import type { StoredRecord } from "./tables.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * A copy of `after`, which shares with the record it replaces what is the same in both: less to copy, and what has changed is found
 * without a look inside.
 */
export function copyOver<T extends StoredRecord>(before: StoredRecord | undefined, after: T): T {
  if (before === undefined) return cloneData(after);
  const old = before as unknown as Members;
  // The copy has the members already, `__proto__` among them, so that setting one never reaches a prototype.
  const copy = { ...after } as unknown as Record<string, unknown>;
  for (const key in copy) {
    const member = copy[key];
    if (typeof member !== "object" || member === null) continue;
    copy[key] = Object.hasOwn(old, key) && isSame(old[key], member) ? old[key] : cloneData(member);
  }
  return copy as unknown as T;
}

/**
 * The members of `after` that are not as they were; undefined where it takes the whole record to tell: a member is gone, or has a
 * name that can't be set.
 */
export function changedMembers(before: StoredRecord, after: StoredRecord): Members | undefined {
  const old = before as unknown as Members;
  const now = after as unknown as Members;
  const changed: Record<string, unknown> = {};
  for (const key in now) {
    const value = now[key];
    if (isSame(old[key], value) && Object.hasOwn(old, key)) continue;
    if (value === undefined || key === "__proto__") return undefined;
    changed[key] = value;
  }
  for (const key in old) if (!Object.hasOwn(now, key)) return undefined;
  return changed;
}

export function hasMembers(members: Members): boolean {
  for (const _key in members) return true;
  return false;
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
