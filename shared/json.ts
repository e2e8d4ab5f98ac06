export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A deep copy of plain data (what JSON can hold, `undefined` members included). Several times faster than structuredClone. */
export function cloneData<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneData) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = cloneData((value as Record<string, unknown>)[key]);
    // Assigned, it would become the prototype and be lost.
    if (key === "__proto__")
      Object.defineProperty(copy, key, {
        value: member,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else copy[key] = member;
  }
  return copy as T;
}
