import { describe, expect, it } from "vitest";
import { inOrganisation, keynote, pages } from "../../support/deployment-lab.ts";

const hour = 3_600_000;

describe("who comes into a group, leaves it or changes over", () => {
  it("leaves what is installed on the phone of who leaves the group of a required app, and stops what waits", async () => {
    const people = [
      { id: "anna" },
      { id: "bert", habits: { terms: "ignore" } as const },
      { id: "carl" },
      { id: "dora", habits: { install: "ignore" } as const },
    ];
    await inOrganisation({ seed: "members 1", seats: { [pages]: 1 }, people }, async (org) => {
      await org.moveTo("carl", "Later");
      await org.moveTo("dora", "Later");
      await org.deploy("required");
      await org.settled("anna", "installed");
      await org.settled("bert", "waitingForTerms");
      await org.moveTo("carl", "Team");
      await org.settled("carl", "failed no-license");
      for (const id of ["anna", "bert", "carl"]) await org.moveTo(id);
      await org.settled("bert", "notInstalled");
      await org.settled("carl", "notInstalled");
      expect(await org.stateOf("anna")).toBe("installed");
      // Nobody waits for it any more: a free seat stays free.
      await org.buy(pages, 1);
      await org.pass(hour);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      expect(org.hasApp("anna")).toBe(true);

      // The prompt of who leaves in the middle is watched to its end, and a refusal gives the seat back.
      await org.moveTo("dora", "Team");
      await org.until("it asks", () => org.phone("dora").view().prompt?.kind === "appInstallation");
      await org.moveTo("dora");
      expect((await org.seats()).held).toBe(2);
      org.phone("dora").answer(org.phone("dora").view().prompt?.id ?? "", { choice: "cancel" });
      await org.settled("dora", "notInstalled");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
    });
  });

  it("takes back the command that waits for a phone that is off, and the seat that it would have used", async () => {
    const seats = { [pages]: 5, [keynote]: 5 };
    await inOrganisation({ seed: "members 2", seats, people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("required", { adamId: keynote });
      await org.settled("anna", "installed", keynote);
      await org.switchOff("anna");
      await org.deploy("required");
      await org.until("a command waits", async () => (await org.installation("anna"))?.commandUUID != null);
      expect((await org.seats()).held).toBe(1);
      await org.moveTo("anna", "Leavers");
      await org.settled("anna", "notInstalled");
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      // A removal, too: back before the phone was, she keeps the app.
      await org.deploy("uninstall", { group: "Leavers", adamId: keynote });
      await org.settled("anna", "removing", keynote);
      await org.moveTo("anna");
      await org.settled("anna", "installed", keynote);
      await org.switchOn("anna");
      await org.until("she is back", () => org.phone("anna").view().connected);
      await org.pass(hour);
      expect(org.phone("anna").view().prompt).toBeNull();
      expect([org.hasApp("anna"), org.hasApp("anna", keynote)]).toEqual([false, true]);
      expect(org.events.filter(({ event }) => event === "command.cancelled")).toHaveLength(2);
      expect(await org.seats(keynote)).toEqual({ held: 1, problems: [] });
    });
  });

  it("takes back what a locked phone has put off, which the phone then never does", async () => {
    const seats = { [pages]: 5, [keynote]: 5 };
    await inOrganisation({ seed: "members 4", seats, people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("required", { adamId: keynote });
      await org.settled("anna", "installed", keynote);
      org.phone("anna").lock();
      await org.deploy("required");
      await org.until("it is put off", () => org.events.some(({ event }) => event === "command.deferred"));
      expect((await org.seats()).held).toBe(1);
      await org.moveTo("anna");
      await org.settled("anna", "notInstalled");
      expect(await org.installation("anna")).toMatchObject({ attempts: 0 });
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      org.phone("anna").unlock();
      await org.pass(hour);
      expect(org.phone("anna").view().prompt).toBeNull();
    });
  });

  it("resolves the actions of two groups anew at every move, by the rules in force", async () => {
    const people = [{ id: "anna", groups: ["Team"] }];
    await inOrganisation({ seed: "members 3", people }, async (org) => {
      await org.deploy("required");
      await org.deploy("uninstall", { group: "Leavers" });
      await org.deploy("available", { group: "Readers" });
      await org.settled("anna", "installed");
      // Required beats uninstall.
      await org.moveTo("anna", "Team", "Leavers");
      await org.pass(hour);
      expect(await org.installation("anna")).toMatchObject({ state: "installed", desired: "required" });
      // From one group to the other in one act.
      await org.moveTo("anna", "Leavers");
      await org.settled("anna", "notInstalled");
      expect(org.hasApp("anna")).toBe(false);
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      await org.moveTo("anna", "Leavers", "Readers");
      await org.until("it is offered", async () => (await org.offered("anna")) !== undefined);
      await org.phone("anna").portal.install(pages);
      await org.settled("anna", "installed");
      // By the table of 2017 uninstall beats available. The change counts at once.
      await org.send("PATCH", "/api/v1/policies", { conflictRules: "2017" });
      await org.settled("anna", "notInstalled");
      expect(org.hasApp("anna")).toBe(false);
      expect(await org.offered("anna")).toBeUndefined();
      await org.send("PATCH", "/api/v1/policies", { conflictRules: "2016" });
      await org.until("it is offered again", async () => (await org.offered("anna")) !== undefined);
      // The wish was void when the offer ended.
      expect(await org.stateOf("anna")).toBe("notInstalled");
      await org.moveTo("anna", "Team", "Readers");
      await org.settled("anna", "installed");
      expect((await org.installation("anna"))?.desired).toBe("requiredAndAvailable");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
    });
  });
});

