import { describe, expect, it } from "vitest";
import { appStorePaths, DownloadAnswer, SignInAnswer } from "../../../shared/app-store.ts";
import { createApple } from "../../../simulator/apple/apple.ts";
import { defaultCatalogue } from "../../../simulator/apple/catalogue.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { FakeWorld } from "./fake-world.ts";
import {
  baseUrl,
  book,
  controlKey,
  expectSound,
  give,
  openBench,
  pages,
  password,
  slack,
  type Bench,
} from "./bench.ts";

const ann = "ann@example.com";
const minuteMs = 60_000;

async function openLicensed(
  options: Parameters<typeof openBench>[0] = {},
): Promise<{ bench: Bench; session: string }> {
  const bench = await openBench(options);
  await bench.join("u1", ann);
  await give(bench, pages, ["u1"]);
  return { bench, session: await bench.session(ann) };
}
const request = (sessionToken: string, more: object = {}): object => ({
  ...{ sessionToken, adamId: pages, purchaseMethod: 1, udid: "phone-1" },
  ...more,
});
async function download(bench: Bench, sessionToken: string): Promise<DownloadAnswer> {
  const { json } = await bench.store(appStorePaths.authorize, request(sessionToken));
  return DownloadAnswer.parse((await bench.store(appStorePaths.download, { ticket: json.ticket })).json);
}

/** Apple's service again, on what the one before has kept. */
async function reopen(world: FakeWorld): Promise<(method: string, path: string) => Promise<unknown>> {
  const apple = await createApple(
    { world, recorder: createRecorder({ now: () => world.now(), run: "again", keepsWire: false }) },
    { controlKey, publicUrl: () => baseUrl, catalogue: defaultCatalogue(), dataFile: "/apple.json" },
  );
  return async (method, path) => {
    const headers = { authorization: `Bearer ${controlKey}` };
    const response = await apple.handle(new Request(`${baseUrl}${path}`, { method, headers }), {
      address: "127.0.0.1",
    });
    return response.json();
  };
}

describe("a new version", () => {
  it("is what phones find and fetch from then on, also after a restart", async () => {
    const world = new FakeWorld();
    const { bench, session } = await openLicensed({ world, dataFile: "/apple.json" });
    const before = await download(bench, session);
    const made = await bench.control("POST", `/catalogue/${pages}/versions`, {
      version: "3.0",
      bytes: 5_000,
    });
    expect([made.status, made.json.version]).toEqual([201, "3.0"]);
    expect(await download(bench, session)).toEqual({
      ...before,
      version: "3.0",
      bytes: 5_000,
      externalVersionIdentifier: before.externalVersionIdentifier + 1,
    });
    await expectSound(bench);
    await bench.apple.close();
    const again = await reopen(world);
    expect(await again("GET", `${appStorePaths.lookup}?adamId=${pages}`)).toMatchObject({ version: "3.0" });
  });

  it.each([
    ["of nothing", "1", { version: "2" }, "not_found"],
    ["that isn't newer", pages, { version: "2", externalVersionIdentifier: 1 }, "invalid_request"],
    ["without a name", pages, {}, "invalid_request"],
    ["with what a version hasn't got", pages, { version: "2", price: 1 }, "invalid_request"],
  ])("%s is refused", async (_name, adamId, body, code) => {
    const bench = await openBench();
    const { json } = await bench.control("POST", `/catalogue/${adamId}/versions`, body);
    expect(json).toMatchObject({ error: { code } });
  });
});

