import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabClient } from "../simulator/control/lab-client.ts";

const page = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");

interface Described {
  readonly type: string;
  readonly labels: readonly string[];
}

/** The rows of the table under a heading, by name. */
function documented(heading: string): Map<string, Described> {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  const rows = [...section.matchAll(/^\| `(pippin_\w+)` +\| (\w+) +\| ([^|]*?) +\|/gm)];
  return new Map(
    rows.map(([, name = "", type = "", labels = ""]) => [
      name,
      { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label) },
    ]),
  );
}

/** What is exported, with the labels that were seen. */
function exported(text: string): Map<string, Described> {
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  return new Map(
    types.map(([, name = "", type = ""]) => {
      const samples = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, "gm"))];
      const labels = samples.flatMap(([, pairs = ""]) =>
        [...pairs.matchAll(/(\w+)="/g)].map(([, one = ""]) => one),
      );
      return [name, { type, labels: [...new Set(labels)].filter((label) => label !== "le") }];
    }),
  );
}

let client: LabClient;
beforeAll(async () => {
  client = await LabClient.start(3, "metrics");
});
afterAll(() => client.stop());

const texts = {
  "The server": async () => {
    const { serverUrl, adminKey } = client.lab;
    const headers = { authorization: `Bearer ${adminKey}` };
    return (await client.world.request(`${serverUrl}/metrics`, { headers })).body.toString("utf8");
  },
  "The fleet": async () => (await client.ask("GET", "/metrics")).body as string,
} as const;

describe.each(["The server", "The fleet"] as const)("%s", (heading) => {
  it("exports what docs/metrics.md lists, and nothing else", async () => {
    const [listed, found] = [documented(heading), exported(await texts[heading]())];
    expect(found.size).toBeGreaterThan(5);
    expect([...found.keys()].sort()).toEqual([...listed.keys()].sort());
    for (const [name, { type, labels }] of found) {
      expect(type, name).toBe(listed.get(name)?.type);
      // A counter that never counted shows no label.
      for (const label of labels) expect(listed.get(name)?.labels, name).toContain(label);
    }
  });
});

describe("the metrics of the fleet", () => {
  const sample = async (name: string) => {
    const found = (await texts["The fleet"]()).split("\n").find((line) => line.startsWith(`${name} `));
    return found === undefined ? undefined : Number(found.slice(name.length + 1));
  };

  it("tell what the phones are, and what they did", async () => {
    expect(await sample('pippin_fleet_phones{status="enrolled"}')).toBe(3);
    expect(await sample('pippin_fleet_phones{status="off"}')).toBe(0);
    expect(await sample("pippin_fleet_connected_phones")).toBe(3);
    expect(await sample("pippin_fleet_held_phones")).toBe(3);
    expect(await sample("pippin_fleet_reconnects_total")).toBe(0);

    const [one] = client.lab.phones;
    const { serialNumber, udid } = one?.config ?? { serialNumber: "", udid: "" };
    await client.act(serialNumber, "hand", { heldBy: "nobody" });
    await client.act(serialNumber, "lock");
    // One that a busy phone answers at any time, and one that it puts off.
    await client.act(serialNumber, "busy", { on: true });
    for (const RequestType of ["ProfileList", "SecurityInfo"])
      await client.lab.admin.post(`/api/v1/devices/${udid}/commands`, { command: { RequestType } });
    const answered = (status: string) => sample(`pippin_fleet_commands_answered_total{status="${status}"}`);
    for (let tries = 0; tries < 200 && (await answered("NotNow")) === undefined; tries += 1)
      await client.world.sleep(20);
    expect(await answered("Acknowledged")).toBe(1);
    expect(await answered("NotNow")).toBeGreaterThanOrEqual(1);
    await client.act(serialNumber, "airplane", { on: true });
    await client.until("off the network", serialNumber, ({ connected }) => connected === false);
    expect(await sample("pippin_fleet_connected_phones")).toBe(2);
    expect(await sample("pippin_fleet_airplane_phones")).toBe(1);
    expect(await sample("pippin_fleet_locked_phones")).toBe(1);
    expect(await sample("pippin_fleet_held_phones")).toBe(2);
    expect(await sample("pippin_fleet_connections_lost_total")).toBe(1);
    await client.act(serialNumber, "airplane", { on: false });
    await client.until("back", serialNumber, ({ connected }) => connected === true);
    expect(await sample("pippin_fleet_reconnects_total")).toBe(1);
  });

  it("make no series of a phone's own: names and serial numbers stay out", async () => {
    const text = await texts["The fleet"]();
    for (const { config } of client.lab.phones)
      for (const own of [config.udid, config.serialNumber, config.deviceName])
        expect(text).not.toContain(own);
  });
});
