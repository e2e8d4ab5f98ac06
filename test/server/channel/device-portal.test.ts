import { describe, expect, it } from "vitest";
import { newInstallation } from "../../../server/deployments/installations.ts";
import type { InstallationRecord } from "../../../server/store/records.ts";
import { PippinError } from "../../../shared/errors.ts";
import { udidOf } from "../test-server.ts";
import { Harness, type FakePhone } from "./harness.ts";

const adamId = "361309726";

/** A phone with a user, and an app that is offered to this user. */
async function offer(changes: Partial<InstallationRecord> = {}): Promise<{
  harness: Harness;
  phone: FakePhone;
  installation: () => Promise<InstallationRecord | undefined>;
}> {
  const harness = new Harness();
  const udid = udidOf(1);
  const identity = await harness.issue(udid, { userId: "anna" });
  const phone = await harness.connect(identity);
  await phone.checkIn();
  const now = harness.world.now();
  const record: InstallationRecord = {
    ...newInstallation(udid, adamId, "anna", now, 0),
    desired: "available",
    state: "notInstalled",
    dueAt: null,
    ...changes,
  };
  await harness.store.transaction(async (tx) => {
    await tx.put("installations", record);
    await tx.put("apps", {
      id: adamId,
      name: "Pages",
      bundleId: "com.apple.Pages",
      pricingParam: "STDQ",
      deviceAssignable: true,
      irrevocable: false,
      total: 5,
      assigned: 0,
      available: 5,
      retired: 0,
      syncedAt: now,
    });
  });
  const installation = () => harness.store.read((reader) => reader.get("installations", record.id));
  return { harness, phone, installation };
}

const list = (phone: FakePhone, RequestID = "r1") => ({
  MessageType: "PortalApps",
  UDID: phone.udid,
  RequestID,
});
const wish = (phone: FakePhone, RequestID = "r2") => ({
  ...list(phone, RequestID),
  MessageType: "PortalInstall",
  AdamID: adamId,
});