describe("a redemption code", () => {
  async function codesFor(bench: Bench, adamId: string, quantity = 1): Promise<string[]> {
    const { json } = await bench.control("POST", "/redemption-codes", { adamId, quantity });
    return json.codes as string[];
  }
  const redeem = async (bench: Bench, sessionToken: string, code: string, adamId = pages): Promise<unknown> =>
    (await bench.store(appStorePaths.redeem, { sessionToken, adamId, code })).json;

  it("buys its app for one Apple ID, once, and the same again changes nothing", async () => {
    const bench = await openBench();
    const [session, other] = [await bench.session(ann), await bench.session("bob@example.com")];
    const [code = ""] = await codesFor(bench, pages);
    const own = { purchaseMethod: 0 };
    expect(await bench.refused(appStorePaths.authorize, request(session, own))).toBe("license_not_found");
    expect(await redeem(bench, session, code.toLowerCase())).toEqual({ used: true });
    expect(await redeem(bench, session, code)).toEqual({ used: true });
    expect((await bench.store(appStorePaths.authorize, request(session, own))).status).toBe(200);
    expect(await redeem(bench, other, code)).toMatchObject({ error: { code: "code_invalid" } });
    await expectSound(bench);
  });

  it("isn't used up by somebody who has the app, and then good for somebody else", async () => {
    const bench = await openBench();
    const [session, other] = [await bench.session(ann), await bench.session("bob@example.com")];
    const [first = "", second = ""] = await codesFor(bench, pages, 2);
    await redeem(bench, session, first);
    expect(await redeem(bench, session, second)).toEqual({ used: false });
    expect(await redeem(bench, other, second)).toEqual({ used: true });
  });

  it.each([
    ["nobody issued", "NONSENSE", pages],
    ["of another app", undefined, "361304891"],
  ])("that %s is refused", async (_name, typed, adamId) => {
    const bench = await openBench();
    const [code = ""] = await codesFor(bench, pages);
    expect(await redeem(bench, await bench.session(ann), typed ?? code, adamId)).toMatchObject({
      error: { code: "code_invalid" },
    });
  });

  it.each([
    ["a free app", slack, "conflict"],
    ["a book", book, "not_found"],
  ])("isn't made for %s", async (_name, adamId, code) => {
    const bench = await openBench();
    const { json } = await bench.control("POST", "/redemption-codes", { adamId });
    expect(json).toMatchObject({ error: { code } });
  });

  it("is kept over a restart, with who used it", async () => {
    const world = new FakeWorld();
    const bench = await openBench({ world, dataFile: "/apple.json" });
    const [code = ""] = await codesFor(bench, pages);
    await redeem(bench, await bench.session(ann), code);
    await bench.apple.close();
    const kept = JSON.parse(String(world.files.get("/apple.json"))) as { redemptionCodes: unknown };
    expect(kept.redemptionCodes).toEqual([{ code, adamId: pages, usedBy: ann }]);
    await reopen(world);
  });
});

describe("an Apple ID", () => {
  it("gets nothing before its owner has agreed to the App Store's terms", async () => {
    const { bench, session } = await openLicensed();
    const path = `/apple-ids/${ann}`;
    await bench.control("PATCH", path, { storeTermsAccepted: false });
    const reply = await bench.store(appStorePaths.signIn, { appleId: ann, password });
    expect(SignInAnswer.parse(reply.json).storeTermsDue).toBe(true);
    expect(await bench.refused(appStorePaths.authorize, request(session))).toBe("store_terms_due");
    const code = { sessionToken: session, adamId: pages, code: "A" };
    expect(await bench.refused(appStorePaths.redeem, code)).toBe("store_terms_due");
    expect((await bench.store(appStorePaths.storeTerms, { sessionToken: session })).status).toBe(200);
    expect((await bench.store(appStorePaths.authorize, request(session))).status).toBe(200);
    expect((await bench.control("GET", path)).json).toMatchObject({ storeTermsAccepted: true });
  });

  it("can be made with the terms still to be agreed to, and stays so over a restart", async () => {
    const world = new FakeWorld();
    const bench = await openBench({ world, dataFile: "/apple.json" });
    const dora = "dora@example.com";
    await bench.control("POST", "/apple-ids", { appleId: dora, password, storeTermsAccepted: false });
    await bench.apple.close();
    const again = await reopen(world);
    expect(await again("GET", `/control/v1/apple-ids/${dora}`)).toMatchObject({ storeTermsAccepted: false });
    expect(await again("GET", `/control/v1/apple-ids/${ann}`)).toMatchObject({ storeTermsAccepted: true });
  });

  it("tells the lab of wrong passwords and the lock, which the lab may end", async () => {
    const bench = await openBench();
    const view = async (): Promise<unknown> => (await bench.control("GET", `/apple-ids/${ann}`)).json;
    const wrong = (): Promise<unknown> =>
      bench.store(appStorePaths.signIn, { appleId: ann, password: "wrong" });
    await wrong();
    expect(await view()).toMatchObject({ wrongPasswords: 1, lockedUntil: null });
    await wrong();
    await wrong();
    expect(await view()).toMatchObject({ wrongPasswords: 3, lockedUntil: "2016-06-01T08:30:00.000Z" });
    await bench.control("PATCH", `/apple-ids/${ann}`, { locked: false });
    expect(await view()).toMatchObject({ wrongPasswords: 0, lockedUntil: null });
    await bench.session(ann);
    for (let round = 0; round < 3; round += 1) await wrong();
    bench.world.advance(30 * minuteMs);
    expect(await view()).toMatchObject({ wrongPasswords: 0, lockedUntil: null });
    expect(JSON.stringify(await view())).not.toContain(password);
  });

  it("that gets a new password has to sign in again with it", async () => {
    const { bench, session } = await openLicensed();
    await bench.control("PATCH", `/apple-ids/${ann}`, { password: "another horse" });
    expect(await bench.refused(appStorePaths.authorize, request(session))).toBe("session_invalid");
    expect(await bench.refused(appStorePaths.signIn, { appleId: ann, password })).toBe("wrong_password");
    const reply = await bench.store(appStorePaths.signIn, { appleId: ann, password: "another horse" });
    expect(reply.status).toBe(200);
    await expectSound(bench);
  });

  it.each([
    ["that doesn't exist", "nobody@example.com", {}, "not_found"],
    ["by the lab's own will", ann, { locked: true }, "invalid_request"],
    ["in a way it can't be", ann, { appleId: "other@example.com" }, "invalid_request"],
  ])("isn't changed %s", async (_name, appleId, change, code) => {
    const bench = await openBench();
    const { json } = await bench.control("PATCH", `/apple-ids/${appleId}`, change);
    expect(json).toMatchObject({ error: { code } });
  });
});

