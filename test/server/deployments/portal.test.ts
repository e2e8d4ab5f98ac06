import { describe, expect, it } from "vitest";
import { inOrganisation, keynote, pages } from "../../support/deployment-lab.ts";

const hour = 3_600_000;
const day = 24 * hour;

describe("the company portal", () => {
  it("R45: lists an available app and installs it when the person asks, with invitation, licence and command", async () => {
    await inOrganisation({ seed: "portal 1", people: [{ id: "anna" }], checksTrace: true }, async (org) => {
      await org.deploy("available");
      await org.until("the app is offered", async () => (await org.offered("anna")) !== undefined);
      expect(await org.phone("anna").portal.list()).toEqual([
        {
          adamId: pages,
          bundleId: "com.apple.Pages",
          name: "Pages",
          status: "Available",
          reason: null,
          deadline: null,
        },
      ]);
      await org.pass(day);
      expect(org.queued("anna")).toEqual([]);
      expect((await org.seats()).held).toBe(0);

      await org.phone("anna").portal.install(pages);
      await org.settled("anna", "installed");
      expect(org.hasApp("anna")).toBe(true);
      expect(org.queued("anna").slice(0, 2)).toEqual(["InviteToProgram", "InstallApplication"]);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      expect(await org.offered("anna")).toMatchObject({ status: "Installed", reason: null });
      await expect(org.phone("anna").portal.install(pages)).rejects.toMatchObject({ code: "conflict" });
    });
  });

  it("R41: says on the phone that there is no licence left, and installs when more were bought", async () => {
    const people = [{ id: "anna" }, { id: "bert" }];
    await inOrganisation({ seed: "portal 2", seats: { [pages]: 1 }, people }, async (org) => {
      await org.deploy("available");
      await org.until("both are offered it", async () => (await org.offered("bert")) !== undefined);
      await org.phone("anna").portal.install(pages);
      await org.settled("anna", "installed");
      await org.phone("bert").portal.install(pages);
      await org.settled("bert", "failed no-license");
      expect(await org.offered("bert")).toMatchObject({ status: "Failed", reason: "no-license" });
      expect((await org.installation("bert"))?.code).toBe("0x87D13B7E");
      // Asking again changes nothing while there is none.
      await org.phone("bert").portal.install(pages);
      await org.pass(60_000);
      expect(await org.stateOf("bert")).toBe("failed no-license");
      expect(org.queued("bert")).toEqual(["InviteToProgram"]);

      await org.buy(pages, 1);
      await org.settled("bert", "installed");
      expect(await org.seats()).toEqual({ held: 2, problems: [] });
    });
  });

  it("shows a phone what its own user is offered, and refuses everything else", async () => {
    const people = [
      { id: "anna", groups: ["Team"] },
      { id: "bert", groups: ["Others"] },
    ];
    await inOrganisation({ seed: "portal 3", seats: { [pages]: 5, [keynote]: 5 }, people }, async (org) => {
      await org.deploy("available");
      await org.deploy("required", { adamId: keynote });
      await org.settled("anna", "installed", keynote);
      expect((await org.phone("anna").portal.list()).map(({ adamId }) => adamId)).toEqual([pages]);
      expect(await org.phone("bert").portal.list()).toEqual([]);
      for (const [who, adamId] of [
        ["bert", pages],
        ["bert", keynote],
        ["anna", "999"],
      ] as const) {
        await expect(org.phone(who).portal.install(adamId)).rejects.toMatchObject({ code: "forbidden" });
      }
      const refused = org.events.filter(({ event }) => event === "portal.refused");
      expect(refused.map(({ udid, adamId, reason }) => [udid, adamId, reason])).toEqual([
        [org.phone("bert").config.udid, pages, "NotOffered"],
        [org.phone("bert").config.udid, keynote, "NotOffered"],
        [org.phone("anna").config.udid, "999", "NotOffered"],
      ]);
      await org.pass(hour);
      expect(org.queued("bert")).toEqual([]);
      expect(await org.stateOf("bert")).toBe("none");
    });
  });

  it("R24: offers nothing to a phone enrolled by the program, and refuses what it asks for", async () => {
    const people = [{ id: "anna", kinds: ["dep", "user"] as const }];
    await inOrganisation({ seed: "portal 4", people }, async (org) => {
      await org.deploy("available");
      await org.until(
        "it is offered on the other phone",
        async () => (await org.offered("anna", pages, 1)) !== undefined,
      );
      expect(await org.phone("anna").portal.list()).toEqual([]);
      await expect(org.phone("anna").portal.install(pages)).rejects.toMatchObject({ code: "forbidden" });
      await org.pass(hour);
      expect(org.queued("anna")).toEqual([]);
      expect(await org.stateOf("anna")).toBe("notApplicable dep-enrolled");
    });
  });

  it("keeps a wish when the server is killed right after accepting it, and asks the phone once for two wishes", async () => {
    await inOrganisation({ seed: "portal 5", people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("available");
      await org.until("the app is offered", async () => (await org.offered("anna")) !== undefined);
      await org.phone("anna").portal.install(pages);
      await org.restartServer();
      await org.until("the phone is back", async () => org.phone("anna").view().connected);
      await org
        .phone("anna")
        .portal.install(pages)
        .catch(() => undefined);
      await org.settled("anna", "installed");
      expect(org.queued("anna").filter((type) => type === "InstallApplication")).toHaveLength(1);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
    });
  });

  it("lets a person who cancelled ask again, and takes the licence only for as long as it is wanted", async () => {
    const people = [{ id: "anna", habits: { install: "ignore" } as const }];
    await inOrganisation({ seed: "portal 6", people }, async (org) => {
      await org.deploy("available");
      await org.until("the app is offered", async () => (await org.offered("anna")) !== undefined);
      for (const choice of ["cancel", "install"]) {
        await org.phone("anna").portal.install(pages);
        await org.until("it asks", () => org.phone("anna").view().prompt?.kind === "appInstallation");
        expect((await org.seats()).held).toBe(1);
        org.phone("anna").answer(org.phone("anna").view().prompt?.id ?? "", { choice });
        if (choice === "install") continue;
        await org.settled("anna", "failed user-rejected");
        expect(await org.offered("anna")).toMatchObject({ status: "Failed", reason: "user-rejected" });
        expect(await org.seats()).toEqual({ held: 0, problems: [] });
        await org.pass(day);
        expect(await org.stateOf("anna")).toBe("failed user-rejected");
      }
      await org.settled("anna", "installed");
    });
  });

  it("leaves an available app away that its user deleted, keeps the licence, and brings the app back when asked", async () => {
    await inOrganisation({ seed: "portal 7", people: [{ id: "anna" }] }, async (org) => {
      await org.deploy("available");
      await org.until("the app is offered", async () => (await org.offered("anna")) !== undefined);
      await org.phone("anna").portal.install(pages);
      await org.settled("anna", "installed");
      await org.phone("anna").deleteApp("com.apple.Pages");
      await org.pass(8 * day);
      expect(await org.stateOf("anna")).toBe("notInstalled user-removed");
      expect(org.hasApp("anna")).toBe(false);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      await org.phone("anna").portal.install(pages);
      await org.settled("anna", "installed");
      // The server doesn't know yet that it is gone, and is asked all the same.
      await org.phone("anna").deleteApp("com.apple.Pages");
      await org.phone("anna").portal.install(pages);
      await org.until("it is back", () => org.hasApp("anna"));
      await org.settled("anna", "installed");
      expect(org.queued("anna").filter((type) => type === "InviteToProgram")).toHaveLength(1);
    });
  });

  it("R35: installs on the phone that was asked on, and uses one licence for all phones of the user", async () => {
    const people = [{ id: "anna", kinds: ["user", "configurator"] as const }];
    await inOrganisation({ seed: "portal 9", people }, async (org) => {
      await org.deploy("available");
      await org.until("both offer it", async () => (await org.offered("anna", pages, 1)) !== undefined);
      await org.phone("anna", 1).portal.install(pages);
      await org.settled("anna", "installed", pages, 1);
      await org.pass(8 * day);
      expect([org.hasApp("anna"), org.hasApp("anna", pages, 1)]).toEqual([false, true]);
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      await org.phone("anna").portal.install(pages);
      await org.settled("anna", "installed");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
      // One phone deletes it, the other leaves management: the licence stays with the user.
      await org.phone("anna").deleteApp("com.apple.Pages");
      await org.phone("anna", 1).removeProfile();
      await org.pass(8 * day);
      expect(await org.stateOf("anna")).toBe("notInstalled user-removed");
      expect(await org.seats()).toEqual({ held: 1, problems: [] });
    });
  });

  it("R38: invites whoever asks first, and shows that the terms are waited for", async () => {
    const people = [{ id: "anna", habits: { terms: "ignore" } as const }];
    await inOrganisation({ seed: "portal 8", people }, async (org) => {
      await org.deploy("available");
      await org.until("the app is offered", async () => (await org.offered("anna")) !== undefined);
      await org.phone("anna").portal.install(pages);
      await org.settled("anna", "waitingForTerms");
      expect(await org.offered("anna")).toMatchObject({ status: "WaitingForTerms" });
      expect((await org.seats()).held).toBe(0);
      // The offer ends, and with it the wish.
      const [deployment] = (await org.lab.admin.get<{ items: { id: string }[] }>("/api/v1/deployments"))
        .items;
      await org.send("DELETE", `/api/v1/deployments/${deployment?.id ?? ""}`);
      await org.settled("anna", "notInstalled");
      await org.deploy("available");
      await org.pass(hour);
      expect(await org.stateOf("anna")).toBe("notInstalled");
    });
  });
});
