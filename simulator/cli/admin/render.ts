/** An answer of the admin API as a person reads it. */
import { table } from "../../reports/table.ts";
import type { Column } from "./verb.ts";

type Json = Readonly<Record<string, unknown>>;
const cellLengthMax = 60;

export function renderRows(rows: readonly Json[], columns: readonly Column[]): string {
  if (rows.length === 0) return "(none)";
  const filled = columns.filter(([, path]) => rows.some((row) => textOf(valueAt(row, path)) !== ""));
  const cells = rows.map((row) => filled.map(([, path]) => shorten(textOf(valueAt(row, path)))));
  const align = filled.map(([, path]) =>
    rows.every((row) => ["number", "undefined"].includes(typeof valueAt(row, path))) ? "right" : "left",
  );
  return table(
    filled.map(([title]) => title),
    cells,
    align,
  );
}

/** Member by member; a list of objects as a table. */
export function renderObject(value: Json, indent = ""): string {
  const shown = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown
    .map(([name, member]) => {
      if (Array.isArray(member)) {
        if (member.length > 0 && member.every(isRecord)) {
          const columns = Object.keys(member[0] ?? {}).map((title): Column => [title, title]);
          return `${indent}${name}:\n${renderRows(member, columns).replace(/^/gm, `${indent}  `)}`;
        }
        const lines = member.map((item) => `${indent}  - ${textOf(item)}`);
        return [`${indent}${name}${lines.length === 0 ? ": (none)" : ":"}`, ...lines].join("\n");
      }
      if (typeof member === "object")
        return `${indent}${name}:\n${renderObject(member as Json, `${indent}  `)}`;
      return `${indent}${name.padEnd(width)}  ${textOf(member)}`;
    })
    .join("\n");
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function valueAt(row: Json, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    return typeof value === "object" && value !== null ? (value as Json)[name] : undefined;
  }, row);
}

/** Whatever would move the cursor or start a new row is left out: the text comes from phones and directories. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean);
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

function shorten(text: string): string {
  return text.length <= cellLengthMax ? text : `${text.slice(0, cellLengthMax - 1)}…`;
}
