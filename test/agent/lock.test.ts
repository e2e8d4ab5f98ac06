import { describe, expect, it } from "vitest";
import { commandHandlers } from "../../agent/commands/desk.ts";
import { notNow, type Hindrance } from "../../agent/commands/not-now.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";
import { payloadOf, profileBytes } from "./profiles.ts";

const tokenOf = (lab: PhoneLab): Uint8Array => Buffer.from(lab.saved.enrollment?.unlockToken ?? "", "base64");
const clear = (UnlockToken: Uint8Array): object => ({ RequestType: "ClearPasscode", UnlockToken });

/** One well-formed command of each kind; what they answer is told elsewhere. */
const commands: Readonly<Record<string, object>> = {
  ApplyRedemptionCode: { Identifier: "x", RedemptionCode: "y" },
  CertificateList: {},
  ClearPasscode: { UnlockToken: Buffer.from("x") },
  DeviceConfigured: {},
  DeviceInformation: { Queries: [] },
  DeviceLock: {},
  EraseDevice: {},
  InstallApplication: { iTunesStoreID: 5 },
  InstallProfile: { Payload: profileBytes() },
  InstalledApplicationList: {},
  InviteToProgram: { ProgramID: "x", InvitationURL: "y" },
  ManagedApplicationAttributes: { Identifiers: [] },
  ManagedApplicationConfiguration: { Identifiers: [] },
  ManagedApplicationFeedback: { Identifiers: [] },
  ManagedApplicationList: {},
  ProfileList: {},
  RemoveApplication: { Identifier: "x" },
  RemoveProfile: { Identifier: "x" },
  RestartDevice: {},
  SecurityInfo: {},
  Settings: { Settings: [] },
  ShutDownDevice: {},
  ValidateApplications: {},
};

async function hindered(hindrance: Hindrance): Promise<PhoneLab> {
  if (hindrance === "setupAssistant") return startLab({ kind: "dep", setupAssistant: true });
  const lab = await startLab();
  if (hindrance === "locked") lab.phone.lock();
  else lab.phone.setBusy(true);
  return lab;
}

describe("NotNow", () => {
  it("has its place in one table, for every command that a phone performs", () => {
    expect([...notNow.keys()].sort()).toEqual(Object.keys(commands).sort());
    expect([...commandHandlers.keys()].filter((type) => !notNow.has(type))).toEqual([]);
  });

  it("is never the answer to what Apple guarantees at any time", () => {
    const guaranteed = ["DeviceInformation", "ProfileList", "DeviceLock", "EraseDevice", "ClearPasscode"];
    for (const type of [...guaranteed, "InstalledApplicationList", "CertificateList"])
      expect(notNow.get(type), type).toEqual([]);
  });

  it.each(["locked", "setupAssistant", "busy"] as const)(
    "is the answer of a phone that is hindered (%s), to the commands of the table and to no other",
    async (hindrance) => {
      for (const [type, hindrances] of notNow) {
        if (!commandHandlers.has(type)) continue;
        const lab = await hindered(hindrance);
        await lab.connection.command("c", { RequestType: type, ...commands[type] });
        const Status = lab.connection.reports.at(-1)?.Status;
        if (hindrances.includes(hindrance)) expect(Status, type).toBe("NotNow");
        else expect(["Acknowledged", "Error"], type).toContain(Status);
        if (hindrances.includes(hindrance))
          expect(lab.eventsOf("command.deferred"), type).toMatchObject([{ commandUUID: "c", hindrance }]);
        await lab.phone.kill();
      }
    },
  );

  it("is followed by a poll when the phone is at leisure again", async () => {
    const lab = await startLab();
    lab.phone.setBusy(true);
    expect(await lab.connection.command("c", { RequestType: "SecurityInfo" })).toMatchObject({
      Status: "NotNow",
    });
    lab.phone.setBusy(false);
    expect(lab.connection.last).toEqual({ Status: "Idle", UDID: udid });
    expect(await lab.connection.command("c", { RequestType: "SecurityInfo" })).toMatchObject({
      Status: "Acknowledged",
    });
  });
});

