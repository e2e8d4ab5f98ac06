/** Something that the server lets be done only once its numbers were seen. */
import { useState } from "preact/hooks";
import { ApiFailure, call } from "../../core/api.ts";
import { useDeed, type Deed } from "../../core/deed.ts";

/**
 * Deletes what is at `path`. `counts` are what the page shows beside the question, by their names in the server's refusal; where all
 * are 0 there is nothing to confirm. When the server counts otherwise it refuses, its numbers are shown, and the next attempt
 * confirms those.
 */
export function useConfirmedDelete<N extends string>(
  path: string,
  counts: Readonly<Record<N, number>>,
): { counts: Readonly<Record<N, number>>; deed: Deed<[]> } {
  const [told, setTold] = useState<Readonly<Record<N, number>>>();
  const current = told ?? counts;
  const deed = useDeed(async () => {
    const isConfirmed = Object.values<number>(current).some((count) => count > 0);
    try {
      await call("DELETE", isConfirmed ? `${path}?confirm=true` : path);
    } catch (error) {
      if (error instanceof ApiFailure && error.code === "confirmation_required") {
        const { problem } = error;
        const numbers = Object.keys(counts).map((name) => [name, Number(problem[name] ?? 0)]);
        setTold(Object.fromEntries(numbers) as Record<N, number>);
      }
      throw error;
    }
  });
  return { counts: current, deed };
}
