/** Phones and server together, in the virtual world: what commands do to a phone, and what becomes of the server's records. */
import { describe, expect, it } from "vitest";
import type { Phone } from "../../agent/phone.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import { checkTrace } from "../../simulator/checks/check-trace.ts";
import { runVirtual } from "../../simulator/lab.ts";
import { noAppStore, profileBytes } from "../agent/profiles.ts";
import { hourMs, inProgramLab, pages, ProgramLab } from "./licensing/program-lab.ts";

interface CommandAnswer {
  commandUUID: string;
  state: string;
  notNowCount: number;
  command: Record<string, unknown>;
  result: Record<string, unknown> | null;
}

async function queue(lab: ProgramLab, phone: Phone, command: object): Promise<string> {
  const path = `/api/v1/devices/${phone.config.udid}/commands`;
  return (await lab.admin.post<{ commandUUID: string }>(path, { command })).commandUUID;
}
const look = (lab: ProgramLab, id: string) => lab.admin.get<CommandAnswer>(`/api/v1/commands/${id}`);
const device = (lab: ProgramLab, phone: Phone) =>
  lab.admin.get<Record<string, unknown>>(`/api/v1/devices/${phone.config.udid}`);
const base64 = (bytes: Buffer) => ({ $data: bytes.toString("base64") });
const agreed = { drift: 0, violations: [] };

/** Ada has Pages on her supervised phone. */
async function withPages(lab: ProgramLab): Promise<Phone> {
  await lab.setUp();
  const phone = await lab.addPerson("ada", { kind: "configurator" });
  await lab.require();
  await lab.sleep(hourMs);
  expect(await lab.states("ada")).toEqual(["installed"]);
  return phone;
}

/** Sets the erased phone up again, with the person's Apple ID. */
async function setUpAgain(lab: ProgramLab, phone: Phone, userId = "ada"): Promise<void> {
  await phone.enroll(await lab.enrollmentUrl(userId, phone.config.kind));
  await lab.sleep(hourMs);
}

describe("a locked phone", () => {
  it("puts off what it can't do, does the rest, and makes good when it is unlocked", async () => {
    await inProgramLab("locked", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      const phone = await lab.addLonePhone("ada");
      await lab.sleep(60_000);
      await phone.setPasscode("2468");
      phone.lock();
      const profile = await queue(lab, phone, {
        RequestType: "InstallProfile",
        Payload: base64(profileBytes()),
      });
      const list = await queue(lab, phone, { RequestType: "ProfileList" });
      const settings = await queue(lab, phone, { RequestType: "Settings", Settings: [] });
      await lab.sleep(10 * 60_000);
      expect(await look(lab, list)).toMatchObject({ state: "acknowledged" });
      for (const id of [profile, settings]) expect(await look(lab, id)).toMatchObject({ state: "deferred" });
      // The server asks again now and then: a phone whose last word was another doesn't come by itself.
      expect((await look(lab, profile)).notNowCount).toBeLessThan(30);
      phone.unlock("2468");
      await lab.sleep(2 * 60_000);
      for (const id of [profile, settings])
        expect(await look(lab, id)).toMatchObject({ state: "acknowledged" });
      expect(phone.view().profiles).toHaveLength(1);
    });
  });

  it("is opened by ClearPasscode, whose token nobody sees", async () => {
    const events: TraceEvent[] = [];
    await runVirtual(
      { seed: "clear", progress: () => undefined, onEvent: (e) => void events.push(e) },
      async (virtual) => {
        const lab = new ProgramLab(virtual, events);
        await lab.setUp();
        await lab.addUser("ada");
        const phone = await lab.addLonePhone("ada");
        await lab.sleep(60_000);
        await phone.setPasscode("2468");
        const lock = await queue(lab, phone, { RequestType: "DeviceLock", Message: "Found? Call us" });
        await lab.sleep(60_000);
        expect((await look(lab, lock)).result).toMatchObject({ MessageResult: "Success" });
        expect(phone.view()).toMatchObject({ locked: true, lockMessage: { message: "Found? Call us" } });
        expect(await device(lab, phone)).toMatchObject({ canClearPasscode: true });
        const clear = await queue(lab, phone, { RequestType: "ClearPasscode" });
        await lab.sleep(60_000);
        expect(await look(lab, clear)).toMatchObject({
          state: "acknowledged",
          command: { RequestType: "ClearPasscode" },
        });
        phone.unlock();
        expect(phone.view()).toMatchObject({ locked: false, hasPasscode: false });
      },
    );
    expect(checkTrace(events)).toEqual([]);
  });
});

