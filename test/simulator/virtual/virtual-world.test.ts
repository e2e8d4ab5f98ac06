import { describe, expect, it } from "vitest";
import type { Channel, ChannelHandlers, World } from "../../../shared/world.ts";
import { createVirtualWorld } from "../../../simulator/virtual/virtual-world.ts";

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const anyAddress = { host: "127.0.0.1", port: 0 } as const;
const silent: ChannelHandlers = { message: () => undefined, close: () => undefined };

/** A server that repeats everything, and one client connected to it. */
async function connectEcho(server: World, client: World, ends: string[] = []) {
  const listener = await server.serve({
    ...anyAddress,
    handle: async (request) => {
      if (request.url.endsWith("/slow")) await server.sleep(hourMs / 120);
      return new Response(await request.text());
    },
    channels: {
      "/echo": {
        protocols: ["echo"],
        messageBytesMax: 1_000,
        channelsMax: 10,
        open: (channel) => ({
          message: (data) => channel.send(data),
          close: (code) => ends.push(`server ${code}`),
        }),
      },
    },
  });
  const received: string[] = [];
  const channelUrl = `${listener.url.replace("http", "ws")}/echo`;
  const options = { protocols: ["echo"], messageBytesMax: 1_000 };
  const channel = await client.connect(channelUrl, options, {
    message: (data) => received.push(data.toString()),
    close: (code) => ends.push(`client ${code}`),
  });
  return { listener, channel, channelUrl, options, received };
}

describe("virtual time", () => {
  it("starts where it is told to and costs nothing", async () => {
    const startAt = Date.UTC(2030, 0, 1);
    const virtual = createVirtualWorld({ seed: 1, startAt });
    const { world } = virtual.process("sleeper");
    await virtual.run(async () => {
      for (let day = 0; day < 365; day++) await world.sleep(24 * hourMs);
    });
    expect(virtual.now()).toBe(startAt + yearMs);
  });

  it("stands still while promises and body reads are still under way", async () => {
    const virtual = createVirtualWorld({ seed: 1 });
    const { world } = virtual.process("reader");
    const order: string[] = [];
    await virtual.run(async () => {
      world.after(0.001, () => order.push("timer"));
      const body = new Response("x".repeat(500_000)).body;
      const copied = await new Response(body?.pipeThrough(new TransformStream())).text();
      for (let turn = 0; turn < 5_000; turn++) await Promise.resolve();
      const form = new FormData();
      form.set("file", new Blob([copied]), "name");
      await new Request("http://a/", { method: "POST", body: form }).formData();
      order.push("reader");
      await world.sleep(1);
    });
    expect(order).toEqual(["reader", "timer"]);
  });

  it("runs the events of one instant in an order that the seed chooses", async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const virtual = createVirtualWorld({ seed });
      const { world } = virtual.process("p");
      let order = "";
      for (const name of "abcd") world.after(10, () => (order += name));
      await virtual.advance(10);
      orders.add(order);
    }
    expect(orders.size).toBeGreaterThan(5);
  });

  it("advances by exactly so much, and leaves later events for later", async () => {
    const virtual = createVirtualWorld({ seed: 1 });
    const { world } = virtual.process("p");
    const start = virtual.now();
    const ran: number[] = [];
    for (const delayMs of [10, 20, 30]) world.after(delayMs, () => ran.push(delayMs));
    await virtual.advance(20);
    expect([ran, virtual.now() - start]).toEqual([[10, 20], 20]);
    await virtual.advance(1);
    expect([ran, virtual.now() - start]).toEqual([[10, 20], 21]);
    await virtual.advance(hourMs);
    expect([ran, virtual.now() - start]).toEqual([[10, 20, 30], hourMs + 21]);
  });

  it("tells a world that became quiet from one that goes on and on", async () => {
    const virtual = createVirtualWorld({ seed: 1 });
    const { world } = virtual.process("p");
    const start = virtual.now();
    world.after(50, () => world.after(50, () => undefined));
    expect(await virtual.runUntilQuiet({ virtualMsMax: 1_000 })).toBe(true);
    expect(virtual.now() - start).toBe(100);
    const again = () => world.after(hourMs, again);
    again();
    expect(await virtual.runUntilQuiet({ virtualMsMax: 10 * hourMs })).toBe(false);
    expect(virtual.now() - start).toBe(100 + 10 * hourMs);
  });

  it("says when nothing is left that could wake what is run, and goes on when something is", async () => {
    const virtual = createVirtualWorld({ seed: 42 });
    const { world } = virtual.process("p");
    const stuck = virtual.run(async () => {
      await world.sleep(1_000);
      await new Promise(() => undefined);
    });
    await expect(stuck).rejects.toThrow(/Nothing is left to happen .* 2016-06-15T08:00:01.000Z \(seed 42\)/);
    expect(await virtual.run(async () => world.sleep(1).then(() => "awake"))).toBe("awake");
  });

  it("reports what main throws, and what a timer throws", async () => {
    const virtual = createVirtualWorld({ seed: 1 });
    const { world } = virtual.process("p");
    const failing = virtual.run(async () => {
      await world.sleep(1);
      throw new Error("main failed");
    });
    await expect(failing).rejects.toThrow("main failed");
    world.after(1, () => {
      throw new Error("timer failed");
    });
    await expect(virtual.run(() => world.sleep(10))).rejects.toThrow("timer failed");
  });

  it("refuses to be driven twice at once", async () => {
    const virtual = createVirtualWorld({ seed: 1 });
    const { world } = virtual.process("p");
    const first = virtual.run(() => world.sleep(1));
    await expect(virtual.advance(1)).rejects.toThrow(/already running/);
    await first;
    await virtual.advance(1);
  });

  it("forgets cancelled timers without waiting for them", async () => {
    const virtual = createVirtualWorld({ seed: 1 });
    const { world } = virtual.process("p");
    const ran: number[] = [];
    const timers = Array.from({ length: 5_000 }, (_, index) => world.after(yearMs, () => ran.push(index)));
    const kept = [7, 4_000].map((index) => timers[index]);
    for (const timer of timers) if (!kept.includes(timer)) timer.cancel();
    expect(await virtual.runUntilQuiet({ virtualMsMax: 2 * yearMs })).toBe(true);
    expect(ran.sort()).toEqual([4_000, 7]);
    for (const timer of timers) timer.cancel();
  });
});

