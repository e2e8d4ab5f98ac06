import { describe, expect, it } from "vitest";
import type { PlistDictionary } from "../../shared/plist.ts";
import { install, labWithOwnPages, labWithPages, managedList } from "./app-lab.ts";
import { numbers, pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab, startLab } from "./phone-lab.ts";

const Identifiers = [pages.bundleId, numbers.bundleId, pages.bundleId, "__proto__"];
const configuration = {
  server: "https://files.example.com",
  ports: [443, 8443],
  since: new Date("2016-05-01T00:00:00Z"),
  seed: Uint8Array.of(1, 2, 3),
  nested: { isOn: true },
};
const ask = { RequestType: "ManagedApplicationConfiguration", Identifiers };
const askAttributes = { RequestType: "ManagedApplicationAttributes", Identifiers };

/** What an answer says of Pages. */
function entryOf(answer: PlistDictionary): unknown {
  return (answer.ManagedApplicationList as PlistDictionary)[pages.bundleId];
}

describe("a managed app", () => {
  it("gets the configuration and the attributes that came with its installation", async () => {
    const lab = await startLab();
    const VPNUUID = "A-VPN";
    await lab.connection.command("c", install({ Configuration: configuration, Attributes: { VPNUUID } }));
    await lab.answer({ choice: "install" });
    // Not before it is there.
    expect(await lab.connection.command("early", ask)).toMatchObject({ ApplicationConfigurations: [] });
    await lab.signIn();
    await lab.world.advance(2_000);
    expect(await lab.connection.command("l", ask)).toEqual({
      Status: "Acknowledged",
      UDID: lab.config.udid,
      CommandUUID: "l",
      ApplicationConfigurations: [{ Identifier: pages.bundleId, Configuration: configuration }],
    });
    expect(await lab.connection.command("a", askAttributes)).toMatchObject({
      ApplicationAttributes: [{ Identifier: pages.bundleId, Attributes: { VPNUUID } }],
    });
    expect(entryOf(await lab.connection.command("m", managedList))).toMatchObject({ HasConfiguration: true });
  });

  it("gets new ones with another install command, which leaves alone what it doesn't mention", async () => {
    const lab = await labWithPages();
    expect(entryOf(await lab.connection.command("m", managedList))).toMatchObject({
      HasConfiguration: false,
      ManagementFlags: 1,
    });
    expect(await lab.connection.command("l", ask)).toMatchObject({
      ApplicationConfigurations: [{ Identifier: pages.bundleId }],
    });
    const again = install({ Configuration: { a: 1 }, Attributes: { VPNUUID: "one" }, ManagementFlags: 5 });
    expect(await lab.connection.command("c", again)).toMatchObject({ State: "Managed" });
    await lab.connection.command("d", install({ Configuration: { b: 2 }, ManagementFlags: undefined }));
    await lab.phone.stop();
    await lab.start();
    expect(await lab.connection.command("n", ask)).toMatchObject({
      ApplicationConfigurations: [{ Configuration: { b: 2 } }],
    });
    expect(await lab.connection.command("o", askAttributes)).toMatchObject({
      ApplicationAttributes: [{ Attributes: { VPNUUID: "one" } }],
    });
    expect(entryOf(await lab.connection.command("p", managedList))).toMatchObject({ ManagementFlags: 5 });
  });

  it("loses them with its management", async () => {
    const lab = await labWithOwnPages();
    const take = install({
      ChangeManagementState: "Managed",
      Configuration: configuration,
      ManagementFlags: 0,
    });
    await lab.connection.command("c", take);
    await lab.answer({ choice: "manage" });
    expect(JSON.stringify(lab.saved.apps)).toContain("files.example.com");
    await lab.phone.removeProfile();
    expect(lab.phone.view().apps).toMatchObject([{ installed: true, state: "absent" }]);
    expect(JSON.stringify(lab.saved.apps)).not.toContain("files.example.com");
  });

  it("that the person has for themselves tells the server nothing", async () => {
    const lab = await labWithOwnPages();
    expect(await lab.connection.command("l", ask)).toMatchObject({ ApplicationConfigurations: [] });
    expect(await lab.connection.command("a", askAttributes)).toMatchObject({ ApplicationAttributes: [] });
    await lab.phone.setAppFeedback(pages.bundleId, { a: 1 });
    const feedback = { RequestType: "ManagedApplicationFeedback", Identifiers };
    expect(await lab.connection.command("f", feedback)).toMatchObject({ ManagedApplicationFeedback: [] });
  });

  it.each([
    ["may not be deleted since iOS 14 where the server says so", "14.2", { Removable: false }, "forbidden"],
    ["may be deleted where it doesn't", "14.2", {}, undefined],
    ["may be deleted before iOS 14", "13.7", { Removable: false }, undefined],
  ])("%s", async (_name, osVersion, Attributes, code) => {
    const lab = await labWithPages({ osVersion });
    await lab.connection.command("c", install({ Attributes }));
    const deleting = lab.phone.deleteApp(pages.bundleId);
    if (code === undefined) await deleting;
    else await expect(deleting).rejects.toMatchObject({ code });
    expect(lab.phone.view().apps).toMatchObject([{ installed: code !== undefined }]);
  });
});

