import { describe, expect, it } from "vitest";
import { install, labWithOwnPages, labWithPages, managedList } from "./app-lab.ts";
import { numbers, pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { startLab, udid } from "./phone-lab.ts";

describe("ManagedApplicationList", () => {
  it("tells about managed apps, all or those asked for", async () => {
    const lab = await labWithPages();
    const entry = {
      Status: "Managed",
      ManagementFlags: 1,
      HasConfiguration: false,
      HasFeedback: false,
      IsValidated: true,
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
      },
    ]);
    const managed = await lab.connection.command("b", { ...list, ManagedAppsOnly: true });
    expect(managed.InstalledApplicationList).toEqual([]);
    const others = await lab.connection.command("c", { ...list, Identifiers: [numbers.bundleId] });
    expect(others.InstalledApplicationList).toEqual([]);
  });
});

describe("the keys of the lists", () => {
  const installedKeys: Record<string, string[]> = {
    "6.1.6": [],
    "9.1": [],
    "9.3.2": ["IsValidated"],
    "11.0": ["ExternalVersionIdentifier", "IsValidated"],
    "11.3": [
      ...["AdHocCodeSigned", "AppStoreVendable", "BetaApp", "DeviceBasedVPP", "ExternalVersionIdentifier"],
      ...["HasUpdateAvailable", "IsValidated"],
    ],
  };
  const always = [
    ...["BundleSize", "DynamicSize", "Identifier", "Installing", "Name", "ShortVersion", "Version"],
  ];
  it.each(Object.entries(installedKeys))("of installed apps are those of iOS %s", async (osVersion, keys) => {
    const lab = await labWithOwnPages({ osVersion });
    const list = await lab.connection.command("l", { RequestType: "InstalledApplicationList" });
    const [app] = list.InstalledApplicationList as object[];
    expect(Object.keys(app ?? {}).sort()).toEqual([...always, ...keys].sort());
  });

  it.each([
    ["7.1.2", ["HasConfiguration", "HasFeedback"]],
    ["9.3.2", ["HasConfiguration", "HasFeedback", "IsValidated"]],
    ["10.3", ["ExternalVersionIdentifier", "HasConfiguration", "HasFeedback", "IsValidated"]],
  ])("of managed apps are those of iOS %s", async (osVersion, keys) => {
    const lab = await labWithPages({ osVersion });
    const list = await lab.connection.command("l", managedList);
    const { [pages.bundleId]: entry } = list.ManagedApplicationList as Record<string, object>;
    expect(Object.keys(entry ?? {}).sort()).toEqual(["ManagementFlags", "Status", ...keys].sort());
  });

  it("can be chosen since iOS 14; before, the wish is not understood", async () => {
    const ask = { RequestType: "InstalledApplicationList", Items: ["Version"] };
    const young = await labWithOwnPages({ osVersion: "14.0" });
    expect((await young.connection.command("l", ask)).InstalledApplicationList).toEqual([
      { Identifier: pages.bundleId, Version: "2.6" },
    ]);
    const old = await labWithOwnPages();
    expect((await old.connection.command("l", ask)).InstalledApplicationList).toMatchObject([
      { Identifier: pages.bundleId, Name: "Pages" },
    ]);
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
