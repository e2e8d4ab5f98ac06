import { describe, expect, it } from "vitest";
import { checkTrace } from "../../../simulator/checks/check-trace.ts";
import { hourMs, inProgramLab, keynote, pages, type ProgramLab } from "./program-lab.ts";

const retire = (lab: ProgramLab, id = "ada") =>
  lab.admin.post<{ terms: { status: string; pending: string | null } }>(`/api/v1/users/${id}/retire`, {});
const reinstate = (lab: ProgramLab, id = "ada") =>
  lab.admin.post<{ terms: { status: string; pending: string | null } }>(`/api/v1/users/${id}/reinstate`, {});
const agreed = { drift: 0, violations: [] };

/** Ada has accepted, and Pages is on her phone. */
async function withPages(lab: ProgramLab) {
  await lab.setUp();
  const phone = await lab.addPerson("ada", { kind: "configurator" });
  await lab.require();
  await lab.sleep(hourMs);
  expect(await lab.states("ada")).toEqual(["installed"]);
  return phone;
}

describe("retiring a user", () => {
  it("R40: returns the licences at Apple and in the ledger, leaves the apps, and invites nobody again", async () => {
    await inProgramLab("retire", async (lab) => {
      await withPages(lab);
      expect((await retire(lab)).terms).toMatchObject({ status: "retired", pending: null });
      expect(await lab.appleSeats()).toEqual([]);
      expect(await lab.movements("ada")).toEqual(
        expect.arrayContaining(["returned user-retired", "taken licensed"]),
      );
      expect((await lab.user("ada")).seatCount).toBe(0);
      expect(await lab.ledger()).toEqual(agreed);

      await lab.sync();
      await lab.sleep(48 * hourMs);
      expect(await lab.states("ada")).toEqual(["installed user-retired"]);
      expect((await lab.user("ada")).terms).toMatchObject({ status: "retired", inviteCount: 1 });
      expect(await lab.appleUsers()).toMatchObject({ Registered: 0, Associated: 0, Retired: 1 });
      expect(lab.named("license.returned", "ada")).toHaveLength(1);
    });
  });

  it("says what it is for an app that was to come and can't any more", async () => {
    await inProgramLab("retire-waiting", async (lab) => {
      await lab.setUp({ [pages]: 5, [keynote]: 5 });
      await lab.addPerson("ada");
      await lab.require();
      await lab.sleep(hourMs);
      await retire(lab);
      await lab.require(keynote);
      await lab.sleep(hourMs);
      expect((await lab.states("ada")).sort()).toEqual(["failed user-retired", "installed user-retired"]);
      expect(await lab.appleSeats()).toEqual([]);
    });
  });

  it("is harmless when repeated, and refused for a user whom Apple never knew", async () => {
    await inProgramLab("twice", async (lab) => {
      await withPages(lab);
      await lab.addUser("bruno");
      await retire(lab);
      expect((await retire(lab)).terms.status).toBe("retired");
      expect(lab.named("license.returned", "ada")).toHaveLength(1);
      expect(await lab.refusal(() => retire(lab, "bruno"))).toBe("conflict");
      expect(await lab.refusal(() => retire(lab, "nobody"))).toBe("not_found");
    });
  });

  it("waits until Apple can be told, and says so meanwhile", async () => {
    await inProgramLab("apple-down", async (lab) => {
      await withPages(lab);
      await lab.setUnavailable({ retryAfterSeconds: 120 });
      expect((await retire(lab)).terms).toMatchObject({ status: "accepted", pending: "retire" });
      expect(await lab.refusal(() => reinstate(lab))).toBe("conflict");
      await lab.sleep(6 * hourMs);
      expect((await lab.user("ada")).terms).toMatchObject({ status: "accepted", pending: "retire" });
      expect(await lab.appleSeats()).toHaveLength(1);
      await lab.setUnavailable(false);
      await lab.sleep(2 * hourMs);
      expect((await lab.user("ada")).terms).toMatchObject({ status: "retired", pending: null });
      expect([await lab.appleSeats(), await lab.ledger()]).toEqual([[], agreed]);
    });
  });

  it.each(["request", "response"] as const)(
    "is carried to its end after a crash at the %s to Apple",
    async (at) => {
      await inProgramLab(`crash-${at}`, async (lab) => {
        await withPages(lab);
        let killed = false;
        lab.lab.virtual.network.interceptor = ({ kind, url }) => {
          if (kind !== at || killed || !url.includes("retireVPPUserSrv")) return "deliver";
          killed = true;
          lab.lab.killServer();
          return at === "request" ? "drop" : "deliver";
        };
        const answer = retire(lab).catch(() => undefined);
        await lab.sleep(10_000);
        expect(killed).toBe(true);
        await lab.lab.restartServer();
        await answer;
        await lab.sleep(hourMs);
        expect((await lab.user("ada")).terms).toMatchObject({ status: "retired", pending: null });
        expect([await lab.appleSeats(), await lab.ledger()]).toEqual([[], agreed]);
        expect(
          (await lab.movements("ada")).filter((movement) => movement.startsWith("returned")),
        ).toHaveLength(1);
      });
    },
  );

  it("takes back an invitation that is still on its way", async () => {
    await inProgramLab("retire-invited", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      const phone = await lab.addLonePhone("ada");
      await lab.sleep(60_000);
      await phone.stop();
      await lab.require();
      await lab.sleep(60_000);
      await retire(lab);
      const { items } = await lab.admin.get<{ items: { state: string }[] }>(
        `/api/v1/devices/${phone.config.udid}/commands`,
      );
      expect(items.map(({ state }) => state)).toEqual(["cancelled"]);
      await lab.sleep(24 * hourMs);
      expect((await lab.user("ada")).terms).toMatchObject({ status: "retired", inviteCount: 1 });
    });
  });

  it("takes back an install that no phone has fetched yet", async () => {
    await inProgramLab("retire-queued", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      await lab.addAppleId("ada@icloud.example");
      const phone = await lab.addLonePhone("ada", "configurator");
      await lab.sleep(60_000);
      await lab.require();
      phone.answer((await lab.prompt(phone, "programTerms")).id, { choice: "decline" });
      await lab.sleep(60_000);
      await phone.stop();
      await lab.acceptAtApple("ada", "ada@icloud.example");
      await lab.admin.post("/api/v1/users/ada/refresh", {});
      await lab.sleep(60_000);
      expect(await lab.appleSeats()).toHaveLength(1);
      await retire(lab);
      await lab.sleep(60_000);
      const { items } = await lab.admin.get<{ items: { requestType: string; state: string }[] }>(
        `/api/v1/devices/${phone.config.udid}/commands`,
      );
      expect(items.filter(({ requestType }) => requestType === "InstallApplication")).toMatchObject([
        { state: "cancelled" },
      ]);
      expect(await lab.states("ada")).toEqual(["failed user-retired"]);
      expect([await lab.appleSeats(), await lab.ledger()]).toEqual([[], agreed]);
    });
  });

  it("is done again when a registration that was under way undoes it at Apple", async () => {
    await inProgramLab("resurrected", async (lab) => {
      await withPages(lab);
      await retire(lab);
      await lab.vpp.registerUser(lab.sToken, {
        clientUserIdStr: await lab.clientUserId("ada"),
        email: "ada@orchard.example",
      });
      expect(await lab.appleUsers()).toMatchObject({ Registered: 1, Retired: 1 });
      await lab.sync();
      await lab.sleep(2 * hourMs);
      expect(await lab.appleUsers()).toMatchObject({ Registered: 0, Retired: 2 });
      expect((await lab.user("ada")).terms).toMatchObject({
        status: "retired",
        pending: null,
        inviteCount: 1,
      });
    });
  });

  it("is seen when somebody else did it at Apple, and nobody is invited back by itself", async () => {
    await inProgramLab("behind-our-back", async (lab) => {
      await withPages(lab);
      await lab.vpp.retireUser(lab.sToken, await lab.clientUserId("ada"));
      await lab.sync();
      expect((await lab.user("ada")).terms.status).toBe("retired");
      await lab.sleep(24 * hourMs);
      expect([await lab.appleSeats(), await lab.ledger()]).toEqual([[], agreed]);
      expect((await lab.user("ada")).terms.inviteCount).toBe(1);
    });
  });
});

