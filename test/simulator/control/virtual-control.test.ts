import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLiveWorld } from "../../../shared/live-world.ts";
import type { TraceEvent } from "../../../shared/trace.ts";
import { startControl, type RunningControl } from "../../../simulator/control/start-control.ts";
import { controlVirtual, type VirtualControl } from "../../../simulator/control/virtual-control.ts";
import { LabClient } from "./lab-client.ts";
import { decodeArchive, encodeArchive } from "../../../simulator/snapshots/archive.ts";
import { beginLab } from "../../../simulator/fleet/beginning.ts";

const world = createLiveWorld();
const beginning = { seed: "still", play: "fleet", fleetSize: 3 } as const;
const pages = "361309726";
let control: VirtualControl;
let api: RunningControl;
const events: TraceEvent[] = [];

beforeAll(async () => {
  control = await controlVirtual(world, {
    ...{ lab: { seed: "still", progress: () => undefined }, host: "127.0.0.1" },
    ports: { server: 0, apple: 0 },
  });
  api = await startControl(world, control, { host: "127.0.0.1", port: 0 });
  control.onEvent((event) => events.push(event));
  const { lab: inside } = control;
  await control.drive(() =>
    Promise.resolve(inside.keeper?.begin(beginning, () => beginLab(inside, beginning))),
  );
});
afterAll(async () => {
  await api.stop();
  await control.stop();
});

async function send(url: string, key: string, method: string, body?: unknown) {
  const answer = await world.request(url, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // What an answer has is for the expectations to say.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return { status: answer.status, body: JSON.parse(answer.body.toString("utf8")) as any };
}
const lab = (method: string, path: string, body?: unknown) =>
  send(`${api.url}/lab/v1${path}`, api.key, method, body);
const admin = (method: string, path: string, body?: unknown) =>
  send(`${control.serverUrl}/api/v1${path}`, control.lab.adminKey, method, body);

/** What happens in a day in which everybody is to get an app. */
async function aDayOf(): Promise<TraceEvent[]> {
  events.length = 0;
  const { items } = (await admin("GET", "/groups")).body;
  const everyone = items.find(({ name }: { name: string }) => name === "Everyone");
  const body = { adamId: pages, groupId: everyone.id, action: "required" };
  expect((await admin("POST", "/deployments", body)).status).toBe(201);
  expect((await lab("POST", "/clock/advance", { by: "1d" })).status).toBe(200);
  return [...events];
}

describe("a virtual lab behind real ports", () => {
  it("stands still between calls, and goes as far as it is told", async () => {
    const before = (await lab("GET", "/clock")).body;
    expect(before).toMatchObject({ movable: true, now: expect.stringMatching(/^2016-06-15T08:0/) as string });
    await world.sleep(50);
    expect((await lab("GET", "/clock")).body).toEqual(before);
    expect((await lab("POST", "/clock/advance", { by: "90m" })).body).toMatchObject({
      advancedMs: 5_400_000,
    });
    const after = Date.parse((await lab("GET", "/clock")).body.now as string);
    expect(after - Date.parse(before.now as string)).toBe(5_400_000);
    expect(await lab("POST", "/clock/advance", { to: before.now })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
  });

  it("answers at the server's and at Apple's address", async () => {
    expect((await admin("GET", "/devices")).body.items).toHaveLength(3);
    const { appleUrl, lab: inside } = control;
    const apple = await send(`${appleUrl}/control/v1/organisations`, inside.controlKey, "GET");
    expect(apple.body.organisations).toHaveLength(1);
    expect(await send(`${control.serverUrl}/api/v1/devices`, "pk_wrong", "GET")).toMatchObject({
      status: 401,
    });
    const stream = await world.request(`${control.serverUrl}/api/v1/events/stream`, {
      headers: { authorization: `Bearer ${inside.adminKey}`, accept: "text/event-stream" },
    });
    expect(stream.status).toBe(409);
  });

  it("has what was due by then behind it, and begins anew the same way byte for byte", async () => {
    await lab("POST", "/reset", {});
    const first = await aDayOf();
    expect(first.filter(({ event }) => event === "prompt.answered").length).toBeGreaterThan(0);
    const there = (await lab("GET", "/phones")).body;
    expect(there.items.map(({ appCount }: { appCount: number }) => appCount)).toContain(1);

    await lab("POST", "/snapshots", { name: "evening" });
    expect((await lab("POST", "/reset", {})).body).toEqual(beginning);
    expect((await lab("GET", "/phones")).body.items).toMatchObject([
      { appCount: 0 },
      { appCount: 0 },
      { appCount: 0 },
    ]);
    const second = await aDayOf();
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));

    // What was kept is kept still, and has its apps and its time.
    await lab("POST", "/reset", {});
    const restored = (await lab("POST", "/restore", { name: "evening" })).body;
    expect((await lab("GET", "/clock")).body.now.slice(0, 16)).toBe(restored.takenAt.slice(0, 16));
    await lab("POST", "/clock/advance", { by: "10m" });
    const again = (await lab("GET", "/phones")).body.items as Record<string, unknown>[];
    expect(again.map(({ appCount, connected }) => ({ appCount, connected }))).toEqual(
      (there.items as Record<string, unknown>[]).map(({ appCount }) => ({ appCount, connected: true })),
    );
    expect((await lab("GET", "/snapshots")).body.items).toMatchObject([{ name: "evening" }]);
  });

  it("goes on with a lab of another time, as it was then", async () => {
    const other = await LabClient.start(2, "today");
    const bytes = await other.lab.keeper?.export();
    const serials = other.lab.phones.map(({ config }) => config.serialNumber);
    await other.stop();
    if (bytes === undefined) throw new Error("nothing was exported");
    await expect(control.keeping.import(bytes.subarray(1))).rejects.toMatchObject({
      code: "snapshot_damaged",
    });
    await control.keeping.import(bytes);
    await lab("POST", "/clock/advance", { by: "10m" });
    const { items } = (await lab("GET", "/phones")).body;
    expect(items.map((one: { serialNumber: string }) => one.serialNumber)).toEqual(serials);
    // Certificates of today would not be valid yet in 2016.
    expect(items).toMatchObject([{ connected: true }, { connected: true }]);
    expect(Math.abs(Date.parse((await lab("GET", "/clock")).body.now as string) - world.now())).toBeLessThan(
      3_600_000,
    );
    // The other way round there is no going back.
    const here = await control.keeping.export();
    const later = encodeArchive({ ...decodeArchive(here), takenAt: "2099-01-01T00:00:00.000Z" });
    const live = await LabClient.start(0, "today");
    expect(await live.ask("POST", "/lab/v1/import", later)).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    await live.stop();
    await lab("POST", "/reset", {});
  });

  it("goes on to the day on which the token expires", async () => {
    const { body } = await lab("POST", "/clock/advance", { to: "tokenExpiry" });
    const token = (await admin("GET", "/vpp/token")).body;
    expect(Date.parse(body.now as string)).toBeGreaterThanOrEqual(Date.parse(token.expiresAt as string));
    expect(token).toMatchObject({ state: "expired" });
  });
});
