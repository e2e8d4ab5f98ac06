import { describe, expect, it } from "vitest";
import type { Phone } from "../../agent/phone.ts";
import { DiskError } from "../../shared/world.ts";
import { pages } from "./fake-apple.ts";
import { enrollmentUrl } from "./fake-server.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";
import { profileBytes } from "./profiles.ts";

const query = { RequestType: "DeviceInformation", Queries: ["UDID", "AwaitingConfiguration"] };
const states = (lab: PhoneLab): unknown[] => lab.eventsOf("phone.changed").map(({ to }) => to);

describe("RestartDevice", () => {
  it("answers, goes, and comes back by itself half a minute later, without performing it again", async () => {
    const lab = await startLab({ kind: "configurator" });
    expect(await lab.connection.command("c", { RequestType: "RestartDevice" })).toMatchObject({
      Status: "Acknowledged",
    });
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", connected: true });
    lab.connection.acknowledge();
    await settle();
    expect(lab.connection.left).toMatchObject({ code: 1000 });
    expect(lab.phone.view()).toMatchObject({ status: "restarting", connected: false });
    expect(() => lab.phone.lock()).toThrow(expect.objectContaining({ code: "conflict" }));
    await lab.world.advance(29_999);
    expect(lab.server.connections).toHaveLength(1);
    await lab.world.advance(1);
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", connected: true, locked: false });
    expect(lab.connection.messageTypes).toEqual(["Proof", "Idle"]);
    expect(await lab.connection.command("c", { RequestType: "RestartDevice" })).toMatchObject({
      Status: "Acknowledged",
    });
    await lab.world.advance(60_000);
    expect(lab.server.connections).toHaveLength(2);
    expect(states(lab)).toEqual(["restarting"]);
  });

  it("takes up nothing new before it goes: that comes again", async () => {
    const lab = await startLab({ kind: "configurator" });
    await lab.connection.command("c", { RequestType: "RestartDevice" });
    await lab.connection.command("d", { RequestType: "ProfileList" });
    await lab.world.advance(30_000);
    expect(lab.connection.messageTypes).toEqual(["Proof", "Idle"]);
    expect(lab.eventsOf("command.performed").map(({ commandUUID }) => commandUUID)).toEqual(["c"]);
    expect(await lab.connection.command("d", { RequestType: "ProfileList" })).toMatchObject({
      Status: "Acknowledged",
    });
  });

  it("tells its result again when the server didn't get it, and goes all the same", async () => {
    const lab = await startLab({ kind: "configurator" });
    await lab.connection.command("c", { RequestType: "RestartDevice" });
    await lab.world.advance(35_000);
    expect(lab.connection.reports).toMatchObject([{ CommandUUID: "c", Status: "Acknowledged" }]);
    expect(states(lab)).toEqual(["restarting"]);
  });

  it("leaves a phone with a passcode locked", async () => {
    const lab = await startLab({ kind: "configurator" });
    await lab.phone.setPasscode("2468");
    await lab.connection.command("c", { RequestType: "RestartDevice" });
    lab.connection.acknowledge();
    await lab.world.advance(30_000);
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", locked: true });
  });

  it("needs no second restart when the battery is pulled on the way", async () => {
    const lab = await startLab({ kind: "configurator" });
    await lab.connection.command("c", { RequestType: "RestartDevice" });
    await lab.phone.kill();
    await lab.start();
    await lab.world.advance(60_000);
    expect(lab.server.connections).toHaveLength(2);
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", connected: true });
  });
});

describe("ShutDownDevice", () => {
  it("leaves the phone off, also for whoever starts it anew, until it is switched on", async () => {
    const lab = await startLab({ kind: "configurator" });
    await lab.connection.command("c", { RequestType: "ShutDownDevice" });
    lab.connection.acknowledge();
    await settle();
    expect(lab.phone.view()).toMatchObject({ status: "off", connected: false, enrolled: true });
    await lab.world.advance(24 * 60 * 60_000);
    await lab.phone.stop();
    await lab.start();
    expect(lab.phone.view().status).toBe("off");
    expect(lab.server.connections).toHaveLength(1);
    await lab.phone.boot();
    await settle();
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", connected: true });
    await expect(lab.phone.boot()).rejects.toMatchObject({ code: "conflict" });
    expect(states(lab)).toEqual(["off", "on"]);
  });
});

