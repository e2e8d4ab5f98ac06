import { describe, expect, it } from "vitest";
import { hourMs, inProgramLab, keynote, pages, type ProgramLab } from "./program-lab.ts";

const wasQueued = (lab: ProgramLab, requestType: string) =>
  lab.events.filter((event) => event.event === "command.queued" && event["requestType"] === requestType)
    .length;
const withStatus = async (lab: ProgramLab, status: string) => {
  const { items } = await lab.admin.get<{ items: { id: string }[] }>(`/api/v1/users?termsStatus=${status}`);
  return items.map(({ id }) => id);
};

describe("the first app of a user", () => {
  it("R38, R39: invites, and nothing is installed and no licence taken before the person has joined", async () => {
    await inProgramLab("first-app", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      await lab.addAppleId("ada@icloud.example");
      const phone = await lab.addLonePhone("ada", "configurator");
      await lab.require();
      await lab.prompt(phone, "programTerms");
      await lab.sleep(6 * hourMs);
      expect(await lab.states("ada")).toEqual(["waitingForTerms"]);
      expect(await lab.appleSeats()).toEqual([]);
      expect([wasQueued(lab, "InviteToProgram"), wasQueued(lab, "InstallApplication")]).toEqual([1, 0]);

      await lab.acceptTerms(phone, "ada@icloud.example");
      await lab.sleep(hourMs);
      expect(await lab.states("ada")).toEqual(["installed"]);
      expect((await lab.appleSeats()).map((seat) => [seat.adamId, seat.userStatus])).toEqual([
        [pages, "Associated"],
      ]);
    });
  });

  it("R38: a second app and a second phone invite nobody again, whether the person has joined or not", async () => {
    await inProgramLab("once", async (lab) => {
      await lab.setUp({ [pages]: 5, [keynote]: 5 });
      await lab.addUser("ada");
      await lab.addAppleId("ada@icloud.example");
      const first = await lab.addLonePhone("ada", "configurator");
      await lab.require(pages);
      await lab.prompt(first, "programTerms");
      await lab.require(keynote);
      await lab.addPhone("ada", { kind: "configurator" });
      await lab.sleep(hourMs);
      expect(await lab.states("ada")).toEqual(Array.from({ length: 4 }, () => "waitingForTerms"));
      expect(wasQueued(lab, "InviteToProgram")).toBe(1);

      await lab.acceptTerms(first, "ada@icloud.example");
      await lab.sleep(hourMs);
      expect(await lab.states("ada")).toEqual(Array.from({ length: 4 }, () => "installed"));
      expect((await lab.user("ada")).terms).toMatchObject({ status: "accepted", inviteCount: 1 });
      expect(wasQueued(lab, "InviteToProgram")).toBe(1);
    });
  });
});