describe("an App Store that doesn't feel well", () => {
  it("sends no faster than it was told, and breaks off as often as it was told", async () => {
    const { bench, session } = await openLicensed();
    const well = await download(bench, session);
    expect(well).not.toHaveProperty("bytesPerSecond");
    await bench.control("PUT", "/behaviour", {
      downloadBytesPerSecond: 1_000,
      failDownloads: { [pages]: 1 },
    });
    expect(await download(bench, session)).toEqual({
      ...well,
      bytesPerSecond: 1_000,
      breaksOffAtByte: Math.floor(well.bytes / 2),
    });
    expect(await download(bench, session)).toEqual({ ...well, bytesPerSecond: 1_000 });
    expect((await bench.control("GET", "/behaviour")).json).toMatchObject({ failDownloads: { [pages]: 0 } });
    await bench.control("PUT", "/behaviour", { downloadBytesPerSecond: null });
    expect(await download(bench, session)).toEqual(well);
  });

  it("refuses an app as often as it was told, and no other", async () => {
    const { bench, session } = await openLicensed();
    await bench.control("PUT", "/behaviour", { refuseAuthorizations: { [pages]: 2 } });
    const own = { adamId: slack, purchaseMethod: 0 };
    expect((await bench.store(appStorePaths.authorize, request(session, own))).status).toBe(200);
    for (const _ of [1, 2])
      expect(await bench.refused(appStorePaths.authorize, request(session))).toBe("purchase_refused");
    expect((await bench.store(appStorePaths.authorize, request(session))).status).toBe(200);
  });

  it("is out of service by itself, while the web service for MDM servers goes on", async () => {
    const { bench, session } = await openLicensed();
    await bench.control("PUT", "/behaviour", { storeUnavailable: { retryAfterSeconds: 30 } });
    const reply = await bench.store(appStorePaths.authorize, request(session));
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await bench.vpp("getVPPAssetsSrv")).toMatchObject({ status: 0 });
    await bench.control("PUT", "/behaviour", { storeUnavailable: false });
    expect((await bench.store(appStorePaths.authorize, request(session))).status).toBe(200);
  });

  it.each([
    { failDownloads: { "not a number": 1 } },
    { failDownloads: { [pages]: -1 } },
    { refuseAuthorizations: 3 },
    { downloadBytesPerSecond: 0 },
    { storeUnavailable: true },
  ])("isn't made so by %j", async (behaviour) => {
    const bench = await openBench();
    const { json } = await bench.control("PUT", "/behaviour", behaviour);
    expect(json).toMatchObject({ error: { code: "invalid_request" } });
  });
});
