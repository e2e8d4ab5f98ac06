/** The whole MDM server at one glance: what it is made of and how the parts know one another. */
import { channelPath } from "../shared/channel.ts";
import { PippinError } from "../shared/errors.ts";
import type { Recorder } from "../shared/trace.ts";
import type { Listener, World } from "../shared/world.ts";
import { createApi } from "./api/api.ts";
import { createAuditLog, startAuditPruning } from "./audit/audit-log.ts";
import { ensureFirstKey, ensureKnownKey, revokeKnownKey } from "./api-keys.ts";
import { createDeviceChannel } from "./channel/device-channel.ts";
import { CommandService } from "./commands/command-service.ts";
import { createConsole } from "./console/console-app.ts";
import type { ServerContext } from "./context.ts";
import { createDeploymentService, createDeviceHooks } from "./deployments/deployment-service.ts";
import { startReconciler } from "./deployments/reconciler.ts";
import { startPeople } from "./directory/people-service.ts";
import { hasAuthority, loadAuthority } from "./enrollment/authority.ts";
import { createEnrollmentApp } from "./enrollment/enrollment-app.ts";
import { createEventRing } from "./event-ring.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { createKeyWatch } from "./key-watch.ts";
import type { LicensingContext } from "./licensing/account.ts";
import { startLicenseVerbs } from "./licensing/license-verbs.ts";
import { startLicensing } from "./licensing/licensing-service.ts";
import { SeatTurns } from "./licensing/seat-turns.ts";
import { VppClient } from "./licensing/vpp-client.ts";
import { createMetrics } from "./metrics.ts";
import { createEventStreams } from "./monitoring/event-stream.ts";
import { createPulseStreams } from "./monitoring/pulse.ts";
import type { Companion } from "./outbox.ts";
import { openSecretBox } from "./secrets.ts";
import { openLowdbStore } from "./store/lowdb-store.ts";
import type { Store } from "./store/store.ts";
import { createWebhookService } from "./webhooks/webhook-service.ts";

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Folder of the store, its journal and the key that seals its secrets. */
  readonly dataDirectory: string;
  /** Base URL of Apple's services. */
  readonly appleUrl: string;
  /** Where phones and admins reach this server, when that isn't where it listens. */
  readonly publicUrl?: string;
  /** A well-known admin key, for a lab on loopback. Without it, a first start makes one key and answers with it. */
  readonly insecureDevKey?: string;
}

export interface RunningServer {
  /** Base URL of the admin API. */
  readonly url: string;
  /** The generated admin key, at the first start on this data folder only. Shown now or never. */
  readonly firstKey: string | undefined;
  readonly store: Store;
  /** Finishes what is under way, tells the phones to come back later, writes a checkpoint. */
  stop(): Promise<void>;
}