describe("a retired user who returns", () => {
  it("under a new record when once linked: old licences stay away until the person has accepted anew", async () => {
    await inProgramLab("return-linked", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      await lab.addAppleId("ada@icloud.example");
      const phone = await lab.addLonePhone("ada", "configurator");
      await lab.require();
      await lab.acceptTerms(phone, "ada@icloud.example");
      await lab.sleep(hourMs);
      await retire(lab);
      expect((await reinstate(lab)).terms).toMatchObject({ pending: null });
      expect(await lab.appleUsers()).toMatchObject({ Registered: 1, Retired: 1 });
      await lab.prompt(phone, "programTerms");
      await lab.sync();
      await lab.sleep(6 * hourMs);
      // The old record is still retired beside the new one, and says nothing about now.
      expect((await lab.user("ada")).terms).toMatchObject({
        status: "invited",
        inviteCount: 2,
        retiredAt: null,
      });
      expect(await lab.appleSeats()).toEqual([]);

      phone.answer((await lab.prompt(phone, "programTerms")).id, { choice: "accept" });
      await lab.sleep(hourMs);
      expect((await lab.user("ada")).terms.status).toBe("accepted");
      expect(await lab.states("ada")).toEqual(["installed"]);
      expect(await lab.appleSeats()).toHaveLength(1);
      await lab.sync();
      expect((await lab.user("ada")).terms.status).toBe("accepted");
      expect(await lab.ledger()).toEqual(agreed);
      expect((await lab.movements("ada")).sort()).toEqual([
        "returned user-retired",
        "taken licensed",
        "taken licensed",
      ]);
    });
  });

  it("with another Apple ID too: the old record, which stays retired, takes nothing away", async () => {
    await inProgramLab("return-other", async (lab) => {
      await withPages(lab);
      await retire(lab);
      await lab.addAppleId("ada@private.example");
      await reinstate(lab);
      await lab.acceptAtApple("ada", "ada@private.example");
      await lab.sleep(hourMs);
      await lab.sync();
      await lab.sleep(13 * hourMs);
      expect((await lab.user("ada")).terms.status).toBe("accepted");
      expect(await lab.appleUsers()).toMatchObject({ Associated: 1, Retired: 1 });
      expect([await lab.appleSeats(), await lab.ledger()]).toMatchObject([[{ adamId: pages }], agreed]);
    });
  });

  it("under the same record when never linked", async () => {
    await inProgramLab("return-unlinked", async (lab) => {
      await lab.setUp();
      await lab.addPerson("ada", { terms: "ignore" });
      await lab.require();
      await lab.sleep(hourMs);
      await retire(lab);
      expect(await lab.appleUsers()).toMatchObject({ Registered: 0, Retired: 1 });
      await reinstate(lab);
      await lab.sleep(60_000);
      expect(await lab.appleUsers()).toMatchObject({ Registered: 1, Retired: 0 });
      expect((await lab.user("ada")).terms).toMatchObject({ status: "invited", inviteCount: 2 });
    });
  });

  it("is registered later when Apple can't be told now; who is not retired has nothing to return to", async () => {
    await inProgramLab("return-later", async (lab) => {
      await withPages(lab);
      expect(await lab.refusal(() => reinstate(lab))).toBe("conflict");
      await retire(lab);
      await lab.setUnavailable({ retryAfterSeconds: 120 });
      expect((await reinstate(lab)).terms).toMatchObject({ status: "notInvited", pending: "reinstate" });
      await lab.setUnavailable(false);
      await lab.sleep(2 * hourMs);
      expect((await lab.user("ada")).terms).toMatchObject({ status: "accepted", pending: null });
      expect(await lab.states("ada")).toEqual(["installed"]);
    });
  });
});

