/** What the API stands on. */
import type { Hono } from "hono";
import type { CommandService } from "../commands/command-service.ts";
import type { ServerContext } from "../context.ts";
import type { EventRing } from "../event-ring.ts";
import type { Metrics } from "../metrics.ts";
import type { DeploymentService, DevicePush, LicensingService } from "../services.ts";

export type CommandsPort = Pick<CommandService, "enqueue" | "enqueueMany" | "enqueueForGroup" | "cancel">;

export interface ApiDependencies extends ServerContext {
  readonly licensing: LicensingService;
  readonly deployments: DeploymentService;
  readonly commands: CommandsPort;
  readonly push: Pick<DevicePush, "isConnected" | "connectedCount">;
  readonly events: EventRing;
  readonly metrics: Metrics;
  /** Where phones reach this server. Asked at each use: the port may be known late. */
  publicUrl(): string;
  /** Mounted at `/enroll`; authorised by its own tokens. */
  readonly enrollApp?: Hono;
  /** What else must be well for `/readyz` to say so, by name. */
  readonly readiness?: Readonly<Record<string, () => boolean>>;
}
