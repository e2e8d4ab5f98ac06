import { describe, expect, it } from "vitest";
import { AssetsAnswer, ManageLicensesAnswer, VppLicense } from "../../../shared/vpp.ts";
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
  slack,
  take,
  undeviceable,
  word,
  type Bench,
  type Json,
} from "./bench.ts";

const ann = "ann@example.com";
const manage = (bench: Bench, args: Json): Promise<Json> =>
  bench.vpp("manageVPPLicensesByAdamIdSrv", { adamIdStr: pages, pricingParam: "STDQ", ...args });
const entries = (answer: Json, kind: "associations" | "disassociations" = "associations"): Json[] =>
  ManageLicensesAnswer.parse(answer)[kind] as Json[];
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index + 1}`);
async function registerAll(bench: Bench, count: number): Promise<string[]> {
  for (const name of names(count)) await bench.register(name);
  return names(count);
}

describe("getVPPAssetsSrv", () => {
  it("lists what the organisation owns, with counts only when asked", async () => {
    const bench = await openBench();
    await buy(bench, book, 3);
    const plain = AssetsAnswer.parse(await bench.vpp("getVPPAssetsSrv"));
    expect(plain.totalCount).toBe(2);
    expect(plain.assets).toEqual([
      {
        adamIdStr: pages,
        pricingParam: "STDQ",
        productTypeId: 8,
        productTypeName: "Application",
        isIrrevocable: false,
        deviceAssignable: true,
      },
      {
        adamIdStr: book,
        pricingParam: "STDQ",
        productTypeId: 10,
        productTypeName: "Publication",
        isIrrevocable: true,
        deviceAssignable: false,
      },
    ]);
    await registerAll(bench, 1);
    await give(bench, pages, ["u1"]);
    await bench.control("POST", `/organisations/${bench.organisationId}/refunds`, {
      adamId: pages,
      quantity: 4,
    });
    const counted = AssetsAnswer.parse(await bench.vpp("getVPPAssetsSrv", { includeLicenseCounts: true }));
    // The refunded ones are no part of the total.
    expect(counted.assets?.[0]).toMatchObject({
      assignedCount: 1,
      availableCount: 5,
      retiredCount: 4,
      totalCount: 6,
    });
    await expectSound(bench);
  });

  it("filters by pricingParam and refuses one that doesn't exist", async () => {
    const bench = await openBench();
    await bench.control("POST", `/organisations/${bench.organisationId}/licenses`, {
      adamId: book,
      quantity: 1,
      pricingParam: "PLUS",
    });
    expect(await bench.vpp("getVPPAssetsSrv", { pricingParam: "PLUS" })).toMatchObject({
      assets: [{ adamIdStr: book }],
    });
    expect(await bench.vpp("getVPPAssetsSrv", { pricingParam: "GOLD" })).toMatchObject({ errorNumber: 9602 });
  });
});

describe("manageVPPLicensesByAdamIdSrv", () => {
  it("gives each user one licence and says which", async () => {
    const bench = await openBench();
    await registerAll(bench, 2);
    const answer = await give(bench, pages, ["u1", "u2"]);
    expect(answer).toMatchObject({ status: 0, adamIdStr: pages, productTypeId: 8, isIrrevocable: false });
    const [one, two] = entries(answer);
    expect(one?.clientUserIdStr).toBe("u1");
    expect(one?.licenseIdStr).not.toBe(two?.licenseIdStr);
    expect(await counts(bench, pages)).toBe("2/8/0");
    await expectSound(bench);
  });

  it("takes back first, so that a freed licence goes to another user in the same call", async () => {
    const bench = await openBench();
    await buy(bench, slack, 1);
    await registerAll(bench, 2);
    await give(bench, slack, ["u1"]);
    expect(entries(await give(bench, slack, ["u2"]))).toMatchObject([{ errorNumber: 9610 }]);
    const answer = await manage(bench, {
      adamIdStr: slack,
      associateClientUserIdStrs: ["u2"],
      disassociateClientUserIdStrs: ["u1"],
    });
    expect(answer.status).toBe(0);
    expect(entries(answer, "disassociations")[0]?.licenseIdStr).toBe(entries(answer)[0]?.licenseIdStr);
    expect(await counts(bench, slack)).toBe("1/0/0");
    await expectSound(bench);
  });

  it("answers -3 when some entries failed, each with its reason, and does the others", async () => {
    const bench = await openBench();
    await buy(bench, slack, 2);
    await registerAll(bench, 3);
    await give(bench, slack, ["u1"]);
    const answer = await give(bench, slack, ["u1", "u2", "u3", "nobody"]);
    expect(answer.status).toBe(-3);
    expect(answer).not.toHaveProperty("errorNumber");
    const [held, given, none, unknown] = entries(answer);
    expect(held).toMatchObject({ clientUserIdStr: "u1", errorNumber: 9616 });
    expect(VppLicense.parse(held?.licenseAlreadyAssigned)).toMatchObject({
      licenseIdStr: held?.licenseIdStr,
      clientUserIdStr: "u1",
      status: "Associated",
    });
    expect(held).not.toHaveProperty("regUsersAlreadyAssigned");
    expect(given).not.toHaveProperty("errorNumber");
    expect(none).toMatchObject({ clientUserIdStr: "u3", errorNumber: 9610 });
    expect(none).not.toHaveProperty("licenseIdStr");
    expect(unknown).toMatchObject({ clientUserIdStr: "nobody", errorNumber: 9609 });
    await expectSound(bench);
  });

  it("tells a second user of the same Apple ID apart: 9616 with regUsersAlreadyAssigned", async () => {
    const bench = await openBench();
    const first = await bench.join("u1", ann);
    expect(first.status).toBe("Associated");
    await bench.join("u2", ann);
    await give(bench, pages, ["u1"]);
    const [entry] = entries(await give(bench, pages, ["u2"]));
    expect(entry).toMatchObject({
      clientUserIdStr: "u2",
      errorNumber: 9616,
      regUsersAlreadyAssigned: [{ clientUserIdStr: "u1", status: "Associated", itsIdHash: itsIdHashOf(ann) }],
    });
    expect(entry).not.toHaveProperty("licenseAlreadyAssigned");
    // The cure: retire one of the two.
    await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "u1" });
    expect(await give(bench, pages, ["u2"])).toMatchObject({ status: 0 });
    await expectSound(bench);
  });

  it("takes back by user and by licence id, and says 9619 when there is nothing to take", async () => {
    const bench = await openBench();
    await registerAll(bench, 2);
    const given = entries(await give(bench, pages, ["u1", "u2"]));
    expect(await take(bench, pages, ["u1"])).toMatchObject({ status: 0 });
    expect(entries(await take(bench, pages, ["u1", "nobody"]), "disassociations")).toMatchObject([
      { errorNumber: 9619 },
      { errorNumber: 9609 },
    ]);
    const byLicense = (ids: unknown[]): Promise<Json> => manage(bench, { disassociateLicenseIdStrs: ids });
    expect(await byLicense([given[1]?.licenseIdStr])).toMatchObject({ status: 0 });
    expect(entries(await byLicense([given[1]?.licenseIdStr, "1", "x"]), "disassociations")).toMatchObject([
      { errorNumber: 9619 },
      { errorNumber: 9610 },
      { errorNumber: 9610 },
    ]);
    expect(await counts(bench, pages)).toBe("0/10/0");
    await expectSound(bench);
  });

  it("refuses a licence id of another item", async () => {
    const bench = await openBench();
    await buy(bench, slack, 1);
    await registerAll(bench, 1);
    const [given] = entries(await give(bench, slack, ["u1"]));
    const answer = await manage(bench, { disassociateLicenseIdStrs: [given?.licenseIdStr] });
    expect(entries(answer, "disassociations")).toMatchObject([{ errorNumber: 9610 }]);
    expect(await counts(bench, slack)).toBe("1/0/0");
  });

  it("never takes a book back (9607)", async () => {
    const bench = await openBench();
    await buy(bench, book, 1);
    await registerAll(bench, 1);
    await give(bench, book, ["u1"]);
    expect(entries(await take(bench, book, ["u1"]), "disassociations")).toMatchObject([
      { errorNumber: 9607 },
    ]);
    expect(await counts(bench, book)).toBe("1/0/0");
  });

  it("gives devices a licence by serial number, unless the item isn't made for it (9628)", async () => {
    const bench = await openBench();
    await buy(bench, undeviceable, 1);
    const toDevice = (adamIdStr: string): Promise<Json> =>
      manage(bench, { adamIdStr, associateSerialNumbers: ["C02XYZ"] });
    expect(entries(await toDevice(undeviceable))).toMatchObject([
      { serialNumber: "C02XYZ", errorNumber: 9628 },
    ]);
    expect(await toDevice(pages)).toMatchObject({ status: 0, associations: [{ serialNumber: "C02XYZ" }] });
    expect(entries(await toDevice(pages))).toMatchObject([{ errorNumber: 9616 }]);
    const listed = await bench.vpp("getVPPLicensesSrv", { serialNumber: "C02XYZ", deviceAssignedOnly: true });
    expect(listed.licenses).toMatchObject([{ serialNumber: "C02XYZ", status: "Associated" }]);
    expect(await bench.vpp("getVPPLicensesSrv", { userAssignedOnly: true })).toMatchObject({ licenses: [] });
    expect(await manage(bench, { disassociateSerialNumbers: ["C02XYZ"] })).toMatchObject({ status: 0 });
    expect(
      entries(await manage(bench, { disassociateSerialNumbers: ["C02XYZ"] }), "disassociations"),
    ).toMatchObject([{ errorNumber: 9619 }]);
    await expectSound(bench);
  });

  it("refuses a user whose store is in another country (9605)", async () => {
    const bench = await openBench();
    await bench.control("POST", "/apple-ids", { appleId: "it@example.com", password, countryCode: "it" });
    await bench.join("u1", "it@example.com");
    expect(entries(await give(bench, pages, ["u1"]))).toMatchObject([{ errorNumber: 9605 }]);
    await expectSound(bench);
  });

  it("refuses a user whose Apple ID another organisation manages (9635), and takes one of our own", async () => {
    const bench = await openBench();
    const other = await bench.control("POST", "/organisations", {
      name: "Pasture",
      appleId: "it@pasture.com",
    });
    const managed = [
      ["u1", "ann@pasture.com", Number(other.json.organisationId)],
      ["u2", "ann@contoso.com", bench.organisationId],
    ] as const;
    for (const [id, appleId, organisationId] of managed) {
      await bench.control("POST", "/apple-ids", { appleId, password, organisationId });
      await bench.join(id, appleId);
    }
    expect(entries(await give(bench, pages, ["u1"]))).toMatchObject([{ errorNumber: 9635 }]);
    expect(await give(bench, pages, ["u2"])).toMatchObject({ status: 0 });
    await expectSound(bench);
  });

  const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);
  it.each([
    ["no item", { adamIdStr: undefined, associateClientUserIdStrs: ["u1"] }, 9600],
    ["nobody named", {}, 9600],
    ["an empty list", { associateClientUserIdStrs: [] }, 9600],
    ["an item nobody sells", { adamIdStr: "1", associateClientUserIdStrs: ["u1"] }, 9602],
    ["a text for a list", { associateClientUserIdStrs: "u1" }, 9602],
    ["a list in the list", { associateClientUserIdStrs: [["u1"]] }, 9602],
    ["more to give than allowed", { associateClientUserIdStrs: ["u1", ...many(100)] }, 9602],
    ["more to take than allowed", { disassociateClientUserIdStrs: ["u1", ...many(100)] }, 9602],
    ["two lists to give to", { associateClientUserIdStrs: ["u1"], associateSerialNumbers: ["S"] }, 9602],
    [
      "two lists to take from",
      { disassociateClientUserIdStrs: ["u2"], disassociateSerialNumbers: ["S"] },
      9602,
    ],
    ["a pricing that doesn't exist", { pricingParam: "GOLD", associateClientUserIdStrs: ["u1"] }, 9602],
  ])("refuses the whole call when there is %s, and does nothing", async (_what, args, errorNumber) => {
    const bench = await openBench();
    await registerAll(bench, 2);
    await give(bench, pages, ["u2"]);
    const before = bench.apple.model.revision;
    expect(await manage(bench, args)).toMatchObject({ status: -1, errorNumber });
    expect(bench.apple.model.revision).toBe(before);
    expect(await counts(bench, pages)).toBe("1/9/0");
  });

  it("takes as many entries as the configuration says", async () => {
    const bench = await openBench();
    await buy(bench, pages, 90);
    const config = (await bench.send("GET", "/mdm/VPPServiceConfigSrv")).json;
    const users = await registerAll(bench, Number(config.maxBatchAssociateLicenseCount));
    expect(await give(bench, pages, users)).toMatchObject({ status: 0 });
    expect(
      await take(bench, pages, users.slice(0, Number(config.maxBatchDisassociateLicenseCount))),
    ).toMatchObject({
      status: 0,
    });
  });

  it("answers 9610 for an item the organisation never bought, and 9619 for taking it back", async () => {
    const bench = await openBench();
    await registerAll(bench, 1);
    expect(entries(await give(bench, word, ["u1"]))).toMatchObject([{ errorNumber: 9610 }]);
    expect(entries(await take(bench, word, ["u1"]), "disassociations")).toMatchObject([
      { errorNumber: 9619 },
    ]);
    expect(await counts(bench, word)).toBe("undefined/undefined/undefined");
  });

  it("gives away exactly what is owned, however many ask at once", async () => {
    const bench = await openBench();
    const users = await registerAll(bench, 40);
    const answers = await Promise.all(users.map((user) => give(bench, pages, [user])));
    const given = answers.filter((answer) => answer.status === 0);
    const refused = answers.filter((answer) => answer.status === -3);
    expect([given.length, refused.length]).toEqual([10, 30]);
    expect(refused.flatMap((answer) => entries(answer)).every((entry) => entry.errorNumber === 9610)).toBe(
      true,
    );
    expect(new Set(given.map((answer) => entries(answer)[0]?.licenseIdStr)).size).toBe(10);
    expect(await counts(bench, pages)).toBe("10/0/0");
    await expectSound(bench);
  });

  it("gives one user one licence, however often it is asked at once", async () => {
    const bench = await openBench();
    await registerAll(bench, 1);
    const answers = await Promise.all(Array.from({ length: 8 }, () => give(bench, pages, ["u1"])));
    expect(answers.filter((answer) => answer.status === 0)).toHaveLength(1);
    expect(await counts(bench, pages)).toBe("1/9/0");
  });
});

describe.each([
  ["associateVPPLicenseSrv", "disassociateVPPLicenseSrv"],
  ["associateVPPLicenseWithVPPUserSrv", "disassociateVPPLicenseFromVPPUserSrv"],
])("%s and %s", (associate, disassociate) => {
  it("move one licence, by item or by licence id", async () => {
    const bench = await openBench();
    const { userId } = await bench.register("u1");
    const given = await bench.vpp(associate, {
      clientUserIdStr: "u1",
      adamId: Number(pages),
      pricingParam: "STDQ",
    });
    const license = VppLicense.parse(given.license);
    expect(license).toMatchObject({ adamIdStr: pages, adamId: Number(pages), userId, status: "Associated" });
    expect(license).not.toHaveProperty("itsIdHash");
    expect(given.user).toMatchObject({ clientUserIdStr: "u1" });
    const taken = await bench.vpp(disassociate, { licenseId: license.licenseId, userId });
    expect(taken).toMatchObject({ status: 0, license: { status: "Available" }, user: { userId } });
    expect(taken.license).not.toHaveProperty("userId");
    expect(await bench.vpp(associate, { userId, licenseId: license.licenseId })).toMatchObject({
      status: 0,
      license: { licenseId: license.licenseId },
    });
    await expectSound(bench);
  });

  it("refuse by number", async () => {
    const bench = await openBench();
    await bench.register("u1");
    const two = await bench.register("u2");
    const { license } = await bench.vpp(associate, { clientUserIdStr: "u1", adamId: pages });
    const { licenseId } = license as Json;
    await buy(bench, slack, 1);
    await bench.control("POST", `/organisations/${bench.organisationId}/refunds`, {
      adamId: slack,
      quantity: 1,
    });
    const { licenses } = await bench.vpp("getVPPLicensesSrv", { adamId: slack });
    const [refunded] = licenses as [Json];
    expect(refunded.status).toBe("Refunded");
    const cases: [string, Json, number][] = [
      [associate, { clientUserIdStr: "u1" }, 9600],
      [associate, { adamId: pages }, 9600],
      [associate, { clientUserIdStr: "nobody", adamId: pages }, 9609],
      [associate, { clientUserIdStr: "u1", adamId: pages }, 9616],
      [associate, { clientUserIdStr: "u2", licenseId }, 9626],
      [associate, { clientUserIdStr: "u2", licenseId: 1 }, 9610],
      [associate, { clientUserIdStr: "u2", licenseId: refunded.licenseId }, 9624],
      [associate, { clientUserIdStr: "u2", adamId: slack }, 9610],
      [disassociate, {}, 9600],
      [disassociate, { licenseId: 1 }, 9610],
      [disassociate, { licenseId, userId: two.userId }, 9619],
      [disassociate, { licenseId: refunded.licenseId }, 9619],
    ];
    for (const [service, args, errorNumber] of cases) {
      expect({ args, answer: await bench.vpp(service, args) }).toMatchObject({
        args,
        answer: { status: -1, errorNumber },
      });
    }
    expect(await bench.vpp(associate, { clientUserIdStr: "u1", adamId: pages })).toMatchObject({
      licenseAlreadyAssigned: { licenseId },
    });
    await expectSound(bench);
  });
});