describe("a phone that is switched off by command", () => {
  it("stays off until somebody switches it on, and restarts by itself", async () => {
    await inProgramLab("power", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      const phone = await lab.addLonePhone("ada", "configurator");
      await lab.sleep(60_000);
      const restart = await queue(lab, phone, { RequestType: "RestartDevice" });
      await lab.sleep(10_000);
      expect(phone.view().status).toBe("restarting");
      expect(await device(lab, phone)).toMatchObject({ connected: false, state: "enrolled" });
      const list = await queue(lab, phone, { RequestType: "ProfileList" });
      await lab.sleep(60_000);
      for (const id of [restart, list]) expect(await look(lab, id)).toMatchObject({ state: "acknowledged" });

      const off = await queue(lab, phone, { RequestType: "ShutDownDevice" });
      await lab.sleep(10_000);
      expect(await look(lab, off)).toMatchObject({ state: "acknowledged" });
      const waiting = await queue(lab, phone, { RequestType: "ProfileList" });
      await lab.sleep(24 * hourMs);
      expect(phone.view().status).toBe("off");
      expect(await look(lab, waiting)).toMatchObject({ state: "queued" });
      await phone.boot();
      await lab.sleep(60_000);
      expect(await look(lab, waiting)).toMatchObject({ state: "acknowledged" });
    });
  });
});

describe("a phone that is erased and comes back", () => {
  it.each(["by command", "by its person"] as const)(
    "(%s) takes no second licence: one seat, one record, the app again",
    async (how) => {
      await inProgramLab(`erase-${how}`, async (lab) => {
        const phone = await withPages(lab);
        const waiting = async () => {
          await phone.shutDown();
          const id = await queue(lab, phone, { RequestType: "SecurityInfo" });
          await phone.boot();
          return id;
        };
        if (how === "by command") await queue(lab, phone, { RequestType: "EraseDevice" });
        const lost = how === "by command" ? undefined : await waiting();
        if (how === "by its person") await phone.erase();
        await lab.sleep(hourMs);
        expect(phone.view()).toMatchObject({ status: "erased", apps: [], profiles: [], appleId: null });
        expect(await device(lab, phone)).toMatchObject({
          state: how === "by command" ? "unenrolled" : "enrolled",
          connected: false,
        });
        expect(await lab.appleSeats()).toHaveLength(1);
        await setUpAgain(lab, phone);
        expect(await lab.states("ada")).toEqual(["installed"]);
        expect(phone.view().apps).toMatchObject([{ adamId: pages, state: "Managed", installed: true }]);
        expect(await lab.appleSeats()).toHaveLength(1);
        expect((await lab.movements("ada")).filter((movement) => movement.startsWith("taken"))).toHaveLength(
          1,
        );
        expect((await lab.user("ada")).devices).toHaveLength(1);
        if (lost !== undefined)
          expect(["acknowledged", "cancelled"]).toContain((await look(lab, lost)).state);
        const { items } = await lab.admin.get<{ items: unknown[] }>("/api/v1/devices");
        expect(items).toHaveLength(1);
        expect(await lab.ledger()).toEqual(agreed);
      });
    },
  );

  it("for somebody else: by policy the first one's licence goes back, and is not lost", async () => {
    await inProgramLab("erase-reclaim", async (lab) => {
      const phone = await withPages(lab);
      await lab.put("/api/v1/policies", { licenseOnUnenroll: "reclaim" });
      await lab.addUser("bruno");
      await lab.addAppleId("bruno@icloud.example");
      await phone.erase();
      await setUpAgain(lab, phone, "bruno");
      await lab.sleep(26 * hourMs);
      const seats = await lab.appleSeats();
      expect(seats.filter(({ clientUserIdStr }) => clientUserIdStr.length > 0).length).toBeLessThanOrEqual(1);
      expect((await lab.movements("ada")).filter((movement) => movement.startsWith("returned"))).toHaveLength(
        1,
      );
      expect(await lab.ledger()).toEqual(agreed);
    });
  });
});

