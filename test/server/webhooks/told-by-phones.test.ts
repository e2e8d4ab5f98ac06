import { expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { inOrganisation, pagesBundleId } from "../../support/deployment-lab.ts";

interface Body {
  readonly event: string;
  readonly data: { readonly udid?: string; readonly from?: string; readonly to?: string };
}

/** What the server made of a phone's word: the trace has it too, from whoever else was there when it happened. */
const events = ["checkin.", "enrollment.", "command.", "installation."];
const isTold = ({ event, side, udid }: TraceEvent) =>
  side !== "phone" &&
  udid !== undefined &&
  event !== "command.performed" &&
  event !== "command.pushed" &&
  events.some((prefix) => event.startsWith(prefix));

const line = ({ event, from, to }: { event: string; from?: unknown; to?: unknown }) =>
  [event, from, to].filter((part) => part !== undefined).join(" ");

it("a webhook hears what phones tell the server, all of it and in order: check-ins, results, and what these change", async () => {
  await inOrganisation({ seed: "told by phones", people: [{ id: "anna" }] }, async (org) => {
    const heard: Body[] = [];
    const { world } = org.lab.virtual.process("receiver");
    await world.serve({
      host: "receiver",
      port: 80,
      async handle(request) {
        heard.push((await request.json()) as Body);
        return new Response(null, { status: 204 });
      },
    });
    await org.send("POST", "/api/v1/webhooks", { url: "http://receiver/", events, enabled: true });
    const before = org.events.length;
    await org.deploy("required");
    await org.settled("anna", "installed");
    await org.phone("anna").deleteApp(pagesBundleId);
    await org.send("PATCH", "/api/v1/policies", { inventoryIntervalDays: 0.01 });
    await org.until("the app is gone", () => heard.some(({ data }) => data.to === "notInstalled"));
    await org.phone("anna").removeProfile();
    await org.pass(60_000);

    const told = org.events.slice(before).filter(isTold).map(line);
    expect(told).toContain("checkin.checkOut");
    expect(told).toContain("command.acknowledged");
    expect(heard.map(({ event, data }) => line({ event, ...data }))).toEqual(told);
  });
});
