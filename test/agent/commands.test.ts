import { describe, expect, it } from "vitest";
import { commandHandlers } from "../../agent/commands/desk.ts";
import type { PhoneConfig, PhoneKind } from "../../agent/phone.ts";
import { numbers, pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";

const install = (extra: object = {}): object => ({
  RequestType: "InstallApplication",
  iTunesStoreID: Number(pages.adamId),
  Options: { PurchaseMethod: 1 },
  ManagementFlags: 1,
  ...extra,
});
const managedList = { RequestType: "ManagedApplicationList" };

/** A phone that has Pages, managed. */
export async function labWithPages(config: Partial<PhoneConfig> = {}): Promise<PhoneLab> {
  const lab = await startLab(config);
  await lab.connection.command("install-pages", install());
  if (lab.phone.view().prompt?.kind === "appInstallation") await lab.answer({ choice: "install" });
  await lab.signIn();
  await lab.world.advance(2_000);
  lab.connection.acknowledge();
  await settle();
  expect(lab.appState(pages.bundleId)).toBe("Managed");
  return lab;
}

async function labWithOwnPages(config: Partial<PhoneConfig> = {}): Promise<PhoneLab> {
  const lab = await startLab(config);
  const done = lab.phone.installFromStore(pages.adamId);
  await settle();
  await lab.signIn();
  await lab.world.advance(2_000);
  await done;
  return lab;
}

describe("every command", () => {
  it("that is unknown gets the error of a phone that doesn't know it", async () => {
    const lab = await startLab();
    for (const type of ["constructor", "__proto__", "EraseEverything"])
      expect(await lab.connection.command(`c-${type}`, { RequestType: type })).toMatchObject({
        Status: "Error",
        UDID: udid,
        CommandUUID: `c-${type}`,
        ErrorChain: [{ ErrorCode: 12021, ErrorDomain: "MCMDMErrorDomain" }],
      });
  });

  it.each([
    ["no Command", undefined],
    ["a Command without RequestType", {}],
    ["a RequestType that is no string", { RequestType: 7 }],
    ["DeviceInformation without Queries", { RequestType: "DeviceInformation" }],
    ["InviteToProgram without its URL", { RequestType: "InviteToProgram", ProgramID: "com.apple.cloudvpp" }],
    ["InstallApplication that names no app", { RequestType: "InstallApplication" }],
    ["InstallApplication that names two", install({ Identifier: "com.example.pages" })],
    ["RemoveApplication without Identifier", { RequestType: "RemoveApplication" }],
    ["ManagedApplicationList with one string for a list", { ...managedList, Identifiers: "x" }],
  ])("that is malformed (%s) is a format error", async (_name, command) => {
    const lab = await startLab();
    lab.connection.send({ CommandUUID: "c", ...(command === undefined ? {} : { Command: command }) });
    await settle();
    expect(lab.connection.last).toMatchObject({
      Status: "CommandFormatError",
      CommandUUID: "c",
      ErrorChain: [{ ErrorCode: 12008 }],
    });
  });

  it.each([
    ["DeviceInformation", { Queries: [] }, 8191 - 16],
    ["ProfileList", {}, 8191 - 1],
    ["InstalledApplicationList", {}, 8191 - 256],
    ["ManagedApplicationList", {}, 8191 - 4096],
    ["InstallApplication", { iTunesStoreID: 1 }, 8191 - 4096],
    ["RemoveApplication", { Identifier: "x" }, 8191 - 4096],
    ["InviteToProgram", { ProgramID: "x", InvitationURL: "y" }, 8191 - 4096],
  ])("%s needs its access right", async (type, keys, accessRights) => {
    const lab = new PhoneLab();
    lab.server.accessRights = accessRights;
    await lab.start();
    expect(await lab.connection.command("c", { RequestType: type, ...keys })).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12007 }],
    });
  });

  it.each([
    ["DeviceInformation", { Queries: [] }, "Acknowledged"],
    ["ProfileList", {}, "Acknowledged"],
    ["InstalledApplicationList", {}, "Acknowledged"],
    ["ManagedApplicationList", {}, "Acknowledged"],
    ["InstallApplication", { iTunesStoreID: Number(pages.adamId) }, "NotNow"],
    ["RemoveApplication", { Identifier: "x" }, "NotNow"],
    ["InviteToProgram", { ProgramID: "x", InvitationURL: "y" }, "NotNow"],
  ])("%s on a locked phone is answered as Apple documents", async (type, keys, status) => {
    const lab = await startLab();
    lab.phone.lock();
    expect(await lab.connection.command("c", { RequestType: type, ...keys })).toMatchObject({
      Status: status,
    });
  });

  it("is in the table of the cases above", () => {
    expect([...commandHandlers.keys()].sort()).toEqual([
      "DeviceInformation",
      "InstallApplication",
      "InstalledApplicationList",
      "InviteToProgram",
      "ManagedApplicationList",
      "ProfileList",
      "RemoveApplication",
    ]);
  });
});

