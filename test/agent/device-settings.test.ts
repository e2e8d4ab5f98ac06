import { describe, expect, it } from "vitest";
import { pages } from "./fake-apple.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";

const settings = (...Settings: object[]): object => ({ RequestType: "Settings", Settings });
const ask = (...Queries: string[]): object => ({ RequestType: "DeviceInformation", Queries });
const done = { Status: "Acknowledged" };
const failed = (ErrorDomain: string, ErrorCode: number): object => ({
  Status: "Error",
  ErrorChain: [
    {
      ErrorDomain,
      ErrorCode,
      LocalizedDescription: expect.any(String),
      USEnglishDescription: expect.any(String),
    },
  ],
});

async function labWithPages(): Promise<PhoneLab> {
  const lab = await startLab();
  const iTunesStoreID = Number(pages.adamId);
  await lab.connection.command("i", {
    RequestType: "InstallApplication",
    iTunesStoreID,
    Options: { PurchaseMethod: 1 },
  });
  await lab.answer({ choice: "install" });
  await lab.signIn();
  await lab.world.advance(2_000);
  expect(lab.appState(pages.bundleId)).toBe("Managed");
  return lab;
}

describe("Settings", () => {
  it("answers setting by setting, and does what it can", async () => {
    const lab = await startLab({ kind: "configurator" });
    const info = { OrganizationName: "Orchard & Sons", OrganizationPhone: "+39 02 1234" };
    const answer = await lab.connection.command(
      "c",
      settings(
        { Item: "DeviceName", DeviceName: "Till 4" },
        { Item: "Bluetooth", Enabled: true },
        { Item: "OrganizationInfo", OrganizationInfo: info },
        { Item: "DeviceName" },
        { Item: "DataRoaming", Enabled: true },
        { Item: "constructor" },
        { Item: "ApplicationConfiguration", Identifier: "com.example.absent" },
        { Item: "Wallpaper", Where: 1, Image: Buffer.from("no picture") },
        { Item: "MDMOptions", MDMOptions: { ActivationLockAllowedWhileSupervised: true } },
      ),
    );
    expect(answer).toEqual({
      Status: "Acknowledged",
      UDID: udid,
      CommandUUID: "c",
      Settings: [
        done,
        failed("MCSettingsErrorDomain", 28000),
        done,
        failed("MCMDMErrorDomain", 12008),
        done,
        failed("MCSettingsErrorDomain", 28000),
        { ...failed("MCMDMErrorDomain", 12029), Identifier: "com.example.absent" },
        failed("MCSettingsErrorDomain", 28001),
        done,
      ],
    });
    await lab.phone.kill();
    await lab.start();
    const queries = ask(
      "DeviceName",
      "OrganizationInfo",
      "MDMOptions",
      "DataRoamingEnabled",
      "VoiceRoamingEnabled",
    );
    expect((await lab.connection.command("q", queries)).QueryResponses).toEqual({
      DeviceName: "Till 4",
      OrganizationInfo: info,
      MDMOptions: { ActivationLockAllowedWhileSupervised: true },
      DataRoamingEnabled: true,
      VoiceRoamingEnabled: true,
    });
    expect(lab.phone.view().deviceName).toBe("Till 4");
  });

  it.each([
    [{ Item: "DeviceName", DeviceName: "x" }],
    [{ Item: "Wallpaper", Where: 3, Image: Buffer.from([0x89, 0x50, 0x4e, 0x47]) }],
  ])("of a supervised phone alone: %j", async (item) => {
    for (const [kind, result] of [
      ["device", failed("MCChaperoneErrorDomain", 29000)],
      ["configurator", done],
    ] as const) {
      const lab = await startLab({ kind });
      expect((await lab.connection.command("c", settings(item))).Settings).toEqual([result]);
    }
  });

  it.each([
    [{ Item: "DataRoaming", Enabled: true }, 32],
    [{ Item: "PersonalHotspot", Enabled: true }, 32],
    [{ Item: "ApplicationConfiguration", Identifier: pages.bundleId }, 4096],
  ])("%j needs the access right %i beside that to settings", async (item, right) => {
    const lab = new PhoneLab();
    lab.server.accessRights = 8191 - right;
    await lab.start();
    expect((await lab.connection.command("c", settings(item))).Settings).toEqual([
      failed("MCMDMErrorDomain", 12007),
    ]);
  });

  it("gives a managed app its configuration and attributes, and takes them away", async () => {
    const lab = await labWithPages();
    const about = { Identifier: pages.bundleId };
    const set = settings(
      { Item: "ApplicationConfiguration", ...about, Configuration: { server: "orchard.example" } },
      { Item: "ApplicationAttributes", ...about, Attributes: { VPNUUID: "vpn" } },
    );
    expect((await lab.connection.command("c", set)).Settings).toEqual([
      { ...done, ...about },
      { ...done, ...about },
    ]);
    await lab.connection.command("x", { RequestType: "ProfileList" });
    expect(lab.saved.apps).toMatchObject([
      { configuration: { server: "orchard.example" }, attributes: { VPNUUID: "vpn" } },
    ]);
    await lab.connection.command("d", settings({ Item: "ApplicationConfiguration", ...about }));
    expect(lab.saved.apps[0]).not.toHaveProperty("configuration");
    expect(lab.saved.apps[0]).toHaveProperty("attributes");
  });

  it("forgets what the organisation said of itself when told so, and when the management goes", async () => {
    const lab = await startLab();
    const known = { Item: "OrganizationInfo", OrganizationInfo: { OrganizationName: "Orchard" } };
    await lab.connection.command("a", settings(known));
    await lab.connection.command("b", settings({ Item: "OrganizationInfo" }));
    expect((await lab.connection.command("q", ask("OrganizationInfo"))).QueryResponses).toEqual({});
    await lab.connection.command("c", settings(known));
    await lab.phone.removeProfile();
    expect(lab.saved.settings.organizationInfo).toBeNull();
  });

  it("takes so many settings at once and no more", async () => {
    const lab = await startLab();
    const items = Array.from({ length: 65 }, () => ({ Item: "PersonalHotspot", Enabled: true }));
    expect(await lab.connection.command("c", settings(...items))).toMatchObject({
      Status: "CommandFormatError",
    });
    expect(await lab.connection.command("d", settings(...items.slice(1)))).toMatchObject({
      Status: "Acknowledged",
    });
  });
});

