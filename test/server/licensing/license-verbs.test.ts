import { describe, expect, it } from "vitest";
import { ApiError } from "../../../simulator/json-client.ts";
import { inOrganisation, keynote, pages, type Organisation } from "../../support/deployment-lab.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

interface Act {
  id: string;
  finishedAt: string | null;
  asked: number;
  done: number;
  failed: number;
  pending: number;
  items: { userId: string; adamId: string; outcome: string; code: string | null; message: string }[];
}

const revoke = (org: Organisation, body: object) => org.send<Act>("POST", "/api/v1/licenses/revoke", body);
const reclaim = (org: Organisation, body: object) => org.send<Act>("POST", "/api/v1/licenses/reclaim", body);
const actOf = (org: Organisation, id: string) => org.lab.admin.get<Act>(`/api/v1/licenses/acts/${id}`);
const movements = async (org: Organisation, userId: string) =>
  (
    await org.lab.admin.get<{ items: { kind: string; reason: string; actId: string | null }[] }>(
      `/api/v1/ledger?userId=${userId}`,
    )
  ).items
    .map(({ kind, reason }) => `${kind} ${reason}`)
    .reverse();

async function act(org: Organisation, id: string, verb: string, index = 0): Promise<void> {
  const { udid } = org.phone(id, index).config;
  await org.send("POST", `/api/v1/installations/${udid}:${pages}/${verb}`);
}

const seats = (held: number) => ({ held, problems: [] });
const installed = async (org: Organisation, ...ids: string[]) => {
  for (const id of ids) await org.settled(id, "installed");
};