describe("DeviceInformation", () => {
  it("answers what it knows and leaves the rest out", async () => {
    const lab = await startLab({ kind: "configurator" });
    const Queries = [
      ...["UDID", "DeviceName", "OSVersion", "BuildVersion", "ModelName", "Model", "ProductName"],
      ...[
        "SerialNumber",
        "DeviceCapacity",
        "AvailableDeviceCapacity",
        "IsSupervised",
        "AwaitingConfiguration",
      ],
      ...["iTunesStoreAccountIsActive", "iTunesStoreAccountHash", "FavouriteColour", "constructor"],
    ];
    const answer = await lab.connection.command("c", { RequestType: "DeviceInformation", Queries });
    expect(answer.QueryResponses).toEqual({
      UDID: udid,
      DeviceName: "Anna's iPhone",
      OSVersion: "9.3.2",
      BuildVersion: "13F69",
      ModelName: "iPhone",
      Model: "iPhone8,1",
      ProductName: "iPhone8,1",
      SerialNumber: "SERIAL1",
      DeviceCapacity: 59.6,
      AvailableDeviceCapacity: 59.6,
      IsSupervised: true,
      AwaitingConfiguration: false,
      iTunesStoreAccountIsActive: false,
    });
  });

  it("tells the hash of the Apple ID once somebody is signed in", async () => {
    const lab = await labWithPages();
    const answer = await lab.connection.command("c", {
      RequestType: "DeviceInformation",
      Queries: ["iTunesStoreAccountIsActive", "iTunesStoreAccountHash", "AvailableDeviceCapacity"],
    });
    expect(answer.QueryResponses).toEqual({
      iTunesStoreAccountIsActive: true,
      iTunesStoreAccountHash: "hash-of-anna",
      AvailableDeviceCapacity: 59.598,
    });
  });
});

describe("ProfileList", () => {
  it("lists the management profile with its payloads", async () => {
    const lab = await startLab();
    const answer = await lab.connection.command("c", { RequestType: "ProfileList" });
    expect(answer.ProfileList).toMatchObject([
      {
        PayloadUUID: "P",
        PayloadOrganization: "Example",
        IsManaged: true,
        PayloadContent: [
          { PayloadType: "com.apple.security.root" },
          { PayloadType: "com.pippin.security.csr" },
          { PayloadType: "com.apple.mdm", PayloadUUID: "M" },
        ],
      },
    ]);
    expect(JSON.stringify(answer)).not.toContain("a-challenge");
  });
});

