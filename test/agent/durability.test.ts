import { describe, expect, it } from "vitest";
import { answerAutomatically } from "../../agent/automatic-person.ts";
import { openPhoneStore } from "../../agent/state.ts";
import type { PlistDictionary } from "../../shared/plist.ts";
import { DiskError } from "../../shared/world.ts";
import { invitationUrl, numbers, pages } from "./fake-apple.ts";
import { directory, PhoneLab, startLab, udid } from "./phone-lab.ts";

const install = (adamId: string): object => ({
  RequestType: "InstallApplication",
  iTunesStoreID: Number(adamId),
  Options: { PurchaseMethod: 1 },
});
const commands: readonly (readonly [string, object])[] = [
  [
    "1-invite",
    { RequestType: "InviteToProgram", ProgramID: "com.apple.cloudvpp", InvitationURL: invitationUrl },
  ],
  ["2-install", install(pages.adamId)],
  ["3-unknown", { RequestType: "Dance" }],
  ["4-list", { RequestType: "ManagedApplicationList" }],
  ["5-remove", { RequestType: "RemoveApplication", Identifier: pages.bundleId }],
  ["6-install", install(numbers.adamId)],
];

/**
 * Runs all commands against a phone whose person agrees to everything, and whose battery is pulled at write `cutAt`: just
 * before it lands or just after.
 */
async function runWithPowerCut(cutAt: number, when: "before" | "after"): Promise<PhoneLab> {
  const lab = new PhoneLab();
  const results = new Map<string, PlistDictionary[]>();
  // A server by the book: a command goes out until its result is there, and then the next one.
  lab.server.onReport = (connection, report) => {
    const { CommandUUID: uuid } = report;
    if (typeof uuid === "string") results.set(uuid, [...(results.get(uuid) ?? []), report]);
    const next = commands.find(([name]) => !results.has(name));
    if (next) connection.send({ CommandUUID: next[0], Command: next[1] });
    else connection.acknowledge();
  };
  const { disk } = lab.world;
  const cut = (): void => void lab.phone.kill();
  if (when === "before")
    disk.beforeWrite = () => {
      if (disk.writeCount + 1 !== cutAt) return;
      cut();
      throw new DiskError("io", "the power is gone");
    };
  else
    disk.afterWrite = () => {
      if (disk.writeCount === cutAt) cut();
    };
  const live = async (): Promise<void> => {
    await lab.start();
    const { appleId, password } = lab.apple;
    answerAutomatically(lab.phone, { manner: "accept", appleId, password });
    await lab.world.advance(20_000);
  };
  await live();
  if (lab.phone.view().status === "stopped") {
    disk.beforeWrite = () => undefined;
    disk.afterWrite = () => undefined;
    await live();
  }
  // Whatever the server asked a second time was answered as the first time.
  for (const reports of results.values()) for (const report of reports) expect(report).toEqual(reports[0]);
  expect([...results.keys()].sort()).toEqual(commands.map(([name]) => name));
  return lab;
}

const uninterrupted = 10_000;

describe("a phone whose battery is pulled", () => {
  it.each(["before", "after"] as const)(
    "just %s any write performs each command once and gets everything done",
    async (when) => {
      const writes = (await runWithPowerCut(uninterrupted, when)).world.disk.writeCount;
      expect(writes).toBeGreaterThan(15);
      for (let cutAt = 2; cutAt <= writes; cutAt += 1) {
        const lab = await runWithPowerCut(cutAt, when);
        const where = `cut ${when} write ${cutAt}`;
        const performed = lab.eventsOf("command.performed").map((event) => event.commandUUID);
        expect(performed, where).toEqual(commands.map(([name]) => name));
        expect(lab.apple.accepted.length, where).toBeGreaterThanOrEqual(1);
        expect(lab.phone.view(), where).toMatchObject({ enrolled: true, connected: true, prompt: null });
        expect(lab.appState(numbers.bundleId), where).toBe("Managed");
        expect(lab.appState(pages.bundleId), where).toBe("absent");
        // No state was lost or seen twice: each move begins where the last one of that app ended.
        const states = new Map<unknown, unknown>();
        for (const move of lab.eventsOf("app.state")) {
          expect(move.from, where).toBe(states.get(move.adamId) ?? "absent");
          states.set(move.adamId, move.to);
        }
        expect(lab.server.publicKeys.size, where).toBe(1);
        await lab.phone.stop();
      }
    },
  );
});

