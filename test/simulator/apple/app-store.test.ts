import { describe, expect, it } from "vitest";
import {
  appStorePaths,
  AppStoreProblem,
  AuthorizeAnswer,
  InvitationTerms,
  LookupItem,
  SignInAnswer,
} from "../../../shared/app-store.ts";
import { itsIdHashOf } from "../../../simulator/apple/apple-ids.ts";
import {
  book,
  buy,
  expectSound,
  give,
  macApp,
  openBench,
  pages,
  password,
  slack,
  take,
  type Bench,
  type Json,
  type Reply,
} from "./bench.ts";

const ann = "ann@example.com";
const bob = "bob@example.com";
const minuteMs = 60_000;

const signIn = (bench: Bench, appleId: string, secret: string): Promise<Reply> =>
  bench.store(appStorePaths.signIn, { appleId, password: secret });
/** `ok` or the code of the refusal. */
async function authorize(bench: Bench, sessionToken: string, more: Json = {}): Promise<string> {
  const { status, json } = await bench.store(appStorePaths.authorize, {
    sessionToken,
    adamId: pages,
    purchaseMethod: 1,
    udid: "phone-1",
    ...more,
  });
  return status === 200 ? "ok" : AppStoreProblem.parse(json).error.code;
}
async function ticketFor(bench: Bench, sessionToken: string, adamId = pages): Promise<string> {
  const { json } = await bench.store(appStorePaths.authorize, {
    sessionToken,
    adamId,
    purchaseMethod: 1,
    udid: "p",
  });
  return AuthorizeAnswer.parse(json).ticket;
}
/** Ann has joined and holds Pages. */
async function openLicensed(): Promise<{ bench: Bench; session: string }> {
  const bench = await openBench();
  await bench.join("u1", ann);
  await give(bench, pages, ["u1"]);
  return { bench, session: await bench.session(ann) };
}

describe("signing in", () => {
  it("gives a session and the same hash that the MDM sees", async () => {
    const bench = await openBench();
    const reply = await signIn(bench, " Ann@Example.com ", password);
    expect(reply.status).toBe(200);
    const answer = SignInAnswer.parse(reply.json);
    expect(answer).toMatchObject({ appleId: ann, itsIdHash: itsIdHashOf(ann) });
    expect((await bench.join("u1", ann)).itsIdHash).toBe(answer.itsIdHash);
    expect(bench.events).toContainEqual(
      expect.objectContaining({ event: "store.signIn", side: "apple", result: "ok" }),
    );
  });

  it("answers an unknown Apple ID exactly like a wrong password, through the lock and after it", async () => {
    const bench = await openBench();
    for (let round = 1; round <= 5; round += 1) {
      const known = await signIn(bench, ann, "wrong");
      const unknown = await signIn(bench, "nobody@example.com", "wrong");
      expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
    }
    bench.world.advance(30 * minuteMs);
    expect((await signIn(bench, "nobody@example.com", "wrong")).text).toBe(
      (await signIn(bench, ann, "wrong")).text,
    );
  });

  it("locks the Apple ID for half an hour after three wrong passwords, by the lab's clock", async () => {
    const bench = await openBench();
    for (let round = 1; round <= 2; round += 1) {
      expect((await signIn(bench, ann, "wrong")).json).toMatchObject({ error: { code: "wrong_password" } });
    }
    const third = await signIn(bench, ann, "wrong");
    expect(third.status).toBe(423);
    expect(AppStoreProblem.parse(third.json).error).toMatchObject({
      code: "apple_id_locked",
      retryAfterMs: 30 * minuteMs,
    });
    bench.world.advance(10 * minuteMs);
    const right = await signIn(bench, ann, password);
    expect(right.json).toMatchObject({ error: { code: "apple_id_locked", retryAfterMs: 20 * minuteMs } });
    expect((await signIn(bench, bob, password)).status).toBe(200);
    bench.world.advance(20 * minuteMs);
    // The count begins anew.
    expect((await signIn(bench, ann, "wrong")).json).toMatchObject({ error: { code: "wrong_password" } });
    expect((await signIn(bench, ann, password)).status).toBe(200);
  });

  it("forgets wrong passwords once the right one was given", async () => {
    const bench = await openBench();
    for (let round = 1; round <= 3; round += 1) {
      for (let wrong = 1; wrong <= 2; wrong += 1)
        expect((await signIn(bench, ann, "wrong")).status).toBe(401);
      expect((await signIn(bench, ann, password)).status).toBe(200);
    }
  });

  it("keeps passwords out of events, answers and the state", async () => {
    const bench = await openBench({ dataFile: "/apple.json" });
    await signIn(bench, ann, password);
    await signIn(bench, ann, "a-wrong-one");
    const seen = JSON.stringify(bench.events) + String(bench.world.files.get("/apple.json"));
    expect(seen).toContain("store.signIn");
    expect(seen).not.toContain(password);
    expect(seen).not.toContain("a-wrong-one");
  });

  it("keeps twenty sessions of one Apple ID, the oldest ends", async () => {
    const { bench, session } = await openLicensed();
    for (let count = 1; count <= 19; count += 1) await bench.session(ann);
    expect(await authorize(bench, session)).toBe("ok");
    await bench.session(ann);
    expect(await authorize(bench, session)).toBe("session_invalid");
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["no password", { appleId: ann }],
    ["an unknown field", { appleId: ann, password, remember: true }],
    ["a number for a password", { appleId: ann, password: 5 }],
  ])("refuses %s as invalid_request", async (_what, body) => {
    const bench = await openBench();
    expect(await bench.refused(appStorePaths.signIn, body)).toBe("invalid_request");
  });
});