describe("a deployment that changes while phones are on the way", () => {
  it("R37: turned to uninstall, it takes back what no phone has seen and removes the rest", async () => {
    const people = [{ id: "anna" }, { id: "bert", habits: { install: "ignore" } as const }, { id: "carl" }];
    await inOrganisation({ seed: "change 1", people }, async (org) => {
      const first = await org.deploy("required");
      await org.settled("carl", "installed");
      await org.settled("anna", "installed");
      await org.until("bert is asked", () => org.phone("bert").view().prompt?.kind === "appInstallation");
      await org.send("PATCH", `/api/v1/deployments/${first}`, { action: "uninstall" });
      for (const id of ["anna", "bert", "carl"]) await org.settled(id, "notInstalled");
      expect(org.phone("bert").view().prompt).toBeNull();
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      // Again, with one phone switched off.
      await org.switchOff("carl");
      await org.send("PATCH", `/api/v1/deployments/${first}`, { action: "required" });
      await org.settled("anna", "installed");
      await org.until(
        "a command waits for carl",
        async () => (await org.installation("carl"))?.commandUUID !== null,
      );
      expect((await org.seats()).held).toBe(3);
      await org.send("PATCH", `/api/v1/deployments/${first}`, { action: "uninstall" });
      await org.settled("carl", "notInstalled");
      await org.settled("anna", "notInstalled");
      await org.settled("bert", "notInstalled");
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      await org.switchOn("carl");
      await org.until("carl is back", () => org.phone("carl").view().connected);
      await org.pass(hour);
      expect(org.hasApp("carl")).toBe(false);
      expect(org.phone("carl").view().prompt).toBeNull();
    });
  });

  it("deleted, it stops what waits and leaves what is installed", async () => {
    const people = [
      { id: "anna" },
      { id: "bert", habits: { install: "ignore" } as const },
      { id: "carl", habits: { terms: "ignore" } as const },
    ];
    await inOrganisation({ seed: "change 2", people }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("anna", "installed");
      await org.settled("carl", "waitingForTerms");
      await org.until("bert is asked", () => org.phone("bert").view().prompt?.kind === "appInstallation");
      await org.send("DELETE", `/api/v1/deployments/${id}`);
      await org.settled("carl", "notInstalled");
      org.phone("bert").answer(org.phone("bert").view().prompt?.id ?? "", { choice: "cancel" });
      await org.settled("bert", "notInstalled");
      await org.pass(hour);
      expect(await org.stateOf("anna")).toBe("installed");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      // Its user deletes it: nobody wants the seat any more.
      await org.phone("anna").deleteApp("com.apple.Pages");
      await org.pass(8 * 24 * hour);
      expect(await org.stateOf("anna")).toBe("notInstalled");
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
    });
  });
});

describe("a phone that is off for long", () => {
  it("gets its app when it is back: commands that ran out unseen cost no attempt", async () => {
    const seats = { [pages]: 5, [keynote]: 5 };
    await inOrganisation({ seed: "off 1", seats, people: [{ id: "anna" }] }, async (org) => {
      await org.send("PATCH", "/api/v1/policies", { commandExpiryDays: 0.05 });
      await org.deploy("required", { adamId: keynote });
      await org.settled("anna", "installed", keynote);
      await org.switchOff("anna");
      await org.deploy("required");
      await org.pass(12 * hour);
      expect(org.events.filter(({ event }) => event === "command.expired").length).toBeGreaterThan(5);
      expect(await org.installation("anna")).toMatchObject({ state: "installing", attempts: 1 });
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      await org.switchOn("anna");
      await org.settled("anna", "installed");
    });
  });
});

describe("what was refused before", () => {
  it("is tried again when the admin asks anew, and not before", async () => {
    const people = [{ id: "anna", habits: { install: "ignore" } as const }];
    await inOrganisation({ seed: "change 3", people }, async (org) => {
      const id = await org.deploy("required");
      await org.until("it asks", () => org.phone("anna").view().prompt?.kind === "appInstallation");
      org.phone("anna").answer(org.phone("anna").view().prompt?.id ?? "", { choice: "cancel" });
      await org.settled("anna", "failed user-rejected");
      await org.pass(24 * hour);
      expect(org.phone("anna").view().prompt).toBeNull();
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "notApplicable" });
      await org.settled("anna", "notApplicable excluded");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "required" });
      await org.until("it asks again", () => org.phone("anna").view().prompt?.kind === "appInstallation");
      org.phone("anna").answer(org.phone("anna").view().prompt?.id ?? "", { choice: "install" });
      await org.settled("anna", "installed");
    });
  });
});
