import { describe, expect, it } from "vitest";
import { NetworkError } from "../../shared/world.ts";
import { pages } from "./fake-apple.ts";
import { settle } from "./fake-world.ts";
import { PhoneLab, startLab, udid } from "./phone-lab.ts";

const query = { RequestType: "DeviceInformation", Queries: ["UDID"] };
const install = {
  RequestType: "InstallApplication",
  iTunesStoreID: Number(pages.adamId),
  Options: { PurchaseMethod: 1 },
};

describe("results", () => {
  it("are sent again after a reconnect until the server has them", async () => {
    const lab = await startLab();
    const result = await lab.connection.command("one", query);
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.reports).toEqual([result]);
    lab.connection.acknowledge();
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.reports).toEqual([{ Status: "Idle", UDID: udid }]);
  });

  it("count as received when another command comes, but not when the same one does", async () => {
    const lab = await startLab();
    const first = await lab.connection.command("one", query);
    expect(await lab.connection.command("one", query)).toEqual(first);
    expect(lab.saved.unreceived).toMatchObject([{ commandUUID: "one" }]);
    await lab.connection.command("two", query);
    expect(lab.saved.unreceived).toMatchObject([{ commandUUID: "two" }]);
  });

  it("don't count as received by a message that was on its way before they were sent", async () => {
    const lab = await startLab();
    // Two commands at once: the second says nothing about the first one's result.
    lab.connection.send({ CommandUUID: "one", Command: query });
    lab.connection.send({ CommandUUID: "two", Command: query });
    await settle();
    expect(lab.connection.reports.map((report) => report.CommandUUID)).toEqual([undefined, "one", "two"]);
    expect(lab.saved.unreceived).toMatchObject([{ commandUUID: "one" }, { commandUUID: "two" }]);
    lab.connection.close(1006);
    await lab.world.advance(1_000);
    expect(lab.connection.reports.map((report) => report.CommandUUID)).toEqual(["one", "two"]);
  });

  it("come from memory when a command comes twice, even much later and after a restart", async () => {
    const lab = await startLab();
    const first = await lab.connection.command("install", install);
    await lab.answer({ choice: "cancel" });
    for (let n = 0; n < 254; n += 1) await lab.connection.command(`filler-${n}`, query);
    await lab.phone.stop();
    await lab.start();
    expect(await lab.connection.command("install", install)).toEqual(first);
    expect(lab.phone.view().prompt).toBeNull();
    expect(lab.eventsOf("command.duplicate")).toMatchObject([{ commandUUID: "install", side: "phone" }]);
    expect(lab.saved.performed.length).toBeLessThanOrEqual(256);
  });

  it("of a command that comes again while it is being performed is given once it is there", async () => {
    const lab = await startLab();
    lab.apple.isUnreachable = true;
    lab.connection.send({ CommandUUID: "install", Command: install });
    await settle();
    lab.connection.close(1006);
    lab.apple.isUnreachable = false;
    await lab.world.advance(3_000);
    expect(await lab.connection.command("install", install)).toMatchObject({ State: "Prompting" });
    expect(lab.eventsOf("command.performed")).toHaveLength(1);
  });

  it("are kept for a bounded number of commands", async () => {
    const lab = await startLab();
    for (let n = 0; n < 300; n += 1) await lab.connection.command(`c-${n}`, query);
    await lab.phone.stop();
    expect(lab.saved.performed).toHaveLength(256);
    expect(lab.saved.performed.at(-1)?.commandUUID).toBe("c-299");
  });
});

describe("NotNow", () => {
  it("is forgotten by the phone, which polls by itself when it is unlocked", async () => {
    const lab = await startLab();
    lab.phone.lock();
    expect(await lab.connection.command("one", install)).toEqual({
      Status: "NotNow",
      UDID: udid,
      CommandUUID: "one",
    });
    lab.connection.acknowledge();
    await settle();
    expect(lab.saved.performed).toEqual([]);
    lab.phone.unlock();
    expect(lab.connection.last).toEqual({ Status: "Idle", UDID: udid });
    expect(await lab.connection.command("one", install)).toMatchObject({ State: "Prompting" });
    expect(lab.eventsOf("command.deferred")).toMatchObject([{ commandUUID: "one" }]);
  });

  it("leads to no poll when something else was the last word", async () => {
    const lab = await startLab();
    lab.phone.lock();
    await lab.connection.command("one", install);
    await lab.connection.command("two", query);
    const count = lab.connection.received.length;
    lab.phone.unlock();
    await settle();
    expect(lab.connection.received).toHaveLength(count);
  });

  it("outlasts a restart: a locked phone is still locked", async () => {
    const lab = await startLab();
    lab.phone.lock();
    await settle();
    await lab.phone.kill();
    await lab.start();
    expect(lab.phone.view().locked).toBe(true);
  });
});

