import type { Recorder } from "../shared/trace.ts";
import type { World } from "../shared/world.ts";
import type { Companion } from "./outbox.ts";
import type { Store } from "./store/store.ts";

/** What every service of the server is given. */
export interface ServerContext {
  readonly world: World;
  readonly store: Store;
  readonly recorder: Recorder;
  /** Who writes something of his own with every transaction that tells of facts. */
  readonly companions?: readonly Companion[];
}
