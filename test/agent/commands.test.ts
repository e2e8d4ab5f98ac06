import { describe, expect, it } from "vitest";
import { pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { install, labWithPages, managedList } from "./app-lab.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";

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
