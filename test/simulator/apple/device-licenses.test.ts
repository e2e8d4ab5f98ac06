import { describe, expect, it } from "vitest";
import { AppStoreProblem, appStorePaths, DownloadAnswer } from "../../../shared/app-store.ts";
import { createRecorder } from "../../../shared/trace.ts";
import { createApple } from "../../../simulator/apple/apple.ts";
import { defaultCatalogue } from "../../../simulator/apple/catalogue.ts";
import { FakeWorld } from "./fake-world.ts";
import {
  baseUrl,
  book,
  buy,
  controlKey,
  counts,
  expectSound,
  give,
  openBench,
  pages,
  slack,
  type Bench,
  type Json,
} from "./bench.ts";

const ann = "ann@example.com";
const serialNumber = "C38SERIAL001";

const manage = (bench: Bench, change: Json, adamIdStr = pages): Promise<Json> =>
  bench.vpp("manageVPPLicensesByAdamIdSrv", { adamIdStr, ...change });
const giveDevice = (bench: Bench, ...serials: string[]): Promise<Json> =>
  manage(bench, { associateSerialNumbers: serials });
const takeDevice = (bench: Bench, ...serials: string[]): Promise<Json> =>
  manage(bench, { disassociateSerialNumbers: serials });

/** `ok` or the code of the refusal. */
async function authorize(bench: Bench, more: Json = {}): Promise<string> {
  const request = { adamId: pages, purchaseMethod: 1, udid: "phone-1", serialNumber, ...more };
  const { status, json } = await bench.store(appStorePaths.authorize, request);
  return status === 200 ? "ok" : AppStoreProblem.parse(json).error.code;
}
const lookup = async (bench: Bench, query: string): Promise<unknown> =>
  (await bench.send("GET", `${appStorePaths.lookup}?${query}`)).json["deviceLicensed"];

describe("a licence of a device", () => {
  it("lets that phone fetch the app without an Apple ID, and no other phone", async () => {
    const bench = await openBench();
    expect(await authorize(bench)).toBe("session_invalid");
    await giveDevice(bench, serialNumber);
    expect(await authorize(bench, { serialNumber: "C38SERIAL002" })).toBe("session_invalid");
    expect(await authorize(bench, { serialNumber: undefined })).toBe("session_invalid");
    const request = { adamId: pages, purchaseMethod: 1, udid: "phone-1", serialNumber };
    const { json } = await bench.store(appStorePaths.authorize, request);
    const fetched = await bench.store(appStorePaths.download, { ticket: json["ticket"] });
    expect(DownloadAnswer.parse(fetched.json)).toMatchObject({ adamId: pages });
    const seen = bench.events.find(({ event }) => event === "store.authorized");
    expect(seen).toMatchObject({ udid: "phone-1", serialNumber, adamId: pages });
    expect(seen).not.toHaveProperty("itsIdHash");
    await expectSound(bench);
  });

  it("is for this one app and for volume purchases alone", async () => {
    const bench = await openBench();
    await buy(bench, slack, 1);
    await giveDevice(bench, serialNumber);
    expect(await authorize(bench, { adamId: slack })).toBe("session_invalid");
    expect(await authorize(bench, { purchaseMethod: 0 })).toBe("session_invalid");
    expect(await authorize(bench)).toBe("ok");
  });

  it("counts whoever is signed in, even with a session that Apple no longer knows", async () => {
    const bench = await openBench();
    const sessionToken = await bench.session(ann);
    expect(await authorize(bench, { sessionToken })).toBe("license_not_found");
    await giveDevice(bench, serialNumber);
    expect(await authorize(bench, { sessionToken })).toBe("ok");
    expect(await authorize(bench, { sessionToken: "gone" })).toBe("ok");
  });

  it("no longer counts once it was taken back, and only when it has arrived", async () => {
    const bench = await openBench();
    await bench.control("PUT", "/behaviour", { associationDelayMs: 60_000 });
    await giveDevice(bench, serialNumber);
    expect(await authorize(bench)).toBe("session_invalid");
    bench.world.advance(60_000);
    expect(await authorize(bench)).toBe("ok");
    await takeDevice(bench, serialNumber);
    expect(await authorize(bench)).toBe("session_invalid");
  });

  it("is told to the phone that looks the app up, by its serial number", async () => {
    const bench = await openBench();
    const query = `adamId=${pages}&serialNumber=${serialNumber}`;
    expect(await lookup(bench, query)).toBeUndefined();
    await giveDevice(bench, serialNumber);
    expect(await lookup(bench, query)).toBe(true);
    expect(await lookup(bench, `bundleId=com.apple.Pages&serialNumber=${serialNumber}`)).toBe(true);
    expect(await lookup(bench, `adamId=${pages}`)).toBeUndefined();
  });

  it("leaves the phone's place among the five of its user's licence to another", async () => {
    const bench = await openBench();
    await bench.join("u1", ann);
    await give(bench, pages, ["u1"]);
    const sessionToken = await bench.session(ann);
    const asUser = (index: number): Promise<string> =>
      authorize(bench, { sessionToken, udid: `phone-${index}`, serialNumber: `S${index}` });
    for (const index of [1, 2, 3, 4, 5]) expect(await asUser(index)).toBe("ok");
    expect(await asUser(6)).toBe("device_limit");
    await giveDevice(bench, "S3");
    expect(await asUser(6)).toBe("ok");
    expect(await asUser(7)).toBe("device_limit");
    await expectSound(bench);
  });
});