/** Throws PippinError store_* when the data folder can't be used, NetworkError address_in_use. */
export async function startServer(
  world: World,
  recorder: Recorder,
  config: ServerConfig,
): Promise<RunningServer> {
  let troubled: () => void = () => undefined;
  const store = await openLowdbStore({
    disk: world.disk,
    directory: config.dataDirectory,
    trouble(error) {
      if (error) recorder.record("disk.failed", { code: error.code, message: error.message });
      else recorder.record("disk.recovered");
      troubled();
    },
  });
  try {
    return await compose({ world, recorder, store }, config, (listener) => (troubled = listener));
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function compose(
  given: ServerContext,
  config: ServerConfig,
  onDiskTrouble: (listener: () => void) => void,
): Promise<RunningServer> {
  const { world, recorder, store } = given;
  const companions: Companion[] = [];
  const base: ServerContext = { ...given, companions };
  const isFirstStart = !(await hasAuthority(base));
  const box = await openSecretBox(world, config.dataDirectory, { isFirstStart });
  const authority = await loadAuthority(base, box);
  const firstKey = await openDoor(base, config);
  const hostname = new URL(config.publicUrl ?? `http://${config.host}`).hostname;
  const context: LicensingContext = {
    ...base,
    box,
    hostname,
    vpp: new VppClient(world, config.appleUrl),
    seatTurns: new SeatTurns(),
  };
  const onFailure = (error: unknown) => {
    // Told once already, as `disk.failed`.
    if (error instanceof PippinError && error.code.startsWith("store_")) return;
    recorder.record("fault", {
      where: "server",
      error: error instanceof Error ? (error.stack ?? error.message) : "unknown",
    });
  };

  let listener: Listener | undefined = undefined;
  const publicUrl = () => config.publicUrl ?? listener?.url ?? `http://${config.host}:${config.port}`;
  const serverUrl = () => `${publicUrl().replace(/^http/, "ws")}${channelPath}`;

  // The decisions and the device side know one another through these two calls alone.
  const wake = () => {
    reconciler.wake();
    licensing.wake();
    people.wake();
  };
  const hooks = createDeviceHooks({ context, wake });
  const channel = createDeviceChannel({ context: base, hooks, authority, box, serverUrl });
  const commands = new CommandService({ commands: { ...base, hooks }, push: channel.push });
  const licenseVerbs = startLicenseVerbs(context, () => reconciler.wake(), onFailure);
  const licensing = startLicensing(
    context,
    () => {
      reconciler.wake();
      licenseVerbs.wake();
      people.wake();
    },
    onFailure,
  );
  const deployments = createDeploymentService({ context, wake });
  const reconciler = startReconciler({ context, push: channel.push, onFailure });
  const people = startPeople({
    context,
    hooks,
    deployments,
    push: channel.push,
    changed: () => reconciler.wake(),
    onFailure,
  });

  const housekeeping = startHousekeeping(base, onFailure);
  onDiskTrouble(() => housekeeping.wake());
  let isStopping = false;

  const audit = createAuditLog(base);
  const auditPruning = startAuditPruning(base, onFailure);
  const webhooks = createWebhookService({ context: base, box, onFailure });
  companions.push(audit, webhooks.companion);
  const events = createEventRing(recorder);
  const keyWatch = createKeyWatch(world);
  const streams = createEventStreams({ world, recorder, ring: events, keyWatch });
  const connectedCount = () => channel.push.connectedCount;
  const pulse = createPulseStreams({ ...base, keyWatch, connectedCount, onFailure });
  const metrics = createMetrics({ ...base, connectedCount });
  const api = createApi({
    ...base,
    licensing,
    deployments,
    licenseVerbs,
    people,
    commands,
    events,
    metrics,
    keyWatch,
    streams,
    pulse,
    audit,
    webhooks,
    push: channel.push,
    consoleApp: createConsole(),
    enrollApp: createEnrollmentApp({ context: base, authority, publicUrl, serverUrl }),
    publicUrl,
    readiness: { running: () => !isStopping },
  });

  listener = await world
    .serve({
      host: config.host,
      port: config.port,
      handle: (request, peer) => api.handle(request, peer),
      channels: { [channelPath]: channel.endpoint },
    })
    .catch(async (error: unknown) => {
      await Promise.all([
        reconciler.stop(),
        licensing.stop(),
        licenseVerbs.stop(),
        people.stop(),
        housekeeping.stop(),
        channel.stop(),
      ]);
      throw error;
    });

  webhooks.start();

  const stop = async (): Promise<void> => {
    isStopping = true;
    await channel.stop();
    await Promise.all([
      reconciler.stop(),
      licensing.stop(),
      licenseVerbs.stop(),
      people.stop(),
      housekeeping.stop(),
    ]);
    streams.stop();
    pulse.stop();
    await Promise.all([auditPruning.stop(), webhooks.stop()]);
    await listener?.close();
    events.close();
    metrics.close();
    await store.close();
  };
  return { url: publicUrl(), firstKey, store, stop };
}

async function openDoor(context: ServerContext, config: ServerConfig): Promise<string | undefined> {
  if (config.insecureDevKey !== undefined) {
    await ensureKnownKey(context, config.insecureDevKey);
    return undefined;
  }
  await revokeKnownKey(context);
  return ensureFirstKey(context);
}