describe("an app's feedback", () => {
  const feedback = (DeleteFeedback?: boolean): object => ({
    RequestType: "ManagedApplicationFeedback",
    Identifiers,
    ...(DeleteFeedback === undefined ? {} : { DeleteFeedback }),
  });

  it("is read, and deleted only if that is wished", async () => {
    const lab = await labWithPages();
    expect(await lab.connection.command("none", feedback())).toMatchObject({
      ManagedApplicationFeedback: [{ Identifier: pages.bundleId }],
    });
    await lab.phone.setAppFeedback(pages.bundleId, { crashes: 2 });
    expect(entryOf(await lab.connection.command("m", managedList))).toMatchObject({ HasFeedback: true });
    const told = { ManagedApplicationFeedback: [{ Identifier: pages.bundleId, Feedback: { crashes: 2 } }] };
    expect(await lab.connection.command("one", feedback())).toMatchObject(told);
    const deleted = await lab.connection.command("two", feedback(true));
    expect(deleted).toMatchObject(told);
    // Lost on the way, it comes again.
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.reports).toEqual([deleted]);
    const [entry] = (await lab.connection.command("three", feedback()))
      .ManagedApplicationFeedback as PlistDictionary[];
    expect(entry).toEqual({ Identifier: pages.bundleId });
    expect(entryOf(await lab.connection.command("n", managedList))).toMatchObject({ HasFeedback: false });
  });

  it("is part of the app's data: it goes with the app", async () => {
    const lab = await labWithPages();
    await lab.phone.setAppFeedback(pages.bundleId, { crashes: 2 });
    await lab.phone.deleteApp(pages.bundleId);
    expect(entryOf(await lab.connection.command("m", managedList))).toMatchObject({
      Status: "ManagedButUninstalled",
      HasFeedback: false,
    });
    await expect(lab.phone.setAppFeedback(pages.bundleId, { crashes: 2 })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  it("has a limit, and must be what a property list holds", async () => {
    const lab = await labWithPages();
    await lab.phone.setAppFeedback(pages.bundleId, { kept: true });
    await expect(
      lab.phone.setAppFeedback(pages.bundleId, { text: "x".repeat(70_000) }),
    ).rejects.toMatchObject({ code: "limit_exceeded" });
    await expect(lab.phone.setAppFeedback(pages.bundleId, { count: Number.NaN })).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(lab.saved.apps[0]?.feedback).toEqual({ kept: true });
    await lab.phone.setAppFeedback(pages.bundleId, null);
    expect(lab.saved.apps[0]?.feedback).toBeUndefined();
  });
});

describe("the commands about managed apps", () => {
  it.each([
    ["ApplyRedemptionCode", { Identifier: "x" }],
    ["ApplyRedemptionCode", { RedemptionCode: "x" }],
    ["ManagedApplicationConfiguration", {}],
    ["ManagedApplicationAttributes", { Identifiers: "x" }],
    ["ManagedApplicationFeedback", { Identifiers: ["x"], DeleteFeedback: "yes" }],
    ["ValidateApplications", { Identifiers: [1] }],
  ])("%s with %j is a format error", async (RequestType, keys) => {
    const lab = await startLab();
    expect(await lab.connection.command("c", { RequestType, ...keys })).toMatchObject({
      Status: "CommandFormatError",
      ErrorChain: [{ ErrorCode: 12008 }],
    });
  });

  it.each([
    ["ApplyRedemptionCode", { Identifier: "x", RedemptionCode: "y" }, "Error"],
    ["ManagedApplicationConfiguration", { Identifiers: [] }, "Acknowledged"],
    ["ManagedApplicationAttributes", { Identifiers: [] }, "Acknowledged"],
    ["ManagedApplicationFeedback", { Identifiers: [] }, "Acknowledged"],
    ["ValidateApplications", {}, "Acknowledged"],
    ["ValidateApplications", { Identifiers: ["com.example.any"] }, "Acknowledged"],
  ])("%s needs the right to manage apps", async (RequestType, keys, Status) => {
    const allowed = await startLab();
    expect(await allowed.connection.command("c", { RequestType, ...keys })).toMatchObject({ Status });
    const lab = new PhoneLab();
    lab.server.accessRights = 8191 - 4096;
    await lab.start();
    await settle();
    expect(await lab.connection.command("c", { RequestType, ...keys })).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12007 }],
    });
  });
});