describe("a phone that isn't supervised", () => {
  it.each(["RestartDevice", "ShutDownDevice"])("refuses %s and stays on", async (RequestType) => {
    const lab = await startLab({ kind: "device" });
    expect(await lab.connection.command("c", { RequestType })).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorDomain: "MCChaperoneErrorDomain", ErrorCode: 29000 }],
    });
    await lab.world.advance(60_000);
    expect(lab.phone.view().status).toBe("enrolled");
    expect(lab.server.connections).toHaveLength(1);
  });
});

/** A phone with something of everything. */
async function usedLab(): Promise<PhoneLab> {
  const lab = await startLab();
  const iTunesStoreID = Number(pages.adamId);
  const install = { RequestType: "InstallApplication", iTunesStoreID, Options: { PurchaseMethod: 1 } };
  await lab.connection.command("i", install);
  await lab.answer({ choice: "install" });
  await lab.signIn();
  await lab.world.advance(2_000);
  await lab.connection.command("p", { RequestType: "InstallProfile", Payload: profileBytes() });
  await lab.phone.setPasscode("2468");
  lab.phone.lock();
  await settle();
  return lab;
}

function expectNew(lab: PhoneLab): void {
  expect(lab.phone.view()).toMatchObject({
    ...{ status: "erased", enrolled: false, connected: false, locked: false, hasPasscode: false },
    ...{ apps: [], profiles: [], appleId: null, prompt: null },
  });
  expect(lab.saved).toMatchObject({
    ...{ enrollment: null, keys: null, account: null, departure: null },
    ...{ performed: [], unreceived: [], invitations: [] },
  });
}

describe("EraseDevice", () => {
  it("tells the server first, and then nothing is left", async () => {
    const lab = await usedLab();
    expect(await lab.connection.command("c", { RequestType: "EraseDevice" })).toMatchObject({
      Status: "Acknowledged",
    });
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", hasPasscode: true });
    lab.connection.acknowledge();
    await settle();
    expectNew(lab);
    expect(lab.connection.messageTypes.filter((type) => type === "CheckOut")).toEqual([]);
    await lab.world.advance(24 * 60 * 60_000);
    expect(lab.server.connections).toHaveLength(1);
  });

  it("doesn't wait long for the server's word", async () => {
    const lab = await usedLab();
    await lab.connection.command("c", { RequestType: "EraseDevice" });
    lab.connection.close(1006);
    await lab.world.advance(5_000);
    expectNew(lab);
  });

  it("is carried out although the server, which has heard of it, knows the phone no more", async () => {
    const lab = await usedLab();
    await lab.connection.command("c", { RequestType: "EraseDevice" });
    lab.connection.close(4404, "not enrolled");
    await lab.world.advance(5_000);
    expectNew(lab);
  });

  it("is carried out although the battery is pulled", async () => {
    const lab = await usedLab();
    await lab.connection.command("c", { RequestType: "EraseDevice" });
    await lab.phone.kill();
    const { keys: before } = lab.saved;
    expect(before).not.toBeNull();
    await lab.start();
    // Whoever starts it anew sets it up: it enrols as a new phone.
    expect(lab.connection.messageTypes).toEqual(["Proof", "Authenticate", "TokenUpdate", "Idle"]);
    expect(lab.phone.view()).toMatchObject({ apps: [], profiles: [], hasPasscode: false, appleId: null });
  });

  it("is followed by an enrolment by another link, under the same UDID with another identity", async () => {
    const lab = await usedLab();
    const before = lab.saved.enrollment;
    await lab.phone.erase();
    expectNew(lab);
    const other = `${enrollmentUrl}-2`;
    const answer = lab.server.request.bind(lab.server);
    const asked: string[] = [];
    lab.server.request = (url, init) => {
      asked.push(url);
      return answer(url.replace(other, enrollmentUrl), init);
    };
    await lab.phone.enroll(other);
    await settle();
    expect(asked[0]).toBe(other);
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", connected: true, apps: [] });
    expect(lab.connection.received[1]).toMatchObject({ MessageType: "Authenticate", UDID: udid });
    expect(lab.saved.enrollment?.pushMagic).not.toBe(before?.pushMagic);
    expect(lab.saved.enrollment?.unlockToken).not.toBe(before?.unlockToken);
    await expect(lab.phone.enroll(other)).rejects.toMatchObject({ code: "conflict" });
  });

  it("of a phone from the enrolment program leads back to Setup Assistant", async () => {
    const lab = await startLab({ kind: "dep", setupAssistant: true });
    await lab.connection.command("c", { RequestType: "DeviceConfigured" });
    expect(lab.phone.view().inSetupAssistant).toBe(false);
    await lab.phone.erase();
    expect(lab.phone.view()).toMatchObject({ status: "erased", inSetupAssistant: true });
  });
});

