/** The scenarios of the library that take too long for a test as they are, with a tenth of their phones. */
import { parse, stringify } from "yaml";
import { readStory } from "../../simulator/assets.ts";

const largeStories: ReadonlySet<string> = new Set(["load", "soak"]);
const factor = 10;
/** Fewer than these are certain people's, such as the one phone that is erased, not a share of all. */
const shareMin = 20;
/** What counts people, phones and licences. */
const counts: ReadonlySet<string> = new Set(["count", "used", "available", "licenses"]);

/** The text of a story, small where it is large. */
export function storyText(name: string): string {
  const text = readStory(`${name}.yaml`);
  return largeStories.has(name) ? stringify(smaller(parse(text), false)) : text;
}

function smaller(value: unknown, isCount: boolean): unknown {
  if (typeof value === "number") return isCount && value >= shareMin ? Math.floor(value / factor) : value;
  if (Array.isArray(value)) return value.map((item) => smaller(item, isCount));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, smaller(member, isCount || counts.has(key))]),
  );
}
