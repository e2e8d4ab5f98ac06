/** The whole MDM server at one glance: what it is made of and how the parts know one another. */
import { channelPath } from "../shared/channel.ts";
import type { Recorder } from "../shared/trace.ts";
import type { Listener, World } from "../shared/world.ts";
import { createApi } from "./api/api.ts";
import { ensureFirstKey, ensureKnownKey, revokeKnownKey } from "./api-keys.ts";
import { createDeviceChannel } from "./channel/device-channel.ts";
import { CommandService } from "./commands/command-service.ts";
import type { ServerContext } from "./context.ts";
import { createDeploymentService, createDeviceHooks } from "./deployments/deployment-service.ts";
import { startReconciler } from "./deployments/reconciler.ts";
import { loadAuthority } from "./enrollment/authority.ts";
import { createEnrollmentApp } from "./enrollment/enrollment-app.ts";
import { createEventRing } from "./event-ring.ts";
import type { LicensingContext } from "./licensing/account.ts";
import { startLicensing } from "./licensing/licensing-service.ts";
import { VppClient } from "./licensing/vpp-client.ts";
import { createMetrics } from "./metrics.ts";
import { openSecretBox } from "./secrets.ts";
import { openLowdbStore } from "./store/lowdb-store.ts";
import type { Store } from "./store/store.ts";

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
  const store = await openLowdbStore({ disk: world.disk, directory: config.dataDirectory });
  try {
    return await compose({ world, recorder, store }, config);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function compose(base: ServerContext, config: ServerConfig): Promise<RunningServer> {
  const { world, recorder, store } = base;
  const box = await openSecretBox(world, config.dataDirectory);
  const authority = await loadAuthority(base, box);
  const firstKey = await openDoor(base, config);
  const hostname = new URL(config.publicUrl ?? `http://${config.host}`).hostname;
  const context: LicensingContext = { ...base, box, hostname, vpp: new VppClient(world, config.appleUrl) };
  const onFailure = (error: unknown) => {
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
  };
  const hooks = createDeviceHooks({ context, wake });
  const channel = createDeviceChannel({ context: base, hooks, authority, box, serverUrl });
  const commands = new CommandService({ commands: { ...base, hooks }, push: channel.push });
  const licensing = startLicensing(context, () => reconciler.wake(), onFailure);
  const deployments = createDeploymentService({ context, wake });
  const reconciler = startReconciler({ context, push: channel.push, onFailure });

  const events = createEventRing(recorder);
  const metrics = createMetrics({ ...base, connectedCount: () => channel.push.connectedCount });
  const api = createApi({
    ...base,
    licensing,
    deployments,
    commands,
    events,
    metrics,
    push: channel.push,
    enrollApp: createEnrollmentApp({ context: base, authority, publicUrl, serverUrl }),
    publicUrl,
  });

  listener = await world
    .serve({
      host: config.host,
      port: config.port,
      handle: (request, peer) => api.handle(request, peer),
      channels: { [channelPath]: channel.endpoint },
    })
    .catch(async (error: unknown) => {
      await Promise.all([reconciler.stop(), licensing.stop(), channel.stop()]);
      throw error;
    });

  const stop = async (): Promise<void> => {
    await channel.stop();
    await Promise.all([reconciler.stop(), licensing.stop()]);
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
