import { describe, expect, it } from "vitest";
import { UserAnswer, UsersAnswer } from "../../../shared/vpp.ts";
import { itsIdHashOf } from "../../../simulator/apple/apple-ids.ts";
import {
  book,
  buy,
  counts,
  expectSound,
  give,
  openBench,
  pages,
  password,
  type Bench,
  type Json,
} from "./bench.ts";

const ann = "ann@example.com";
const bob = "bob@example.com";

const byId = async (bench: Bench, userId: unknown): Promise<Json> =>
  (await bench.vpp("getVPPUserSrv", { userId })).user as Json;
const byName = (bench: Bench, clientUserIdStr: string): Promise<Json> =>
  bench.vpp("getVPPUserSrv", { clientUserIdStr });
const retire = (bench: Bench, clientUserIdStr: string): Promise<Json> =>
  bench.vpp("retireVPPUserSrv", { clientUserIdStr });

describe("the life of a VPP user", () => {
  it("begins Registered, with an invitation", async () => {
    const bench = await openBench();
    const answer = await bench.vpp("registerVPPUserSrv", { clientUserIdStr: "u1", email: "one@contoso.com" });
    const { user } = UserAnswer.parse(answer);
    expect(user).toMatchObject({ clientUserIdStr: "u1", email: "one@contoso.com", status: "Registered" });
    expect(user?.inviteCode).toMatch(/^[0-9a-f]{32}$/);
    expect(user?.inviteUrl).toBe(
      "http://apple.test/WebObjects/MZFinance.woa/wa/associateVPPUserWithITSAccount" +
        `?inviteCode=${user?.inviteCode}&mt=8`,
    );
    expect(user).not.toHaveProperty("itsIdHash");
    expect(user).not.toHaveProperty("licenses");
  });

  it("stays the same record when registered again, Registered or Associated", async () => {
    const bench = await openBench();
    const first = await bench.register("u1");
    expect(await bench.register("u1")).toEqual(first);
    await bench.join("u1", ann);
    expect(await bench.register("u1")).toMatchObject({ userId: first.userId, status: "Associated" });
    await expectSound(bench);
  });

  it("is seen to be Associated only after a while, when the service is told to be slow about it", async () => {
    const bench = await openBench();
    await bench.control("PUT", "/behaviour", { registrationDelayMs: 60_000 });
    const { inviteCode } = await bench.register("u1");
    await bench.join("u1", ann);
    const first = UsersAnswer.parse(await bench.vpp("getVPPUsersSrv", {}));
    expect(first.users).toMatchObject([{ clientUserIdStr: "u1", status: "Registered", inviteCode }]);
    expect(first.users?.[0]).not.toHaveProperty("itsIdHash");
    // For the person it is done.
    expect(await bench.control("POST", "/users/accept", { inviteCode, appleId: bob })).toMatchObject({
      status: 409,
    });
    const changes = (since: unknown) => bench.vpp("getVPPUsersSrv", { sinceModifiedToken: since });
    bench.world.advance(59_999);
    const second = UsersAnswer.parse(await changes(first.sinceModifiedToken));
    expect(second.users ?? []).toEqual([]);
    bench.world.advance(1);
    const third = UsersAnswer.parse(await changes(second.sinceModifiedToken));
    expect(third.users).toMatchObject([{ status: "Associated", itsIdHash: itsIdHashOf(ann) }]);
    expect(await byName(bench, "u1")).toMatchObject({ user: { status: "Associated" } });
    await expectSound(bench);
  });

  it("becomes Associated when the person accepts: the invitation vanishes, the hash appears, licences stay", async () => {
    const bench = await openBench();
    const { inviteCode, userId } = await bench.register("u1");
    const given = await give(bench, pages, ["u1"]);
    expect(given.status).toBe(0);
    await bench.control("POST", "/users/accept", { inviteCode, appleId: ann });
    const user = await byId(bench, userId);
    expect(user).toMatchObject({ status: "Associated", itsIdHash: itsIdHashOf(ann), userId });
    expect(user).not.toHaveProperty("inviteCode");
    expect(user).not.toHaveProperty("inviteUrl");
    expect(user.licenses).toMatchObject([
      { adamIdStr: pages, clientUserIdStr: "u1", itsIdHash: itsIdHashOf(ann) },
    ]);
    expect(String(user.itsIdHash)).toMatch(/^[A-Za-z0-9+/]{27}=$/);
    await expectSound(bench);
  });

  it.each([["Registered"], ["Associated"]])(
    "returns revocable licences when retired from %s",
    async (status) => {
      const bench = await openBench();
      await bench.register("u1");
      if (status === "Associated") await bench.join("u1", ann);
      await give(bench, pages, ["u1"]);
      expect(await counts(bench, pages)).toBe("1/9/0");
      const answer = await retire(bench, "u1");
      expect(answer).toMatchObject({ status: 0, user: { status: "Retired" } });
      expect(answer.user).not.toHaveProperty("licenses");
      expect(answer.user).not.toHaveProperty("inviteCode");
      expect(await counts(bench, pages)).toBe("0/10/0");
      await expectSound(bench);
    },
  );

  it("leaves a book with the retired user for ever", async () => {
    const bench = await openBench();
    await buy(bench, book, 2);
    await bench.join("u1", ann);
    await give(bench, book, ["u1"]);
    const answer = await retire(bench, "u1");
    expect(answer.user).toMatchObject({
      status: "Retired",
      licenses: [{ adamIdStr: book, isIrrevocable: true }],
    });
    expect(await counts(bench, book)).toBe("1/1/0");
    await expectSound(bench);
  });

  it("comes back as the same record with a new invitation when it was never linked", async () => {
    const bench = await openBench();
    const first = await bench.register("u1");
    await retire(bench, "u1");
    const second = await bench.register("u1");
    expect(second).toMatchObject({ userId: first.userId, status: "Registered" });
    expect(second.inviteCode).not.toBe(first.inviteCode);
    const late = await bench.control("POST", "/users/accept", { inviteCode: first.inviteCode, appleId: ann });
    expect(late.status).toBe(404);
    const inTime = await bench.control("POST", "/users/accept", {
      inviteCode: second.inviteCode,
      appleId: ann,
    });
    expect(inTime.json).toMatchObject({ clientUserIdStr: "u1", status: "Associated" });
    await expectSound(bench);
  });

  it("comes back as a new record when it was linked, the old one stays Retired", async () => {
    const bench = await openBench();
    const first = await bench.register("u1");
    await bench.join("u1", ann);
    await retire(bench, "u1");
    const second = await bench.register("u1");
    expect(second.userId).not.toBe(first.userId);
    expect(second.status).toBe("Registered");
    expect(await byId(bench, first.userId)).toMatchObject({ status: "Retired" });
    await expectSound(bench);
  });

  it("deletes the old record and moves its books when the same Apple ID accepts again", async () => {
    const bench = await openBench();
    await buy(bench, book, 3);
    const first = await bench.register("u1");
    await bench.join("u1", ann);
    const given = await give(bench, book, ["u1"]);
    const [{ licenseIdStr }] = given.associations as [{ licenseIdStr: string }];
    await retire(bench, "u1");
    const second = await bench.register("u1");
    // A second copy, given before the person is back, is not needed: the person's own book returns.
    await give(bench, book, ["u1"]);
    expect(await counts(bench, book)).toBe("2/1/0");
    await bench.join("u1", ann);
    expect(await byId(bench, first.userId)).toMatchObject({ status: "Deleted" });
    expect(await byId(bench, second.userId)).toMatchObject({
      status: "Associated",
      licenses: [{ licenseIdStr }],
    });
    expect(await byName(bench, "u1")).toMatchObject({
      user: { userId: second.userId, status: "Associated" },
    });
    expect(await counts(bench, book)).toBe("1/2/0");
    await expectSound(bench);
  });

  it("keeps the old record Retired when another Apple ID accepts", async () => {
    const bench = await openBench();
    const first = await bench.register("u1");
    await bench.join("u1", ann);
    await retire(bench, "u1");
    const second = await bench.register("u1");
    await bench.join("u1", bob);
    expect(await byId(bench, first.userId)).toMatchObject({ status: "Retired", itsIdHash: itsIdHashOf(ann) });
    expect(await byId(bench, second.userId)).toMatchObject({
      status: "Associated",
      itsIdHash: itsIdHashOf(bob),
    });
    await expectSound(bench);
  });

  it("finds an old record by name and hash, the active one by name alone, and a Deleted one by userId only", async () => {
    const bench = await openBench();
    const first = await bench.register("u1");
    await bench.join("u1", ann);
    await retire(bench, "u1");
    const asAnn = { clientUserIdStr: "u1", itsIdHash: itsIdHashOf(ann) };
    expect(await byName(bench, "u1")).toMatchObject({ status: -1, errorNumber: 9604 });
    expect(await bench.vpp("getVPPUserSrv", asAnn)).toMatchObject({
      user: { userId: first.userId, status: "Retired" },
    });
    await bench.join("u1", bob);
    expect(await byName(bench, "u1")).toMatchObject({ user: { itsIdHash: itsIdHashOf(bob) } });
    expect(await bench.vpp("getVPPUserSrv", asAnn)).toMatchObject({ user: { userId: first.userId } });
    await retire(bench, "u1");
    await bench.join("u1", ann);
    expect(await bench.vpp("getVPPUserSrv", asAnn)).toMatchObject({ user: { status: "Associated" } });
    expect(await byId(bench, first.userId)).toMatchObject({ status: "Deleted" });
    const listed = UsersAnswer.parse(await bench.vpp("getVPPUsersSrv", { includeRetired: 1 }));
    expect(listed.users?.map((user) => user.userId)).not.toContain(first.userId);
    await expectSound(bench);
  });

  it.each([
    ["getVPPUserSrv", {}, 9600],
    ["getVPPUserSrv", { userId: 5 }, 9604],
    ["getVPPUserSrv", { clientUserIdStr: "nobody" }, 9604],
    ["registerVPPUserSrv", {}, 9600],
    ["registerVPPUserSrv", { clientUserIdStr: "" }, 9600],
    ["registerVPPUserSrv", { clientUserIdStr: "n", managedAppleIDStr: "nobody@example.com" }, 9635],
    ["registerVPPUserSrv", { clientUserIdStr: "n", managedAppleIDStr: ann }, 9635],
    ["registerVPPUserSrv", { clientUserIdStr: "n", managedAppleIDStr: "vpp@contoso.com" }, 9642],
    ["editVPPUserSrv", { email: "x" }, 9600],
    ["editVPPUserSrv", { clientUserIdStr: "nobody", email: "x" }, 9609],
    ["retireVPPUserSrv", {}, 9600],
    ["retireVPPUserSrv", { userId: 5 }, 9609],
    ["retireVPPUserSrv", { clientUserIdStr: "nobody" }, 9609],
  ])("%s %j is refused with %i and changes nothing", async (service, args, errorNumber) => {
    const bench = await openBench();
    const before = bench.apple.model.revision;
    expect(await bench.vpp(service, args)).toMatchObject({ status: -1, errorNumber });
    expect(bench.apple.model.revision).toBe(before);
  });

  it("says by its number that a user was retired or deleted already", async () => {
    const bench = await openBench();
    const { userId } = await bench.register("u1");
    await bench.join("u1", ann);
    await retire(bench, "u1");
    for (const service of ["retireVPPUserSrv", "editVPPUserSrv"]) {
      expect(await bench.vpp(service, { userId })).toMatchObject({ status: -1, errorNumber: 9618 });
    }
    expect(await retire(bench, "u1")).toMatchObject({ status: -1, errorNumber: 9609 });
    await bench.join("u1", ann);
    expect(await bench.vpp("retireVPPUserSrv", { userId })).toMatchObject({ status: -1, errorNumber: 9620 });
  });

  it("lets the userId win over the name", async () => {
    const bench = await openBench();
    const one = await bench.register("u1");
    await bench.register("u2");
    await bench.vpp("retireVPPUserSrv", { userId: one.userId, clientUserIdStr: "u2" });
    expect(await byName(bench, "u1")).toMatchObject({ errorNumber: 9604 });
    expect(await byName(bench, "u2")).toMatchObject({ status: 0 });
  });

  it("changes the e-mail address only when one is sent", async () => {
    const bench = await openBench();
    await bench.vpp("registerVPPUserSrv", { clientUserIdStr: "u1", email: "a@contoso.com" });
    const edit = async (args: Json): Promise<unknown> =>
      ((await bench.vpp("editVPPUserSrv", { clientUserIdStr: "u1", ...args })).user as Json).email;
    expect(await edit({})).toBe("a@contoso.com");
    expect(await edit({ email: "b@contoso.com" })).toBe("b@contoso.com");
    expect(await edit({ email: "" })).toBeUndefined();
  });
});

