/** The names a scenario has given to things, and what is said to a name that it hasn't. */
import { z } from "zod";

/** Everything that steps may refer to. */
export interface Vocabulary {
  /** By person, their phones: `anna`, `anna/2`, … */
  readonly people: ReadonlyMap<string, readonly string[]>;
  readonly groups: ReadonlySet<string>;
  /** By name and by adamId: the adamId. */
  readonly apps: ReadonlyMap<string, string>;
  readonly personas: ReadonlySet<string>;
  /** Rules of what is to go wrong. */
  readonly faults: ReadonlySet<string>;
}

/** The name among `names` that is most like this one, if any is. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: { name: string; edits: number } | undefined;
  for (const other of names) {
    const edits = editsBetween(name.toLowerCase(), other.toLowerCase());
    if (edits <= Math.max(1, Math.floor(name.length / 3)) && edits < (best?.edits ?? Infinity))
      best = { name: other, edits };
  }
  return best?.name;
}

/** How many letters to put in, leave out, replace or swap with their neighbour. */
function editsBetween(a: string, b: string): number {
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (old[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min((old[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, (older[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    older = old;
    old = row;
  }
  return old[b.length] ?? 0;
}

const shownMax = 12;

/** `there is no app "Pagse"; did you mean "Pages"?` */
export function unknownName(what: string, name: string, names: Iterable<string>): string {
  const all = [...names];
  const like = nearest(name, all);
  const listed = all.slice(0, shownMax).join(", ") + (all.length > shownMax ? ", …" : "");
  const help =
    like !== undefined
      ? `did you mean ${JSON.stringify(like)}?`
      : all.length > 0
        ? `there are: ${listed}`
        : "there are none";
  return `there is no ${what} ${JSON.stringify(name)}; ${help}`;
}

/** A text that must be one of the names. */
function reference(what: string, names: { has(name: string): boolean; keys(): Iterable<string> }) {
  return z.string().superRefine((name, context) => {
    if (!names.has(name))
      context.addIssue({ code: "custom", message: unknownName(what, name, names.keys()) });
  });
}

/** Schemas for names, which know what there is. */
export function references(words: Vocabulary) {
  const phones = new Set([...words.people.values()].flat());
  const selections = new Set(["all", ...words.groups, ...words.people.keys(), ...phones]);
  const app = reference("app", words.apps).transform((name) => words.apps.get(name) ?? name);
  return {
    person: reference("person", words.people),
    phone: reference("phone", phones),
    group: reference("group", words.groups),
    /** Its adamId, once read. */
    app,
    persona: reference("persona", words.personas),
    fault: reference("fault", words.faults),
    /** Phones: all of them, those of a group or of a person, or a single one. */
    phones: reference("phone, person or group", selections),
  };
}
export type References = ReturnType<typeof references>;
