import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { beginLab } from "../../../simulator/fleet/beginning.ts";
import { startLiveLab, type RunningLab } from "../../../simulator/lab.ts";
import type { LabKeeper } from "../../../simulator/snapshots/lab-keeper.ts";

const options = { progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 };
const beginning = { seed: "7", play: "fleet", fleetSize: 3 } as const;

let folder: string;
const labs: RunningLab[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pippin-keep-"));
});
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(more: { dataDirectory?: string } = {}): Promise<RunningLab> {
  const lab = await startLiveLab({ ...options, seed: "7", ...more });
  labs.push(lab);
  return lab;
}

async function begun(more: { dataDirectory?: string } = {}): Promise<RunningLab> {
  const lab = await start(more);
  const keeper = keeperOf(lab);
  await keeper.begin(beginning, async () => {
    // Meanwhile it can be looked at, and not kept.
    expect(keeper).toMatchObject({ underWay: "begins", isMoving: false });
    await expect(keeper.snapshot("early")).rejects.toMatchObject({ code: "unavailable" });
    await beginLab(lab, beginning);
  });
  return lab;
}

function keeperOf(lab: RunningLab): LabKeeper {
  if (lab.keeper === undefined) throw new Error("this lab can't be kept");
  return lab.keeper;
}

const groupNames = async (lab: RunningLab) =>
  (await lab.admin.get<{ items: { name: string }[] }>("/api/v1/groups")).items.map(({ name }) => name).sort();
const phonesOf = (lab: RunningLab) => lab.phones.map(({ config }) => `${config.serialNumber} ${config.udid}`);

async function until(what: string, lab: RunningLab, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await isSo()) return;
    await lab.world.sleep(25);
  }
  throw new Error(`waited in vain: ${what}`);
}

describe("a live lab that is kept", () => {
  it("is again as it was at the snapshot: server, Apple, phones and who holds them", async () => {
    const lab = await begun();
    const keeper = keeperOf(lab);
    const before = { groups: await groupNames(lab), phones: phonesOf(lab) };
    const [held] = lab.hands;
    if (held === undefined) throw new Error("no phone");
    await lab.setHeld(held, false);
    held.phone.setAirplane(true);
    expect(await keeper.snapshot("before")).toMatchObject({ name: "before", phoneCount: 3, seed: "7" });

    await lab.admin.post("/api/v1/groups", { id: "late", name: "Latecomers" });
    await lab.apple.post("/control/v1/apple-ids", { appleId: "late@icloud.example", password: "x" });
    const [again] = lab.hands;
    if (again === undefined) throw new Error("no phone");
    again.phone.setAirplane(false);
    await lab.setHeld(again, true);
    expect(await groupNames(lab)).toContain("Latecomers");

    await keeper.restore("before");
    expect(await groupNames(lab)).toEqual(before.groups);
    expect(phonesOf(lab)).toEqual(before.phones);
    await expect(lab.apple.get("/control/v1/apple-ids/late@icloud.example")).rejects.toMatchObject({
      code: "not_found",
    });
    expect(lab.hands.map(({ isHeld }) => isHeld)).toEqual([false, true, true]);
    expect(lab.phones[0]?.view()).toMatchObject({ airplane: true, connected: false });
    // The phones know their server, and it knows them.
    await until("the others are back", lab, () => lab.phones.slice(1).every((one) => one.view().connected));
    await keeper.snapshot("again");
    expect((await keeper.snapshots()).map(({ name }) => name)).toEqual(["again", "before"]);
    await expect(keeper.snapshot("again")).rejects.toMatchObject({ code: "already_exists" });
    await expect(keeper.restore("never")).rejects.toMatchObject({ code: "not_found" });
  });

  it("goes into another lab as a file, whose server listens elsewhere", async () => {
    const lab = await begun();
    await lab.admin.post("/api/v1/groups", { id: "moved", name: "Moved" });
    const file = await keeperOf(lab).export();
    const [phones, groups] = [phonesOf(lab), await groupNames(lab)];
    const other = await start({ dataDirectory: join(folder, "other") });
    expect(other.serverUrl).not.toBe(lab.serverUrl);
    await lab.stop();
    await keeperOf(other).import(file);
    expect(phonesOf(other)).toEqual(phones);
    expect(await groupNames(other)).toEqual(groups);
    await until("the phones find their server", other, () =>
      other.phones.every((one) => one.view().connected),
    );
    await other.stop();
    labs.length = 0;
    // It is on disk, and starts again from there.
    const later = await start({ dataDirectory: join(folder, "other") });
    expect(later.resumed).toBe(true);
    expect(phonesOf(later)).toEqual(phones);
  });

  it("begins anew from its seed: the same people and phones, and nothing of what came after", async () => {
    const lab = await begun({ dataDirectory: join(folder, "lab") });
    const [phones, groups] = [phonesOf(lab), await groupNames(lab)];
    await lab.admin.post("/api/v1/groups", { id: "late", name: "Latecomers" });
    await lab.phones[0]?.erase();
    expect(await keeperOf(lab).reset()).toEqual(beginning);
    expect(phonesOf(lab)).toEqual(phones);
    expect(await groupNames(lab)).toEqual(groups);
    expect(lab.phones.every((one) => one.view().enrolled)).toBe(true);
  });
});
