import { describe, expect, it } from "vitest";
import { inOrganisation, keynote, pages } from "../../support/deployment-lab.ts";

interface AppItem {
  readonly adamId: string;
  readonly name: string;
}

describe("deploying an app that was bought in volume", () => {
  it("R32, R33, R34: whatever the sync found, and nothing else, is listed in one place and can be deployed to a group", async () => {
    const seats = { [pages]: 3, [keynote]: 1, "743974925": 2 };
    await inOrganisation({ seed: "rules 1", seats, people: [{ id: "anna" }] }, async (org) => {
      const { items } = await org.lab.admin.get<{ items: AppItem[] }>("/api/v1/apps?limit=200");
      expect(items.map(({ adamId }) => adamId).sort()).toEqual(Object.keys(seats).sort());
      for (const { adamId } of items) {
        await org.deploy("required", { adamId });
        await org.settled("anna", "installed", adamId);
      }
      await expect(org.deploy("required", { adamId: "409183694" })).rejects.toMatchObject({
        code: "not_found",
      });
      await expect(org.deploy("required")).rejects.toMatchObject({ code: "already_exists" });
    });
  });

  it("R35: each user who installs a required app uses one licence, however many phones the user has", async () => {
    const people = [{ id: "anna", kinds: ["user", "device", "configurator"] as const }, { id: "bert" }];
    await inOrganisation({ seed: "rules 2", people, checksTrace: true }, async (org) => {
      await org.deploy("required");
      for (const index of [0, 1, 2]) await org.settled("anna", "installed", pages, index);
      await org.settled("bert", "installed");
      expect(await org.seats()).toEqual({ held: 2, problems: [] });
      const taken = org.events.filter(
        (event) => event.event === "license.taken" && event["side"] !== "apple",
      );
      expect(taken.map(({ userId }) => userId).sort()).toEqual(["anna", "bert"]);
    });
  });

  it("R5, R41: with no licence left the installation fails, and no command is sent: never more than are owned", async () => {
    const people = ["anna", "bert", "carl", "dora"].map((id) => ({ id }));
    await inOrganisation(
      { seed: "rules 3", seats: { [pages]: 3 }, people, checksTrace: true },
      async (org) => {
        await org.deploy("required");
        await org.until("all have their answer", async () => {
          const states = (await org.installations()).map(({ state }) => state);
          return states.filter((state) => state === "installed").length === 3 && states.includes("failed");
        });
        const failed = (await org.installations()).filter(({ state }) => state === "failed");
        expect(failed).toMatchObject([{ reason: "no-license", label: "Failed", code: "0x87D13B7E" }]);
        expect(org.queued(failed[0]?.userId ?? "")).not.toContain("InstallApplication");
        expect(await org.seats()).toEqual({ held: 3, problems: [] });
      },
    );
  });

  it("R36, R37: turned to uninstall, the app goes first and then its licence", async () => {
    await inOrganisation({ seed: "rules 4", people: [{ id: "anna" }] }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("anna", "installed");
      org.phone("anna").lock();
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      await org.pass(3_600_000);
      // A locked phone puts it off: the app is there, and so is its seat.
      expect(await org.stateOf("anna")).toBe("removing");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      org.phone("anna").unlock();
      await org.settled("anna", "notInstalled");
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      const order = org.events
        .filter(
          ({ event, to, side }) =>
            (event === "app.state" && to === "absent") || (event === "license.returned" && side !== "apple"),
        )
        .map(({ event }) => event);
      expect(order).toEqual(["app.state", "license.returned"]);
    });
  });

  it("R45: not applicable is neither offered nor installed", async () => {
    await inOrganisation({ seed: "rules 5", people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("notApplicable");
      await org.settled("anna", "notApplicable excluded");
      await org.pass(3_600_000);
      expect(org.queued("anna")).toEqual([]);
      expect(await org.phone("anna").portal.list()).toEqual([]);
      expect(await org.installation("anna")).toMatchObject({ label: "Not Applicable", code: null });
    });
  });
});
