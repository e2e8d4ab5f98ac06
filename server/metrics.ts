/** What an operator's Prometheus collects. One registry a server, no timers: all is counted from events or read on demand. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ServerContext } from "./context.ts";
import { installationStates, type AppRecord, type InstallationState } from "./store/records.ts";
import type { IndexPosition, Reader } from "./store/store.ts";

/** More apps than an organisation buys; each makes three series. */
const appsMax = 2_000;

export interface RequestMeasure {
  readonly method: string;
  /** The route's pattern, never the path asked for: that would make a series a path. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface Metrics {
  readonly contentType: string;
  observeRequest(measure: RequestMeasure): void;
  /** The text exposition, with gauges as of now. */
  text(): Promise<string>;
  close(): void;
}

export interface MetricsOptions extends ServerContext {
  connectedCount(): number;
}

export function createMetrics(options: MetricsOptions): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  const requests = new Counter({
    name: "pippin_http_requests_total",
    help: "Requests answered.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "pippin_http_request_duration_seconds",
    help: "Time to answer, by the lab's clock.",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const commands = new Counter({
    name: "pippin_commands_total",
    help: "What happened to commands.",
    labelNames: ["event"],
    registers,
  });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const connected = gauge("pippin_connected_phones", "Phones with an open channel.");
  const healthy = gauge("pippin_store_healthy", "1 while the store takes writes.");
  const installations = gauge("pippin_installations", "Installations by state.", ["state"]);
  const licenses = gauge("pippin_licenses", "Licences by app, by Apple's count.", ["adam_id", "count"]);

  const close = options.recorder.subscribe((event) => {
    if (event.event.startsWith("command.")) commands.inc({ event: event.event.slice("command.".length) });
  });

  return {
    contentType: registry.contentType,
    observeRequest({ method, route, status, durationMs }) {
      const labels = { method, route, status: String(status) };
      requests.inc(labels);
      durations.observe(labels, durationMs / 1_000);
    },
    async text() {
      connected.set(options.connectedCount());
      healthy.set(options.store.healthy ? 1 : 0);
      const read = await options.store.read(async (reader) => ({
        counts: await countInstallations(reader),
        apps: await readApps(reader),
      }));
      for (const [state, count] of read.counts) installations.set({ state }, count);
      licenses.reset();
      for (const app of read.apps) {
        licenses.set({ adam_id: app.id, count: "total" }, app.total);
        licenses.set({ adam_id: app.id, count: "assigned" }, app.assigned);
        licenses.set({ adam_id: app.id, count: "available" }, app.available);
      }
      return registry.metrics();
    },
    close,
  };
}

async function countInstallations(reader: Reader): Promise<[InstallationState, number][]> {
  const counts: [InstallationState, number][] = [];
  for (const state of installationStates) {
    counts.push([state, await reader.count("installations", "byState", state)]);
  }
  return counts;
}

async function readApps(reader: Reader): Promise<AppRecord[]> {
  const apps: AppRecord[] = [];
  while (apps.length < appsMax) {
    const last = apps.at(-1);
    const after: IndexPosition | undefined = last && [last.id, last.id];
    const batch = await reader.list("apps", {
      index: "all",
      partition: "",
      limit: 1_000,
      ...(after ? { after } : {}),
    });
    apps.push(...batch);
    if (batch.length < 1_000) break;
  }
  return apps;
}
