import { describe, expect, it } from "vitest";
import type { PhoneConfig, PhoneKind } from "../../agent/phone.ts";
import type { AppStoreProblemCode } from "../../shared/app-store.ts";
import type { RejectionReason } from "../../shared/commands.ts";
import { encodePlist } from "../../shared/plist.ts";
import { install, labWithOwnPages, labWithPages, managedList } from "./app-lab.ts";
import { numbers, pages } from "./fake-apple.ts";
import { startLab } from "./phone-lab.ts";

const restrictionName = "test.no-app-store";
const restriction = encodePlist(
  {
    PayloadType: "Configuration",
    PayloadIdentifier: restrictionName,
    PayloadUUID: "5B0CBE0B-0F28-4F1B-9E0B-4D0D4B0F0001",
    PayloadVersion: 1,
    PayloadContent: [
      {
        PayloadType: "com.apple.applicationaccess",
        PayloadIdentifier: `${restrictionName}.1`,
        PayloadUUID: "5B0CBE0B-0F28-4F1B-9E0B-4D0D4B0F0002",
        PayloadVersion: 1,
        allowAppInstallation: false,
      },
    ],
  },
  "plist-xml",
);

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

  describe("is rejected", () => {
    interface Rejected {
      name: string;
      config?: Partial<PhoneConfig>;
      extra?: object;
      apple?: AppStoreProblemCode;
      reason: RejectionReason;
      code: number;
    }
    const own = { PurchaseMethod: 0 };
    it.each<Rejected>([
      {
        name: "an app that the store doesn't have",
        apple: "item_unknown",
        reason: "CouldNotVerifyAppID",
        code: 12023,
      },
      {
        name: "a bundle id that the store doesn't have",
        extra: { iTunesStoreID: undefined, Identifier: "com.example.none" },
        reason: "CouldNotVerifyAppID",
        code: 12023,
      },
      { name: "a book", apple: "not_an_app", reason: "NotAnApp", code: 12027 },
      {
        name: "an app by manifest",
        extra: { iTunesStoreID: undefined, ManifestURL: "https://example.com/a" },
        reason: "NotSupported",
        code: 12024,
      },
      {
        name: "a purchase method that doesn't exist",
        extra: { Options: { PurchaseMethod: 2 } },
        reason: "PurchaseMethodNotSupported",
        code: 12035,
      },
      {
        name: "a licence on iOS 6, which doesn't know of any",
        config: { osVersion: "6.1.6" },
        reason: "PurchaseMethodNotSupported",
        code: 12035,
      },
      {
        name: "a change of management to anything but Managed",
        extra: { ChangeManagementState: "Unmanaged" },
        reason: "ManagementChangeNotSupported",
        code: 12008,
      },
      {
        name: "a change of management before iOS 9",
        config: { osVersion: "8.4.1" },
        extra: { Options: own, ChangeManagementState: "Managed" },
        reason: "ManagementChangeNotSupported",
        code: 12008,
      },
    ])("when it asks for $name", async ({ config, extra, apple, reason, code }) => {
      const lab = await startLab(config);
      lab.apple.lookupRefusal = apple;
      expect(await lab.connection.command("c", install(extra))).toMatchObject({
        Status: "Error",
        RejectionReason: reason,
        ErrorChain: [{ ErrorCode: code, ErrorDomain: "MCMDMErrorDomain" }],
      });
      expect(lab.phone.view()).toMatchObject({ apps: [], prompt: null });
      expect(lab.eventsOf("app.state")).toEqual([]);
    });

    it.each<[string, Partial<PhoneConfig>, object]>([
      ["by its number", {}, {}],
      ["by its bundle id", {}, { iTunesStoreID: undefined, Identifier: pages.bundleId }],
      ["with its management to change, where there is none yet", {}, { ChangeManagementState: "Managed" }],
      ["without a licence on iOS 6", { osVersion: "6.1.6" }, { Options: own }],
      ["with no purchase method", {}, { Options: {} }],
    ])("but not when it asks for an app %s", async (_name, config, extra) => {
      const lab = await startLab(config);
      expect(await lab.connection.command("c", install(extra))).toMatchObject({
        Status: "Acknowledged",
        Identifier: pages.bundleId,
        State: "Prompting",
      });
    });

    it.each<[string, Partial<PhoneConfig>, string[]]>([
      ["asked only whether the phone holds a licence itself", {}, ["GET /store/v1/lookup"]],
      ["not asked by a phone that can't hold one", { osVersion: "8.4" }, []],
    ])("when a profile doesn't allow the App Store, which is %s", async (_name, config, calls) => {
      const lab = await startLab(config);
      await lab.connection.command("p", { RequestType: "InstallProfile", Payload: restriction });
      expect(await lab.connection.command("c", install())).toMatchObject({
        Status: "Error",
        RejectionReason: "AppStoreDisabled",
        ErrorChain: [{ ErrorCode: 12031 }],
      });
      expect(lab.apple.calls).toEqual(calls);
      await lab.connection.command("q", { RequestType: "RemoveProfile", Identifier: restrictionName });
      expect(await lab.connection.command("d", install())).toMatchObject({ State: "Prompting" });
    });
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

  it("is told 1407 while the person is being asked about the same app (C3), and can be sent again after that", async () => {
    const lab = await startLab();
    await lab.connection.command("one", install());
    const alreadyPrompting = {
      Status: "Error",
      RejectionReason: "Other",
      ErrorChain: [{ ErrorCode: 1407, ErrorDomain: "ASDErrorDomain" }],
    };
    expect(await lab.connection.command("two", install())).toMatchObject(alreadyPrompting);
    await lab.answer({ choice: "install" });
    expect(lab.prompt.kind).toBe("appleIdSignIn");
    expect(await lab.connection.command("three", install())).toMatchObject(alreadyPrompting);
    await lab.answer({ choice: "cancel" });
    expect(await lab.connection.command("four", install())).toMatchObject({ State: "Prompting" });
  });

  it("is told that the app is queued while it is on its way (C9), and that it is there once it is", async () => {
    const lab = await startLab();
    await lab.connection.command("one", install());
    await lab.answer({ choice: "install" });
    await lab.signIn();
    expect(lab.appState(pages.bundleId)).toBe("Installing");
    expect(await lab.connection.command("two", install())).toMatchObject({
      Status: "Error",
      RejectionReason: "AppAlreadyQueued",
      ErrorChain: [{ ErrorCode: 12026 }, { ErrorCode: 506, ErrorDomain: "ASDErrorDomain" }],
    });
    await lab.world.advance(2_000);
    expect(await lab.connection.command("three", install())).toMatchObject({ State: "Managed" });
  });

  it("for another app queues while the person is being asked, and is asked about in its turn", async () => {
    const lab = await startLab();
    await lab.connection.command("one", install());
    const other = install({ iTunesStoreID: Number(numbers.adamId) });
    expect(await lab.connection.command("two", other)).toMatchObject({
      Status: "Acknowledged",
      Identifier: numbers.bundleId,
      State: "Queued",
    });
    expect(await lab.connection.command("three", other)).toMatchObject({
      RejectionReason: "AppAlreadyQueued",
      ErrorChain: [{ ErrorCode: 12026 }],
    });
    await lab.answer({ choice: "install" });
    // Not between the question about an app and the password for it.
    expect(lab.prompt).toMatchObject({ kind: "appleIdSignIn", appName: "Pages" });
    expect(lab.appState(numbers.bundleId)).toBe("Queued");
    await lab.signIn();
    expect(lab.prompt).toMatchObject({ kind: "appInstallation", appName: "Numbers" });
    await lab.answer({ choice: "install" });
    await lab.world.advance(2_000);
    expect([lab.appState(pages.bundleId), lab.appState(numbers.bundleId)]).toEqual(["Managed", "Managed"]);
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
  ])(
    "R24: (%s) takes neither invitation nor licensed app, but an app without a licence",
    async (_name, config) => {
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
    },
  );

  it("can be told not to", async () => {
    const lab = await startLab({ kind: "dep", refusesVpp: false });
    expect(await lab.connection.command("i", invite)).toMatchObject({ InvitationResult: "Acknowledged" });
  });
});
