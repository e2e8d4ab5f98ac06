import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { closeCodes, proofBytesMax, proofTimeoutMs, returnWithinMsOf } from "../../../shared/channel.ts";
import { serveLive, type ListenerLimits } from "../../../shared/live-listener.ts";
import type { ChannelEndpoint, Listener } from "../../../shared/world.ts";
import { createDeviceChannel } from "../../../server/channel/device-channel.ts";
import { Harness, serverUrl, type FakePhone } from "../channel/harness.ts";
import { settle } from "../fake-world.ts";
import { udidOf } from "../test-server.ts";

const limits: ListenerLimits = {
  headMs: 150,
  requestMs: 300,
  checkMs: 30,
  connectionsPerAddressMax: 20,
  connectionsMax: 30,
  pingMs: 30_000,
};
const upgrade =
  "GET /channel HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: plain\r\n\r\n";

async function listen(more: Partial<ListenerLimits> = {}, endpoint: Partial<ChannelEndpoint> = {}) {
  const closed: number[] = [];
  const messages: number[] = [];
  const listener = await serveLive(
    {
      host: "127.0.0.1",
      port: 0,
      async handle(request) {
        return new Response(String((await request.arrayBuffer()).byteLength));
      },
      channels: {
        "/channel": {
          protocols: ["plain"],
          messageBytesMax: 1_000_000,
          channelsMax: 100,
          open: () => ({ message: (data) => messages.push(data.length), close: (code) => closed.push(code) }),
          ...endpoint,
        },
      },
    },
    { ...limits, ...more },
  );
  onTestFinished(() => listener.close());
  return { listener, closed, messages };
}

/** A raw connection, what came on it, and when it ended. */
function dial({ port }: Listener, first?: string) {
  const socket: Socket = connect({ host: "127.0.0.1", port });
  let said = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => (said += data.toString("latin1")));
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(said)));
  const opened = new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  if (first !== undefined) socket.write(first);
  onTestFinished(() => void socket.destroy());
  const has = async (text: string) => {
    while (!said.includes(text) && !socket.destroyed) await new Promise((resolve) => setImmediate(resolve));
    return said;
  };
  return { socket, ended, opened, has };
}

/** A masked frame of the client's. */
function frame(payload: Buffer, length = payload.length): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt8(0x82, 0);
  head.writeUInt8(0x80 | 127, 1);
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

