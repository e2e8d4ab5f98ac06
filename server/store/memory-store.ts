import { SerialStore } from "./serial-store.ts";
import type { Store } from "./store.ts";
import { createEmptyState, Tables } from "./tables.ts";

/** A store that keeps nothing: for tests and throw-away labs. What it holds is as durable as it will ever be, at once. */
export function openMemoryStore(): Store {
  return new SerialStore(new Tables(createEmptyState()), {
    append() {},
    durability: () => Promise.resolve(undefined),
    onLoss() {},
    failure: undefined,
    healthy: true,
    close: () => Promise.resolve(),
  });
}