describe("two users with one Apple ID", () => {
  it("both say so, one app goes to one of them only, and retiring one heals the other", async () => {
    await inProgramLab("shared", async (lab) => {
      await lab.setUp();
      await lab.addAppleId("family@icloud.example");
      await lab.addPerson("ada", { appleId: "family@icloud.example", kind: "configurator" });
      await lab.require();
      await lab.sleep(hourMs);
      expect((await lab.user("ada")).conflict).toBeNull();
      await lab.addPerson("bruno", { appleId: "family@icloud.example", kind: "configurator" });
      await lab.sleep(hourMs);
      expect(await lab.states("ada")).toEqual(["installed"]);
      expect(await lab.states("bruno")).toEqual(["failed shared-apple-id"]);
      expect((await lab.user("ada")).conflict).toMatchObject({ kind: "shared-apple-id", userIds: ["bruno"] });
      expect((await lab.user("bruno")).conflict).toMatchObject({ kind: "shared-apple-id", userIds: ["ada"] });
      expect(await lab.movements("bruno")).toEqual(["refused shared-apple-id"]);

      // Asking again and again would change nothing, and is not done.
      await lab.sleep(5 * hourMs);
      expect(await lab.movements("bruno")).toEqual(["refused shared-apple-id"]);
      await retire(lab, "ada");
      await lab.sleep(hourMs);
      expect(await lab.states("bruno")).toEqual(["installed"]);
      expect([(await lab.user("ada")).conflict, (await lab.user("bruno")).conflict]).toEqual([null, null]);
      expect(await lab.ledger()).toEqual(agreed);
    });
  });

  it("are served by the second when the first has given the app back", async () => {
    await inProgramLab("shared-returned", async (lab) => {
      await lab.setUp();
      await lab.admin.post("/api/v1/groups", { id: "ada-only", name: "Ada" });
      await lab.addAppleId("family@icloud.example");
      await lab.addPerson("ada", { appleId: "family@icloud.example", kind: "configurator" });
      await lab.patch("/api/v1/users/ada", { groupIds: ["ada-only"] });
      const first = await lab.require(pages, "ada-only");
      await lab.sleep(hourMs);
      await lab.addPerson("bruno", { appleId: "family@icloud.example", kind: "configurator" });
      await lab.require();
      await lab.sleep(hourMs);
      expect(await lab.states("bruno")).toEqual(["failed shared-apple-id"]);
      await lab.patch(`/api/v1/deployments/${first}`, { action: "uninstall" });
      await lab.sleep(12 * hourMs);
      expect(await lab.states("bruno")).toEqual(["installed"]);
      // The Apple ID is still the same one.
      expect((await lab.user("bruno")).conflict).toMatchObject({ kind: "shared-apple-id", userIds: ["ada"] });
      expect(await lab.ledger()).toEqual(agreed);
    });
  });
});