describe("the company portal's messages", () => {
  it("are answered from the store, each by its RequestID", async () => {
    const { phone, installation, harness } = await offer();
    const wakes = harness.hookWakes;
    phone.send(list(phone));
    expect(await phone.next()).toEqual({
      MessageType: "PortalAppsAnswer",
      RequestID: "r1",
      Apps: [{ AdamID: adamId, BundleID: "com.apple.Pages", Name: "Pages", Status: "Available" }],
      Complete: true,
    });
    phone.send(wish(phone));
    expect(await phone.next()).toEqual({
      MessageType: "PortalInstallAnswer",
      RequestID: "r2",
      AdamID: adamId,
      Outcome: "Accepted",
    });
    const now = harness.world.now();
    expect(await installation()).toMatchObject({ wantedAt: now, dueAt: now, state: "pending" });
    expect(harness.hookWakes).toBe(wakes + 1);
    expect(harness.named("portal.requested")).toMatchObject([{ udid: phone.udid, adamId }]);
    phone.send(list(phone, "r3"));
    expect(await phone.next()).toMatchObject({ RequestID: "r3", Apps: [{ Status: "Requested" }] });
  });

  it("change nothing when the wish is on record already", async () => {
    const { phone, installation, harness } = await offer();
    phone.send(wish(phone));
    await phone.next();
    const before = await installation();
    await harness.world.advance(60_000);
    phone.send(wish(phone));
    expect(await phone.next()).toMatchObject({ Outcome: "Accepted" });
    expect(await installation()).toEqual(before);
  });

  it.each<[name: string, changes: Partial<InstallationRecord>, outcome: string]>([
    ["an available app", {}, "Accepted"],
    ["one that is required and available", { desired: "requiredAndAvailable" }, "Accepted"],
    [
      "one that will be required",
      { desired: "required", requiredAt: Number.MAX_SAFE_INTEGER / 2 },
      "Accepted",
    ],
    ["one whose install an admin cancelled", { override: { verb: "cancelled", at: 1 } }, "Accepted"],
    ["one that an admin revoked", { override: { verb: "revoked", at: 1 } }, "Refused"],
    ["one that an admin reclaims", { override: { verb: "reclaimed", at: 1 } }, "Refused"],
    ["one that is required now", { desired: "required" }, "Refused"],
    ["one that is uninstalled", { desired: "uninstall" }, "Refused"],
    ["one that is not for this phone", { desired: "notApplicable" }, "Refused"],
    ["one that nobody deploys", { desired: null }, "Refused"],
  ])("offer, or refuse, %s", async (_name, changes, outcome) => {
    const { phone, installation, harness } = await offer(changes);
    const before = await installation();
    phone.send(list(phone));
    const { Apps } = await phone.next();
    expect((Apps as unknown[]).length).toBe(outcome === "Accepted" ? 1 : 0);
    phone.send(wish(phone));
    expect(await phone.next()).toMatchObject({ Outcome: outcome });
    if (outcome === "Accepted") return;
    expect(await installation()).toEqual(before);
    expect(harness.named("portal.refused")).toMatchObject([{ adamId, reason: "NotOffered" }]);
  });

  it("begin anew what failed, and keep the place of who waits for a licence", async () => {
    const rejected = await offer({
      state: "failed",
      reason: "user-rejected",
      appState: "UserRejected",
      attempts: 1,
    });
    rejected.phone.send(wish(rejected.phone));
    await rejected.phone.next();
    expect(await rejected.installation()).toMatchObject({ state: "pending", attempts: 0, appState: null });
    const waiting = await offer({ state: "failed", reason: "no-license", wantedAt: 5, waitingSince: 7 });
    waiting.phone.send(list(waiting.phone));
    expect(await waiting.phone.next()).toMatchObject({ Apps: [{ Status: "Failed", Reason: "no-license" }] });
    waiting.phone.send(wish(waiting.phone));
    await waiting.phone.next();
    expect(await waiting.installation()).toMatchObject({
      state: "failed",
      reason: "no-license",
      waitingSince: 7,
    });
  });

  it("are read in XML too", async () => {
    const { harness } = await offer();
    const phone = await harness.enrol(udidOf(2), "mdm.plist.xml");
    phone.send(list(phone));
    expect(await phone.next()).toMatchObject({ MessageType: "PortalAppsAnswer", Apps: [], Complete: true });
  });

  it.each<[name: string, change: object, code: number | undefined]>([
    ["as it should be", {}, undefined],
    ["with a member too many", { More: true }, 4400],
    ["with an id that is no number", { AdamID: "pages" }, 4400],
    ["without an app", { AdamID: undefined }, 4400],
    ["without a RequestID", { RequestID: undefined }, 4400],
    ["with a RequestID without end", { RequestID: "r".repeat(65) }, 4400],
    ["for another phone", { UDID: udidOf(9) }, 4400],
  ])("end the connection unless well-formed: one %s", async (_name, change, code) => {
    const { phone, installation } = await offer();
    const before = await installation();
    const message = Object.fromEntries(
      Object.entries({ ...wish(phone), ...change }).filter(([, value]) => value !== undefined),
    );
    phone.send(message);
    expect(await phone.ending()).toBe(code);
    if (code !== undefined) expect(await installation()).toEqual(before);
  });

  it("are for phones under management: not before check-in, and not after the phone left", async () => {
    const harness = new Harness();
    const early = await harness.connect(await harness.issue(udidOf(1)));
    early.send(list(early));
    expect(await early.ending()).toBe(4400);
    const half = await harness.connect(await harness.issue(udidOf(2)));
    half.authenticate();
    await half.next();
    half.send(list(half));
    expect(await half.ending()).toBe(4404);
    const gone = await harness.enrol(udidOf(3));
    gone.send({ MessageType: "CheckOut", Topic: "com.apple.mgmt.test", UDID: gone.udid });
    await gone.next();
    gone.send(list(gone));
    expect(await gone.ending()).toBe(4404);
  });

  it("ask to come back when the store can't keep the wish", async () => {
    const { harness, phone } = await offer();
    harness.beforeTransaction = () => {
      throw new PippinError("store_unwritable", "the disk is full");
    };
    phone.send(wish(phone));
    expect(await phone.ending()).toBe(1013);
  });
});
