import { isAtLeast } from "../shared/os-version.ts";

/** The members of an answer that this version of iOS knows, by the version that brought each. */
export function knownTo<T>(
  osVersion: string,
  members: Readonly<Record<string, readonly [since: string, value: T]>>,
): Record<string, T> {
  const known: Record<string, T> = {};
  for (const [name, [since, value]] of Object.entries(members))
    if (isAtLeast(osVersion, since)) known[name] = value;
  return known;
}