describe("DeviceInformation", () => {
  const network = [
    ...["ICCID", "BluetoothMAC", "WiFiMAC", "CurrentCarrierNetwork", "SubscriberCarrierNetwork"],
    ...["CarrierSettingsVersion", "DataRoamingEnabled", "VoiceRoamingEnabled", "PersonalHotspotEnabled"],
    ...["IsRoaming", "SubscriberMCC", "SubscriberMNC", "CurrentMCC", "CurrentMNC"],
  ];
  const device = [
    ...["DeviceName", "OSVersion", "BuildVersion", "ModelName", "Model", "ProductName", "SerialNumber"],
    ...[
      "DeviceCapacity",
      "AvailableDeviceCapacity",
      "IMEI",
      "MEID",
      "ModemFirmwareVersion",
      "CellularTechnology",
    ],
    ...[
      "BatteryLevel",
      "IsSupervised",
      "IsMultiUser",
      "IsDeviceLocatorServiceEnabled",
      "IsActivationLockEnabled",
    ],
    ...["IsDoNotDisturbInEffect", "IsCloudBackupEnabled", "IsMDMLostModeEnabled", "EASDeviceIdentifier"],
  ];
  const anybody = ["UDID", "MDMOptions", "AwaitingConfiguration"];
  const store = ["iTunesStoreAccountIsActive"];
  const all = [...anybody, ...store, ...device, ...network];

  it.each([
    [8191, all],
    [16, [...anybody, ...device]],
    [32, [...anybody, ...network]],
    [4096, [...anybody, ...store]],
    [1, anybody],
  ])(
    "with the access rights %i answers what they cover, and leaves the rest out",
    async (accessRights, names) => {
      const lab = new PhoneLab();
      lab.server.accessRights = accessRights;
      await lab.start();
      const nonsense = ["LastCloudBackupDate", "EthernetMAC", "IsAppleSilicon", "__proto__"];
      const answer = await lab.connection.command("c", ask(...all, ...nonsense));
      expect(answer.Status).toBe("Acknowledged");
      expect(Object.keys(answer.QueryResponses as object).sort()).toEqual([...names].sort());
    },
  );

  it("tells what was burnt into the phone: the same each time, different from phone to phone, in the usual forms", async () => {
    const query = ask("IMEI", "WiFiMAC", "BluetoothMAC", "ICCID", "EASDeviceIdentifier", "MEID");
    const answers: Record<string, string>[] = [];
    for (const id of [udid, udid, "c0ffee0000000000000000000000000000000002"]) {
      const lab = await startLab({ udid: id });
      answers.push((await lab.connection.command("c", query)).QueryResponses as Record<string, string>);
    }
    const [first, again, other] = answers;
    expect(again).toEqual(first);
    for (const [name, value] of Object.entries(first ?? {})) expect(other?.[name], name).not.toBe(value);
    expect(first?.WiFiMAC).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(first?.IMEI).toMatch(/^\d{2} \d{6} \d{6} \d$/);
    const digits = Array.from(first?.IMEI?.replaceAll(" ", "") ?? "", Number).reverse();
    const sum = digits.reduce((total, digit, place) => {
      const weighed = place % 2 === 1 ? digit * 2 : digit;
      return total + (weighed > 9 ? weighed - 9 : weighed);
    }, 0);
    expect(sum % 10).toBe(0);
  });
});
