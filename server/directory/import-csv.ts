/** Reads the CSV form of an import. */
import { CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { DirectoryId, Email, GroupName, Name, groupsPerUserMax } from "./directory.ts";

export const importRowsMax = 20_000;
export const importColumns = ["id", "name", "email", "groups"] as const;

/** One person, with groups by name. */
export const ImportRow = z.strictObject({
  id: DirectoryId,
  name: Name,
  email: Email,
  groups: z.array(GroupName).max(groupsPerUserMax),
});
export type ImportRow = z.infer<typeof ImportRow>;

const Cells = z.tuple([z.string(), z.string(), z.string(), z.string()]);
const Lines = z.array(z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) }));

/** Throws malformed_csv with the line (from 1, the header's) and what was expected there. */
export function parseImportCsv(text: string): ImportRow[] {
  const [header, ...lines] = readLines(text);
  const expectedHeader = `the header ${importColumns.join(",")}`;
  if (!header || header.cells.join(",") !== importColumns.join(",")) throw malformed(1, expectedHeader);
  if (lines.length > importRowsMax) {
    throw malformed(importRowsMax + 2, `at most ${importRowsMax} lines below the header`);
  }
  const lineOfId = new Map<string, number>();
  return lines.map(({ cells, line }) => {
    const columns = Cells.safeParse(cells);
    if (!columns.success)
      throw malformed(line, `${importColumns.length} columns: ${importColumns.join(", ")}`);
    const [id, name, email, groups] = columns.data;
    const row = ImportRow.safeParse({ id, name, email, groups: splitGroups(groups) });
    if (!row.success) {
      const [issue] = row.error.issues;
      throw malformed(line, `${String(issue?.path[0] ?? "line")}: ${issue?.message ?? "a user"}`);
    }
    const first = lineOfId.get(row.data.id);
    if (first !== undefined) throw malformed(line, `id: each id once (line ${first} has this one)`);
    lineOfId.set(row.data.id, line);
    return row.data;
  });
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
      typeof line === "number" ? line : 1,
      "comma-separated values, quoted as in RFC 4180",
      error,
    );
  }
}

function malformed(line: number, expected: string, cause?: unknown): PippinError {
  return new PippinError("malformed_csv", `Line ${line}: expected ${expected}. Nothing was imported.`, {
    cause,
    details: { line, expected },
  });
}
