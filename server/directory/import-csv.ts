/** Reads the CSV form of an import. */
import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { DirectoryId, Email, GroupName, Name, groupsPerUserMax } from "./directory.ts";

export const importRowsMax = 20_000;
export const importColumns = ["id", "name", "email", "groups"] as const;
type Column = (typeof importColumns)[number];
/** Errors that a refusal names; the rest is counted. */
export const importErrorsMax = 100;

/** One person, with groups by name. Without `groups` the user stays in those of before. */
export const ImportRow = z.strictObject({
  id: DirectoryId,
  name: Name,
  email: Email,
  groups: z.array(GroupName).max(groupsPerUserMax).optional(),
});
export type ImportRow = z.infer<typeof ImportRow>;

/** One thing that is wrong with a file. */
export interface ImportError {
  /** From 1, which is the header's. */
  readonly line: number;
  /** Null when it is about the line as a whole. */
  readonly column: string | null;
  readonly expected: string;
}

const Lines = z.array(z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) }));

/**
 * All rows, or none: throws malformed_csv, which names the first error as `line` and `expected`, and every error, up to a limit, as
 * `lines`.
 */
export function parseImportCsv(text: string): ImportRow[] {
  const [header, ...lines] = readLines(text);
  const columns = readHeader(header?.cells ?? []);
  if (lines.length > importRowsMax) {
    throw malformed([
      { line: importRowsMax + 2, column: null, expected: `at most ${importRowsMax} lines below the header` },
    ]);
  }
  const rows: ImportRow[] = [];
  const errors: ImportError[] = [];
  const lineOfId = new Map<string, number>();
  for (const { cells, line } of lines) {
    if (cells.length !== columns.length) {
      errors.push({ line, column: null, expected: `${columns.length} columns: ${columns.join(", ")}` });
      continue;
    }
    const row = readRow(columns, cells);
    if (!row.success) {
      // Of one cell the first complaint tells enough.
      const seen = new Set<string>();
      for (const { path, message } of row.error.issues) {
        const column = String(path[0]);
        if (!seen.has(column)) errors.push({ line, column, expected: message });
        seen.add(column);
      }
      continue;
    }
    const first = lineOfId.get(row.data.id);
    if (first === undefined) lineOfId.set(row.data.id, line);
    else errors.push({ line, column: "id", expected: `each id once (line ${first} has this one)` });
    rows.push(row.data);
  }
  if (errors.length > 0) throw malformed(errors);
  return rows;
}

function readRow(columns: readonly Column[], cells: readonly string[]) {
  const values = Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""]));
  const { groups, ...rest } = values;
  return ImportRow.safeParse(groups === undefined ? rest : { ...rest, groups: splitGroups(groups) });
}

/** The columns in the order of the file. Throws malformed_csv. */
function readHeader(cells: readonly string[]): Column[] {
  const expected = `the header ${importColumns.join(",")} in any order; groups may be left out`;
  const known = (name: string): name is Column => (importColumns as readonly string[]).includes(name);
  const [only] = cells;
  if (cells.length === 1 && only !== undefined && /[;\t]/.test(only)) {
    const separator = only.includes(";") ? "semicolons" : "tabs";
    throw malformed([
      { line: 1, column: null, expected: `${expected}, separated by commas (these look like ${separator})` },
    ]);
  }
  const errors: ImportError[] = [];
  for (const name of new Set(cells)) {
    if (!known(name)) errors.push({ line: 1, column: name.slice(0, 64), expected });
    else if (cells.filter((cell) => cell === name).length > 1) {
      errors.push({ line: 1, column: name, expected: `${expected}, each once` });
    }
  }
  for (const name of importColumns) {
    if (name !== "groups" && !cells.includes(name)) errors.push({ line: 1, column: name, expected });
  }
  if (errors.length > 0) throw malformed(errors);
  return cells.filter(known);
}

function splitGroups(text: string): string[] {
  return text
    .split(";")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function readLines(text: string): { cells: string[]; line: number }[] {
  try {
    const parsed: unknown = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: 65_536,
      // One more than allowed, so that too many is noticed without reading them all.
      to: importRowsMax + 2,
    });
    return Lines.parse(parsed).map(({ record, info }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line: unknown = error["lines"];
    throw malformed(
      [
        {
          line: typeof line === "number" ? line : 1,
          column: null,
          expected: "comma-separated values, quoted as in RFC 4180",
        },
      ],
      error,
    );
  }
}

function malformed(errors: readonly ImportError[], cause?: unknown): PippinError {
  const [first] = errors;
  const { line, expected } = first ?? { line: 1, expected: "users" };
  const where = first?.column ? `${first.column}: ` : "";
  const others = errors.length > 1 ? ` ${errors.length - 1} more of this kind.` : "";
  return new PippinError(
    "malformed_csv",
    `Line ${line}: ${where}expected ${expected.replace(/^expected /, "")}.${others} Nothing was imported.`,
    {
      cause,
      details: {
        line,
        expected: `${where}${expected}`,
        lines: errors.slice(0, importErrorsMax),
        errorCount: errors.length,
      },
    },
  );
}