describe("a passcode", () => {
  it("is what unlocks the phone, also after a restart", async () => {
    const lab = await startLab();
    await lab.phone.setPasscode("2468");
    lab.phone.lock();
    await settle();
    await lab.phone.kill();
    await lab.start();
    for (const wrong of [undefined, "", "1357", "24680"])
      expect(() => lab.phone.unlock(wrong)).toThrow(expect.objectContaining({ code: "forbidden" }));
    expect(lab.phone.view().locked).toBe(true);
    await expect(lab.phone.setPasscode(null)).rejects.toMatchObject({ code: "conflict" });
    lab.phone.unlock("2468");
    expect(lab.phone.view()).toMatchObject({ locked: false, hasPasscode: true });
    expect(JSON.stringify([lab.events, lab.phone.view()])).not.toContain("2468");
  });

  it.each([
    ["forcePIN", { forcePIN: true }, null, "abc"],
    ["minLength", { minLength: 6 }, "12345", "123456"],
    ["requireAlphanumeric", { requireAlphanumeric: true }, "123456", "abc123"],
  ])("has to comply with a profile's %s", async (_name, policy, bad, good) => {
    const lab = await startLab();
    await lab.phone.setPasscode(bad);
    const payload = payloadOf("com.apple.mobiledevice.passwordpolicy", policy);
    await lab.connection.command("p", {
      RequestType: "InstallProfile",
      Payload: profileBytes("p", [payload]),
    });
    const info = async (id: string) =>
      (await lab.connection.command(id, { RequestType: "SecurityInfo" })).SecurityInfo;
    expect(await info("before")).toMatchObject({
      PasscodeCompliantWithProfiles: false,
      PasscodeCompliant: false,
    });
    await expect(lab.phone.setPasscode(bad)).rejects.toMatchObject({ code: "invalid_request" });
    await lab.phone.setPasscode(good);
    expect(await info("after")).toEqual({
      HardwareEncryptionCaps: 3,
      PasscodePresent: true,
      PasscodeCompliant: true,
      PasscodeCompliantWithProfiles: true,
    });
  });
});

describe("SecurityInfo", () => {
  it("tells what an iPhone of 2016 tells", async () => {
    const lab = await startLab();
    expect((await lab.connection.command("c", { RequestType: "SecurityInfo" })).SecurityInfo).toEqual({
      HardwareEncryptionCaps: 3,
      PasscodePresent: false,
      PasscodeCompliant: true,
      PasscodeCompliantWithProfiles: true,
    });
  });
});

describe("DeviceLock", () => {
  it("locks the phone at once and for good, and says nothing of a message that wasn't asked for", async () => {
    const lab = await startLab();
    expect(await lab.connection.command("c", { RequestType: "DeviceLock" })).toEqual({
      Status: "Acknowledged",
      UDID: udid,
      CommandUUID: "c",
    });
    await lab.phone.kill();
    await lab.start();
    expect(lab.phone.view()).toMatchObject({ locked: true, lockMessage: null });
    lab.phone.unlock();
    expect(lab.eventsOf("phone.changed").map(({ to }) => to)).toEqual(["locked"]);
    await settle();
    expect(lab.eventsOf("phone.changed").map(({ to }) => to)).toEqual(["locked", "unlocked"]);
  });

  it.each([
    [null, "NoPasscodeSet", null],
    ["2468", "Success", { message: "Call us", phoneNumber: "+39 02" }],
  ])("with a message on a phone with the passcode %s answers %s", async (passcode, result, shown) => {
    const lab = await startLab();
    await lab.phone.setPasscode(passcode);
    const command = { RequestType: "DeviceLock", Message: "Call us", PhoneNumber: "+39 02" };
    expect(await lab.connection.command("c", command)).toMatchObject({
      Status: "Acknowledged",
      MessageResult: result,
    });
    expect(lab.phone.view()).toMatchObject({ locked: true, lockMessage: shown });
    lab.phone.unlock(passcode ?? undefined);
    expect(lab.phone.view()).toMatchObject({ locked: false, lockMessage: null });
  });

  it("takes the sheet off the screen, and unlocking brings it back", async () => {
    const lab = await startLab();
    const invite = { RequestType: "InviteToProgram", ProgramID: "com.apple.cloudvpp" };
    await lab.connection.command("i", {
      ...invite,
      InvitationURL: "http://apple.test:8081/invitation?inviteCode=abc",
    });
    const { id } = lab.prompt;
    await lab.connection.command("c", { RequestType: "DeviceLock" });
    expect(lab.phone.view().prompt).toBeNull();
    lab.phone.unlock();
    expect(lab.prompt.id).toBe(id);
  });
});

