/** One after another, so that a run doesn't depend on which of them is quicker. */
export async function inTurn<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await act(item);
}
