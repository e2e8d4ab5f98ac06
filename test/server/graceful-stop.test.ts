import { describe, expect, it, onTestFinished } from "vitest";
import { openLowdbStore } from "../../server/store/lowdb-store.ts";
import { closeCodes, returnWithinMsOf } from "../../shared/channel.ts";
import { FaultyDisk } from "../support/faulty-disk.ts";
import { Harness } from "./channel/harness.ts";
import { settle } from "./fake-world.ts";
import { adminKey, startLiveServer } from "./hostile/live-server.ts";
import { udidOf } from "./test-server.ts";

const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };

describe("an orderly stop", () => {
  it("answers the request under way, keeps what it acknowledged in a checkpoint, and lets the port go", async () => {
    const disk = new FaultyDisk();
    const { world, server } = await startLiveServer({ disk });
    const release = disk.hold();
    const answer = world.request(`${server.url}/api/v1/groups`, {
      method: "POST",
      headers,
      body: '{"id":"sales","name":"Sales"}',
    });
    // It is at the disk, and stays there.
    const appends = disk.count("append");
    while (disk.count("append") === appends) await settle();
    let stopped = false;
    const stopping = server.stop().then(() => (stopped = true));
    for (let turns = 0; turns < 50; turns += 1) await settle();
    expect(stopped).toBe(false);
    release();
    expect((await answer).status).toBe(201);
    await stopping;
    await expect(world.request(`${server.url}/healthz`)).rejects.toMatchObject({ code: "refused" });

    const [journal, document] = disk.fileNames().filter((name) => name !== "secret.key");
    expect(disk.content(journal ?? "")).toHaveLength(0);
    expect(disk.content(document ?? "").toString()).toContain('"sales": {"id":"sales"');
  });

  it("says at once that it is no longer ready, and still that it is alive", async () => {
    const disk = new FaultyDisk();
    const { world, server, open } = await startLiveServer({ disk });
    const release = disk.hold();
    onTestFinished(() => release());
    const slow = world.request(`${server.url}/api/v1/groups`, {
      method: "POST",
      headers,
      body: '{"id":"sales","name":"Sales"}',
    });
    const appends = disk.count("append");
    while (disk.count("append") === appends) await settle();
    // A connection from before: new ones are refused as soon as the listener closes.
    const probe = await open();
    let said = "";
    probe.on("data", (data) => (said += data.toString()));
    const stopping = server.stop();
    probe.write("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let turns = 0; turns < 200 && !said.includes("failing"); turns += 1) await settle();
    expect(said).toMatch(/^HTTP\/1\.1 503/);
    expect(said).toContain('"failing":["running"]');
    release();
    expect((await slow).status).toBe(201);
    await stopping;
  });

  it("tells each phone to come back within a time, once its result is stored", async () => {
    const disk = new FaultyDisk();
    const store = await openLowdbStore({ disk, directory: "/data" });
    const server = new Harness({ store });
    const phone = await server.enrol(udidOf(1));
    const id = await server.queue(udidOf(1));
    phone.idle();
    expect(await phone.nextCommand()).toBe(id);
    const idle = await server.enrol(udidOf(2));
    const release = disk.hold();
    phone.answer(id);
    await settle();
    const stopping = server.channel.stop();
    for (let turns = 0; turns < 20; turns += 1) await settle();
    expect(phone.closed).toBeUndefined();
    release();
    await stopping;
    expect(await phone.next()).toEqual({});
    for (const { closed } of [phone, idle]) {
      expect(closed?.code).toBe(closeCodes.goingAway);
      expect(returnWithinMsOf(closed?.reason ?? "")).toBe(10_000);
    }
    await store.close();
    const again = await openLowdbStore({ disk: disk.restarted(), directory: "/data" });
    expect((await again.read((reader) => reader.get("commands", id)))?.state).toBe("acknowledged");
  });
});