describe("chance in the virtual world", () => {
  it("is drawn by each process on its own: another process does not change it", async () => {
    const draw = (others: string[]) => {
      const virtual = createVirtualWorld({ seed: 5 });
      for (const name of others) virtual.process(name).world.uuid();
      const { world } = virtual.process("me");
      return [world.uuid(), world.random(), world.randomBytes(4).toString("hex")];
    };
    expect(draw(["x", "y"])).toEqual(draw([]));
    const virtual = createVirtualWorld({ seed: 5 });
    expect(virtual.process("a").world.uuid()).not.toBe(virtual.process("b").world.uuid());
  });

  it("gives a restarted process fresh identifiers and the next key", async () => {
    const virtual = createVirtualWorld({ seed: 5 });
    await virtual.run(async () => {
      const first = virtual.process("me");
      const id = first.world.uuid();
      const key = await first.world.generateKeyPair();
      first.kill();
      const second = virtual.process("me");
      expect(second.world.uuid()).not.toBe(id);
      expect((await second.world.generateKeyPair()).publicKeyPem).not.toBe(key.publicKeyPem);
    });
  });
});

describe("a killed process", () => {
  it("is not heard of again: timers, sleeps, requests, disk, listeners and channels", async () => {
    const virtual = createVirtualWorld({ seed: 3 });
    const server = virtual.process("server");
    const client = virtual.process("client");
    const heard: string[] = [];
    await virtual.run(async () => {
      await server.disk.makeDirectory("/data");
      const { listener } = await connectEcho(server.world, client.world);
      const { world } = server;
      const hear = (what: string) => () => heard.push(what);
      world.after(10, hear("timer"));
      void world.sleep(10).then(hear("sleep"));
      void world.request(listener.url).then(hear("request"), hear("request failed"));
      void world.disk.writeFileAtomic("/data/f", "x").then(hear("disk"), hear("disk failed"));
      void world.generateKeyPair().then(hear("key"));
      server.kill();
      server.kill();
      void world.sleep(1).then(hear("late sleep"));
      void world.request(listener.url).then(hear("late request"), hear("late request failed"));
      void world.serve({ ...anyAddress, handle: () => new Response() }).then(hear("late serve"));
      void world.connect("ws://a/", { protocols: [], messageBytesMax: 1 }, silent).then(hear("c"), hear("c"));
      void world.disk.readFile("/data/f").then(hear("late read"));
      world.after(1, hear("late timer"));
      const refused = client.world.request(listener.url);
      await expect(refused).rejects.toMatchObject({ code: "refused" });
      await client.world.sleep(hourMs);
    });
    expect(heard).toEqual([]);
    expect([server.alive, client.alive]).toEqual([false, true]);
    expect(await server.disk.readFile("/data/f")).toBeUndefined();
  });

  it("breaks its channels (1006) and the requests it was answering (reset), and its port is free again", async () => {
    const virtual = createVirtualWorld({ seed: 3 });
    const server = virtual.process("server");
    const { world } = virtual.process("client");
    const ends: string[] = [];
    await virtual.run(async () => {
      const { listener, channel } = await connectEcho(server.world, world, ends);
      const slow = world.request(`${listener.url}/slow`);
      await world.sleep(1_000);
      server.kill();
      await expect(slow).rejects.toMatchObject({ code: "reset" });
      await world.sleep(1_000);
      channel.send("nobody is there");
      expect(ends).toEqual(["client 1006"]);
      const restarted = virtual.process("server").world;
      const again = await restarted.serve({
        ...anyAddress,
        port: listener.port,
        handle: () => new Response("new"),
      });
      expect((await world.request(again.url)).body.toString()).toBe("new");
    });
  });

  it("breaks its channels at the server when it was the client", async () => {
    const virtual = createVirtualWorld({ seed: 3 });
    const server = virtual.process("server");
    const client = virtual.process("client");
    const ends: string[] = [];
    await virtual.run(async () => {
      const { channel } = await connectEcho(server.world, client.world, ends);
      channel.send("on its way");
      client.kill();
      channel.send("from the grave");
      channel.close(1000, "from the grave");
      await server.world.sleep(1_000);
    });
    expect(ends).toEqual(["server 1006"]);
  });

  it("leaves its disk to the next process of its name: what was synced, and no lock", async () => {
    const virtual = createVirtualWorld({ seed: 3 });
    const first = virtual.process("server");
    await virtual.run(async () => {
      const { disk } = first.world;
      await disk.makeDirectory("/data");
      await disk.lock("/data");
      const journal = await disk.openAppend("/data/journal");
      await journal.append("synced\n");
      void journal.append("not synced\n");
      expect((await first.disk.readFile("/data/journal"))?.toString()).toBe("synced\nnot synced\n");
      first.kill();
      expect(() => virtual.process("server").kill()).not.toThrow();
      const { disk: found } = virtual.process("server").world;
      expect((await found.readFile("/data/journal"))?.toString()).toBe("synced\n");
      await found.lock("/data");
    });
    expect(() => virtual.process("server")).toThrow(/already running/);
  });

  it("may leave all of a write that was under way, as when the power stays on", async () => {
    const virtual = createVirtualWorld({ seed: 1 });
    const process = virtual.process("server");
    await virtual.run(async () => {
      const journal = await process.world.disk.openAppend("/journal");
      void journal.append("written\n");
      process.kill({ unsynced: "kept" });
    });
    expect((await process.disk.readFile("/journal"))?.toString()).toBe("written\n");
  });

  it("may leave the beginning of a write that was under way, by the seed's choice", async () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      const virtual = createVirtualWorld({ seed });
      const process = virtual.process("server");
      await virtual.run(async () => {
        const journal = await process.world.disk.openAppend("/journal");
        await journal.append("synced\n");
        void journal.append("a line that is torn\n");
        process.kill({ unsynced: "torn" });
      });
      const left = (await process.disk.readFile("/journal"))?.toString() ?? "";
      expect("synced\na line that is torn\n".startsWith(left) && left.startsWith("synced\n")).toBe(true);
      lengths.add(left.length);
    }
    expect(lengths.size).toBeGreaterThan(3);
  });
});

