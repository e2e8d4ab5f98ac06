/**
 * Lets one question about a seat be put to Apple at a time. Two that are under way together may arrive in the other order, and the
 * one that was to be superseded would have the last word. This keeps one process from overtaking itself; what a process that died, or
 * another one, still had on its way is put right by the next sync (docs/decisions/0010).
 */
export class SeatTurns {
  /** By seat: resolves when the last one in the queue has ended. */
  readonly #ends = new Map<string, Promise<void>>();

  /** Waits until nobody asks about any of these seats (ids of assignments), then runs `ask`, and keeps others waiting until it ends. */
  async take<T>(seatIds: readonly string[], ask: () => Promise<T>): Promise<T> {
    const before = seatIds.map((id) => this.#ends.get(id) ?? Promise.resolve());
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    // All at once, so that two who want the same seats never wait for each other.
    for (const id of seatIds) this.#ends.set(id, end);
    try {
      await Promise.all(before);
      return await ask();
    } finally {
      for (const id of seatIds) if (this.#ends.get(id) === end) this.#ends.delete(id);
      ended();
    }
  }
}
