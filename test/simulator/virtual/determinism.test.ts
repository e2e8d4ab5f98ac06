import { createHash, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { watchForEscapes } from "../../../simulator/virtual/escape-watch.ts";
import { createVirtualWorld, type VirtualWorld } from "../../../simulator/virtual/virtual-world.ts";

/** A small system with everything in it: HTTP with bodies, channels, timers, disk, chance, keys. Gives its log. */
async function playPingPong(virtual: VirtualWorld): Promise<string[]> {
  const log: string[] = [];
  const note = (who: string, what: string) => log.push(`${virtual.now()} ${who} ${what}`);
  await virtual.run(async () => {
    const { world: server } = virtual.process("server");
    await server.disk.makeDirectory("/data");
    const journal = await server.disk.openAppend("/data/journal");
    const listener = await server.serve({
      host: "127.0.0.1",
      port: 0,
      handle: async (request) => {
        const text = await request.text();
        await journal.append(`${text}\n`);
        note("server", `stored ${text}`);
        return Response.json({ text, id: server.uuid() });
      },
      channels: {
        "/channel": {
          protocols: ["ping"],
          messageBytesMax: 1_000,
          channelsMax: 100,
          open: (channel) => ({
            message: (data) => {
              note("server", `got ${data.toString()}`);
              server.after(5, () => channel.send(`pong ${data.toString()} ${server.random()}`));
            },
            close: (code) => note("server", `closed ${code}`),
          }),
        },
      },
    });
    const names = ["ann", "bob", "cem", "dot", "eve"];
    await Promise.all(names.map((name) => playClient(virtual, name, listener.url, note)));
    await journal.close();
    log.push(String(await server.disk.readFile("/data/journal")));
    await listener.close();
  });
  return [...log, virtual.fingerprint];
}

async function playClient(
  virtual: VirtualWorld,
  name: string,
  url: string,
  note: (who: string, what: string) => void,
): Promise<void> {
  const { world } = virtual.process(name);
  const key = await world.generateKeyPair();
  note(name, createHash("sha256").update(key.publicKeyPem).digest("hex").slice(0, 8));
  let pongs = 0;
  let done: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const options = { protocols: ["ping"], messageBytesMax: 1_000 };
  const channel = await world.connect(`${url.replace("http", "ws")}/channel`, options, {
    message: (data) => {
      note(name, data.toString());
      pongs += 1;
      if (pongs === 5) done();
    },
    close: () => undefined,
  });
  for (let round = 0; round < 5; round++) {
    channel.send(`${name} ${round}`);
    const answer = await world.request(url, { method: "POST", body: `${name} ${round}` });
    note(name, answer.body.toString());
    await world.sleep(10);
  }
  await finished;
  channel.close(1000, "bye");
}

/** Other things that keep the real event loop busy and unpredictable meanwhile. */
async function amidNoise<T>(body: () => Promise<T>): Promise<T> {
  let over = false;
  const busy = () => {
    let waste = Buffer.alloc(0);
    for (let turn = 0; turn < 50 + 200 * Math.random(); turn++) waste = Buffer.alloc(20_000, turn);
    return waste.length;
  };
  const hum = () => {
    if (over) return;
    busy();
    setImmediate(hum);
    void webcrypto.subtle.digest("SHA-256", Buffer.alloc(10_000)).then(busy);
  };
  hum();
  const timer = setInterval(busy, 1);
  try {
    return await body();
  } finally {
    over = true;
    clearInterval(timer);
  }
}

describe("a run in the virtual world", () => {
  it("is the same down to the byte for the same seed", async () => {
    const first = await playPingPong(createVirtualWorld({ seed: 7 }));
    const second = await playPingPong(createVirtualWorld({ seed: 7 }));
    expect(first.length).toBeGreaterThan(100);
    expect(second).toEqual(first);
  });

  it("is another one for another seed", async () => {
    const runs = [];
    for (const seed of [1, 2, 3, "four"]) {
      runs.push((await playPingPong(createVirtualWorld({ seed }))).join("\n"));
    }
    expect(new Set(runs).size).toBe(4);
  });

  it("does not depend on what else keeps the machine busy", async () => {
    const quiet = await playPingPong(createVirtualWorld({ seed: "noise" }));
    for (let repetition = 0; repetition < 3; repetition++) {
      const noisy = await amidNoise(() => playPingPong(createVirtualWorld({ seed: "noise" })));
      expect(noisy).toEqual(quiet);
    }
  });

  it("does not depend on another run at the same time", async () => {
    const alone = await playPingPong(createVirtualWorld({ seed: 11 }));
    const together = await Promise.all(
      [11, 12, 11].map((seed) => playPingPong(createVirtualWorld({ seed }))),
    );
    expect(together[0]).toEqual(alone);
    expect(together[2]).toEqual(alone);
    expect(together[1]).not.toEqual(alone);
  });

  it("does not leave the world: no thread pool, no file, no socket", async () => {
    const watch = watchForEscapes();
    await playPingPong(createVirtualWorld({ seed: 1 }));
    expect(watch.stop()).toEqual([]);
  });
});

describe("the watch for escapes", () => {
  it.each([
    ["a digest on the thread pool", () => webcrypto.subtle.digest("SHA-256", Buffer.alloc(1)), "HASHREQUEST"],
    ["an asynchronous read", () => readFile(import.meta.filename), "FSREQPROMISE"],
  ])("notices %s", async (_name, escape, kind) => {
    const watch = watchForEscapes();
    await escape();
    expect(watch.stop().join()).toContain(kind);
  });

  it("has nothing against synchronous work", () => {
    const watch = watchForEscapes();
    createHash("sha256")
      .update(readFileSync(import.meta.filename))
      .digest();
    expect(watch.stop()).toEqual([]);
  });
});
