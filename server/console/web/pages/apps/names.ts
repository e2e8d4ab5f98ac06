/** Names of the few things that lists speak of by id: all apps and all groups there are. */
import { useEffect, useState } from "preact/hooks";
import type { App } from "../../../../api/app-routes.ts";
import type { Group } from "../../../../api/group-routes.ts";
import { address, ApiFailure, get } from "../../core/api.ts";
import type { Subject } from "../../core/pulse.ts";
import { useFreshness } from "../../core/resource.ts";

/** More than an organisation has; past it things go by their ids. */
const itemsMax = 2_000;

export const useApps = (): readonly App[] | undefined => useAll<App>("/api/v1/apps", "syncs");
export const useGroups = (): readonly Group[] | undefined => useAll<Group>("/api/v1/groups", "groups");

/** The apps by name, as a choice. */
export function appOptions(apps: readonly App[] | undefined): (readonly [adamId: string, name: string])[] {
  return (apps ?? [])
    .map(({ adamId, name }) => [adamId, name] as const)
    .sort((a, b) => a[1].localeCompare(b[1]));
}

export function appName(apps: readonly App[] | undefined, adamId: string): string {
  return apps?.find((app) => app.adamId === adamId)?.name ?? adamId;
}

/** Undefined until they are known. What can't be read stays as it was: whoever lists things by id still has the ids. */
function useAll<T>(path: string, subject: Subject): readonly T[] | undefined {
  const [items, setItems] = useState<readonly T[]>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    void readAll<T>(path, controller.signal).then(setItems, (error: unknown) => {
      if (!(error instanceof ApiFailure) && !controller.signal.aborted) throw error;
    });
    return () => controller.abort();
  }, [turn]);
  useFreshness([subject], () => setTurn((count) => count + 1));
  return items;
}

async function readAll<T>(path: string, signal: AbortSignal): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: T[]; nextCursor: string | null } = await get(
      address(path, { limit: 200, cursor: cursor ?? undefined }),
      signal,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < itemsMax);
  return items;
}