describe("InstallApplication", () => {
  it.each<[PhoneKind, string]>([
    ["user", "Prompting"],
    ["device", "Prompting"],
    ["configurator", "PromptingForLogin"],
  ])("begins on a phone of kind %s with %s", async (kind, State) => {
    const lab = await startLab({ kind });
    expect(await lab.connection.command("c", install())).toMatchObject({
      Status: "Acknowledged",
      Identifier: pages.bundleId,
      State,
    });
  });

  it("needs nobody on a supervised phone with a password typed just now", async () => {
    const lab = await labWithPages({ kind: "configurator" });
    expect(
      await lab.connection.command("c", install({ iTunesStoreID: Number(numbers.adamId) })),
    ).toMatchObject({ Status: "Acknowledged", State: "ValidatingPurchase" });
    await lab.world.advance(2_000);
    expect(lab.appState(numbers.bundleId)).toBe("Managed");
    expect(lab.phone.view().prompt).toBeNull();
  });

  it.each([
    ["an app the store doesn't have", { iTunesStoreID: 5 }, "CouldNotVerifyAppID", 12023],
    [
      "an app by manifest",
      { iTunesStoreID: undefined, ManifestURL: "https://example.com/a" },
      "NotSupported",
      12024,
    ],
    ["an app by bundle id", { iTunesStoreID: undefined, Identifier: "com.example.a" }, "NotSupported", 12023],
  ])("rejects %s", async (_name, extra, RejectionReason, ErrorCode) => {
    const lab = await startLab();
    expect(await lab.connection.command("c", install(extra))).toMatchObject({
      Status: "Error",
      RejectionReason,
      ErrorChain: [{ ErrorCode }],
    });
    expect(lab.phone.view().apps).toEqual([]);
  });

  it("says so when the store can't be reached, after a few tries", async () => {
    const lab = await startLab();
    lab.apple.isUnreachable = true;
    lab.connection.send({ CommandUUID: "c", Command: install() });
    await lab.world.advance(30_000);
    expect(lab.connection.last).toMatchObject({
      Status: "Error",
      RejectionReason: "Other",
      ErrorChain: [{ ErrorCode: 12023 }, { ErrorDomain: "MCStoreErrorDomain" }],
    });
    expect(lab.apple.calls).toHaveLength(4);
  });

  it("is told 1407 while the store is asking about another app, and 12026 about the same", async () => {
    const lab = await startLab();
    await lab.connection.command("one", install());
    const other = await lab.connection.command("two", install({ iTunesStoreID: Number(numbers.adamId) }));
    expect(other).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 1407, ErrorDomain: "ASDErrorDomain" }],
    });
    expect(await lab.connection.command("three", install())).toMatchObject({
      Status: "Error",
      RejectionReason: "AppAlreadyQueued",
      ErrorChain: [{ ErrorCode: 12026 }],
    });
    await lab.answer({ choice: "cancel" });
    const later = await lab.connection.command("four", install({ iTunesStoreID: Number(numbers.adamId) }));
    expect(later).toMatchObject({ Status: "Acknowledged", State: "Prompting" });
  });

  it("of a managed app is an update check", async () => {
    const lab = await labWithPages();
    expect(await lab.connection.command("c", install())).toMatchObject({
      Status: "Acknowledged",
      State: "Managed",
    });
    expect(lab.phone.view().prompt).toBeNull();
  });

  it.each<[string, string, string]>([
    ["update", "Managed", "2.7"],
    ["cancel", "UpdateRejected", "2.6"],
  ])("of a managed app with a newer version asks the person: %s", async (choice, state, version) => {
    const lab = await labWithPages();
    lab.apple.items.set(pages.adamId, { ...pages, version: "2.7", externalVersionIdentifier: 816_001 });
    expect(await lab.connection.command("c", install())).toMatchObject({ State: "PromptingForUpdate" });
    expect(lab.prompt.kind).toBe("appUpdate");
    await lab.answer({ choice });
    await lab.world.advance(2_000);
    expect(lab.appState(pages.bundleId)).toBe(state);
    const list = await lab.connection.command("l", { RequestType: "InstalledApplicationList" });
    expect(list.InstalledApplicationList).toMatchObject([{ Version: version }]);
    await lab.connection.command("m1", managedList);
    const second = await lab.connection.command("m2", managedList);
    expect(second.ManagedApplicationList).toMatchObject({ [pages.bundleId]: { Status: "Managed" } });
  });

  it("leaves an app of the person's own alone unless it may change its management", async () => {
    const lab = await labWithOwnPages();
    expect(await lab.connection.command("c", install())).toMatchObject({
      Status: "Error",
      RejectionReason: "AppAlreadyInstalled",
      ErrorChain: [{ ErrorCode: 12025 }],
    });
    const take = install({ ChangeManagementState: "Managed" });
    expect(await lab.connection.command("d", take)).toMatchObject({ State: "PromptingForManagement" });
    expect(lab.prompt.kind).toBe("managementChange");
    await lab.answer({ choice: "cancel" });
    expect(lab.appState(pages.bundleId)).toBe("ManagementRejected");
    await lab.connection.command("m", managedList);
    expect(await lab.connection.command("e", take)).toMatchObject({ State: "PromptingForManagement" });
    await lab.answer({ choice: "manage" });
    expect(lab.appState(pages.bundleId)).toBe("Managed");
  });

  it("takes an app over without asking on a supervised phone", async () => {
    const lab = await labWithOwnPages({ kind: "configurator" });
    expect(await lab.connection.command("d", install({ ChangeManagementState: "Managed" }))).toMatchObject({
      Status: "Acknowledged",
      State: "Managed",
    });
    expect(lab.phone.view().prompt).toBeNull();
  });

  it("brings back an app the person deleted", async () => {
    const lab = await labWithPages();
    await lab.phone.deleteApp(pages.bundleId);
    const list = await lab.connection.command("m", managedList);
    expect(list.ManagedApplicationList).toMatchObject({
      [pages.bundleId]: { Status: "ManagedButUninstalled" },
    });
    await lab.connection.command("c", install());
    await lab.answer({ choice: "install" });
    await lab.world.advance(2_000);
    expect(lab.phone.view().apps).toMatchObject([{ state: "Managed", installed: true }]);
  });
});