describe("a phone that is off", () => {
  const acts: Record<string, (phone: Phone) => unknown> = {
    lock: (phone) => phone.lock(),
    unlock: (phone) => phone.unlock(),
    answer: (phone) => phone.answer("x", { choice: "y" }),
    setPasscode: (phone) => phone.setPasscode("2468"),
    installProfile: (phone) => phone.installProfile(profileBytes()),
    removeProfile: (phone) => phone.removeProfile(),
    installFromStore: (phone) => phone.installFromStore(pages.adamId),
    restart: (phone) => phone.restart(),
    shutDown: (phone) => phone.shutDown(),
    erase: (phone) => phone.erase(),
    enroll: (phone) => phone.enroll(enrollmentUrl),
  };
  it.each(Object.keys(acts))("does nothing: %s", async (name) => {
    const lab = await startLab();
    await lab.phone.shutDown();
    await expect((async () => acts[name]?.(lab.phone))()).rejects.toMatchObject({ code: "conflict" });
    expect(lab.phone.view().status).toBe("off");
  });

  it("is stopped like any other, and so is one that is just restarting", async () => {
    const lab = await startLab();
    await lab.phone.shutDown();
    await lab.phone.stop();
    expect(lab.phone.view().status).toBe("stopped");
    const other = await startLab();
    await other.phone.restart();
    expect(other.phone.view().status).toBe("restarting");
    await other.phone.stop();
    await other.world.advance(60_000);
    expect(other.phone.view().status).toBe("stopped");
    expect(other.server.connections).toHaveLength(1);
  });

  it("tells whoever watches", async () => {
    const lab = await startLab();
    const seen = new Set<string>();
    lab.phone.onChange((view) => seen.add(view.status));
    await lab.phone.shutDown();
    await lab.phone.boot();
    await settle();
    expect([...seen]).toEqual(["off", "enrolled"]);
  });

  it("is broken when its disk doesn't store", async () => {
    const lab = await startLab({ kind: "configurator" });
    await lab.connection.command("c", { RequestType: "EraseDevice" });
    lab.world.disk.beforeWrite = (data) => {
      if (data.includes('"resting":"erased"')) throw new DiskError("full", "no space left");
    };
    lab.connection.acknowledge();
    await settle();
    expect(lab.phone.view()).toMatchObject({ status: "failed", trouble: { code: "store_unwritable" } });
    lab.world.disk.beforeWrite = () => undefined;
    await lab.phone.stop();
    await lab.start();
    expect(lab.phone.view().apps).toEqual([]);
    expect(states(lab)).toEqual(["erased"]);
  });
});

