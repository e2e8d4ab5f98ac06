import { describe, expect, it } from "vitest";
import { inOrganisation, pages, type Organisation } from "../../support/deployment-lab.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

interface License {
  userId: string;
  state: string;
  stranded: { reason: string } | null;
  phones: { enrolled: boolean; state: string }[];
}

const licenses = async (org: Organisation) =>
  (await org.lab.admin.get<{ items: License[] }>("/api/v1/licenses")).items;
const movements = async (org: Organisation) =>
  (await org.lab.admin.get<{ items: { kind: string; reason: string }[] }>("/api/v1/ledger")).items
    .map(({ kind, reason }) => `${kind} ${reason}`)
    .reverse();

async function act(org: Organisation, id: string, verb: "retry" | "resend" | "cancel", index = 0) {
  const { udid } = org.phone(id, index).config;
  return org.send<{ state: string; reason: string | null }>(
    "POST",
    `/api/v1/installations/${udid}:${pages}/${verb}`,
  );
}

const none = { held: 0, problems: [] };
const one = { held: 1, problems: [] };

describe("a licence returns", () => {
  it("when the person rejects the install", async () => {
    await inOrganisation(
      { seed: "reject", people: [{ id: "ada", habits: { install: "cancel" } }] },
      async (org) => {
        await org.deploy("required");
        await org.settled("ada", "failed user-rejected");
        await org.until("the licence is back", async () => (await org.seats()).held === 0);
        expect(await movements(org)).toEqual(["taken licensed", "returned user-rejected"]);
        // Nor is it taken again by itself.
        await org.pass(30 * dayMs);
        expect(await org.stateOf("ada")).toBe("failed user-rejected");
        expect(await org.seats()).toEqual(none);
      },
    );
  });

  it("when the install fails for good", async () => {
    await inOrganisation({ seed: "fail", people: [{ id: "ada" }] }, async (org) => {
      // Every download is refused: the licence has not reached the person's purchases (A11).
      const behaviour = JSON.stringify({ associationDelayMs: 31 * dayMs });
      await org.lab.apple.send("PUT", "/control/v1/behaviour", behaviour, "application/json");
      await org.deploy("required");
      await org.settled("ada", "failed install-failed");
      await org.until("the licence is back", async () => (await org.seats()).held === 0);
      expect(await movements(org)).toEqual(["taken licensed", "returned install-failed"]);
      expect(await org.seats()).toEqual(none);
    });
  });

  it("when a pending install is cancelled before the phone got the command, and is not taken again", async () => {
    await inOrganisation({ seed: "cancel-unsent", people: [{ id: "ada" }, { id: "bert" }] }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("ada", "installed");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      await org.settled("ada", "notInstalled");
      await org.switchOff("ada");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "required" });
      await org.settled("ada", "installing");
      expect(await org.seats()).toMatchObject({ held: 2 });

      await act(org, "ada", "cancel");
      await org.settled("ada", "notInstalled cancelled");
      expect((await movements(org)).at(-1)).toBe("returned cancelled");
      expect(await org.seats()).toEqual(one);
      await org.switchOn("ada");
      await org.pass(30 * dayMs);
      expect(await org.stateOf("ada")).toBe("notInstalled cancelled");
      expect(org.hasApp("ada")).toBe(false);
      expect(await org.seats()).toEqual(one);

      await act(org, "ada", "retry");
      await org.settled("ada", "installed");
      expect(await org.seats()).toEqual({ held: 2, problems: [] });
    });
  });

  it("when an install is cancelled while its prompt is open: the phone drops it first", async () => {
    await inOrganisation(
      { seed: "cancel-prompt", people: [{ id: "ada", habits: { install: "ignore" } }], checksTrace: true },
      async (org) => {
        await org.deploy("required");
        await org.until(
          "the prompt is open",
          () => org.phone("ada").view().prompt?.kind === "appInstallation",
        );
        await org.pass(minuteMs);
        await act(org, "ada", "cancel");
        await org.settled("ada", "notInstalled cancelled");
        expect(org.phone("ada").view().prompt).toBeNull();
        expect(org.queued("ada")).toContain("RemoveApplication");
        expect(await org.seats()).toEqual(none);
      },
    );
  });

  it("when an install is cancelled and the app arrives all the same: it is removed first", async () => {
    await inOrganisation({ seed: "cancel-late", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.until("it is loading", () =>
        org
          .phone("ada")
          .view()
          .apps.some((app) => app.state === "Installing"),
      );
      await act(org, "ada", "cancel");
      await org.until("it is over", async () => (await org.stateOf("ada")) === "notInstalled cancelled");
      await org.until("the licence is back", async () => (await org.seats()).held === 0);
      expect(org.hasApp("ada")).toBe(false);
      expect((await movements(org)).at(-1)).toBe("returned cancelled");
      await org.pass(dayMs);
      expect(org.hasApp("ada")).toBe(false);
    });
  });

  it("when an admin cancels the install command itself, whose end names the request as its cause", async () => {
    await inOrganisation({ seed: "cancel-command", people: [{ id: "ada" }] }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("ada", "installed");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      await org.settled("ada", "notInstalled");
      await org.switchOff("ada");
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "required" });
      await org.settled("ada", "installing");
      const commandUUID = (await org.installation("ada"))?.commandUUID ?? "";
      await org.send("DELETE", `/api/v1/commands/${commandUUID}`);
      await org.settled("ada", "notInstalled cancelled");
      expect(await org.seats()).toEqual(none);
      const cancelled = org.events.find((event) => event.event === "command.cancelled");
      const cause = org.events.find((event) => event.seq === cancelled?.cause);
      expect(cause).toMatchObject({ event: "api.request", method: "DELETE" });
      expect(cancelled?.["by"]).toBe(cause?.["keyId"]);
    });
  });

  it("only when no other phone of the user needs it", async () => {
    await inOrganisation(
      { seed: "cancel-shared", people: [{ id: "ada", kinds: ["user", "configurator"] }] },
      async (org) => {
        await org.deploy("required");
        await org.settled("ada", "installed");
        await org.settled("ada", "installed", pages, 1);
        await org.lab.world.sleep(1_000);
        await org.enrol({ id: "ada", habits: { install: "ignore" } }, "user", 2);
        await org.settled("ada", "installing", pages, 2);
        await org.until("the prompt is open", () => org.phone("ada", 2).view().prompt !== null);
        await act(org, "ada", "cancel", 2);
        await org.settled("ada", "notInstalled cancelled", pages, 2);
        expect(await org.stateOf("ada")).toBe("installed");
        expect(await org.seats()).toEqual(one);
        expect(await movements(org)).toEqual(["taken licensed"]);
      },
    );
  });
});

