import type { Listener, World } from "../../shared/world.ts";
import { createControlApi } from "./control-api.ts";
import type { ControlledLab } from "./controlled-lab.ts";
import { createFleetMetrics } from "./fleet-metrics.ts";

export interface RunningControl {
  readonly url: string;
  readonly key: string;
  stop(): Promise<void>;
}

/** Serves a lab's control API. `world` is the one that its clients live in. Throws NetworkError address_in_use. */
export async function startControl(
  world: World,
  control: ControlledLab,
  options: { readonly host: string; readonly port: number; readonly key?: string | undefined },
): Promise<RunningControl> {
  const key = options.key ?? `lk_${world.randomBytes(24).toString("base64url")}`;
  const metrics = createFleetMetrics(control);
  const handle = createControlApi({ control, metrics }, key);
  const { host, port } = options;
  let listener: Listener;
  try {
    listener = await world.serve({ host, port, handle });
  } catch (error) {
    metrics.close();
    throw error;
  }
  return {
    ...{ url: listener.url, key },
    async stop() {
      await listener.close();
      metrics.close();
    },
  };
}
