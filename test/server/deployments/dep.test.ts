import { describe, expect, it } from "vitest";
import { inOrganisation, pages, pagesBundleId, type Organisation } from "../../support/deployment-lab.ts";

const hour = 3_600_000;
const people = [{ id: "anna", kinds: ["dep"] as const }];

async function setPolicy(org: Organisation, dep: string): Promise<void> {
  await org.send("PATCH", "/api/v1/policies", { dep });
}

/** The phone would refuse too: for the policies of later years it must be one of later years. */
async function enrolModern(org: Organisation): Promise<void> {
  await org.enrol({ id: "anna" }, "dep", 1, { refusesVpp: false });
  await org.until("it is enrolled", () => org.phone("anna", 1).view().enrolled);
}

describe("a phone enrolled through Apple's enrolment program", () => {
  it("R24: gets no invitation, no licence and no command, whatever is deployed to its user", async () => {
    await inOrganisation({ seed: "dep 1", people, checksTrace: true }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("anna", "notApplicable dep-enrolled");
      expect(await org.installation("anna")).toMatchObject({ label: "Not Applicable", code: "0x87D13B6B" });
      for (const action of ["available", "uninstall", "notApplicable", "required"]) {
        await org.send("PATCH", `/api/v1/deployments/${id}`, { action });
        await org.pass(hour);
        expect(await org.stateOf("anna")).toBe("notApplicable dep-enrolled");
      }
      expect(org.queued("anna")).toEqual([]);
      expect(await org.seats()).toEqual({ held: 0, problems: [] });
      expect(org.events.filter(({ event }) => event === "user.registered")).toEqual([]);
    });
  });

  it("R24: refuses by itself when a raw command reaches it all the same", async () => {
    await inOrganisation({ seed: "dep 2", people }, async (org) => {
      const { udid } = org.phone("anna").config;
      const install = {
        RequestType: "InstallApplication",
        iTunesStoreID: Number(pages),
        Options: { PurchaseMethod: 1 },
      };
      const { commandUUID } = await org.lab.admin.post<{ commandUUID: string }>(
        `/api/v1/devices/${udid}/commands`,
        { command: install },
      );
      type Command = { state: string; result: { Status?: string; RejectionReason?: string } | null };
      let command: Command | undefined;
      await org.until("it answers", async () => {
        command = await org.lab.admin.get<Command>(`/api/v1/commands/${commandUUID}`);
        return command.state !== "queued" && command.state !== "sent";
      });
      expect(command).toMatchObject({
        state: "failed",
        result: { Status: "Error", RejectionReason: "NotSupported" },
      });
      expect(org.hasApp("anna")).toBe(false);
    });
  });

  it.each(["userless-only", "documented"])(
    "gets what its user gets by the policy %s, from the moment it is chosen; what it has stays when the policy goes",
    async (dep) => {
      await inOrganisation({ seed: `dep ${dep}`, people: [{ id: "anna", kinds: [] }] }, async (org) => {
        await org.enrol({ id: "anna" }, "user");
        await enrolModern(org);
        const id = await org.deploy("required");
        await org.settled("anna", "notApplicable dep-enrolled", pages, 1);
        await setPolicy(org, dep);
        await org.settled("anna", "installed", pages, 1);
        expect(org.hasApp("anna", pages, 1)).toBe(true);

        await setPolicy(org, "refuse");
        await org.pass(hour);
        expect(await org.stateOf("anna", pages, 1)).toBe("installed");
        expect((await org.seats()).problems).toEqual([]);
        // What its user deletes does not come back.
        await org.phone("anna", 1).deleteApp(pagesBundleId);
        await org.pass(8 * 24 * hour);
        expect(await org.stateOf("anna", pages, 1)).toBe("notApplicable dep-enrolled");
        await setPolicy(org, dep);
        await org.settled("anna", "installed", pages, 1);
        // What is there can be taken away by any policy, and then its licence is free.
        await setPolicy(org, "refuse");
        await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
        await org.until("it is gone", () => !org.hasApp("anna", pages, 1));
        await org.settled("anna", "notInstalled");
        expect(await org.seats()).toEqual({ held: 0, problems: [] });
      });
    },
  );

  it("R24: stops what was under way when the policy becomes strict, and gives the seat back", async () => {
    await inOrganisation(
      { seed: "dep 5", people: [{ id: "anna", kinds: ["user"] as const }] },
      async (org) => {
        await setPolicy(org, "documented");
        await enrolModern(org);
        await org.deploy("required", { group: "Later" });
        // The terms are accepted on the other phone; then only the phone of the program is left, and switched off.
        const first = await org.deploy("required");
        await org.settled("anna", "installed");
        await org.settled("anna", "installed", pages, 1);
        await org.send("PATCH", `/api/v1/deployments/${first}`, { action: "uninstall" });
        await org.settled("anna", "notInstalled");
        await org.settled("anna", "notInstalled", pages, 1);
        await org.phone("anna").removeProfile();
        await org.until("it left", async () => (await org.stateOf("anna")) === "notInstalled unenrolled");
        await org.switchOff("anna", 1);
        await org.send("PATCH", `/api/v1/deployments/${first}`, { action: "required" });
        await org.until(
          "a command waits",
          async () => (await org.installation("anna", pages, 1))?.commandUUID != null,
        );
        expect((await org.seats()).held).toBe(1);
        await setPolicy(org, "refuse");
        await org.settled("anna", "notApplicable dep-enrolled", pages, 1);
        expect(await org.seats()).toEqual({ held: 0, problems: [] });
      },
    );
  });

  it("without a user gets nothing by any policy", async () => {
    await inOrganisation({ seed: "dep 6", people: [{ id: "anna" }] }, async (org) => {
      const phone = await org.enrol({ id: "nobody" }, "dep", 0, { userId: null, refusesVpp: false });
      await org.until("it is enrolled", () => phone.view().enrolled);
      await org.deploy("required");
      await org.settled("anna", "installed");
      for (const dep of ["userless-only", "documented"]) {
        await setPolicy(org, dep);
        await org.pass(hour);
        expect(org.queued("nobody")).toEqual([]);
      }
      expect(await phone.portal.list()).toEqual([]);
      await expect(phone.portal.install(pages)).rejects.toMatchObject({ code: "forbidden" });
    });
  });
});