describe("slow senders", () => {
  it("of a request's head are cut off, and the quick one beside them is served", async () => {
    const { listener } = await listen();
    const slow = dial(listener, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    const drip = setInterval(() => slow.socket.write("x"), 20);
    onTestFinished(() => clearInterval(drip));
    const quick = dial(listener, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await quick.ended).toMatch(/^HTTP\/1\.1 200/);
    expect(await slow.ended).toMatch(/^HTTP\/1\.1 408/);
  });

  it("of a body are cut off", async () => {
    const { listener } = await listen();
    const slow = dial(listener, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    const drip = setInterval(() => slow.socket.write("x"), 20);
    onTestFinished(() => clearInterval(drip));
    expect(await slow.ended).toMatch(/^(HTTP\/1\.1 408|$)/);
  });
});

describe("floods of connections", () => {
  it("are cut off past the number for an address; those before are served", async () => {
    const { listener } = await listen({ headMs: 60_000, requestMs: 60_000 });
    const first = Array.from({ length: limits.connectionsPerAddressMax }, () => dial(listener));
    await Promise.all(first.map(({ opened }) => opened));
    const late = dial(listener, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await late.ended).toBe("");
    const [one, two] = first;
    one?.socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await one?.ended).toMatch(/^HTTP\/1\.1 200/);
    two?.socket.destroy();
    await two?.ended;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const again = dial(listener, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await again.ended).toMatch(/^HTTP\/1\.1 200/);
  });

  it("don't count what has become a channel", async () => {
    const { listener } = await listen({ headMs: 60_000, requestMs: 60_000 });
    const count = limits.connectionsPerAddressMax + 5;
    for (let n = 0; n < count; n += 1)
      expect(await dial(listener, upgrade).has("\r\n\r\n")).toMatch(/^HTTP\/1\.1 101/);
    const quick = dial(listener, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await quick.ended).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe("a channel's first message", () => {
  it("may be so long; from the second on the channel's own bound holds", async () => {
    const { listener, messages, closed } = await listen({}, { firstMessageBytesMax: 10_000 });
    const client = dial(listener, upgrade);
    await client.has("\r\n\r\n");
    client.socket.write(Buffer.concat([frame(Buffer.alloc(10_000)), frame(Buffer.alloc(500_000))]));
    while (messages.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(messages).toEqual([10_000, 500_000]);
    expect(closed).toEqual([]);
  });

  it.each([
    ["whole", frame(Buffer.alloc(10_001)), 10_001],
    ["as soon as too much of it is there", frame(Buffer.alloc(50_000), 900_000), 900_000],
  ])("is refused with 1009 when it is longer: %s", async (_when, bytes) => {
    const { listener, messages, closed } = await listen({}, { firstMessageBytesMax: 10_000 });
    const client = dial(listener, upgrade);
    await client.has("\r\n\r\n");
    client.socket.write(bytes);
    while (closed.length === 0) {
      // Whoever is told to leave leaves, here by hanging up.
      if ((await client.has("")).includes("Message too big")) client.socket.destroy();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([closed, messages]).toEqual([[1009], []]);
  });
});

describe("half-open channels", () => {
  it("are dropped when nobody answers any more", async () => {
    const { listener, closed } = await listen({ pingMs: 20 });
    const deaf = dial(listener, upgrade);
    await deaf.has("\r\n\r\n");
    await deaf.ended;
    while (closed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toEqual([1006]);
  });
});

describe("phones that don't prove who they are", () => {
  async function crowd(server: Harness, perAddressMax: number, totalMax: number) {
    await server.channel.stop();
    server.channel = createDeviceChannel({
      context: server.context,
      hooks: server.context.hooks,
      authority: server.authority,
      box: server.box,
      serverUrl: () => serverUrl,
      unproven: { perAddressMax, totalMax },
    });
  }

  it("may be so many from one address; one more is told to come back, and is welcome once the others are gone", async () => {
    const server = new Harness();
    await crowd(server, 10, 100);
    const identity = await server.issue(udidOf(1));
    const silent = Array.from({ length: 10 }, () => server.call(identity));
    const late = server.call(identity);
    expect(late.closed?.code).toBe(closeCodes.tryAgain);
    expect(returnWithinMsOf(late.closed?.reason ?? "")).toBeGreaterThanOrEqual(10_000);
    expect(silent.every(({ closed }) => closed === undefined)).toBe(true);
    // One that proves itself makes room, also without leaving.
    silent[0]?.prove();
    expect(await silent[0]?.next()).toEqual({ MessageType: "Welcome" });
    expect(server.call(identity).closed).toBeUndefined();
    await server.world.advance(proofTimeoutMs);
    expect(silent.slice(1).every(({ closed }) => closed?.code === closeCodes.unauthorized)).toBe(true);
    const phone = await server.enrol(udidOf(2));
    phone.hangUp();
    silent[0]?.hangUp();
    await settle();
    expect(server.channel.push.connectedCount).toBe(0);
    await server.channel.stop();
    expect(server.world.timerCount).toBe(0);
  });

  it("may be so many from everywhere, and fill no log: their refusals are one event a second", async () => {
    const server = new Harness();
    await crowd(server, 1_000, 50);
    const identity = await server.issue(udidOf(1));
    const calls: FakePhone[] = Array.from({ length: 5_050 }, () => server.call(identity));
    expect(calls.filter(({ closed }) => closed === undefined)).toHaveLength(50);
    expect(server.channel.refusedCount).toBe(5_000);
    expect(server.named("connection.refused")).toMatchObject([{ code: 1013, unproven: 50 }]);
    await server.world.advance(1_000);
    server.call(identity);
    expect(server.named("connection.refused")).toHaveLength(2);
    for (const call of calls) call.hangUp();
    await settle();
    expect(server.call(identity).closed).toBeUndefined();
  });

  it("have one short message to say", () => {
    const server = new Harness();
    expect(server.channel.endpoint.firstMessageBytesMax).toBe(proofBytesMax);
  });
});
