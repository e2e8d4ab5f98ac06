import { describe, expect, it } from "vitest";
import type { PlistDictionary } from "../../shared/plist.ts";
import { pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";

const query = { RequestType: "DeviceInformation", Queries: ["UDID"] };
const app = { AdamID: pages.adamId, BundleID: pages.bundleId, Name: "Pages", Status: "Available" };

/** Answers the last question with these members. */
async function answer(lab: PhoneLab, message: PlistDictionary): Promise<void> {
  const { RequestID = "" } = lab.connection.last;
  lab.connection.send({ RequestID, ...message });
  await settle();
}

describe("the company portal on the phone", () => {
  it.each(["mdm.plist.binary", "mdm.plist.xml"] as const)(
    "asks over %s and reads the answer",
    async (protocol) => {
      const lab = await startLab({ protocol });
      const listed = lab.phone.portal.list();
      await settle();
      expect(lab.connection.last).toEqual({ MessageType: "PortalApps", UDID: udid, RequestID: "1" });
      const deadline = Date.UTC(2016, 6, 1);
      const apps = [
        { ...app, Status: "Failed", Reason: "no-license" },
        { ...app, AdamID: "7", Name: "Zebra", Deadline: new Date(deadline) },
      ];
      await answer(lab, { MessageType: "PortalAppsAnswer", Apps: apps, Complete: true });
      const pagesApp = { adamId: pages.adamId, bundleId: pages.bundleId, name: "Pages" };
      expect(await listed).toEqual([
        { ...pagesApp, status: "Failed", reason: "no-license", deadline: null },
        { ...pagesApp, adamId: "7", name: "Zebra", status: "Available", reason: null, deadline },
      ]);
    },
  );

  it("asks for an app, and is told whether the wish is on record", async () => {
    const lab = await startLab();
    const wished = lab.phone.portal.install(pages.adamId);
    await settle();
    const { adamId: AdamID } = pages;
    expect(lab.connection.last).toEqual({ MessageType: "PortalInstall", UDID: udid, RequestID: "1", AdamID });
    await answer(lab, { MessageType: "PortalInstallAnswer", AdamID, Outcome: "Accepted" });
    expect(await wished).toBeUndefined();
    const refused = expect(lab.phone.portal.install(pages.adamId)).rejects.toMatchObject({
      code: "forbidden",
      details: { reason: "NotOffered" },
    });
    await settle();
    await answer(lab, {
      MessageType: "PortalInstallAnswer",
      AdamID,
      Outcome: "Refused",
      Reason: "NotOffered",
    });
    await refused;
  });

  it("takes answers in any order, and none of them for a word about results", async () => {
    const lab = await startLab();
    const first = lab.phone.portal.list();
    const second = lab.phone.portal.list();
    await settle();
    await lab.connection.command("one", query);
    for (const RequestID of ["2", "1"]) {
      const Apps = RequestID === "1" ? [] : [app];
      lab.connection.send({ MessageType: "PortalAppsAnswer", RequestID, Apps, Complete: true });
    }
    expect([await first, (await second).length]).toEqual([[], 1]);
    expect(lab.saved.unreceived).toMatchObject([{ commandUUID: "one" }]);
  });

  it("gives up after half a minute, when the connection goes and when the phone stops", async () => {
    const lab = await startLab();
    const unavailable = { code: "unavailable" };
    const late = lab.phone.portal.list();
    const isLate = expect(late).rejects.toMatchObject(unavailable);
    await lab.world.advance(30_000);
    await isLate;
    // What comes after all is nobody's any more.
    await answer(lab, { MessageType: "PortalAppsAnswer", Apps: [], Complete: true });
    const cut = expect(lab.phone.portal.list()).rejects.toMatchObject(unavailable);
    lab.connection.close(1006);
    await cut;
    await expect(lab.phone.portal.list()).rejects.toMatchObject(unavailable);
    await lab.world.advance(1_000);
    const stopped = expect(lab.phone.portal.list()).rejects.toMatchObject(unavailable);
    await settle();
    await lab.phone.stop();
    await stopped;
  });

  it("is closed while the phone is locked or not under management, and knows what is installed", async () => {
    const lab = await startLab();
    lab.phone.lock();
    await expect(lab.phone.portal.list()).rejects.toMatchObject({ code: "conflict" });
    lab.phone.unlock();
    await expect(lab.phone.portal.install("pages")).rejects.toMatchObject({ code: "invalid_request" });
    const installed = lab.phone.installFromStore(pages.adamId);
    await settle();
    await lab.signIn();
    await lab.world.advance(2_000);
    await installed;
    await expect(lab.phone.portal.install(pages.adamId)).rejects.toMatchObject({ code: "conflict" });
    await lab.phone.removeProfile();
    await expect(lab.phone.portal.list()).rejects.toMatchObject({ code: "conflict" });
  });

  it.each([
    ["of the wrong kind", { MessageType: "PortalInstallAnswer", AdamID: "1", Outcome: "Accepted" }],
    ["with a member too many", { MessageType: "PortalAppsAnswer", Apps: [], Complete: true, More: 1 }],
    ["without its apps", { MessageType: "PortalAppsAnswer", Complete: true }],
  ])("trusts no answer %s", async (_name, message) => {
    const lab = await startLab();
    const listed = expect(lab.phone.portal.list()).rejects.toMatchObject({ code: "unavailable" });
    await settle();
    await answer(lab, message);
    await listed;
  });

  it("has no more than sixteen questions on their way", async () => {
    const lab = await startLab();
    const asked = Array.from({ length: 17 }, () => lab.phone.portal.list().catch((error: unknown) => error));
    await settle();
    expect(lab.connection.received.filter(({ MessageType }) => MessageType === "PortalApps")).toHaveLength(
      16,
    );
    await lab.world.advance(30_000);
    expect((await Promise.all(asked)).every((error) => error instanceof Error)).toBe(true);
  });
});
