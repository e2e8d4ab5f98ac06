import { VppRefusal } from "./refusals.ts";

/** Keys of the object itself, in order, as often as they occur. `text` is known to be JSON. */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let lastString: string | undefined;
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (token === ":" && depth === 1 && lastString !== undefined)
      keys.push(JSON.parse(lastString) as string);
    lastString = token.startsWith('"') ? token : undefined;
  }
  return keys;
}

/**
 * The arguments of one call. Apple's service takes each as a string or a primitive and turns it into a string first; null is the
 * same as absent. Fields it doesn't know are ignored.
 */
export class VppArguments {
  static readonly textLengthMax = 64 * 1024;
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = new Map(Object.entries(fields));
  }

  /** Whatever the content type says: Apple's own samples post JSON as a form. An empty body has no arguments. Throws 9602. */
  static parse(body: Buffer): VppArguments {
    const text = body.toString("utf8");
    if (text.trim() === "") return new VppArguments({});
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) throw new VppRefusal(9602, "the request isn't JSON");
      throw error;
    }
    if (typeof content !== "object" || content === null || Array.isArray(content)) {
      throw new VppRefusal(9602, "the request must be a JSON object");
    }
    const seen = new Set<string>();
    for (const key of topLevelKeys(text)) {
      if (seen.has(key)) throw new VppRefusal(9602, `${key.slice(0, 64)} is given twice`);
      seen.add(key);
    }
    return new VppArguments(content as Record<string, unknown>);
  }

  /** Undefined when absent. Throws 9602 for an object or a list. */
  text(name: string, lengthMax = 255): string | undefined {
    const value = this.#fields.get(name);
    if (value === undefined || value === null) return undefined;
    return asText(name, value, lengthMax);
  }

  /** Undefined when absent or empty. */
  filled(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  /** A whole number that isn't negative. */
  number(name: string): number | undefined {
    const text = this.filled(name);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw new VppRefusal(9602, `${name} must be a whole number`);
    return Number(text);
  }

  /** `true`, `1`, `"true"`, `"1"` against `false`, `0` and absent. */
  flag(name: string): boolean {
    const text = this.filled(name);
    if (text === undefined) return false;
    if (text === "true" || text === "1") return true;
    if (text === "false" || text === "0") return false;
    throw new VppRefusal(9602, `${name} must be true or false`);
  }

  /** Undefined when absent. */
  list(name: string): string[] | undefined {
    const value = this.#fields.get(name);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw new VppRefusal(9602, `${name} must be a list`);
    return value.map((entry: unknown) => asText(name, entry, 255));
  }
}

function asText(name: string, value: unknown, lengthMax: number): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    throw new VppRefusal(9602, `${name} must be a string or a primitive`);
  }
  const text = String(value);
  if (text.length > lengthMax) throw new VppRefusal(9602, `${name} has more than ${lengthMax} characters`);
  return text;
}