describe("a phone whose management is removed", () => {
  it.each(["by the person", "by the server"] as const)(
    "(%s) says goodbye, and is a private phone: managed apps and profiles are gone",
    async (how) => {
      await inProgramLab(`unenrol-${how}`, async (lab) => {
        const phone = await withPages(lab);
        await queue(lab, phone, { RequestType: "InstallProfile", Payload: base64(profileBytes()) });
        await lab.sleep(60_000);
        expect(phone.view()).toMatchObject({ profiles: [{ managed: true }], apps: [{ installed: true }] });
        if (how === "by the person") await phone.removeProfile();
        else {
          const list = await queue(lab, phone, { RequestType: "ProfileList" });
          await lab.sleep(60_000);
          const { ProfileList: profiles } = (await look(lab, list)).result ?? {};
          const [management] = profiles as { PayloadIdentifier: string }[];
          await queue(lab, phone, {
            RequestType: "RemoveProfile",
            Identifier: management?.PayloadIdentifier,
          });
        }
        await lab.sleep(60_000);
        expect(phone.view()).toMatchObject({ status: "unenrolled", enrolled: false, apps: [], profiles: [] });
        expect(await device(lab, phone)).toMatchObject({ state: "unenrolled", canClearPasscode: false });
        expect(lab.events.filter(({ event }) => event === "checkin.checkOut")).toHaveLength(1);
        // By policy the seat stays with its user.
        expect(await lab.appleSeats()).toHaveLength(1);
        expect(await lab.ledger()).toEqual(agreed);
      });
    },
  );
});

describe("a phone from the enrolment program", () => {
  const enrolled = async (lab: ProgramLab): Promise<Phone> => {
    await lab.setUp();
    await lab.addUser("ada");
    const wanted = { kind: "dep", userId: "ada" } as const;
    const { url } = await lab.admin.post<{ url: string }>("/api/v1/enrollment-tokens", wanted);
    const about = { serial: "DEP1", product: "iPhone8,1", name: "Ada's", enrollmentUrl: url };
    return lab.lab.addPhone({ ...about, kind: "dep", setupAssistant: true });
  };

  it("is let through Setup Assistant by itself", async () => {
    const events: TraceEvent[] = [];
    await runVirtual(
      { seed: "setup", progress: () => undefined, onEvent: (e) => void events.push(e) },
      async (virtual) => {
        const lab = new ProgramLab(virtual, events);
        const phone = await enrolled(lab);
        expect(phone.view().inSetupAssistant).toBe(true);
        await lab.sleep(60_000);
        expect(phone.view()).toMatchObject({ status: "enrolled", inSetupAssistant: false });
        expect(await device(lab, phone)).toMatchObject({ awaitingConfiguration: false });
      },
    );
    expect(events.filter(({ event }) => event === "checkin.tokenUpdate")).toMatchObject([
      { awaitingConfiguration: true },
      { awaitingConfiguration: false },
    ]);
    expect(checkTrace(events)).toEqual([]);
  });

  it("is configured while an admin holds it there, and asks nobody before it is let go", async () => {
    await inProgramLab("hold", async (lab) => {
      await lab.put("/api/v1/policies", { setupAssistant: "hold" });
      const phone = await enrolled(lab);
      await lab.sleep(60_000);
      expect(await device(lab, phone)).toMatchObject({ awaitingConfiguration: true });
      const payload = base64(profileBytes("example.strict", [noAppStore]));
      const profile = await queue(lab, phone, { RequestType: "InstallProfile", Payload: payload });
      const install = await queue(lab, phone, {
        RequestType: "InstallApplication",
        iTunesStoreID: Number(pages),
      });
      await lab.sleep(10 * 60_000);
      expect(await look(lab, profile)).toMatchObject({ state: "acknowledged" });
      expect(await look(lab, install)).toMatchObject({ state: "deferred" });
      expect(phone.view()).toMatchObject({ inSetupAssistant: true, prompt: null });
      await queue(lab, phone, { RequestType: "DeviceConfigured" });
      await lab.sleep(60_000);
      expect(phone.view().inSetupAssistant).toBe(false);
      expect(["acknowledged", "failed"]).toContain((await look(lab, install)).state);
    });
  });
});

describe("what the server shows of a phone", () => {
  it("is what the phone last told", async () => {
    await inProgramLab("told", async (lab) => {
      await lab.setUp();
      await lab.addUser("ada");
      const phone = await lab.addLonePhone("ada", "configurator");
      await lab.sleep(60_000);
      expect(await device(lab, phone)).toMatchObject({ deviceName: "ada's phone", osVersion: "9.3.2" });
      const items = [{ Item: "DeviceName", DeviceName: "Till 4" }];
      await queue(lab, phone, { RequestType: "Settings", Settings: items });
      await queue(lab, phone, { RequestType: "DeviceInformation", Queries: ["DeviceName", "BuildVersion"] });
      await lab.sleep(60_000);
      expect(await device(lab, phone)).toMatchObject({
        ...{ deviceName: "Till 4", buildVersion: "13F69", serialNumber: phone.config.serialNumber },
      });
    });
  });
});
