import { beforeEach, describe, expect, it } from "vitest";
import { ScreenClient } from "./screen-client.ts";
import { standInPrompt, StandInPhone, StandInRack } from "./stand-ins.ts";

let phones: StandInPhone[];
let rack: StandInRack;
let client: ScreenClient;
beforeEach(async () => {
  phones = ["a", "b", "c"].map((udid) => new StandInPhone({ udid, serialNumber: `S-${udid}` }));
  rack = new StandInRack(phones);
  client = await new ScreenClient(rack).enter();
});

describe("the stream of a phone", () => {
  it("tells what is to be seen at once, and then the latest of what changed meanwhile", async () => {
    const reader = await client.read("/phones/a/stream");
    expect(await reader.next()).toMatchObject([
      { event: "phone", data: { udid: "a", serialNumber: "S-a", locked: false, prompt: null } },
    ]);
    for (let times = 0; times < 50; times += 1) phones[0]?.show({ locked: times % 2 === 0 });
    phones[0]?.show({ prompt: standInPrompt("programTerms") });
    client.clock.pass(100);
    expect(await reader.next()).toMatchObject([
      { data: { locked: false, prompt: { kind: "programTerms" } } },
    ]);
    await reader.leave();
  });

  it("goes on with the object that a phone becomes", async () => {
    const reader = await client.read("/phones/a/stream");
    await reader.next();
    const another = new StandInPhone({ udid: "a", serialNumber: "S-a" }, { status: "off" });
    rack.list.splice(0, 1, ...new StandInRack([another]).list);
    client.clock.pass(2_000);
    expect(await reader.next()).toMatchObject([{ data: { status: "off" } }]);
    expect(phones[0]?.listenerCount).toBe(0);
    await reader.leave();
    expect(another.listenerCount).toBe(0);
  });

  it("ends when the phone is gone, and not while all are on their way", async () => {
    const reader = await client.read("/phones/a/stream");
    await reader.next();
    rack.isMoving = true;
    client.clock.pass(5_000);
    rack.isMoving = false;
    phones[0]?.show({ busy: true });
    expect(await reader.next()).toMatchObject([{ event: "phone", data: { busy: true } }]);
    rack.list.shift();
    client.clock.pass(2_000);
    expect(await reader.next()).toEqual([{ event: "end", data: { reason: "gone" } }]);
    expect(await reader.next()).toBeUndefined();
    expect(client.screen.openStreamCount).toBe(0);
  });
});

describe("the stream of the wall", () => {
  it("tells all phones first, then those that changed, twice a second at most", async () => {
    const reader = await client.read("/wall/stream");
    const [first] = (await reader.next()) ?? [];
    expect(first).toMatchObject({ event: "wall", data: { isFirst: true, gone: [] } });
    expect(first?.data.phones.map(({ udid }: { udid: string }) => udid)).toEqual(["a", "b", "c"]);
    for (let times = 0; times < 20; times += 1) phones[1]?.show({ locked: true });
    phones[2]?.show({ prompt: standInPrompt("appInstallation") });
    let isTold = false;
    const next = reader.next().then((told) => {
      isTold = true;
      return told;
    });
    client.clock.pass(450);
    await Promise.resolve();
    expect(isTold).toBe(false);
    client.clock.pass(100);
    const [second] = (await next) ?? [];
    expect(second?.data).toMatchObject({
      isFirst: false,
      phones: [
        { udid: "b", locked: true },
        { udid: "c", asking: "appInstallation" },
      ],
    });
    await reader.leave();
  });

  it("tells phones that come and go, and whose hand they are in", async () => {
    const reader = await client.read("/wall/stream");
    await reader.next();
    rack.list.push(...new StandInRack([new StandInPhone({ udid: "d" })]).list);
    rack.list.shift();
    await client.post("/phones/b/hand", { heldBy: "person" });
    client.clock.pass(1_100);
    const [told] = (await reader.next()) ?? [];
    expect(told?.data.gone).toEqual(["a"]);
    expect(told?.data.phones).toMatchObject([{ udid: "b", heldBy: "person" }, { udid: "d" }]);
    await reader.leave();
  });

  it("lets go of the phones when nobody looks any more", async () => {
    const readers = [await client.read("/wall/stream"), await client.read("/wall/stream")];
    expect(phones.map(({ listenerCount }) => listenerCount)).toEqual([1, 1, 1]);
    for (const reader of readers) await reader.leave();
    expect(phones.map(({ listenerCount }) => listenerCount)).toEqual([0, 0, 0]);
    expect(client.clock.waiting).toBe(0);
  });
});

describe("the streams of a screen", () => {
  it("are so many and no more, until one ends", async () => {
    const readers = [];
    for (let count = 0; count < 64; count += 1) readers.push(await client.read("/phones/a/stream"));
    const refused = await client.get("/screen/v1/wall/stream");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    await readers[0]?.leave();
    const accepted = await client.get("/screen/v1/wall/stream");
    expect(accepted.status).toBe(200);
    client.screen.close();
    expect(client.screen.openStreamCount).toBe(0);
    expect(client.clock.waiting).toBe(0);
  });

  it("keep only the latest for a reader that is slow", async () => {
    const reader = await client.read("/phones/a/stream");
    for (let times = 0; times < 20; times += 1) {
      phones[0]?.show({ deviceName: `name ${times}` });
      client.clock.pass(100);
    }
    const [, second] = [await reader.next(), await reader.next()];
    expect(second).toMatchObject([{ data: { deviceName: "name 19" } }]);
    await reader.leave();
  });

  it("say now and then that they are still there", async () => {
    const response = await client.get("/screen/v1/phones/a/stream");
    const reader = response.body!.getReader();
    await reader.read();
    const next = reader.read();
    client.clock.pass(16_000);
    expect(Buffer.from((await next).value ?? []).toString()).toBe(": still here\n\n");
    await reader.cancel();
  });
});