describe("revoke", () => {
  it("takes the licence now, leaves the app on the phone, and the server does not take it again by itself", async () => {
    await inOrganisation(
      { seed: "revoke", people: [{ id: "ada" }, { id: "bert" }], checksTrace: true },
      async (org) => {
        await org.deploy("required");
        await installed(org, "ada", "bert");
        const report = await revoke(org, { userId: "ada", adamId: pages });
        expect(report).toMatchObject({ asked: 1, done: 1, failed: 0, pending: 0 });
        expect(report.finishedAt).not.toBeNull();
        expect(await org.seats()).toEqual(seats(1));
        await org.settled("ada", "installed license-revoked");
        expect(org.queued("ada")).not.toContain("RemoveApplication");
        // Neither time, nor a sync, nor an inventory brings it back.
        await org.pass(20 * dayMs);
        await org.lab.admin.post("/api/v1/vpp/sync", {});
        await org.pass(minuteMs);
        expect(await org.stateOf("ada")).toBe("installed license-revoked");
        expect(org.hasApp("ada")).toBe(true);
        expect(await org.seats()).toEqual(seats(1));
        expect(await movements(org, "ada")).toEqual(["taken licensed", "returned revoked"]);

        await act(org, "ada", "retry");
        await org.settled("ada", "installed");
        expect(await org.seats()).toEqual(seats(2));
      },
    );
  });

  it("stands for the user's next phone too, and for all of them until one is asked for again", async () => {
    await inOrganisation(
      { seed: "revoke-phones", people: [{ id: "ada", kinds: ["user", "user"] }] },
      async (org) => {
        await org.deploy("required");
        await org.settled("ada", "installed");
        await org.settled("ada", "installed", pages, 1);
        await revoke(org, { userId: "ada" });
        await org.settled("ada", "installed license-revoked");
        await org.settled("ada", "installed license-revoked", pages, 1);
        await org.enrol({ id: "ada" }, "user", 2);
        await org.settled("ada", "notInstalled license-revoked", pages, 2);
        await org.pass(dayMs);
        expect(await org.seats()).toEqual(seats(0));
        await act(org, "ada", "resend", 2);
        for (const index of [0, 1, 2]) await org.settled("ada", "installed", pages, index);
        expect(await org.seats()).toEqual(seats(1));
      },
    );
  });

  it("ends with a change of the deployment", async () => {
    await inOrganisation({ seed: "revoke-change", people: [{ id: "ada" }] }, async (org) => {
      const id = await org.deploy("required");
      await org.settled("ada", "installed");
      await revoke(org, { adamId: pages });
      await org.settled("ada", "installed license-revoked");
      await org.pass(minuteMs);
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "uninstall" });
      await org.settled("ada", "notInstalled");
      expect(org.hasApp("ada")).toBe(false);
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "required" });
      await org.settled("ada", "installed");
      expect(await org.seats()).toEqual(seats(1));
    });
  });

  it.each([
    ["one app of one user", { userId: "ada", adamId: pages }, 1, { pages: 1, keynote: 2 }],
    ["everything of one user", { userId: "ada" }, 2, { pages: 1, keynote: 1 }],
    ["one app of everybody", { adamId: pages }, 2, { pages: 0, keynote: 2 }],
    ["everything of everybody", { all: true, confirm: true }, 4, { pages: 0, keynote: 0 }],
  ])("takes %s", async (_name, body, asked, left) => {
    const plan = { people: [{ id: "ada" }, { id: "bert" }], seats: { [pages]: 2, [keynote]: 2 } };
    await inOrganisation({ seed: "revoke-which", ...plan }, async (org) => {
      await org.deploy("required");
      await org.deploy("required", { adamId: keynote });
      for (const id of ["ada", "bert"])
        for (const adamId of [pages, keynote]) await org.settled(id, "installed", adamId);
      expect(await revoke(org, body)).toMatchObject({ asked, done: asked, failed: 0, pending: 0 });
      await org.pass(dayMs);
      expect([await org.seats(), await org.seats(keynote)]).toEqual([seats(left.pages), seats(left.keynote)]);
      for (const id of ["ada", "bert"])
        expect([org.hasApp(id), org.hasApp(id, keynote)]).toEqual([true, true]);
    });
  });

  it("of everything asks for confirmation, says how many, and is for admins alone", async () => {
    await inOrganisation({ seed: "confirm", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      for (const verb of ["revoke", "reclaim"]) {
        const refused = await org
          .send("POST", `/api/v1/licenses/${verb}`, { all: true })
          .catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(ApiError);
        expect(refused).toMatchObject({ code: "confirmation_required" });
        expect((refused as ApiError).message).toContain("(1)");
      }
      await org.pass(dayMs);
      expect(await org.stateOf("ada")).toBe("installed");
      expect(await org.seats()).toEqual(seats(1));
    });
  });

  it("gives the freed licence to whoever waits for one", async () => {
    const people = [{ id: "ada" }, { id: "bert" }];
    await inOrganisation({ seed: "revoke-waiting", people, seats: { [pages]: 1 } }, async (org) => {
      await org.deploy("required");
      await org.until("one has it and one waits", async () => {
        const states = (await org.installations())
          .map(({ state, reason }) => `${state} ${reason ?? ""}`)
          .sort();
        return states.join() === "failed no-license,installed ";
      });
      const holder = (await org.stateOf("ada")) === "installed" ? "ada" : "bert";
      const other = holder === "ada" ? "bert" : "ada";
      await revoke(org, { userId: holder });
      await org.settled(other, "installed");
      await org.settled(holder, "installed license-revoked");
      expect(await org.seats()).toEqual(seats(1));
    });
  });

  it("goes on by itself while Apple can't be reached, and says so meanwhile", async () => {
    await inOrganisation({ seed: "revoke-outage", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      const setUnavailable = (unavailable: unknown) =>
        org.lab.apple.send(
          "PUT",
          "/control/v1/behaviour",
          JSON.stringify({ unavailable }),
          "application/json",
        );
      await setUnavailable({ retryAfterSeconds: 60 });
      const report = await revoke(org, { userId: "ada" });
      expect(report).toMatchObject({ asked: 1, done: 0, failed: 0, pending: 1, finishedAt: null });
      expect(report.items).toMatchObject([{ userId: "ada", outcome: "pending", code: "apple_unavailable" }]);
      await org.pass(10 * minuteMs);
      expect(await actOf(org, report.id)).toMatchObject({ pending: 1 });
      await setUnavailable(false);
      await org.until(
        "it is over",
        async () => (await actOf(org, report.id)).finishedAt !== null,
        3 * 60 * minuteMs,
      );
      expect(await actOf(org, report.id)).toMatchObject({ asked: 1, done: 1, failed: 0, pending: 0 });
      expect(await org.seats()).toEqual(seats(0));
      await org.settled("ada", "installed license-revoked");
    });
  });

  it("goes on after the server was killed between asking Apple and storing the answer", async () => {
    const people = ["ada", "bert", "cleo"].map((id) => ({ id }));
    await inOrganisation({ seed: "revoke-killed", people }, async (org) => {
      await org.deploy("required");
      await installed(org, "ada", "bert", "cleo");
      let killed = false;
      org.lab.virtual.network.interceptor = ({ kind, url }) => {
        if (kind === "response" && url.includes("manageVPPLicenses") && !killed) {
          killed = true;
          org.lab.killServer();
        }
        return "deliver";
      };
      const lost = revoke(org, { adamId: pages }).catch((error: unknown) => error);
      await org.pass(1_000);
      expect(killed).toBe(true);
      await org.lab.restartServer();
      await lost;
      const { items } = await org.lab.admin.get<{ items: Act[] }>("/api/v1/licenses/acts");
      const first = items.at(-1)?.id ?? "";
      await org.until("it is over", async () => (await actOf(org, first)).finishedAt !== null);
      expect(await actOf(org, first)).toMatchObject({ asked: 3, pending: 0 });
      for (const { id } of people) await org.settled(id, "installed license-revoked");
      expect(await org.seats()).toEqual(seats(0));
      for (const { id } of people) {
        expect(await movements(org, id)).toEqual(["taken licensed", "returned revoked"]);
      }
    });
  });
});