describe("looking up", () => {
  it("tells what the phone shows, of apps only", async () => {
    const bench = await openBench();
    const ask = (adamId: string): Promise<Reply> =>
      bench.send("GET", `${appStorePaths.lookup}?adamId=${adamId}`);
    const found = LookupItem.parse((await ask(pages)).json);
    expect(found).toMatchObject({ adamId: pages, bundleId: "com.apple.Pages", name: "Pages" });
    expect(found.priceCents).toBe(999);
    expect(LookupItem.parse((await ask(slack)).json).priceCents).toBeUndefined();
    for (const [adamId, code] of [
      ["1", "item_unknown"],
      [book, "not_an_app"],
      [macApp, "not_an_app"],
    ] as const) {
      const { status, json } = await ask(adamId);
      expect([status, AppStoreProblem.parse(json).error.code]).toEqual([404, code]);
    }
    expect((await bench.send("GET", appStorePaths.lookup)).json).toMatchObject({
      error: { code: "invalid_request" },
    });
    const byName = await bench.send("GET", `${appStorePaths.lookup}?bundleId=com.apple.Pages`);
    expect(LookupItem.parse(byName.json)).toEqual(found);
    const nobody = await bench.send("GET", `${appStorePaths.lookup}?bundleId=com.apple.None`);
    expect(nobody.json).toMatchObject({ error: { code: "item_unknown" } });
  });
});

