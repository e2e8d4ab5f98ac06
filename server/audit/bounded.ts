/** Makes any value small enough to be kept, and says where something was left out. */
import type { JsonValue } from "../../shared/json.ts";

const textMax = 300;
const membersMax = 50;
const depthMax = 6;

/** A copy of plain data of at most `bytesMax` bytes of JSON. Null for nothing. */
export function bounded(value: unknown, bytesMax: number): JsonValue {
  const cut = shorten(value, depthMax);
  const bytes = Buffer.byteLength(JSON.stringify(cut));
  return bytes <= bytesMax ? cut : { leftOut: `${bytes} bytes` };
}

function shorten(value: unknown, depth: number): JsonValue {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return value.length <= textMax ? value : `${value.slice(0, textMax)}…`;
  if (typeof value !== "object") return null;
  if (depth === 0) return "…";
  if (Array.isArray(value)) {
    const members = value.slice(0, membersMax).map((member) => shorten(member, depth - 1));
    return value.length > membersMax ? [...members, `… ${value.length - membersMax} more`] : members;
  }
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  const shown = entries.slice(0, membersMax).map(([key, member]): [string, JsonValue] => {
    return [key.slice(0, 100), shorten(member, depth - 1)];
  });
  if (entries.length > membersMax) shown.push(["…", `${entries.length - membersMax} more`]);
  return Object.fromEntries(shown);
}