describe("Managed Apple IDs", () => {
  async function openManaged(): Promise<Bench> {
    const bench = await openBench();
    const appleIds = ["m1@contoso.com", "m2@contoso.com"].map((appleId) => ({
      appleId,
      password,
      organisationId: bench.organisationId,
    }));
    await bench.control("POST", "/apple-ids", { appleIds });
    return bench;
  }
  const register = (bench: Bench, clientUserIdStr: string, managedAppleIDStr: string): Promise<Json> =>
    bench.vpp("registerVPPUserSrv", { clientUserIdStr, managedAppleIDStr });

  it("are linked at registration, without an invitation, one user each (9641)", async () => {
    const bench = await openManaged();
    const answer = await register(bench, "u1", "M1@Contoso.com");
    expect(answer.user).toMatchObject({ status: "Associated", itsIdHash: itsIdHashOf("m1@contoso.com") });
    expect(answer.user).not.toHaveProperty("inviteUrl");
    expect(await register(bench, "u2", "m1@contoso.com")).toMatchObject({ status: -1, errorNumber: 9641 });
    expect(await byName(bench, "u2")).toMatchObject({ errorNumber: 9604 });
    await expectSound(bench);
  });

  it("can be linked by an edit, but not over another one", async () => {
    const bench = await openManaged();
    await bench.register("u1");
    const edit = (managedAppleIDStr: string): Promise<Json> =>
      bench.vpp("editVPPUserSrv", { clientUserIdStr: "u1", managedAppleIDStr });
    expect(await edit("m1@contoso.com")).toMatchObject({ user: { status: "Associated" } });
    expect(await edit("m1@contoso.com")).toMatchObject({ status: 0 });
    expect(await edit("m2@contoso.com")).toMatchObject({ status: -1, errorNumber: 9602 });
    expect(await edit("stranger@example.com")).toMatchObject({ status: -1, errorNumber: 9635 });
  });
});