describe("authorising a download with a licence", () => {
  it("R6: needs a licence of a user who is linked to this Apple ID", async () => {
    const bench = await openBench();
    const session = await bench.session(ann);
    expect(await authorize(bench, session)).toBe("license_not_found");
    await bench.join("u1", ann);
    expect(await authorize(bench, session)).toBe("license_not_found");
    await give(bench, pages, ["u1"]);
    expect(await authorize(bench, session)).toBe("ok");
    expect(await authorize(bench, await bench.session(bob))).toBe("license_not_found");
    expect(await authorize(bench, session, { adamId: slack })).toBe("license_not_found");
    await take(bench, pages, ["u1"]);
    expect(await authorize(bench, session)).toBe("license_not_found");
    await expectSound(bench);
  });

  it("R39: isn't possible while the user is only Registered, and is as soon as the person has accepted", async () => {
    const bench = await openBench();
    const { inviteCode } = await bench.register("u1");
    await give(bench, pages, ["u1"]);
    const session = await bench.session(ann);
    expect(await authorize(bench, session)).toBe("license_not_found");
    await bench.control("POST", "/users/accept", { inviteCode, appleId: ann });
    expect(await authorize(bench, session)).toBe("ok");
  });

  it("ends with the user's retirement", async () => {
    const { bench, session } = await openLicensed();
    expect(await authorize(bench, session)).toBe("ok");
    await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "u1" });
    expect(await authorize(bench, session)).toBe("license_not_found");
  });

  it("takes the licence of any organisation of the person's store country", async () => {
    const bench = await openBench();
    const session = await bench.session(ann);
    for (const [name, countryCode, expected] of [
      ["Italian", "it", "license_not_found"],
      ["American", "us", "ok"],
    ]) {
      const made = await bench.control("POST", "/organisations", {
        name,
        appleId: `${name}@x.com`,
        countryCode,
      });
      const id = Number(made.json.organisationId);
      await bench.control("POST", `/organisations/${id}/licenses`, { adamId: pages, quantity: 1 });
      const organisation = bench.apple.model.organisation(id);
      const user = organisation.register("u", undefined, undefined);
      organisation.assignToUser(organisation.pool(pages, "STDQ"), user, undefined);
      await bench.control("POST", "/users/accept", { inviteCode: user.inviteCode, appleId: ann });
      expect(await authorize(bench, session)).toBe(expected);
    }
  });

  it("covers five devices, and the same device any number of times", async () => {
    const { bench, session } = await openLicensed();
    const on = (udid: string): Promise<string> => authorize(bench, session, { udid });
    for (const udid of ["a", "b", "c", "d", "e", "a", "e"]) expect(await on(udid)).toBe("ok");
    expect(await on("f")).toBe("device_limit");
    expect(await on("b")).toBe("ok");
    expect(bench.events).toContainEqual(
      expect.objectContaining({
        event: "store.refused",
        side: "apple",
        udid: "f",
        code: "device_limit",
        adamId: pages,
      }),
    );
    // A licence that was returned and given anew is a new one.
    await take(bench, pages, ["u1"]);
    await give(bench, pages, ["u1"]);
    expect(await on("f")).toBe("ok");
    await expectSound(bench);
  });

  it("serves a sixth device when one of the five no longer has the app, and says so", async () => {
    const { bench, session } = await openLicensed();
    const on = (udid: string): Promise<string> => authorize(bench, session, { udid });
    const tell = async (udid: string, adamIds: string[], sessionToken = session) =>
      (await bench.store(appStorePaths.holdings, { sessionToken, udid, adamIds })).status;
    for (const udid of ["a", "b", "c", "d", "e"]) expect(await on(udid)).toBe("ok");
    // It still has it; it never had it; it isn't signed in.
    expect(await tell("a", [pages, slack])).toBe(200);
    expect(await tell("f", [])).toBe(200);
    expect(await tell("a", [], "no-session")).toBe(401);
    expect(await on("f")).toBe("device_limit");
    expect(await tell("a", [slack])).toBe(200);
    expect(await on("f")).toBe("ok");
    expect(await on("a")).toBe("device_limit");
    await expectSound(bench);
  });

  it("counts the devices of each item by itself", async () => {
    const { bench, session } = await openLicensed();
    await buy(bench, slack, 1);
    await give(bench, slack, ["u1"]);
    for (const udid of ["a", "b", "c", "d", "e"])
      expect(await authorize(bench, session, { udid })).toBe("ok");
    expect(await authorize(bench, session, { udid: "f", adamId: slack })).toBe("ok");
  });

  it("works only after the licence has spread, when the service is told to be slow about it", async () => {
    const { bench, session } = await openLicensed();
    await bench.control("PUT", "/behaviour", { associationDelayMs: 5 * minuteMs });
    expect(await authorize(bench, session)).toBe("license_not_found");
    bench.world.advance(5 * minuteMs - 1);
    expect(await authorize(bench, session)).toBe("license_not_found");
    bench.world.advance(1);
    expect(await authorize(bench, session)).toBe("ok");
  });

  it.each([
    ["a made-up session", { sessionToken: "x" }, "session_invalid"],
    ["an item the store lacks", { adamId: "1" }, "item_unknown"],
    ["a book", { adamId: book }, "not_an_app"],
    ["a purchase method that doesn't exist", { purchaseMethod: 2 }, "invalid_request"],
    ["no device", { udid: "" }, "invalid_request"],
    ["an unknown field", { free: true }, "invalid_request"],
  ])("refuses %s", async (_what, more, code) => {
    const { bench, session } = await openLicensed();
    expect(await authorize(bench, session, more)).toBe(code);
    expect(await authorize(bench, session)).toBe("ok");
  });
});

describe("a person's own purchase", () => {
  it("is recorded for a free app and refused for one that costs money", async () => {
    const bench = await openBench();
    const session = await bench.session(ann);
    const own = (adamId: string): Promise<string> => authorize(bench, session, { adamId, purchaseMethod: 0 });
    expect(await own(slack)).toBe("ok");
    expect(bench.apple.model.appleIds.get(ann)?.purchases).toEqual(new Set([slack]));
    expect(await own(slack)).toBe("ok");
    expect(await own(pages)).toBe("license_not_found");
    // A licence of the organisation is another thing.
    expect(await authorize(bench, session, { adamId: slack })).toBe("license_not_found");
  });
});

