import type { Recorder } from "../shared/trace.ts";
import type { World } from "../shared/world.ts";
import type { Store } from "./store/store.ts";

/** What every service of the server is given. */
export interface ServerContext {
  readonly world: World;
  readonly store: Store;
  readonly recorder: Recorder;
}