describe("reclaim", () => {
  it("R36, R37: removes the app from each of the user's phones, then the licence returns, and not before", async () => {
    const people = [{ id: "ada", kinds: ["user", "configurator"] as const }, { id: "bert" }];
    await inOrganisation({ seed: "reclaim-verb", people, checksTrace: true }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      await org.settled("ada", "installed", pages, 1);
      await org.settled("bert", "installed");
      await org.switchOff("ada", 1);
      const report = await reclaim(org, { userId: "ada", adamId: pages });
      expect(report).toMatchObject({ asked: 1, done: 0, failed: 0, pending: 1 });
      await org.settled("ada", "notInstalled reclaimed");
      await org.pass(5 * dayMs);
      // One phone can't be reached: it keeps the licence.
      expect(await org.seats()).toEqual(seats(2));
      expect(await actOf(org, report.id)).toMatchObject({ pending: 1, finishedAt: null });

      await org.switchOn("ada", {}, 1);
      await org.settled("ada", "notInstalled reclaimed", pages, 1);
      await org.until("it is over", async () => (await actOf(org, report.id)).finishedAt !== null);
      expect(await actOf(org, report.id)).toMatchObject({ asked: 1, done: 1, failed: 0, pending: 0 });
      expect([org.hasApp("ada"), org.hasApp("ada", pages, 1), org.hasApp("bert")]).toEqual([
        false,
        false,
        true,
      ]);
      expect(await movements(org, "ada")).toEqual(["taken licensed", "returned reclaimed"]);
      // The deployment still says required: the admin's word outranks it.
      await org.pass(20 * dayMs);
      expect(await org.stateOf("ada")).toBe("notInstalled reclaimed");
      expect(await org.seats()).toEqual(seats(1));

      await act(org, "ada", "retry");
      await org.settled("ada", "installed");
      expect(await org.stateOf("ada", pages, 1)).toBe("notInstalled reclaimed");
      expect(await org.seats()).toEqual(seats(2));
    });
  });

  it("R36, R37: of an app or of everything takes the app from everybody, and gives it back when a deployment changes", async () => {
    await inOrganisation({ seed: "reclaim-app", people: [{ id: "ada" }, { id: "bert" }] }, async (org) => {
      const id = await org.deploy("required");
      await installed(org, "ada", "bert");
      const report = await reclaim(org, { all: true, confirm: true });
      expect(report).toMatchObject({ asked: 2 });
      await org.settled("ada", "notInstalled reclaimed");
      await org.settled("bert", "notInstalled reclaimed");
      expect(await org.seats()).toEqual(seats(0));
      await org.pass(minuteMs);
      await org.send("PATCH", `/api/v1/deployments/${id}`, { action: "required" });
      await installed(org, "ada", "bert");
      expect(await org.seats()).toEqual(seats(2));
    });
  });

  it("takes an app away too whose licence was revoked before", async () => {
    await inOrganisation({ seed: "revoke-reclaim", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      await revoke(org, { userId: "ada" });
      await org.settled("ada", "installed license-revoked");
      expect(await reclaim(org, { userId: "ada" })).toMatchObject({ asked: 0, done: 0 });
      await org.settled("ada", "notInstalled reclaimed");
      expect(org.hasApp("ada")).toBe(false);
      expect(await org.seats()).toEqual(seats(0));
    });
  });

  it("returns at once what was kept for somebody who has no phone any more", async () => {
    await inOrganisation({ seed: "reclaim-stranded", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      await org.phone("ada").removeProfile();
      await org.settled("ada", "notInstalled unenrolled");
      expect(await org.seats()).toEqual(seats(1));
      expect(await reclaim(org, { userId: "ada" })).toMatchObject({ asked: 1, done: 1, pending: 0 });
      expect(await org.seats()).toEqual(seats(0));
    });
  });

  it("waits no longer for a licence whose app somebody asks for again", async () => {
    await inOrganisation({ seed: "reclaim-retry", people: [{ id: "ada" }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "installed");
      await org.switchOff("ada");
      const report = await reclaim(org, { userId: "ada" });
      await org.settled("ada", "removing reclaimed");
      await act(org, "ada", "retry");
      expect(await actOf(org, report.id)).toMatchObject({ asked: 1, done: 0, failed: 1, pending: 0 });
      expect((await actOf(org, report.id)).items).toMatchObject([{ code: "superseded" }]);
      await org.switchOn("ada");
      await org.settled("ada", "installed");
      await org.pass(dayMs);
      expect(org.hasApp("ada")).toBe(true);
      expect(await org.seats()).toEqual(seats(1));
    });
  });
});

