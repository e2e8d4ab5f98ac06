import { canMoveApp, isManagedAppState, type ManagedAppState } from "../../shared/app-states.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { Findings, isKill, textOf, type Checker } from "./trace-reading.ts";

/** Apps, installations and prompts go from state to state without a leap, and an app only along Apple's moves. */
export const checkStates: Checker = ({ events }) => {
  const findings = new Findings();
  const apps = new Map<string, string>();
  const installations = new Map<string, string>();
  const prompts = new Map<string, "shown" | "answered">();
  let killed = false;
  for (const event of events) {
    const key = `${event.udid ?? ""} ${event.adamId ?? ""}`;
    // What a killed server had stored and not yet told is a leap that nobody sees.
    if (isKill(event)) {
      installations.clear();
      killed = true;
    }
    const name: string = event.event;
    switch (name) {
      case "app.state":
        checkAppMove(event, apps.get(key) ?? "absent", findings);
        apps.set(key, textOf(event["to"]));
        break;
      case "phone.changed":
        // What was on it is gone, and nobody is told of each app.
        if (event["to"] !== "erased") break;
        for (const known of apps.keys()) if (known.startsWith(`${event.udid ?? ""} `)) apps.delete(known);
        break;
      case "installation.changed": {
        const before = installations.get(key) ?? (killed ? undefined : "pending");
        if (before !== undefined && before !== event["from"]) {
          findings.add(
            event,
            `an installation leaves ${textOf(event["from"])}, where it is not: it is ${before}`,
          );
        }
        installations.set(key, textOf(event["to"]));
        break;
      }
      case "prompt.shown":
        prompts.set(textOf(event["promptId"]), "shown");
        break;
      case "prompt.answered": {
        const promptId = textOf(event["promptId"]);
        if (prompts.get(promptId) !== "shown") {
          findings.add(
            event,
            `prompt ${promptId} is answered ${prompts.has(promptId) ? "twice" : "but was not shown"}`,
          );
        }
        prompts.set(promptId, "answered");
        break;
      }
      default:
    }
  }
  return findings.all;
};

function checkAppMove(event: TraceEvent, before: string, findings: Findings): void {
  const [from, to] = [textOf(event["from"]), textOf(event["to"])];
  if (from !== before) findings.add(event, `an app leaves ${from}, where it is not: it is ${before}`);
  if (!isState(from) || !isState(to)) findings.add(event, `${from} to ${to}: no states of a managed app`);
  else if (!canMoveApp(from, to)) findings.add(event, `an app can't go from ${from} to ${to}`);
}

function isState(name: string): name is ManagedAppState | "absent" {
  return name === "absent" || isManagedAppState(name);
}