describe("a phone that refuses volume purchase", () => {
  const invite = {
    RequestType: "InviteToProgram",
    ProgramID: "com.apple.cloudvpp",
    InvitationURL: "http://apple.test:8081/invitation?inviteCode=abc",
  };

  it.each<[string, Partial<PhoneConfig>]>([
    ["of kind dep", { kind: "dep" }],
    ["told to", { kind: "user", refusesVpp: true }],
  ])("(%s) takes neither invitation nor licensed app", async (_name, config) => {
    const lab = await startLab(config);
    expect(await lab.connection.command("i", invite)).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12007 }],
    });
    expect(await lab.connection.command("a", install())).toMatchObject({
      Status: "Error",
      RejectionReason: "NotSupported",
      ErrorChain: [{ ErrorCode: 12035 }],
    });
    expect(lab.apple.calls).toEqual([]);
    expect(lab.phone.view()).toMatchObject({ prompt: null, apps: [] });
    const own = await lab.connection.command("b", install({ Options: { PurchaseMethod: 0 } }));
    expect(own).toMatchObject({ Status: "Acknowledged" });
  });

  it("can be told not to", async () => {
    const lab = await startLab({ kind: "dep", refusesVpp: false });
    expect(await lab.connection.command("i", invite)).toMatchObject({ InvitationResult: "Acknowledged" });
  });
});

describe("ManagedApplicationList", () => {
  it("tells about managed apps, all or those asked for", async () => {
    const lab = await labWithPages();
    const entry = {
      Status: "Managed",
      ManagementFlags: 1,
      HasConfiguration: false,
      HasFeedback: false,
      IsValidated: true,
      ExternalVersionIdentifier: pages.externalVersionIdentifier,
    };
    const all = await lab.connection.command("a", managedList);
    expect(all.ManagedApplicationList).toEqual({ [pages.bundleId]: entry });
    const none = await lab.connection.command("b", { ...managedList, Identifiers: [numbers.bundleId] });
    expect(none.ManagedApplicationList).toEqual({});
    const one = await lab.connection.command("c", { ...managedList, Identifiers: [pages.bundleId] });
    expect(one.ManagedApplicationList).toEqual({ [pages.bundleId]: entry });
  });

  it("reports a rejection until the report has arrived, and then no more", async () => {
    const lab = await startLab();
    await lab.connection.command("c", install());
    await lab.answer({ choice: "cancel" });
    const first = await lab.connection.command("m1", managedList);
    expect(first.ManagedApplicationList).toMatchObject({ [pages.bundleId]: { Status: "UserRejected" } });
    // The answer gets lost with the connection, so it comes again, word for word.
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.reports).toEqual([first]);
    expect(await lab.connection.command("m1", managedList)).toEqual(first);
    expect(lab.appState(pages.bundleId)).toBe("UserRejected");
    const second = await lab.connection.command("m2", managedList);
    expect(second.ManagedApplicationList).toEqual({});
    expect(lab.phone.view().apps).toEqual([]);
  });

  it("does not take one rejection for another when the report of the first arrives late", async () => {
    const lab = await startLab();
    await lab.connection.command("c", install());
    await lab.answer({ choice: "cancel" });
    // Sent at once, so the second command says nothing about the first one's result.
    lab.connection.send({ CommandUUID: "m1", Command: managedList });
    lab.connection.send({ CommandUUID: "d", Command: install() });
    await settle();
    await lab.answer({ choice: "cancel" });
    lab.connection.acknowledge();
    await settle();
    const list = await lab.connection.command("m2", managedList);
    expect(list.ManagedApplicationList).toMatchObject({ [pages.bundleId]: { Status: "UserRejected" } });
  });

  it("keeps quiet about apps the person has for themselves", async () => {
    const lab = await labWithOwnPages();
    const list = await lab.connection.command("m", managedList);
    expect(list.ManagedApplicationList).toEqual({});
  });

  it("says once when the person was quicker than the server's install", async () => {
    const lab = await labWithPages();
    await lab.connection.command("c", install({ iTunesStoreID: Number(numbers.adamId) }));
    expect(lab.prompt.kind).toBe("appInstallation");
    const done = lab.phone.installFromStore(numbers.adamId);
    await lab.world.advance(2_000);
    await done;
    expect(lab.phone.view().prompt).toBeNull();
    const Identifiers = [numbers.bundleId];
    const first = await lab.connection.command("m1", { ...managedList, Identifiers });
    expect(first.ManagedApplicationList).toMatchObject({
      [numbers.bundleId]: { Status: "UserInstalledApp" },
    });
    const second = await lab.connection.command("m2", { ...managedList, Identifiers });
    expect(second.ManagedApplicationList).toEqual({});
    expect(lab.phone.view().apps[1]).toMatchObject({ state: "absent", installed: true });
  });
});