describe("downloading", () => {
  it("takes a ticket once, within the hour", async () => {
    const { bench, session } = await openLicensed();
    const ticket = await ticketFor(bench, session);
    const once = await bench.store(appStorePaths.download, { ticket });
    expect(LookupItem.parse(once.json)).toMatchObject({ adamId: pages, bytes: 287_309_824 });
    expect(await bench.refused(appStorePaths.download, { ticket })).toBe("ticket_invalid");
    expect(await bench.refused(appStorePaths.download, { ticket: "guess" })).toBe("ticket_invalid");
    const inTime = await ticketFor(bench, session);
    const late = await ticketFor(bench, session);
    bench.world.advance(60 * minuteMs);
    expect((await bench.store(appStorePaths.download, { ticket: inTime })).status).toBe(200);
    bench.world.advance(1);
    expect(await bench.refused(appStorePaths.download, { ticket: late })).toBe("ticket_invalid");
  });
});

describe("the invitation", () => {
  const asJson = { accept: "application/json" };
  async function openInvited(): Promise<{ bench: Bench; path: string; session: string }> {
    const bench = await openBench();
    await bench.control("POST", "/organisations", { name: "<b>Evil & Co</b>", appleId: "evil@example.com" });
    const { inviteUrl } = await bench.register("u1");
    const path = String(inviteUrl).slice("http://apple.test".length);
    return { bench, path, session: await bench.session(ann) };
  }

  it("shows its terms as JSON to a phone and as an escaped page to a browser", async () => {
    const { bench, path } = await openInvited();
    const terms = InvitationTerms.parse((await bench.send("GET", path, undefined, asJson)).json);
    expect(terms.organisation).toBe("Contoso");
    const page = await bench.send("GET", path, undefined, { accept: "text/html" });
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.text).toContain(terms.title);
    const evil = [...bench.apple.model.organisations.values()].at(-1)?.register("x", undefined, undefined);
    const evilPath = path.replace(/inviteCode=[0-9a-f]+/, `inviteCode=${evil?.inviteCode}`);
    const evilPage = (await bench.send("GET", evilPath)).text;
    expect(evilPage).toContain("&lt;b&gt;Evil &amp; Co&lt;/b&gt;");
    expect(evilPage).not.toContain("<b>");
  });

  it("is accepted with a session: the user is linked to that person's Apple ID, whoever was meant", async () => {
    const { bench, path } = await openInvited();
    const session = await bench.session(bob);
    const reply = await bench.store(path, { sessionToken: session });
    expect([reply.status, reply.json]).toEqual([200, {}]);
    const { user } = await bench.vpp("getVPPUserSrv", { clientUserIdStr: "u1" });
    expect(user).toMatchObject({ status: "Associated", itsIdHash: itsIdHashOf(bob) });
    expect(bench.events).toContainEqual(
      expect.objectContaining({ event: "user.accepted", side: "apple", clientUserIdStr: "u1" }),
    );
    await expectSound(bench);
  });

  it("is used up by one person, who may say so twice", async () => {
    const { bench, path, session } = await openInvited();
    expect((await bench.store(path, { sessionToken: session })).status).toBe(200);
    expect((await bench.store(path, { sessionToken: session })).status).toBe(200);
    expect(await bench.refused(path, { sessionToken: await bench.session(bob) })).toBe("invitation_used");
    const shown = await bench.send("GET", path, undefined, asJson);
    expect([shown.status, AppStoreProblem.parse(shown.json).error.code]).toEqual([409, "invitation_used"]);
    expect((await bench.send("GET", path)).text).toContain("accepted already");
  });

  it("ends with the user's retirement", async () => {
    const { bench, path, session } = await openInvited();
    await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "u1" });
    expect(await bench.refused(path, { sessionToken: session })).toBe("invitation_used");
  });

  it("isn't accepted without a session, without a code, or with a made-up one", async () => {
    const { bench, path, session } = await openInvited();
    const base = path.slice(0, path.indexOf("?"));
    expect(await bench.refused(path, { sessionToken: "x" })).toBe("session_invalid");
    expect(await bench.refused(path, {})).toBe("invalid_request");
    expect(await bench.refused(base, { sessionToken: session })).toBe("invitation_unknown");
    expect(await bench.refused(`${base}?inviteCode=${"0".repeat(32)}`, { sessionToken: session })).toBe(
      "invitation_unknown",
    );
    const { user } = await bench.vpp("getVPPUserSrv", { clientUserIdStr: "u1" });
    expect(user).toMatchObject({ status: "Registered" });
  });
});
