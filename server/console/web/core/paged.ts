/** A list that the server hands out in pages: as much of it is read as is looked at. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { address, ApiFailure, get } from "./api.ts";
import type { Subject } from "./pulse.ts";
import { useFreshness } from "./resource.ts";

const pageSize = 100;

interface Page<T> {
  readonly cursor: string | undefined;
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Paged<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly failure: ApiFailure | undefined;
  /** To be told which rows are on the screen: those are kept fresh, and more are read when the end comes near. */
  look(first: number, last: number): void;
  reload(): void;
}

/** `path` null: nothing to read yet. */
export function usePaged<T>(
  path: string | null,
  query: Readonly<Record<string, string | undefined>>,
  on: readonly Subject[],
): Paged<T> {
  const key = path === null ? null : address(path, query);
  const [pages, setPages] = useState<readonly Page<T>[]>([]);
  const [failure, setFailure] = useState<ApiFailure>();
  const [isLoading, setLoading] = useState(key !== null);
  const own = useRef({ key, pages, seen: [0, 0] as [number, number], busy: false, stale: false });

  const show = (next: readonly Page<T>[]) => {
    own.current.pages = next;
    setPages(next);
  };

  /** Reads one page, and puts it in its place; what came after it is dropped when its end has moved. */
  const read = useCallback(async (wanted: string, index: number, cursor: string | undefined) => {
    const page = await get<{ items: T[]; nextCursor: string | null }>(
      address(wanted, { limit: pageSize, cursor }),
    );
    if (own.current.key !== wanted) return;
    const before = own.current.pages;
    const keepsRest = before[index]?.nextCursor === page.nextCursor;
    show([
      ...before.slice(0, index),
      { cursor, items: page.items, nextCursor: page.nextCursor },
      ...(keepsRest ? before.slice(index + 1) : []),
    ]);
  }, []);

  /** One thing at a time; what is wished for meanwhile comes after it. */
  const work = useCallback(async (deed: (wanted: string) => Promise<void>) => {
    const state = own.current;
    const wanted = state.key;
    if (wanted === null) return;
    if (state.busy) {
      state.stale = true;
      return;
    }
    state.busy = true;
    setLoading(true);
    try {
      await deed(wanted);
      setFailure(undefined);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (state.key === wanted) setFailure(error);
    } finally {
      state.busy = false;
      setLoading(false);
      if (state.stale) {
        state.stale = false;
        void freshen();
      }
    }
  }, []);

  const freshen = useCallback(
    () =>
      work(async (wanted) => {
        const { pages: known, seen } = own.current;
        if (known.length === 0) return read(wanted, 0, undefined);
        let from = 0;
        for (const [index, page] of known.entries()) {
          const to = from + page.items.length;
          if (from <= seen[1] && to >= seen[0]) await read(wanted, index, page.cursor);
          from = to;
        }
      }),
    [],
  );

  useEffect(() => {
    own.current.key = key;
    own.current.seen = [0, 0];
    show([]);
    setFailure(undefined);
    if (key !== null) void freshen();
  }, [key]);
  useFreshness(on, () => void freshen());

  const look = useCallback((first: number, last: number) => {
    own.current.seen = [first, last];
    const known = own.current.pages;
    const next = known.at(-1)?.nextCursor;
    const count = known.reduce((sum, page) => sum + page.items.length, 0);
    if (next && !own.current.busy && last > count - pageSize / 2)
      void work((wanted) => read(wanted, own.current.pages.length, next));
  }, []);

  const items = pages.length === 1 ? (pages[0]?.items ?? []) : pages.flatMap((page) => page.items);
  return {
    items,
    hasMore: (pages.at(-1)?.nextCursor ?? null) !== null,
    isLoading,
    failure,
    look,
    reload: () => void freshen(),
  };
}