describe("InstalledApplicationList", () => {
  it("lists every app, or only managed ones, or those asked for", async () => {
    const lab = await labWithOwnPages();
    const list = { RequestType: "InstalledApplicationList" };
    const all = await lab.connection.command("a", list);
    expect(all.InstalledApplicationList).toMatchObject([
      {
        Identifier: pages.bundleId,
        Name: "Pages",
        Version: "2.6",
        ShortVersion: "2.6",
        BundleSize: pages.bytes,
        Installing: false,
        DeviceBasedVPP: false,
      },
    ]);
    const managed = await lab.connection.command("b", { ...list, ManagedAppsOnly: true });
    expect(managed.InstalledApplicationList).toEqual([]);
    const others = await lab.connection.command("c", { ...list, Identifiers: [numbers.bundleId] });
    expect(others.InstalledApplicationList).toEqual([]);
  });
});

describe("RemoveApplication", () => {
  const remove = { RequestType: "RemoveApplication", Identifier: pages.bundleId };

  it("takes a managed app away", async () => {
    const lab = await labWithPages();
    expect(await lab.connection.command("r", remove)).toEqual({
      Status: "Acknowledged",
      UDID: udid,
      CommandUUID: "r",
    });
    expect(lab.phone.view().apps).toEqual([]);
  });

  it("refuses an app that isn't there or isn't managed", async () => {
    const lab = await labWithOwnPages();
    const expected = { Status: "Error", ErrorChain: [{ ErrorCode: 12029 }] };
    expect(await lab.connection.command("r", remove)).toMatchObject(expected);
    expect(await lab.connection.command("s", { ...remove, Identifier: "com.example.none" })).toMatchObject(
      expected,
    );
    expect(lab.phone.view().apps).toMatchObject([{ installed: true }]);
  });

  it("waits for an install to end", async () => {
    const lab = await startLab();
    await lab.connection.command("c", install());
    await lab.answer({ choice: "install" });
    await lab.signIn();
    expect(lab.appState(pages.bundleId)).toBe("Installing");
    expect(await lab.connection.command("r", remove)).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12036 }],
    });
    await lab.world.advance(2_000);
    expect(await lab.connection.command("s", remove)).toMatchObject({ Status: "Acknowledged" });
  });

  it.each(["Prompting", "PromptingForLogin"])(
    "drops an install that is %s, with its prompt",
    async (state) => {
      const lab = await startLab();
      await lab.connection.command("c", install());
      if (state === "PromptingForLogin") await lab.answer({ choice: "install" });
      expect(lab.appState(pages.bundleId)).toBe(state);
      expect(await lab.connection.command("r", remove)).toMatchObject({ Status: "Acknowledged" });
      expect(lab.phone.view()).toMatchObject({ prompt: null, apps: [] });
      await lab.world.advance(60_000);
      expect(lab.phone.view().apps).toEqual([]);
    },
  );

  it("leaves the person's own app when it drops the question about its management", async () => {
    const lab = await labWithOwnPages();
    await lab.connection.command("c", install({ ChangeManagementState: "Managed" }));
    expect(await lab.connection.command("r", remove)).toMatchObject({ Status: "Acknowledged" });
    expect(lab.phone.view()).toMatchObject({ prompt: null, apps: [{ installed: true, state: "absent" }] });
  });
});
