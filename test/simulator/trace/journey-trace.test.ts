import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { checkTrace } from "../../../simulator/checks/check-trace.ts";
import { runVirtual } from "../../../simulator/lab.ts";
import { journey } from "../../../simulator/scenarios/journey.ts";

async function traceOf(
  seed: string,
  protocol: "mdm.plist.binary" | "mdm.plist.xml",
): Promise<{ events: TraceEvent[]; secrets: string[] }> {
  const events: TraceEvent[] = [];
  const onEvent = (event: TraceEvent) => events.push(event);
  const secrets = await runVirtual({ seed, protocol, progress: () => undefined, onEvent }, async (lab) => {
    const summary = await journey.run(lab);
    expect(summary.failures).toEqual([]);
    return [lab.adminKey, lab.controlKey];
  });
  return { events, secrets };
}

function count(events: readonly TraceEvent[], match: (event: TraceEvent) => boolean): number {
  return events.filter(match).length;
}

describe.each([
  ["mdm.plist.binary", "plist-binary", "plist-xml"],
  ["mdm.plist.xml", "plist-xml", "plist-binary"],
] as const)("the trace of the journey over %s", (protocol, format, otherFormat) => {
  it("holds every message whole, breaks no rule, and counts up", async () => {
    const { events, secrets } = await traceOf("31", protocol);
    expect(checkTrace(events, { secrets })).toEqual([]);

    const onChannel = (channel: string) => count(events, (event) => event["channel"] === channel);
    expect(onChannel("mdm")).toBeGreaterThan(1_000);
    expect(onChannel("vpp")).toBeGreaterThan(300);
    expect(onChannel("store")).toBeGreaterThan(200);
    expect(onChannel("api")).toBeGreaterThan(50);
    expect(count(events, (event) => event["format"] === format)).toBeGreaterThan(800);
    expect(count(events, (event) => event["format"] === otherFormat)).toBe(0);
    // One signed profile, one Authenticate and one TokenUpdate a phone.
    expect(count(events, (event) => event["format"] === "cms")).toBe(44);
    expect(count(events, (event) => event.event === "checkin.authenticate")).toBe(44);
    expect(count(events, (event) => event.event === "checkin.tokenUpdate")).toBe(44);

    const named = (name: string) =>
      count(events, (event) => event.event === name && event["side"] !== "apple");
    const handedOut = named("command.pushed");
    expect(handedOut).toBeGreaterThan(200);
    expect(named("command.queued")).toBe(handedOut);
    expect(named("command.performed")).toBe(handedOut);
    expect(named("command.acknowledged") + named("command.failed")).toBe(handedOut);
    expect(named("command.failed")).toBe(1);
    // Twelve of the scarce app and those of the plentiful one stay out.
    const seatsLeft = named("license.taken") - named("license.returned");
    expect(seatsLeft).toBeGreaterThan(12);
    const apples = (name: string) =>
      count(events, (event) => event.event === name && event["side"] === "apple");
    expect(apples("license.taken") - apples("license.returned")).toBe(seatsLeft);
  });
});
