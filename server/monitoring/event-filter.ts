/** Which events somebody wants to hear of. */
import type { EventIds } from "../../shared/trace.ts";

/** Beginnings of event names, as an admin writes them: letters and dots. */
export const eventPrefixForm = /^[a-zA-Z]{1,40}(?:\.[a-zA-Z]{0,40})?$/;
export const eventPrefixesMax = 32;

export function matchesName(event: string, prefixes: readonly string[]): boolean {
  return prefixes.length === 0 || prefixes.some((prefix) => event.startsWith(prefix));
}

export interface EventFilter {
  readonly prefixes: readonly string[];
  /** Each that is given has to be the event's. */
  readonly ids: Readonly<Partial<Record<Exclude<keyof EventIds, "cause">, string>>>;
}

export function matchesEvent(
  event: EventIds & { readonly event: string } & Readonly<Record<string, unknown>>,
  { prefixes, ids }: EventFilter,
): boolean {
  return (
    matchesName(event.event, prefixes) &&
    Object.entries(ids).every(([name, id]) => id === undefined || event[name] === id)
  );
}