describe("reconnecting", () => {
  it("waits longer each time, up to a minute, with full jitter", async () => {
    const lab = await startLab();
    lab.server.connectError = new NetworkError("refused", "nobody listens");
    const waits: (number | undefined)[] = [];
    lab.connection.close(1006);
    await settle();
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const wait = lab.world.nextTimerMs;
      waits.push(wait);
      await lab.world.advance(wait ?? 0);
    }
    // Half of each ceiling, since chance says 0.5.
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(lab.eventsOf("connection.refused").at(-1)).toMatchObject({ code: "refused", side: "phone" });
    lab.world.chance = () => 0.999;
    await lab.world.advance(30_000);
    expect(lab.world.nextTimerMs).toBe(59_940);
  });

  it("starts over after a connection that lasted, and not after one that didn't", async () => {
    const lab = await startLab();
    const waitAfterClose = async (): Promise<number | undefined> => {
      lab.connection.close(1006);
      await settle();
      const wait = lab.world.nextTimerMs;
      await lab.world.advance(wait ?? 0);
      return wait;
    };
    expect([await waitAfterClose(), await waitAfterClose(), await waitAfterClose()]).toEqual([
      500, 1_000, 2_000,
    ]);
    await lab.world.advance(10_000);
    expect(await waitAfterClose()).toBe(500);
  });

  it.each([1001, 1013])(
    "spreads widely after close code %i, with which a whole fleet is sent away",
    async (code) => {
      const lab = await startLab();
      lab.connection.close(code, "stopping");
      await settle();
      expect(lab.world.nextTimerMs).toBe(5_000);
      expect(lab.phone.view()).toMatchObject({ connected: false, enrolled: true });
      await lab.world.advance(5_000);
      expect(lab.phone.view()).toMatchObject({ connected: true, trouble: null });
    },
  );

  it("tells the person what is wrong", async () => {
    const lab = await startLab();
    lab.server.connectError = new NetworkError("unreachable", "no way");
    lab.connection.close(1006);
    await lab.world.advance(500);
    expect(lab.phone.view().trouble).toEqual({
      code: "unavailable",
      message: "can't reach the server at ws://mdm.test:8080/mdm/channel (unreachable), trying again in 1 s",
    });
  });

  it("keeps the enrolment when the proof is turned down", async () => {
    const lab = await startLab();
    lab.connection.close(4401, "try again");
    await lab.world.advance(1_000);
    expect(lab.server.connections).toHaveLength(2);
    expect(lab.phone.view()).toMatchObject({ enrolled: true, connected: true });
  });

  it("gives up when the server no longer knows the phone, and drops the enrolment", async () => {
    const lab = await startLab();
    lab.connection.close(4404, "not enrolled");
    await lab.world.advance(600_000);
    expect(lab.server.connections).toHaveLength(1);
    expect(lab.phone.view()).toMatchObject({
      status: "unenrolled",
      enrolled: false,
      trouble: { code: "not_found" },
    });
    expect(lab.saved.enrollment).toBeNull();
    await lab.phone.stop();
    await lab.start();
    expect(lab.phone.view()).toMatchObject({ status: "enrolled", connected: true });
  });

  it("gives up when another connection took over, but stays enrolled", async () => {
    const lab = await startLab();
    lab.connection.close(4409, "replaced");
    await lab.world.advance(600_000);
    expect(lab.server.connections).toHaveLength(1);
    expect(lab.phone.view()).toMatchObject({ status: "replaced", enrolled: true, connected: false });
  });

  it("does not wait for ever for a welcome", async () => {
    const lab = new PhoneLab();
    const { network } = lab.world;
    let connections = 0;
    lab.world.network = {
      ...network,
      connect: async (url, options, handlers) => {
        connections += 1;
        if (connections > 1) return network.connect(url, options, handlers);
        return {
          protocol: options.protocols[0] ?? "",
          bufferedBytes: 0,
          send: () => undefined,
          close: () => undefined,
          terminate: () => undefined,
        };
      },
    };
    await lab.start();
    expect(lab.phone.view().connected).toBe(false);
    await lab.world.advance(11_000);
    expect(lab.phone.view()).toMatchObject({ enrolled: true, connected: true });
  });
});

describe("a message that makes no sense", () => {
  it.each([
    ["is no property list", Buffer.from("garbage"), false],
    ["is text on a binary channel", Buffer.from("<plist/>"), true],
  ])("(it %s) ends the connection, and the phone comes back", async (_name, bytes, isText) => {
    const lab = await startLab();
    lab.connection.sendBytes(bytes, isText);
    await settle();
    expect(lab.connection.left).toMatchObject({ code: 4400 });
    await lab.world.advance(1_000);
    expect(await lab.connection.command("one", query)).toMatchObject({ Status: "Acknowledged" });
  });

  it("(a command without a CommandUUID) does the same", async () => {
    const lab = await startLab();
    lab.connection.send({ Command: query });
    await settle();
    expect(lab.connection.left).toMatchObject({ code: 4400 });
  });

  it("(far too many at once) does the same", async () => {
    const lab = await startLab();
    for (let n = 0; n < 100; n += 1) lab.connection.send({ CommandUUID: `c-${n}`, Command: query });
    await lab.world.advance(0);
    expect(lab.connection.left).toMatchObject({ code: 4400 });
  });
});

describe("stopping", () => {
  it("leaves the channel in good order", async () => {
    const lab = await startLab();
    await lab.phone.stop();
    expect(lab.connection.left).toEqual({ code: 1000, reason: "the phone leaves" });
    expect(lab.phone.view()).toMatchObject({ status: "stopped", connected: false });
    await lab.phone.stop();
  });

  it("ends also what waits for the network", async () => {
    const lab = new PhoneLab();
    lab.world.network = {
      request: () => new Promise(() => undefined),
      connect: () => new Promise(() => undefined),
    };
    await lab.start();
    await lab.phone.stop();
    expect(lab.phone.view().status).toBe("stopped");
  });

  it("by pulling the battery in the middle of a command keeps its result back", async () => {
    const lab = await startLab();
    lab.world.disk.afterWrite = () => void lab.phone.kill();
    lab.connection.send({ CommandUUID: "one", Command: query });
    await settle();
    expect(lab.saved.performed).toHaveLength(1);
    expect(lab.connection.reports).toHaveLength(1);
    lab.world.disk.afterWrite = () => undefined;
    await lab.start();
    expect(lab.connection.reports).toMatchObject([{ CommandUUID: "one", Status: "Acknowledged" }]);
  });

  it("by pulling the battery says nothing", async () => {
    const lab = await startLab();
    await lab.phone.kill();
    await settle();
    expect(lab.connection.left).toBe("without a word");
  });
});
