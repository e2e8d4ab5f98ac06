import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createControlApi } from "../../../simulator/control/control-api.ts";
import { controlLive } from "../../../simulator/control/controlled-lab.ts";
import { createFleetMetrics } from "../../../simulator/control/fleet-metrics.ts";
import { LabClient } from "./lab-client.ts";

let client: LabClient;
beforeAll(async () => {
  client = await LabClient.start(3, "whole");
});
afterAll(() => client.stop());

const beginning = { seed: "whole", play: "fleet", fleetSize: 3 };

describe("a lab as a whole", () => {
  it("says what it is", async () => {
    const { body } = await client.ask("GET", "/lab/v1");
    expect(body).toMatchObject({
      ...{ seed: "whole", world: "live", clockMovable: false, underWay: null, beginning },
      phones: { total: 3, enrolled: 3, connected: 3, asking: 0 },
      serverUrl: client.lab.serverUrl,
    });
    expect(Math.abs(Date.parse(body.now) - client.world.now())).toBeLessThan(60_000);
  });

  it.each<[string, unknown, number, string]>([
    ["a span", { by: "1y" }, 409, "clock_not_held"],
    ["the end of the token", { to: "tokenExpiry" }, 409, "clock_not_held"],
    ["no span", { by: "soon" }, 400, "invalid_request"],
    ["nothing", {}, 400, "invalid_request"],
    ["backwards", { by: "-1d" }, 400, "invalid_request"],
  ])("has the clock of everybody, which isn't moved by %s", async (_name, body, status, code) => {
    const answer = await client.ask("POST", "/lab/v1/clock/advance", body);
    expect(answer).toMatchObject({ status, body: { code } });
    expect((await client.ask("GET", "/lab/v1/clock")).body).toMatchObject({ movable: false });
  });

  it("is kept, listed, restored, exported, imported and forgotten", async () => {
    const taken = await client.ask("POST", "/lab/v1/snapshots", { name: "first" });
    expect(taken).toMatchObject({ status: 201, body: { name: "first", seed: "whole", phoneCount: 3 } });
    expect(await client.ask("POST", "/lab/v1/snapshots", { name: "first" })).toMatchObject({
      status: 409,
      body: { code: "already_exists" },
    });
    await client.lab.admin.post("/api/v1/groups", { id: "late", name: "Late" });
    const groups = async () =>
      (await client.lab.admin.get<{ items: { id: string }[] }>("/api/v1/groups")).items.map(({ id }) => id);
    expect(await groups()).toContain("late");
    expect((await client.ask("POST", "/lab/v1/restore", { name: "first" })).status).toBe(200);
    expect(await groups()).not.toContain("late");

    const file = await client.world.request(`${client.api.url}/lab/v1/export?snapshot=first`, {
      headers: { authorization: `Bearer ${client.api.key}` },
    });
    expect(file.body.length).toBe(taken.body.bytes);
    const damaged = Buffer.from(file.body);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 9) ^ 1, damaged.length - 9);
    expect(await client.ask("POST", "/lab/v1/import", damaged)).toMatchObject({
      status: 400,
      body: { code: "snapshot_damaged" },
    });
    const newer = Buffer.from(
      file.body.toString("latin1").replace("pippin-lab 1 ", "pippin-lab 2 "),
      "latin1",
    );
    expect(await client.ask("POST", "/lab/v1/import", newer)).toMatchObject({
      status: 409,
      body: { code: "snapshot_too_new" },
    });
    // Both were refused before anything was touched.
    expect((await client.ask("GET", "/lab/v1")).body).toMatchObject({ phones: { total: 3, enrolled: 3 } });
    expect((await client.ask("DELETE", "/lab/v1/snapshots/first")).status).toBe(204);
    expect((await client.ask("GET", "/lab/v1/snapshots")).body).toEqual({ items: [] });
    expect(await client.ask("DELETE", "/lab/v1/snapshots/first")).toMatchObject({ status: 404 });
    expect(await client.ask("POST", "/lab/v1/import", file.body)).toMatchObject({
      status: 200,
      body: { phoneCount: 3, seed: "whole" },
    });
  });

  it.each(["", ".hidden", "a/b", "..", "x".repeat(65)])("takes no snapshot named “%s”", async (name) => {
    expect(await client.ask("POST", "/lab/v1/snapshots", { name })).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
  });

  it("keeps everybody off while it is moved", async () => {
    const control = controlLive(client.lab);
    const metrics = createFleetMetrics(control);
    const handle = createControlApi({ control, metrics }, "key");
    const ask = async (path: string, body?: string) => {
      const headers = { authorization: "Bearer key" };
      const method = body === undefined ? "GET" : "POST";
      const request = new Request(`http://lab${path}`, { method, headers, ...(body ? { body } : {}) });
      const answer = await handle(request);
      return { status: answer.status, body: (await answer.json()) as { code?: string; underWay?: string } };
    };
    const moving = control.keeping.snapshot("busy");
    const refusals = [await ask("/lab/v1/phones"), await ask("/lab/v1/snapshots", '{"name":"too"}')];
    expect((await ask("/lab/v1")).body).toMatchObject({ underWay: "takes a snapshot" });
    expect(await moving).toMatchObject({ name: "busy" });
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect((await ask("/lab/v1/phones")).status).toBe(200);
    metrics.close();
  });
});
