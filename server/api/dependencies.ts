/** What the API stands on. */
import type { Hono } from "hono";
import type { AuditLog } from "../audit/audit-log.ts";
import type { CommandService } from "../commands/command-service.ts";
import type { ServerContext } from "../context.ts";
import type { EventRing } from "../event-ring.ts";
import type { LicenseVerbs } from "../licensing/license-verbs.ts";
import type { KeyWatch } from "../key-watch.ts";
import type { EventStreams } from "../monitoring/event-stream.ts";
import type { PulseStreams } from "../monitoring/pulse.ts";
import type { Metrics } from "../metrics.ts";
import type { WebhookService } from "../webhooks/webhook-service.ts";
import type { DeploymentService, DevicePush, LicensingService, PeopleService } from "../services.ts";

export type CommandsPort = Pick<CommandService, "enqueue" | "enqueueMany" | "enqueueForGroup" | "cancel">;

export interface ApiDependencies extends ServerContext {
  readonly licensing: LicensingService;
  readonly deployments: DeploymentService;
  readonly licenseVerbs: LicenseVerbs;
  readonly people: PeopleService;
  readonly commands: CommandsPort;
  readonly push: Pick<DevicePush, "isConnected" | "connectedCount">;
  readonly events: EventRing;
  readonly metrics: Metrics;
  /** Tells an answer that has no end when its caller's key stops being good. */
  readonly keyWatch: KeyWatch;
  readonly webhooks: Pick<WebhookService, "create" | "change" | "remove" | "redeliver">;
  readonly streams: Pick<EventStreams, "open">;
  readonly pulse: Pick<PulseStreams, "open" | "read">;
  /** Default: one of its own, which notes acts right after them; one that is also a companion notes them with them. */
  readonly audit?: AuditLog;
  /** Where phones reach this server. Asked at each use: the port may be known late. */
  publicUrl(): string;
  /** Mounted at `/enroll`; authorised by its own tokens. */
  readonly enrollApp?: Hono;
  /** The pages of the console; its routes begin with `/console`. */
  readonly consoleApp?: Hono;
  /** What else must be well for `/readyz` to say so, by name. */
  readonly readiness?: Readonly<Record<string, () => boolean>>;
}
