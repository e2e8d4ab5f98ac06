export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A deep copy of plain data (what JSON can hold, `undefined` members included). Many times faster than structuredClone. */
export function cloneData<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneData) as T;
  // The copy has the members already, `__proto__` among them, so that setting one never reaches a prototype.
  const copy = { ...(value as Record<string, unknown>) };
  for (const key in copy) {
    const member = copy[key];
    if (typeof member === "object" && member !== null) copy[key] = cloneData(member);
  }
  return copy as T;
}
