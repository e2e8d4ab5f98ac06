import { describe, expect, it } from "vitest";
import { inOrganisation, pages } from "../../support/deployment-lab.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const five = [0, 1, 2, 3, 4];

describe("one licence of a user on many phones", () => {
  it("R6: serves five; the sixth fails with device-limit, takes no second one, and follows when one of the five leaves", async () => {
    const people = [{ id: "ada", kinds: five.map(() => "configurator" as const) }, { id: "bert" }];
    // There is a licence to spare: the sixth phone doesn't fail for want of one, nor take it (A14).
    await inOrganisation({ seed: "six", people, seats: { [pages]: 3 }, checksTrace: true }, async (org) => {
      await org.deploy("required");
      for (const index of five) await org.settled("ada", "installed", pages, index);
      await org.settled("bert", "installed");
      await org.enrol({ id: "ada" }, "configurator", 5);
      await org.settled("ada", "failed device-limit", pages, 5);
      await org.pass(3 * dayMs);
      expect(await org.stateOf("ada", pages, 5)).toBe("failed device-limit");
      expect(org.queued("ada", 5)).not.toContain("InstallApplication");
      expect(await org.seats()).toEqual({ held: 2, problems: [] });

      await org.phone("ada", 2).removeProfile();
      await org.settled("ada", "notInstalled unenrolled", pages, 2);
      await org.settled("ada", "installed", pages, 5);
      expect(await org.seats()).toEqual({ held: 2, problems: [] });
      const devices = await org.lab.apple.get<{ violations: string[] }>("/control/v1/invariants");
      expect(devices.violations).toEqual([]);
    });
  });

  it("R6: is enough for whichever five come first when six are to get the app at once", async () => {
    const people = [{ id: "ada", kinds: [...five, 5].map(() => "configurator" as const) }];
    await inOrganisation({ seed: "six-at-once", people }, async (org) => {
      await org.deploy("required");
      await org.until("five are installed", async () => {
        const states = (await org.installations()).map(({ state }) => state);
        return states.filter((state) => state === "installed").length === 5;
      });
      await org.pass(dayMs);
      const outcomes = (await org.installations()).map(({ state, reason }) => `${state} ${reason ?? ""}`);
      expect(outcomes.sort()).toEqual(["failed device-limit", ...five.map(() => "installed ")]);
      // Apple had nobody to refuse.
      expect(org.events.filter((event) => event.event === "store.refused")).toEqual([]);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
    });
  });

  it("R6: returns when the app is uninstalled from all six, the one over the limit included", async () => {
    const people = [{ id: "ada", kinds: [...five, 5].map(() => "configurator" as const) }];
    await inOrganisation({ seed: "six-uninstalled", people }, async (org) => {
      const id = await org.deploy("required");
      await org.pass(dayMs);
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      await org.until("all are rid of it", async () =>
        (await org.installations()).every(({ state }) => state === "notInstalled"),
      );
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
    });
  });
});