describe("the state file", () => {
  it("is written before the result is sent", async () => {
    const lab = await startLab();
    let land = (): void => undefined;
    lab.world.disk.beforeWrite = () =>
      new Promise((resolve) => {
        land = resolve;
      });
    lab.connection.send({ CommandUUID: "one", Command: { RequestType: "ProfileList" } });
    await lab.world.advance(0);
    expect(lab.connection.reports).toHaveLength(1);
    expect(lab.eventsOf("command.performed")).toEqual([]);
    lab.world.disk.beforeWrite = () => undefined;
    land();
    await lab.world.advance(0);
    expect(lab.connection.last).toMatchObject({ CommandUUID: "one", Status: "Acknowledged" });
    expect(lab.eventsOf("command.performed")).toHaveLength(1);
  });

  it("is written once for changes of one moment", async () => {
    const lab = await startLab();
    const before = lab.world.disk.writeCount;
    await lab.connection.command("one", { RequestType: "ProfileList" });
    expect(lab.world.disk.writeCount).toBe(before + 1);
  });

  it("is written twice at most for a crowd of changes made while it is being written", async () => {
    const store = await openPhoneStore(new PhoneLab().world, directory, udid);
    const saves = [store.save(), store.save()];
    await Promise.resolve();
    for (let n = 0; n < 100; n += 1) saves.push(store.save());
    expect(new Set(saves).size).toBeLessThanOrEqual(3);
    await Promise.all(saves);
  });

  it.each([
    ["no JSON", "{half"],
    ["another JSON", "[]"],
    ["a document with a hole", "without apps"],
    ["an enrolment without its key", "without keys"],
  ])("that is damaged (%s) is refused with a code, and without its secrets", async (_name, damage) => {
    const lab = await startLab();
    await lab.phone.stop();
    const { apps, keys, ...rest } = lab.saved;
    const texts: Record<string, string> = {
      "without apps": JSON.stringify({ ...rest, keys }),
      "without keys": JSON.stringify({ ...rest, apps, keys: null }),
    };
    lab.world.disk.files.set(`${directory}/phone.json`, Buffer.from(texts[damage] ?? damage));
    await expect(lab.start()).rejects.toMatchObject({
      code: "store_corrupt",
      message: expect.not.stringContaining("PRIVATE"),
    });
  });

  it("of another phone is left alone", async () => {
    const lab = await startLab();
    await lab.phone.stop();
    await expect(lab.start({ udid: "another" })).rejects.toMatchObject({ code: "configuration_invalid" });
    await lab.start();
    expect(lab.phone.view().enrolled).toBe(true);
  });

  it("that can't be written stops the phone, which says so", async () => {
    const lab = await startLab();
    lab.world.disk.beforeWrite = () => {
      throw new DiskError("full", "no space left");
    };
    lab.connection.send({ CommandUUID: "one", Command: { RequestType: "ProfileList" } });
    await lab.world.advance(60_000);
    expect(lab.phone.view()).toMatchObject({ status: "failed", trouble: { code: "store_unwritable" } });
    expect(lab.connection.reports).toHaveLength(1);
    expect(lab.server.connections).toHaveLength(1);
  });
});

describe("a configuration", () => {
  it.each([
    [{ enrollmentUrl: "ftp://x" }],
    [{ appleUrl: "nowhere" }],
    [{ udid: "" }],
    [{ bytesPerSecond: 0 }],
  ])("such as %j is refused", async (config) => {
    await expect(startLab(config)).rejects.toMatchObject({ code: "configuration_invalid" });
  });
});