describe("resend", () => {
  it("brings the prompt back that the person has cancelled, and takes the licence anew", async () => {
    const plan = { seed: "resend", people: [{ id: "ada", habits: { install: "cancel" as const } }] };
    await inOrganisation(plan, async (org) => {
      await org.deploy("required");
      await org.settled("ada", "failed user-rejected");
      await org.until("the licence is back", async () => (await org.seats()).held === 0);
      await act(org, "ada", "resend");
      await org.until(
        "it was asked again",
        async () => org.queued("ada").filter((type) => type === "InstallApplication").length === 2,
      );
      await org.settled("ada", "failed user-rejected");
      expect(await movements(org, "ada")).toEqual([
        "taken licensed",
        "returned user-rejected",
        "taken licensed",
        "returned user-rejected",
      ]);
    });
  });

  it("sends a new install command for one that is under way, and doubles none that waits to be fetched", async () => {
    const plan = { seed: "resend-pending", people: [{ id: "ada", habits: { install: "ignore" as const } }] };
    await inOrganisation(plan, async (org) => {
      const installs = () => org.queued("ada").filter((type) => type === "InstallApplication").length;
      await org.deploy("required");
      await org.until("the prompt is open", () => org.phone("ada").view().prompt?.kind === "appInstallation");
      await org.pass(minuteMs);
      expect(installs()).toBe(1);
      await act(org, "ada", "resend");
      await org.pass(minuteMs);
      expect(installs()).toBe(2);
      expect(await org.stateOf("ada")).toBe("installing");
      expect(await org.seats()).toEqual(seats(1));

      await org.switchOff("ada");
      await act(org, "ada", "resend");
      await org.pass(1_000);
      const waiting = installs();
      await act(org, "ada", "resend");
      await act(org, "ada", "resend");
      await org.pass(minuteMs);
      expect(installs()).toBe(waiting);
    });
  });

  it.each([
    ["is installed", "already"],
    ["waits for the terms", "invitation"],
  ])("is refused for an app that %s", async (which, says) => {
    const habits = which === "is installed" ? {} : { terms: "ignore" as const };
    await inOrganisation({ seed: "resend-refused", people: [{ id: "ada", habits }] }, async (org) => {
      await org.deploy("required");
      await org.settled("ada", which === "is installed" ? "installed" : "waitingForTerms");
      const refused = await act(org, "ada", "resend").catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "conflict" });
      expect((refused as ApiError).message).toContain(says);
      // A retry of what did not fail, likewise; the cancel of what is there, too.
      await expect(act(org, "ada", "retry")).rejects.toMatchObject({ code: "conflict" });
      if (which === "is installed") {
        await expect(act(org, "ada", "cancel")).rejects.toMatchObject({ code: "conflict" });
      } else {
        await act(org, "ada", "cancel");
        await org.settled("ada", "notInstalled cancelled");
      }
    });
  });
});
