/** Something that is read from the server and kept fresh while it is looked at. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiFailure, get } from "./api.ts";
import { onChange, type Subject } from "./pulse.ts";

/** Changes that come close together are looked at once. */
const freshenMs = 700;

export interface Resource<T> {
  /** The last that was read; stays while it is read again, or can't be. */
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  readonly isLoading: boolean;
  reload(): void;
}

/** `path` null: nothing to read yet. `on`: what it depends on. */
export function useResource<T>(path: string | null, on: readonly Subject[]): Resource<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; failure?: ApiFailure }>({ path });
  const [isLoading, setLoading] = useState(path !== null);
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  useEffect(() => {
    if (path === null) return undefined;
    const controller = new AbortController();
    setLoading(true);
    void get<T>(path, controller.signal)
      .then(
        (data) => setState({ path, data }),
        (error: unknown) => {
          if (controller.signal.aborted) return;
          if (!(error instanceof ApiFailure)) throw error;
          setState((before) => ({ ...(before.path === path ? before : { path }), failure: error }));
        },
      )
      .finally(() => {
        if (!controller.signal.aborted) setLoading(false);
      });
    return () => controller.abort();
  }, [path, turn]);
  useFreshness(on, reload);
  const current = state.path === path ? state : undefined;
  return { data: current?.data, failure: current?.failure, isLoading, reload };
}

/** Calls soon after a change, and not more often than it can be read. */
export function useFreshness(on: readonly Subject[], freshen: () => void): void {
  const latest = useRef(freshen);
  latest.current = freshen;
  const key = on.join();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const end = onChange(on, () => {
      if (timer !== undefined) return;
      // The first change shows at once; a lasting flow of them, now and then.
      const wait = Math.max(0, last + freshenMs - performance.now());
      timer = setTimeout(() => {
        timer = undefined;
        last = performance.now();
        latest.current();
      }, wait);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [key]);
}
