import { describe, expect, it } from "vitest";
import { openPhoneStore, performedMax, type EnrollmentRecord, type PhoneStore } from "../../agent/state.ts";
import { worldWith } from "../../shared/world-with.ts";
import { MemoryDisk } from "../../simulator/virtual/memory-disk.ts";
import { createVirtualWorld } from "../../simulator/virtual/virtual-world.ts";

const udid = "a".repeat(40);

describe("a phone's document", () => {
  const { world } = createVirtualWorld({ seed: "state" }).process("phone");
  const disk = new MemoryDisk();

  async function open(): Promise<PhoneStore> {
    return openPhoneStore(worldWith(world, { disk }), "/phone", udid);
  }
  async function written(): Promise<unknown> {
    return JSON.parse(String(await disk.readFile("/phone/phone.json")));
  }
  let commands = 0;
  function perform({ state }: PhoneStore): void {
    commands += 1;
    const result = { Status: "Acknowledged", Text: `“${"x".repeat(commands % 7)}”,\n` };
    state.performed.push({ commandUUID: String(commands), requestType: "DeviceInformation", result });
    if (state.performed.length > performedMax) state.performed.shift();
  }

  it("tells of the enrolment as it stands, in whatever characters it was told", async () => {
    const store = await open();
    const { state } = store;
    const payload = { type: "com.apple.mdm", identifier: "one", uuid: "1", version: 1, displayName: "“One”" };
    const enrollment: EnrollmentRecord = {
      stage: "issued",
      certificate: "MIID+/==",
      rootCertificate: 'not "base64"\\\n',
      topic: "topic",
      serverUrl: "ws://127.0.0.1/mdm",
      accessRights: 1,
      checkOutWhenRemoved: true,
      pushToken: "token",
      unlockToken: null,
      pushMagic: "magic",
      profile: { ...payload, organisation: "O", payloads: [payload] },
    };
    const check = async () => {
      await store.save();
      expect(await written()).toEqual(state);
    };
    state.keys = { privateKeyPem: "one\n", publicKeyPem: "two" };
    state.enrollment = enrollment;
    await check();
    enrollment.stage = "enrolled";
    await check();
    expect((await open()).state).toEqual(state);
    state.enrollment = { ...enrollment, stage: "issued", certificate: "another" };
    await check();
    state.enrollment = null;
    await check();
  });

  it("is what the phone knows, whatever came to its list of commands or went, and however often it is saved", async () => {
    const store = await open();
    const { state } = store;
    const check = async () => {
      await store.save();
      expect(await written()).toEqual(state);
    };
    await check();
    // Past the end of the list, with saves of several commands at once, of one, and of none.
    while (commands < performedMax + 40) {
      for (let more = commands % 5; more >= 0; more -= 1) perform(store);
      await check();
      if (commands % 3 === 0) await check();
    }
    state.keys = { privateKeyPem: "one\n", publicKeyPem: "two" };
    await check();
    state.keys = { ...state.keys, publicKeyPem: "three" };
    await check();
    // As many new ones as have room: nothing of the text is left.
    for (let more = 0; more < performedMax; more += 1) perform(store);
    await check();
    state.performed = [];
    state.keys = null;
    await check();
    perform(store);
    await check();
    expect((await open()).state).toEqual(state);
  });
});