describe("licences of devices in the web service", () => {
  it("come from the same pool as those of users, and a seat given back can be given on in the same call", async () => {
    const bench = await openBench();
    await bench.control("POST", `/organisations/${bench.organisationId}/refunds`, {
      adamId: pages,
      quantity: 9,
    });
    await bench.register("u1");
    await give(bench, pages, ["u1"]);
    expect(await giveDevice(bench, serialNumber)).toMatchObject({
      status: -3,
      associations: [{ serialNumber, errorNumber: 9610 }],
    });
    const moved = { disassociateClientUserIdStrs: ["u1"], associateSerialNumbers: [serialNumber] };
    expect(await manage(bench, moved)).toMatchObject({ status: 0, associations: [{ serialNumber }] });
    expect(await counts(bench, pages)).toBe("1/0/9");
    await expectSound(bench);
  });

  it("are one for each device, also within one call (9616)", async () => {
    const bench = await openBench();
    const answer = await giveDevice(bench, "S1", "S2", "S1");
    expect(answer).toMatchObject({ status: -3, associations: [{}, {}, { errorNumber: 9616 }] });
    const [first, second] = answer["associations"] as Json[];
    expect([first, second].some((entry) => entry && "errorNumber" in entry)).toBe(false);
    expect(await counts(bench, pages)).toBe("2/8/0");
  });

  it("are listed with their serial numbers, apart from those of users", async () => {
    const bench = await openBench();
    await bench.register("u1");
    await give(bench, pages, ["u1"]);
    await giveDevice(bench, "S1", "S2");
    const holders = async (filter: Json): Promise<string[]> => {
      const { licenses } = await bench.vpp("getVPPLicensesSrv", filter);
      return (licenses as Json[]).map((one) =>
        String(one["serialNumber"] ?? one["clientUserIdStr"] ?? "free"),
      );
    };
    expect(await holders({ assignedOnly: true })).toEqual(["u1", "S1", "S2"]);
    expect(await holders({ deviceAssignedOnly: true })).toEqual(["S1", "S2"]);
    expect(await holders({ userAssignedOnly: true })).toEqual(["u1"]);
    expect(await holders({ serialNumber: "S2" })).toEqual(["S2"]);
    expect(
      await bench.vpp("getVPPLicensesSrv", { deviceAssignedOnly: 1, userAssignedOnly: 1 }),
    ).toMatchObject({
      errorNumber: 9602,
    });
  });

  it("are among the changes, also when they come back", async () => {
    const bench = await openBench();
    const first = await bench.vpp("getVPPLicensesSrv", { assignedOnly: true });
    await giveDevice(bench, "S1");
    const second = await bench.vpp("getVPPLicensesSrv", {
      ...{ assignedOnly: true, sinceModifiedToken: first["sinceModifiedToken"] },
    });
    expect(second["licenses"]).toMatchObject([{ serialNumber: "S1" }]);
    await takeDevice(bench, "S1");
    const third = await bench.vpp("getVPPLicensesSrv", {
      ...{ assignedOnly: true, sinceModifiedToken: second["sinceModifiedToken"] },
    });
    expect(third["licenses"]).toMatchObject([{ status: "Available" }]);
    expect((third["licenses"] as Json[])[0]).not.toHaveProperty("serialNumber");
  });

  it("are refused in a batch above the limit, as a whole (9602)", async () => {
    const bench = await openBench();
    const { maxBatchAssociateLicenseCount: limit } = await bench.vpp("VPPServiceConfigSrv");
    const serials = (count: number) => Array.from({ length: count }, (_, index) => `S${index}`);
    expect(await giveDevice(bench, ...serials(Number(limit) + 1))).toMatchObject({ errorNumber: 9602 });
    expect(await counts(bench, pages)).toBe("0/10/0");
    await giveDevice(bench, ...serials(Number(limit)));
    expect(await counts(bench, pages)).toBe("10/0/0");
  });

  it("are not for a book, nor for an app whose developer says no, until that changes (9628)", async () => {
    const bench = await openBench();
    await buy(bench, book, 1);
    const refused = { associations: [{ errorNumber: 9628 }] };
    const give1 = { associateSerialNumbers: ["S1"] };
    expect(await manage(bench, give1, book)).toMatchObject(refused);
    await bench.control("PATCH", `/catalogue/${pages}`, { deviceAssignable: false });
    expect(await manage(bench, give1)).toMatchObject(refused);
    expect((await bench.vpp("getVPPAssetsSrv"))["assets"]).toMatchObject([{ deviceAssignable: false }, {}]);
    expect(bench.events.filter(({ event }) => event === "license.refused")).toMatchObject([
      { serialNumber: "S1", adamId: book, errorNumber: 9628 },
      { serialNumber: "S1", adamId: pages, errorNumber: 9628 },
    ]);
    await bench.control("PATCH", `/catalogue/${pages}`, { deviceAssignable: true });
    expect(await manage(bench, give1)).toMatchObject({ status: 0 });
    expect((await bench.control("PATCH", "/catalogue/99", { deviceAssignable: true })).status).toBe(404);
  });

  it("outlive a restart, with what was said about the app", async () => {
    const world = new FakeWorld();
    const bench = await openBench({ world, dataFile: "/apple.json" });
    await giveDevice(bench, "S1");
    await bench.join("u1", ann);
    await give(bench, pages, ["u1"]);
    const sessionToken = await bench.session(ann);
    expect(await authorize(bench, { sessionToken, serialNumber: "S2" })).toBe("ok");
    await bench.control("PATCH", `/catalogue/${pages}`, { deviceAssignable: false });
    const again = await createApple(
      { world, recorder: createRecorder({ now: () => world.now(), run: "again", keepsWire: false }) },
      { controlKey, publicUrl: () => baseUrl, catalogue: defaultCatalogue(), dataFile: "/apple.json" },
    );
    expect(again.model.downloads.lookup({ adamId: pages }, "S1")).toMatchObject({ deviceLicensed: true });
    expect([...again.model.downloads.serialNumbers]).toEqual([["phone-1", "S2"]]);
    expect(again.model.catalogue.get(pages)?.deviceAssignable).toBe(false);
    await again.close();
  });
});
