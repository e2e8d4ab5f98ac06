/** An admin verb as data: what it is called, what it asks of the server, and how the answer is shown. */

/** Values of arguments and options, by name. Absent when not given. */
export type Given = Readonly<Record<string, string | boolean | undefined>>;

export interface VerbRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly body?: unknown;
  /** In place of `body`: bytes as they are, with their media type. */
  readonly raw?: { readonly text: string; readonly mediaType: string };
}

export interface VerbOption {
  /** As commander has it: `--user <id>`, `--yes`. */
  readonly flags: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly required?: boolean;
}

/** How a value of the answer is found (`terms.status`) and what stands above it. */
export type Column = readonly [title: string, path: string];

export interface Verb {
  /** `token upload` */
  readonly words: readonly [group: string, name: string];
  readonly help: string;
  /** `<required>` or `[optional]`, with help. */
  readonly args?: readonly (readonly [name: string, help: string])[];
  readonly options?: readonly VerbOption[];
  /** `readText` reads a file, or what comes in when the name is `-`. Throws PippinError `usage`. */
  request(given: Given, readText: (name: string) => Promise<string>): VerbRequest | Promise<VerbRequest>;
  /** Shows `items` as a table of these; without it, an answer is shown member by member. */
  readonly columns?: readonly Column[];
  /** Where the rows are, when not in `items`. */
  readonly rows?: string;
  /** The rows come all at once, not page by page. */
  readonly isWhole?: boolean;
  /** Said when the answer is empty. */
  readonly done?: string;
}

export function queryOf(given: Given, names: readonly string[]): string {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = given[name];
    if (typeof value === "string") query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** A part of a path. */
export function part(given: Given, name: string): string {
  return encodeURIComponent(String(given[name] ?? ""));
}
