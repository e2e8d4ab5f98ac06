import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkForm } from "../../../simulator/checks/check-form.ts";
import { checkTrace, parseTrace } from "../../../simulator/checks/check-trace.ts";
import { checkWire } from "../../../simulator/checks/check-wire.ts";
import { readTrace } from "../../../simulator/checks/trace-reading.ts";
import { startLiveLab, type RunningLab } from "../../../simulator/lab.ts";
import { journey } from "../../../simulator/scenarios/journey.ts";

let folder: string;
let lab: RunningLab | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pippin-live-"));
});
afterEach(async () => {
  await lab?.stop();
  lab = undefined;
  await rm(folder, { recursive: true, force: true });
});

const options = { progress: () => undefined, host: "127.0.0.1", serverPort: 0, applePort: 0 };

describe("the journey in the live world", () => {
  it("passes over real sockets, and its trace holds every message and breaks no rule", async () => {
    const tracePath = join(folder, "trace.ndjson");
    lab = await startLiveLab({ ...options, seed: "live", tracePath, protocol: "mdm.plist.xml" });
    const { adminKey, controlKey } = lab;
    const summary = await journey.run(lab);
    expect(summary.failures).toEqual([]);
    expect(summary).toMatchObject({ passed: true, drift: 0, violations: [], devices: 44, users: 40 });
    await lab.stop();
    lab = undefined;
    const events = parseTrace(await readFile(tracePath, "utf8"));
    expect(events.length).toBeGreaterThan(3_000);
    expect(checkTrace(events, { secrets: [adminKey, controlKey] })).toEqual([]);
  });

  it("goes on where it was when the lab is started again on its folder, phones and all", async () => {
    const dataDirectory = join(folder, "lab");
    lab = await startLiveLab({ ...options, seed: "first", dataDirectory });
    expect((await journey.run(lab)).failures).toEqual([]);
    // The phones know the server by its address.
    const serverPort = Number(new URL(lab.serverUrl).port);
    await lab.stop();

    const tracePath = join(folder, "trace.ndjson");
    lab = await startLiveLab({ ...options, seed: "second", dataDirectory, serverPort, tracePath });
    expect(lab.resumed).toBe(true);
    expect(lab.phones).toHaveLength(44);
    const ledger = await lab.admin.get<{ drift: number; violations: string[] }>("/api/v1/ledger/check");
    expect(ledger).toMatchObject({ drift: 0, violations: [] });
    const { phones, world } = lab;
    const allBack = () => phones.every((one) => one.view().connected);
    for (let tries = 0; !allBack() && tries < 1_200; tries += 1) await world.sleep(50);
    expect(allBack()).toBe(true);
    const phone = lab.phones.find((one) => one.view().apps.some((app) => app.installed));
    const { commandUUID } = await lab.admin.post<{ commandUUID: string }>(
      `/api/v1/devices/${phone?.config.udid ?? ""}/commands`,
      { command: { RequestType: "ManagedApplicationList" } },
    );
    let state = "";
    for (let tries = 0; state !== "acknowledged" && tries < 300; tries += 1) {
      ({ state } = await lab.admin.get<{ state: string }>(`/api/v1/commands/${commandUUID}`));
      await lab.world.sleep(50);
    }
    expect(state).toBe("acknowledged");
    await lab.stop();
    lab = undefined;
    // It begins in the middle of everybody's life, so only its form and its messages can be checked.
    const trace = readTrace(parseTrace(await readFile(tracePath, "utf8")));
    expect(trace.wires.size).toBeGreaterThan(100);
    expect([...checkForm(trace), ...checkWire(trace)]).toEqual([]);
  });
});
