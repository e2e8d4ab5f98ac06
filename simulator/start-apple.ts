import type { Recorder } from "../shared/trace.ts";
import type { Listener, World } from "../shared/world.ts";
import { createApple } from "./apple/apple.ts";
import { defaultCatalogue } from "./apple/catalogue.ts";

export interface AppleConfig {
  readonly host: string;
  readonly port: number;
  /** Bearer key of the control API. */
  readonly controlKey: string;
  /** Keeps Apple's state across restarts; without it everything is gone at the end. */
  readonly dataFile?: string;
}

export interface RunningApple {
  readonly url: string;
  /** Broken invariants, in words. */
  violations(): readonly string[];
  stop(): Promise<void>;
}

/** Apple's services on a port of their own. Throws NetworkError address_in_use. */
export async function startApple(
  world: World,
  recorder: Recorder,
  config: AppleConfig,
): Promise<RunningApple> {
  let listener: Listener | undefined = undefined;
  const apple = await createApple(
    { world, recorder },
    {
      controlKey: config.controlKey,
      publicUrl: () => listener?.url ?? `http://${config.host}:${config.port}`,
      catalogue: defaultCatalogue(),
      ...(config.dataFile === undefined ? {} : { dataFile: config.dataFile }),
    },
  );
  const { host, port } = config;
  listener = await world.serve({ host, port, handle: (request, peer) => apple.handle(request, peer) });
  return {
    url: listener.url,
    violations: () => apple.violations(),
    async stop() {
      await listener.close();
      await apple.close();
    },
  };
}