describe("an Apple ID that can't hold the organisation's licences", () => {
  it.each([
    ["of another country's store", "other-store", { countryCode: "it" }],
    ["managed by another organisation", "other-organisation", { organisationId: 0 }],
  ])("(%s) is named, asked about once, and forgotten with another Apple ID", async (_what, kind, more) => {
    await inProgramLab(kind, async (lab) => {
      await lab.setUp();
      const other = await lab.lab.apple.post<{ organisationId: number }>("/control/v1/organisations", {
        name: "Pasture",
        appleId: "it@pasture.example",
      });
      await lab.addAppleId(
        "ada@elsewhere.example",
        "organisationId" in more ? { organisationId: other.organisationId } : more,
      );
      await lab.addPerson("ada", { appleId: "ada@elsewhere.example" });
      await lab.require();
      await lab.sleep(24 * hourMs);
      expect(await lab.states("ada")).toEqual(["failed foreign-apple-id"]);
      expect((await lab.user("ada")).conflict).toMatchObject({ kind, userIds: [] });
      expect(await lab.movements("ada")).toEqual(["refused foreign-apple-id"]);

      await retire(lab);
      expect((await lab.user("ada")).conflict).toBeNull();
      await reinstate(lab);
      await lab.addAppleId("ada@home.example");
      await lab.acceptAtApple("ada", "ada@home.example");
      await lab.sleep(13 * hourMs);
      expect((await lab.user("ada")).conflict).toBeNull();
      // That the phone is still signed in with the other one is the next thing to fail, and not Apple's doing.
      expect(await lab.movements("ada")).toContain("taken licensed");
    });
  });
});

describe("the Apple ID on the phone", () => {
  it("is compared with the one that accepted, once the phone has told it", async () => {
    await inProgramLab("wrong-account", async (lab) => {
      const phone = await withPages(lab);
      const told = async () => (await lab.user("ada")).storeAccounts.map(({ account }) => account);
      const ask = async () => {
        const Queries = ["iTunesStoreAccountIsActive", "iTunesStoreAccountHash"];
        const command = { RequestType: "DeviceInformation", Queries };
        await lab.admin.post(`/api/v1/devices/${phone.config.udid}/commands`, { command });
        await lab.sleep(60_000);
      };
      expect(await told()).toEqual(["unknown"]);
      await ask();
      expect(await told()).toEqual(["matches"]);
      await phone.signOut();
      await ask();
      expect(await told()).toEqual(["signedOut"]);
      await lab.addAppleId("guest@icloud.example");
      await phone.signIn({ appleId: "guest@icloud.example", password: "windfall" });
      await ask();
      expect(await told()).toEqual(["differs"]);
    });
  });
});

describe("coming and going", () => {
  it("leaves a trace in which nothing is wrong, and the same one each time", async () => {
    const run = () =>
      inProgramLab(
        "coming-and-going",
        async (lab) => {
          await lab.setUp({ [pages]: 3, [keynote]: 3 });
          await lab.addPerson("ada", { kind: "configurator" });
          await lab.addPerson("bruno");
          await lab.require();
          await lab.sleep(hourMs);
          await retire(lab);
          await lab.require(keynote);
          await lab.sleep(hourMs);
          await reinstate(lab);
          await lab.sleep(hourMs);
          expect(await lab.states("ada")).toEqual(["installed", "installed"]);
          await lab.admin.send("DELETE", "/api/v1/users/bruno?confirm=true");
          await lab.sleep(hourMs);
          await lab.sync();
          expect(await lab.ledger()).toEqual(agreed);
        },
        { keepsWire: true },
      );
    const events = await run();
    expect(checkTrace(events)).toEqual([]);
    expect(await run()).toEqual(events);
  });
});
