/** What a Prometheus collects of the fleet. One registry a lab, no timers: all is counted from events or looked at on demand. */
import { Counter, Gauge, Registry } from "prom-client";
import { managedAppStates } from "../../shared/app-states.ts";
import { resultStatuses } from "../../shared/results.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import type { ControlledLab } from "./controlled-lab.ts";
import { phoneStatuses } from "./phone-routes.ts";

const promptKinds = [
  ...["programTerms", "appInstallation", "appleIdSignIn", "storeTerms"],
  ...["managementChange", "appUpdate", "notice"],
];
const appStates = ["absent", ...managedAppStates];
const statuses = new Set<string>(resultStatuses);

export interface FleetMetrics {
  readonly contentType: string;
  /** The text exposition, with gauges as of now. */
  text(): Promise<string>;
  close(): void;
}

export function createFleetMetrics(control: ControlledLab): FleetMetrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const phones = gauge("pippin_fleet_phones", "Phones by status.", ["status"]);
  const connected = gauge("pippin_fleet_connected_phones", "Phones with a channel to their server.");
  const locked = gauge("pippin_fleet_locked_phones", "Phones that are locked.");
  const airplane = gauge("pippin_fleet_airplane_phones", "Phones in airplane mode.");
  const held = gauge("pippin_fleet_held_phones", "Phones in their person's hand.");
  const open = gauge("pippin_fleet_open_prompts", "Sheets on the screens, by kind.", ["kind"]);
  const apps = gauge("pippin_fleet_apps", "Apps on the phones by managed state.", ["state"]);
  const clock = gauge("pippin_lab_clock_seconds", "The lab's clock, in seconds since 1970.");

  const answered = counter(
    "pippin_fleet_commands_answered_total",
    "Commands that phones answered, by status.",
    ["status"],
  );
  const asked = counter("pippin_fleet_prompts_shown_total", "Sheets that were shown, by kind.", ["kind"]);
  const tapped = counter(
    "pippin_fleet_prompts_answered_total",
    "Sheets that were answered, by kind and button.",
    ["kind", "choice"],
  );
  const lost = counter("pippin_fleet_connections_lost_total", "Channels that ended, by the phones' account.");
  const refused = counter(
    "pippin_fleet_connections_refused_total",
    "Attempts to connect or enrol that came to nothing, by the phones' account.",
  );
  const returns = counter(
    "pippin_fleet_reconnects_total",
    "Channels that phones opened after they had lost one.",
  );
  const moves = counter("pippin_fleet_app_moves_total", "Apps that came into a managed state.", ["state"]);
  const faults = counter("pippin_lab_faults_total", "Faults that were played.");

  /** Phones whose channel ended, until they have another. */
  const away = new Set<string>();

  function take(event: TraceEvent): void {
    const isPhones = event["side"] === "phone";
    switch (event.event) {
      case "command.performed":
        return answered.inc({ status: oneOf(statuses, event["status"]) });
      case "command.deferred":
        return isPhones ? answered.inc({ status: "NotNow" }) : undefined;
      case "prompt.shown":
        return asked.inc({ kind: String(event["kind"]) });
      case "prompt.answered":
        return tapped.inc({ kind: String(event["kind"]), choice: String(event["choice"]) });
      case "connection.opened":
        return opened(event.udid);
      case "connection.closed":
        return isPhones ? closed(event.udid) : undefined;
      case "connection.refused":
        return isPhones ? refused.inc() : undefined;
      case "app.state":
        return moves.inc({ state: String(event["to"]) });
      case "fault":
        return faults.inc();
      default:
        return undefined;
    }
  }

  function opened(udid: string | undefined): void {
    if (udid !== undefined && away.delete(udid)) returns.inc();
  }

  function closed(udid: string | undefined): void {
    lost.inc();
    if (udid !== undefined) away.add(udid);
  }

  const close = control.onEvent(take);
  return {
    contentType: registry.contentType,
    async text() {
      const views = control.lab.phones.map((phone) => phone.view());
      const count = (isSo: (view: (typeof views)[number]) => boolean) => views.filter(isSo).length;
      for (const status of phoneStatuses)
        phones.set(
          { status },
          count((view) => view.status === status),
        );
      connected.set(count((view) => view.connected));
      locked.set(count((view) => view.locked));
      airplane.set(count((view) => view.airplane));
      held.set(control.lab.hands.filter(({ isHeld }) => isHeld).length);
      for (const kind of promptKinds)
        open.set(
          { kind },
          count(({ prompt }) => prompt?.kind === kind),
        );
      const states = views.flatMap((view) => view.apps.map(({ state }) => state));
      for (const state of appStates) apps.set({ state }, states.filter((one) => one === state).length);
      clock.set(Math.floor(control.lab.world.now() / 1_000));
      return registry.metrics();
    },
    close,
  };
}

/** So that nothing from outside makes a series of its own. */
function oneOf(known: ReadonlySet<string>, value: unknown): string {
  return typeof value === "string" && known.has(value) ? value : "other";
}
