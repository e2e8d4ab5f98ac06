import { describe, expect, it } from "vitest";
import { createRecorder } from "../../../shared/trace.ts";
import { PhoneDesk } from "../../../simulator/fleet/phone-desk.ts";
import { readPhones } from "../../../simulator/organisation.ts";
import { createVirtualWorld } from "../../../simulator/virtual/virtual-world.ts";

const place = { directory: "/phones", appleUrl: "http://10.0.0.2:8081" };
const [row] = readPhones();
if (row === undefined) throw new Error("the sample organisation has no phones");

const config = {
  ...{ udid: "a".repeat(40), serialNumber: row.serial, productName: "iPhone8,1", osVersion: "9.3.2" },
  ...{ buildVersion: "13F69", deviceName: row.name, kind: row.kind, appleUrl: "http://10.9.9.9:1" },
  ...{ enrollmentUrl: "http://10.0.0.1:8080/enroll/x", protocol: "mdm.plist.binary" },
  ...{ dataDirectory: "/elsewhere/phone", bytesPerSecond: 1_000 },
};

/** What becomes of a list that lies on the disk. */
async function opened(list: string) {
  const virtual = createVirtualWorld({ seed: 1 });
  const { world, disk } = virtual.process("phones");
  await disk.makeDirectory(place.directory);
  await disk.writeFileAtomic(`${place.directory}/phones.json`, list);
  const recorder = createRecorder({ now: () => virtual.now(), run: "1", keepsWire: false });
  const desk = new PhoneDesk(
    {
      ...{ world, recorder, pace: "quick", protocol: "mdm.plist.binary" },
      ...{ bytesPerSecond: 1_000, keepsList: true },
    },
    place,
  );
  return await virtual.run(async () => {
    await desk.open(place);
    const hands = desk.hands.map((hand) => ({
      ...{ serial: hand.phone.config.serialNumber, owner: hand.owner, isHeld: hand.isHeld },
      ...{ appleUrl: hand.phone.config.appleUrl, folder: hand.phone.config.dataDirectory },
    }));
    await desk.close();
    return hands;
  });
}

describe("the list of a lab's phones", () => {
  const here = { appleUrl: place.appleUrl, folder: `/phones/${row.serial}` };

  it("is read as earlier labs wrote it: who holds them is told by the sample organisation", async () => {
    expect(await opened(JSON.stringify([config]))).toEqual([
      { serial: row.serial, owner: row.owner, isHeld: true, ...here },
    ]);
    const strange = { ...config, serialNumber: "STRANGE" };
    expect(await opened(JSON.stringify([strange]))).toMatchObject([{ serial: "STRANGE", isHeld: false }]);
  });

  it("says whose the phones are and who holds them", async () => {
    const persona = {
      ...{ appleId: "a@icloud.example", password: "x", terms: "accept", install: "cancel" },
      ...{ wrongPasswords: 0, thinkMsMin: 1, thinkMsMax: 2 },
    };
    const phones = [{ config, owner: "anna", persona, isHeld: false }];
    expect(await opened(JSON.stringify({ version: 2, phones }))).toEqual([
      { serial: row.serial, owner: "anna", isHeld: false, ...here },
    ]);
  });

  it.each<[string, string]>([
    ["no JSON", "{"],
    ["another list", '{"version":3,"phones":[]}'],
    ["a phone without a serial number", JSON.stringify([{ ...config, serialNumber: "../x" }])],
  ])("is refused when it is %s", async (_name, list) => {
    await expect(opened(list)).rejects.toMatchObject({ code: "store_corrupt" });
  });
});
