import { describe, expect, it } from "vitest";
import { inOrganisation, pages, pagesBundleId } from "../../support/deployment-lab.ts";

const hour = 3_600_000;
const day = 24 * hour;

describe("R45: a required app that its user deleted", () => {
  it("comes back at the next inventory, and the licence stays with the user meanwhile", async () => {
    await inOrganisation({ seed: "deleted 1", people: [{ id: "anna" }], checksTrace: true }, async (org) => {
      await org.deploy("required");
      await org.settled("anna", "installed");
      await org.phone("anna").deleteApp(pagesBundleId);
      await org.pass(6 * day);
      // Nobody has told the server yet.
      expect(await org.stateOf("anna")).toBe("installed");
      expect(org.hasApp("anna")).toBe(false);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      await org.until("it is back", () => org.hasApp("anna"), 2 * day);
      await org.settled("anna", "installed");
      const moves = org.events.filter(
        (event) => event.event === "installation.changed" && event.adamId === pages,
      );
      expect(moves.slice(-3).map(({ to, reason }) => [to, reason])).toEqual([
        ["notInstalled", "user-removed"],
        ["installing", "user-removed"],
        ["installed", undefined],
      ]);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      expect(org.events.filter(({ event }) => event === "license.returned")).toEqual([]);
    });
  });

  it("says so as soon as the server knows, and waits for the inventory that is due", async () => {
    await inOrganisation({ seed: "deleted 2", people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("anna", "installed");
      const since = org.lab.world.now();
      await org.phone("anna").deleteApp(pagesBundleId);
      await org.pass(2 * day);
      const { udid } = org.phone("anna").config;
      const command = { RequestType: "ManagedApplicationList" };
      await org.lab.admin.post(`/api/v1/devices/${udid}/commands`, { command });
      await org.settled("anna", "notInstalled user-removed");
      expect(await org.installation("anna")).toMatchObject({ label: "Not Installed", code: "0x87D13B66" });
      await org.pass(4 * day);
      expect(await org.stateOf("anna")).toBe("notInstalled user-removed");
      expect((await org.seats()).held).toBe(1);
      await org.until("it is back", () => org.hasApp("anna"), 2 * day);
      expect(org.lab.world.now() - since).toBeGreaterThanOrEqual(7 * day - 60_000);
      expect(org.lab.world.now() - since).toBeLessThan(7 * day + hour);
    });
  });

  it("comes back sooner when the policy wants an inventory sooner, from the moment it is changed", async () => {
    await inOrganisation({ seed: "deleted 3", people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("anna", "installed");
      await org.phone("anna").deleteApp(pagesBundleId);
      await org.pass(day);
      expect(org.hasApp("anna")).toBe(false);
      await org.send("PATCH", "/api/v1/policies", { inventoryIntervalDays: 0.5 });
      await org.until("it is back", () => org.hasApp("anna"));
    });
  });
});