describe("faults in the virtual network", () => {
  it("drops a message, and delays another with all that follow it", async () => {
    const virtual = createVirtualWorld({ seed: 8 });
    const client = virtual.process("client").world;
    await virtual.run(async () => {
      const { channel, received } = await connectEcho(virtual.process("server").world, client);
      let count = 0;
      virtual.network.interceptor = ({ kind, from }) => {
        if (kind !== "message" || from !== "client") return "deliver";
        count += 1;
        if (count === 2) return "drop";
        return count === 3 ? { delayMs: hourMs } : "deliver";
      };
      for (const text of ["1", "2", "3", "4"]) channel.send(text);
      await client.sleep(1_000);
      expect(received).toEqual(["1"]);
      await client.sleep(hourMs);
      expect(received).toEqual(["1", "3", "4"]);
      expect(channel.bufferedBytes).toBe(0);
    });
  });

  it.each(["request", "response"])("makes an exchange time out whose %s is lost", async (kind) => {
    const virtual = createVirtualWorld({ seed: 8 });
    const client = virtual.process("client").world;
    await virtual.run(async () => {
      let handled = 0;
      const { url } = await virtual.process("server").world.serve({
        ...anyAddress,
        handle: () => {
          handled += 1;
          return new Response("ok");
        },
      });
      virtual.network.interceptor = (message) => (message.kind === kind ? "drop" : "deliver");
      const start = client.now();
      await expect(client.request(url)).rejects.toMatchObject({ code: "timeout" });
      expect([client.now() - start, handled]).toEqual([30_000, kind === "request" ? 0 : 1]);
      virtual.network.interceptor = undefined;
      expect((await client.request(url)).status).toBe(200);
    });
  });

  it.each(["connect", "accept"])("makes a connection time out whose %s is lost", async (kind) => {
    const virtual = createVirtualWorld({ seed: 8 });
    const client = virtual.process("client").world;
    const ends: string[] = [];
    await virtual.run(async () => {
      const { channelUrl, options } = await connectEcho(virtual.process("server").world, client, ends);
      virtual.network.interceptor = (message) => (message.kind === kind ? "drop" : "deliver");
      const attempt = client.connect(channelUrl, { ...options, timeoutMs: 500 }, silent);
      await expect(attempt).rejects.toMatchObject({ code: "timeout" });
      await client.sleep(1_000);
      expect(ends).toEqual(kind === "accept" ? ["server 1006"] : []);
    });
  });

  it("cuts the channels that were chosen, at both ends", async () => {
    const virtual = createVirtualWorld({ seed: 8 });
    const server = virtual.process("server").world;
    const ends: string[] = [];
    await virtual.run(async () => {
      const { channelUrl, options } = await connectEcho(server, virtual.process("ann").world, ends);
      const { world: bob } = virtual.process("bob");
      const received: string[] = [];
      const channel: Channel = await bob.connect(channelUrl, options, {
        message: (data) => received.push(data.toString()),
        close: () => undefined,
      });
      expect(virtual.network.cutChannels(({ from, to }) => from === "ann" && to === "server")).toBe(1);
      await server.sleep(100);
      expect(ends.sort()).toEqual(["client 1006", "server 1006"]);
      channel.send("still here");
      await server.sleep(100);
      expect(received).toEqual(["still here"]);
    });
  });

  it("counts what was sent as buffered until it arrives", async () => {
    const virtual = createVirtualWorld({ seed: 8 });
    const client = virtual.process("client").world;
    await virtual.run(async () => {
      const { channel } = await connectEcho(virtual.process("server").world, client);
      channel.send("12345");
      channel.send(Buffer.alloc(10));
      expect(channel.bufferedBytes).toBe(15);
      await client.sleep(100);
      expect(channel.bufferedBytes).toBe(0);
    });
  });
});