describe("VPP Terms Status", () => {
  it("R40: goes from notInvited over invited and accepted to retired, and lists can be had by it", async () => {
    await inProgramLab("status", async (lab) => {
      await lab.setUp();
      const phone = await lab.addPerson("ada", { terms: "ignore" });
      await lab.addUser("bruno");
      expect((await lab.user("ada")).terms).toMatchObject({
        status: "notInvited",
        checkedAt: null,
        stale: false,
      });
      expect(await withStatus(lab, "notInvited")).toEqual(["ada", "bruno"]);

      await lab.require();
      await lab.prompt(phone, "programTerms");
      await lab.sleep(60_000);
      // The phone has acknowledged the invitation; that says nothing about the person.
      expect(
        lab.events.some(({ event, udid }) => event === "command.acknowledged" && udid === phone.config.udid),
      ).toBe(true);
      const { terms } = await lab.user("ada");
      expect(terms).toMatchObject({ status: "invited", acceptedAt: null, inviteCount: 1 });
      expect([await withStatus(lab, "invited"), await withStatus(lab, "notInvited")]).toEqual([
        ["ada"],
        ["bruno"],
      ]);

      await lab.acceptTerms(phone, "ada@icloud.example");
      await lab.sleep(10 * 60_000);
      const accepted = (await lab.user("ada")).terms;
      expect(accepted.status).toBe("accepted");
      expect(Date.parse(accepted.acceptedAt ?? "")).toBeGreaterThan(Date.parse(terms.checkedAt ?? ""));
      expect(await withStatus(lab, "accepted")).toEqual(["ada"]);

      await lab.admin.post("/api/v1/users/ada/retire", {});
      expect((await lab.user("ada")).terms).toMatchObject({
        status: "retired",
        acceptedAt: accepted.acceptedAt,
      });
      expect([await withStatus(lab, "retired"), await withStatus(lab, "accepted")]).toEqual([["ada"], []]);
    });
  });

  it("R40: is as old as Apple's last word, and stale when two syncs were missed", async () => {
    await inProgramLab("age", async (lab) => {
      await lab.setUp();
      await lab.addPerson("ada");
      await lab.require();
      await lab.sleep(hourMs);
      const ageHours = async () => {
        const { checkedAt, stale } = (await lab.user("ada")).terms;
        return [Math.floor((lab.lab.world.now() - Date.parse(checkedAt ?? "")) / hourMs), stale];
      };
      expect(await ageHours()).toEqual([0, false]);
      // A sync that has nothing new of her confirms what was known.
      await lab.sleep(48 * hourMs);
      expect((await ageHours())[0]).toBeLessThan(12);
      await lab.setUnavailable({ retryAfterSeconds: 10 });
      await lab.sleep(48 * hourMs);
      const [hours, stale] = await ageHours();
      expect(hours).toBeGreaterThanOrEqual(36);
      expect(stale).toBe(true);
      await lab.setUnavailable(false);
      await lab.sync();
      expect(await ageHours()).toEqual([0, false]);
    });
  });

  it("R40: is asked for with growing pauses after an invitation, and found by the sync when the asking has ended", async () => {
    await inProgramLab("backoff", async (lab) => {
      await lab.setUp();
      await lab.addPerson("ada", { terms: "ignore" });
      const asked: number[] = [];
      lab.lab.virtual.network.interceptor = ({ kind, url }) => {
        if (kind === "request" && url.includes("getVPPUserSrv")) asked.push(lab.lab.world.now());
        return "deliver";
      };
      await lab.require();
      await lab.sleep(hourMs);
      const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
      expect(
        pauses.slice(0, 8).every((pause, index) => index === 0 || pause > (pauses[index - 1] ?? 0)),
      ).toBe(true);
      expect(pauses.at(-1)).toBeGreaterThan(5 * 60_000);
      await lab.sleep(40 * hourMs);
      const total = asked.length;
      expect(total).toBeLessThanOrEqual(101);
      await lab.sleep(5 * hourMs);
      expect(asked).toHaveLength(total);
      lab.lab.virtual.network.interceptor = undefined;

      await lab.acceptAtApple("ada", "ada@icloud.example");
      expect((await lab.user("ada")).terms.status).toBe("invited");
      await lab.sleep(13 * hourMs);
      expect((await lab.user("ada")).terms.status).toBe("accepted");
    });
  });

  it("is asked for now when an admin wants to know", async () => {
    await inProgramLab("refresh", async (lab) => {
      await lab.setUp();
      await lab.addPerson("ada", { terms: "ignore" });
      const refresh = () => lab.admin.post<{ terms: { status: string } }>("/api/v1/users/ada/refresh", {});
      expect(await lab.refusal(refresh)).toBe("conflict");
      await lab.require();
      await lab.sleep(3 * hourMs);
      expect((await refresh()).terms.status).toBe("invited");
      await lab.acceptAtApple("ada", "ada@icloud.example");
      expect((await lab.user("ada")).terms.status).toBe("invited");
      expect((await refresh()).terms.status).toBe("accepted");
      await lab.setUnavailable({ retryAfterSeconds: 3_600 });
      expect(await lab.refusal(refresh)).toBe("apple_unavailable");
    });
  });
});

describe("an invitation", () => {
  const resend = (lab: ProgramLab) => () => lab.admin.post("/api/v1/users/ada/invitation", {});

  it("can be sent again to a person who cancelled, and the apps come", async () => {
    await inProgramLab("declined", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      await lab.addAppleId("ada@icloud.example");
      const phone = await lab.addLonePhone("ada", "configurator");
      expect(await lab.refusal(resend(lab))).toBe("conflict");
      await lab.require();
      phone.answer((await lab.prompt(phone, "programTerms")).id, { choice: "decline" });
      await lab.sleep(24 * hourMs);
      expect((await lab.user("ada")).terms).toMatchObject({ status: "invited", inviteCount: 1 });
      expect(phone.view().prompt).toBeNull();

      await resend(lab)();
      await lab.acceptTerms(phone, "ada@icloud.example");
      await lab.sleep(hourMs);
      expect((await lab.user("ada")).terms).toMatchObject({ status: "accepted", inviteCount: 2 });
      expect(await lab.states("ada")).toEqual(["installed"]);
      expect(await lab.refusal(resend(lab))).toBe("conflict");
    });
  });

  it("that a phone never fetched is taken back when it is sent again, to the phone heard of last", async () => {
    await inProgramLab("lost-phone", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      const lost = await lab.addLonePhone("ada");
      await lab.sleep(60_000);
      await lost.stop();
      await lab.require();
      await lab.sleep(60_000);
      const inHand = await lab.addLonePhone("ada");
      await lab.sleep(60_000);
      expect(inHand.view().prompt).toBeNull();
      await resend(lab)();
      await lab.prompt(inHand, "programTerms");
      const { items } = await lab.admin.get<{ items: { requestType: string; state: string }[] }>(
        `/api/v1/devices/${lost.config.udid}/commands`,
      );
      expect(items.map(({ requestType, state }) => [requestType, state])).toEqual([
        ["InviteToProgram", "cancelled"],
      ]);
    });
  });

  it("goes out once more when the phone that had it is wiped", async () => {
    await inProgramLab("wiped", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      const phone = await lab.addLonePhone("ada");
      await lab.require();
      await lab.prompt(phone, "programTerms");
      await lab.sleep(60_000);
      await phone.erase();
      expect(phone.view().prompt).toBeNull();
      await phone.enroll(await lab.enrollmentUrl("ada"));
      await lab.prompt(phone, "programTerms");
      expect((await lab.user("ada")).terms).toMatchObject({ status: "invited", inviteCount: 2 });
    });
  });
});