describe("ClearPasscode", () => {
  it("takes the passcode away, for good, from whoever has the token of TokenUpdate", async () => {
    const lab = await startLab();
    const tokenUpdate = lab.connection.received.find(({ MessageType }) => MessageType === "TokenUpdate");
    await lab.phone.setPasscode("2468");
    lab.phone.lock();
    expect(await lab.connection.command("c", clear(tokenUpdate?.UnlockToken as Uint8Array))).toMatchObject({
      Status: "Acknowledged",
    });
    await lab.phone.kill();
    await lab.start();
    expect(lab.phone.view()).toMatchObject({ hasPasscode: false, locked: true });
    lab.phone.unlock();
    expect(lab.phone.view().locked).toBe(false);
  });

  it.each([
    ["another token", () => Buffer.alloc(64, 9)],
    ["half of it", (lab: PhoneLab) => tokenOf(lab).subarray(0, 32)],
    ["an empty one", () => Buffer.alloc(0)],
  ])("with %s is an error and changes nothing", async (_name, token) => {
    const lab = await startLab();
    await lab.phone.setPasscode("2468");
    expect(await lab.connection.command("c", clear(token(lab)))).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorDomain: "MCPasscodeErrorDomain", ErrorCode: 5013 }],
    });
    expect(lab.phone.view().hasPasscode).toBe(true);
  });

  it("has no token to show where the profile gives the server no right to it", async () => {
    const lab = new PhoneLab();
    lab.server.accessRights = 8191 - 4;
    await lab.start();
    const tokenUpdate = lab.connection.received.find(({ MessageType }) => MessageType === "TokenUpdate");
    expect(tokenUpdate).toBeDefined();
    expect(tokenUpdate).not.toHaveProperty("UnlockToken");
    expect(await lab.connection.command("c", clear(Buffer.alloc(0)))).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12007 }],
    });
  });
});

describe("access rights", () => {
  it.each([
    ["CertificateList", 1],
    ["InstallProfile", 2],
    ["RemoveProfile", 2],
    ["DeviceLock", 4],
    ["ClearPasscode", 4],
    ["RestartDevice", 4],
    ["ShutDownDevice", 4],
    ["EraseDevice", 8],
    ["SecurityInfo", 1024],
    ["Settings", 2048],
  ])("%s needs right %i, and no other", async (type, right) => {
    for (const [accessRights, isAllowed] of [
      [8191 - right, false],
      [right, true],
    ] as const) {
      const lab = new PhoneLab({ kind: "configurator" });
      lab.server.accessRights = accessRights;
      await lab.start();
      const answer = await lab.connection.command("c", { RequestType: type, ...commands[type] });
      const codes = (answer.ErrorChain as { ErrorCode: number }[] | undefined)?.map(
        ({ ErrorCode }) => ErrorCode,
      );
      if (isAllowed) expect(codes ?? []).not.toContain(12007);
      else expect(codes).toEqual([12007]);
      await lab.phone.kill();
    }
  });

  it.each([
    ["InstallProfile", { Payload: "text" }],
    ["InstallProfile", {}],
    ["RemoveProfile", { Identifier: "" }],
    ["ClearPasscode", {}],
    ["DeviceLock", { Message: 5 }],
    ["EraseDevice", { PreserveDataPlan: "yes" }],
    ["Settings", {}],
    ["Settings", { Settings: [{ DeviceName: "without Item" }] }],
    ["Settings", { Settings: ["DeviceName"] }],
  ])("don't matter for a malformed %s %j: it is a format error", async (type, keys) => {
    const lab = await startLab();
    expect(await lab.connection.command("c", { RequestType: type, ...keys })).toMatchObject({
      Status: "CommandFormatError",
      ErrorChain: [{ ErrorCode: 12008 }],
    });
  });
});