describe("Setup Assistant", () => {
  const dep = { kind: "dep", setupAssistant: true, refusesVpp: false } as const;

  it("is told to the server at check-in, waits for DeviceConfigured, and tells that it is over", async () => {
    const lab = await startLab(dep);
    expect(lab.connection.received[2]).toMatchObject({
      MessageType: "TokenUpdate",
      AwaitingConfiguration: true,
    });
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", inSetupAssistant: true });
    expect((await lab.connection.command("q", query)).QueryResponses).toMatchObject({
      AwaitingConfiguration: true,
    });
    await lab.connection.command("c", { RequestType: "DeviceConfigured" });
    expect(lab.connection.received.slice(-2)).toMatchObject([
      { Status: "Acknowledged", CommandUUID: "c" },
      { MessageType: "TokenUpdate" },
    ]);
    expect(lab.connection.last).not.toHaveProperty("AwaitingConfiguration");
    expect(lab.phone.view().inSetupAssistant).toBe(false);
    await settle();
    await lab.phone.kill();
    await lab.start();
    expect(lab.connection.messageTypes).toEqual(["Proof", "Acknowledged"]);
    expect((await lab.connection.command("r", query)).QueryResponses).toMatchObject({
      AwaitingConfiguration: false,
    });
  });

  it("tells that it is over on the next connection when it couldn't on this one", async () => {
    const lab = await startLab(dep);
    lab.server.receipts = new Set();
    await lab.connection.command("c", { RequestType: "DeviceConfigured" });
    await lab.phone.kill();
    lab.server.receipts = new Set(["TokenUpdate"]);
    await lab.start();
    expect(lab.connection.messageTypes).toEqual(["Proof", "TokenUpdate", "Acknowledged"]);
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.messageTypes).toEqual(["Proof", "Acknowledged"]);
  });

  it("puts off what asks the person, and a poll or the server's next word brings it", async () => {
    const lab = await startLab(dep);
    const invite = { RequestType: "InviteToProgram", ProgramID: "com.apple.cloudvpp" };
    const command = { ...invite, InvitationURL: "http://apple.test:8081/invitation?inviteCode=abc" };
    expect(await lab.connection.command("i", command)).toMatchObject({ Status: "NotNow" });
    expect(
      await lab.connection.command("p", { RequestType: "InstallProfile", Payload: profileBytes() }),
    ).toMatchObject({ Status: "Acknowledged" });
    await lab.connection.command("c", { RequestType: "DeviceConfigured" });
    expect(await lab.connection.command("i", command)).toMatchObject({ Status: "Acknowledged" });
    expect(lab.prompt.kind).toBe("programTerms");
  });

  it("outlasts a restart", async () => {
    const lab = await startLab(dep);
    await lab.phone.kill();
    await lab.start();
    expect(lab.phone.view().inSetupAssistant).toBe(true);
  });

  it("is for phones of the enrolment program: DeviceConfigured means nothing to others", async () => {
    const lab = await startLab({ kind: "configurator" });
    expect(await lab.connection.command("c", { RequestType: "DeviceConfigured" })).toMatchObject({
      Status: "Error",
      ErrorChain: [{ ErrorCode: 12021 }],
    });
    const finished = await startLab({ kind: "dep" });
    expect(finished.connection.received[2]).not.toHaveProperty("AwaitingConfiguration");
    expect(await finished.connection.command("c", { RequestType: "DeviceConfigured" })).toMatchObject({
      Status: "Acknowledged",
    });
    await expect(startLab({ kind: "user", setupAssistant: true })).rejects.toMatchObject({
      code: "configuration_invalid",
    });
  });
});

describe("a state file of an earlier version", () => {
  it("is read as that of a phone without passcode, profiles and settings", async () => {
    const lab = await startLab();
    await lab.phone.stop();
    const names = [
      ...["passcode", "lockMessage", "busy", "power", "setup", "tokenUpdateDue", "departure", "settings"],
      ...["profiles", "enrollmentUrl", "resting"],
    ];
    const old = Object.fromEntries(Object.entries(lab.saved).filter(([name]) => !names.includes(name)));
    const { unlockToken: _, ...enrollment } = lab.saved.enrollment ?? { unlockToken: "" };
    lab.world.disk.files.set("/phones/one/phone.json", Buffer.from(JSON.stringify({ ...old, enrollment })));
    await lab.start();
    expect(lab.phone.view()).toMatchObject({
      ...{ status: "enrolled", connected: true, hasPasscode: false, inSetupAssistant: false },
      ...{ profiles: [], deviceName: "Anna's iPhone" },
    });
  });
});
