/** Something that is done at the server: one at a time, and what became of it. */
import { useRef, useState } from "preact/hooks";
import { ApiFailure, newDeed } from "./api.ts";

export interface Deed<A extends unknown[]> {
  readonly isUnderWay: boolean;
  readonly failure: ApiFailure | undefined;
  /** Resolves with whether it was done. Does nothing while it is under way already. */
  run(...args: A): Promise<boolean>;
  forget(): void;
}

/**
 * `act` is given a name for the deed, the same for each attempt until one succeeds or is refused: where no answer came, asking again
 * asks for the same thing.
 */
export function useDeed<A extends unknown[]>(act: (once: string, ...args: A) => Promise<unknown>): Deed<A> {
  const [isUnderWay, setUnderWay] = useState(false);
  const [failure, setFailure] = useState<ApiFailure>();
  const once = useRef<string | undefined>(undefined);
  const busy = useRef(false);
  return {
    isUnderWay,
    failure,
    async run(...args) {
      if (busy.current) return false;
      busy.current = true;
      once.current ??= newDeed();
      setUnderWay(true);
      try {
        await act(once.current, ...args);
        once.current = undefined;
        setFailure(undefined);
        return true;
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (error.code !== "no_answer" && error.code !== "request_under_way") once.current = undefined;
        setFailure(error);
        return false;
      } finally {
        busy.current = false;
        setUnderWay(false);
      }
    },
    forget() {
      once.current = undefined;
      setFailure(undefined);
    },
  };
}
