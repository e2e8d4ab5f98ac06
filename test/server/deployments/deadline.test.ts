import { describe, expect, it } from "vitest";
import { inOrganisation, pages } from "../../support/deployment-lab.ts";

const hour = 3_600_000;
const day = 24 * hour;

describe("R45: the deadline of a required app", () => {
  it("offers the app until then and pushes it then, by the lab's clock, across a restart of the server", async () => {
    const people = [{ id: "anna" }, { id: "bert" }];
    await inOrganisation({ seed: "deadline 1", people, checksTrace: true }, async (org) => {
      const deadline = org.lab.world.now() + 3 * day;
      await org.deploy("required", { deadline });
      await org.settled("anna", "pending before-deadline");
      expect(await org.offered("anna")).toMatchObject({ status: "Available", deadline });
      expect(await org.installation("anna")).toMatchObject({
        label: "Install Pending",
        dueAt: new Date(deadline).toISOString(),
      });
      // Whom it suits earlier.
      await org.phone("bert").portal.install(pages);
      await org.settled("bert", "installed");
      await org.pass(day);
      await org.restartServer();
      await org.pass(deadline - org.lab.world.now() - 1_000);
      expect(await org.stateOf("anna")).toBe("pending before-deadline");
      expect(org.queued("anna")).toEqual([]);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      await org.pass(5_000);
      expect(org.queued("anna")).toEqual(["InviteToProgram"]);
      await org.settled("anna", "installed");
      expect(await org.stateOf("bert")).toBe("installed");
      // From then on it is required, and nothing that is offered.
      expect(await org.phone("anna").portal.list()).toEqual([]);
    });
  });

  it("pushes at once when it has passed already or was removed, and waits when it is moved", async () => {
    await inOrganisation({ seed: "deadline 2", people: [{ id: "anna" }] }, async (org) => {
      const start = org.lab.world.now();
      const id = await org.deploy("required", { deadline: start + day });
      await org.settled("anna", "pending before-deadline");
      await org.send("PATCH", `/api/v1/deployments/${id}`, {
        deadline: new Date(start + 2 * day).toISOString(),
      });
      await org.pass(day + hour);
      expect(await org.stateOf("anna")).toBe("pending before-deadline");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { deadline: null });
      await org.settled("anna", "installed");
      // What is installed stays, whatever becomes of the deadline.
      await org.send("PATCH", `/api/v1/deployments/${id}`, {
        deadline: new Date(start + 9 * day).toISOString(),
      });
      await org.pass(hour);
      expect(await org.stateOf("anna")).toBe("installed");
    });
    await inOrganisation({ seed: "deadline 3", people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("required", { deadline: org.lab.world.now() - day });
      await org.settled("anna", "installed");
    });
  });

  it("moved to a later time, it stops whoever was on the way and gives the seat back", async () => {
    const people = [{ id: "anna" }, { id: "bert", habits: { terms: "ignore" } as const }];
    await inOrganisation({ seed: "deadline 4", people }, async (org) => {
      await org.moveTo("bert", "Team", "Readers");
      await org.deploy("required");
      await org.settled("anna", "installed");
      await org.phone("anna").removeProfile();
      await org.until("anna is gone", async () => (await org.stateOf("anna")) === "notInstalled unenrolled");
      await org.enrol({ id: "anna" }, "user", 1);
      await org.until("it is enrolled", () => org.phone("anna", 1).view().enrolled);
      await org.settled("anna", "installed", pages, 1);
      const [deployment] = (await org.lab.admin.get<{ items: { id: string }[] }>("/api/v1/deployments"))
        .items;
      const deadline = new Date(org.lab.world.now() + day).toISOString();
      await org.send("PATCH", `/api/v1/deployments/${deployment?.id ?? ""}`, { deadline });
      await org.settled("bert", "pending before-deadline");
      expect(await org.stateOf("anna", pages, 1)).toBe("installed");
      await org.pass(day);
      await org.settled("bert", "waitingForTerms");
    });
  });

  it("pushes at the deadline to whoever refused the app before", async () => {
    const people = [{ id: "anna", habits: { install: "ignore" } as const }];
    await inOrganisation({ seed: "deadline 5", people }, async (org) => {
      const deadline = org.lab.world.now() + day;
      await org.deploy("required", { deadline });
      await org.until("the app is offered", async () => (await org.offered("anna")) !== undefined);
      await org.phone("anna").portal.install(pages);
      await org.until("it asks", () => org.phone("anna").view().prompt?.kind === "appInstallation");
      org.phone("anna").answer(org.phone("anna").view().prompt?.id ?? "", { choice: "cancel" });
      await org.settled("anna", "failed user-rejected");
      await org.pass(deadline - org.lab.world.now() - hour);
      expect(await org.stateOf("anna")).toBe("failed user-rejected");
      await org.pass(2 * hour);
      expect(org.phone("anna").view().prompt?.kind).toBe("appInstallation");
      org.phone("anna").answer(org.phone("anna").view().prompt?.id ?? "", { choice: "install" });
      await org.settled("anna", "installed");
    });
  });

  it("belongs to required alone: refused for another action, and gone with a change to one", async () => {
    await inOrganisation({ seed: "deadline 6", people: [{ id: "anna" }] }, async (org) => {
      const deadline = org.lab.world.now() + day;
      await expect(org.deploy("available", { deadline })).rejects.toMatchObject({ code: "invalid_request" });
      const id = await org.deploy("required", { deadline });
      const path = `/api/v1/deployments/${id}`;
      const time = new Date(deadline).toISOString();
      const both = org.send("PATCH", path, { action: "available", deadline: time });
      await expect(both).rejects.toMatchObject({ code: "invalid_request" });
      expect(await org.send("PATCH", path, { action: "available" })).toMatchObject({ deadline: null });
      await expect(org.send("PATCH", path, { deadline: time })).rejects.toMatchObject({
        code: "invalid_request",
      });
      expect(await org.send("PATCH", path, { action: "required", deadline: time })).toMatchObject({
        deadline: time,
      });
    });
  });
});