describe("a licence stays", () => {
  it("with its user whose last phone leaves management, by the policy keep, and says why (A2)", async () => {
    await inOrganisation({ seed: "keep", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      await org.phone("ada").removeProfile();
      await org.settled("ada", "notInstalled unenrolled");
      await org.pass(30 * dayMs);
      expect(await org.seats()).toEqual(one);
      expect(await licenses(org)).toMatchObject([
        { userId: "ada", state: "held", stranded: { reason: "unenrolled" }, phones: [{ enrolled: false }] },
      ]);
      expect(await movements(org)).toEqual(["taken licensed", "kept unenrolled"]);

      // The next phone uses it: no second one is taken, and there is nothing to explain any more.
      await org.enrol({ id: "ada" }, "user", 1);
      await org.settled("ada", "installed", pages, 1);
      expect(await org.seats()).toEqual(one);
      expect(await licenses(org)).toMatchObject([{ userId: "ada", state: "held", stranded: null }]);
    });
  });

  it("not so by the policy reclaim: it returns with the last phone that leaves", async () => {
    await inOrganisation(
      { seed: "reclaim", people: [{ id: "ada", kinds: ["user", "user"] }] },
      async (org) => {
        await org.send("PATCH", "/api/v1/policies", { licenseOnUnenroll: "reclaim" });
        await org.deploy("required");
        await org.settled("ada", "installed");
        await org.settled("ada", "installed", pages, 1);
        await org.phone("ada").removeProfile();
        await org.settled("ada", "notInstalled unenrolled");
        await org.pass(dayMs);
        expect(await org.seats()).toEqual(one);
        await org.phone("ada", 1).removeProfile();
        await org.until("the licence is back", async () => (await org.seats()).held === 0);
        expect(await movements(org)).toEqual(["taken licensed", "returned unenrolled"]);
        expect(await org.seats()).toEqual(none);
      },
    );
  });

  it("one and the same when a phone is wiped and enrolled again under its serial number (A6)", async () => {
    await inOrganisation({ seed: "wipe", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      const { udid } = org.phone("ada").config;
      const command = { RequestType: "EraseDevice" };
      await org.send("POST", `/api/v1/devices/${udid}/commands`, { command });
      const phone = org.phone("ada");
      await org.until("it is erased", () => phone.view().status === "erased");
      const tokens = [{ kind: "user", userId: "ada" }];
      const made = await org.send<{ tokens: { url: string }[] }>("POST", "/api/v1/enrollment-tokens/batch", {
        tokens,
      });
      await phone.enroll(made.tokens[0]?.url ?? "");
      await org.until("it is enrolled", () => phone.view().enrolled);
      await org.settled("ada", "installed");
      expect(await movements(org)).toEqual(["taken licensed", "kept wiped"]);
      expect(await org.seats()).toEqual(one);
      expect(await licenses(org)).toMatchObject([{ stranded: null }]);
    });
  });

  it("when its holder deletes the app", async () => {
    await inOrganisation({ seed: "deleted", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      await org.phone("ada").deleteApp("com.apple.Pages");
      await org.pass(6 * dayMs);
      expect(org.hasApp("ada")).toBe(false);
      expect(await org.seats()).toEqual(one);
      await org.pass(10 * dayMs);
      expect(org.hasApp("ada")).toBe(true);
      expect(await movements(org)).toEqual(["taken licensed"]);
    });
  });
});
