import { afterAll, beforeAll, expect, it } from "vitest";
import { heapInUse } from "../../support/heap.ts";
import { Mutator } from "../../support/mutator.ts";
import { heapGrowthMax, hostileCounts } from "./counts.ts";
import { adminKey, startLiveServer, type LiveServer } from "./live-server.ts";

const width = 40;
const upgrade = (protocol: string, more = "") =>
  [
    "GET /mdm/channel HTTP/1.1",
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Sec-WebSocket-Protocol: ${protocol}`,
    ...(more === "" ? [] : [more]),
    "",
    "",
  ].join("\r\n");
/** A masked frame: `first` has the opcode, `length` is what it says it has. */
function frame(first: number, payload: Buffer, length = payload.length): Buffer {
  const head =
    length < 126
      ? Buffer.from([first, 0x80 | length])
      : Buffer.from([first, 0xfe, length >> 8, length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

let live: LiveServer;
beforeAll(async () => {
  live = await startLiveServer();
});
afterAll(() => live.server.stop());

it("answers what wants to become a channel, or seems to, with a status or a close, and lives on", async () => {
  const opened = Buffer.from(upgrade("mdm.plist.binary"));
  const corpus = [
    opened,
    Buffer.from(upgrade("mdm.plist.xml, mdm.plist.binary", "Sec-WebSocket-Extensions: permessage-deflate")),
    Buffer.concat([opened, frame(0x82, Buffer.from("bplist00"))]),
    Buffer.concat([
      opened,
      frame(0x81, Buffer.from("<plist>")),
      frame(0x89, Buffer.from("ping")),
      frame(0x88, Buffer.from([3, 232])),
    ]),
    Buffer.concat([opened, frame(0x02, Buffer.alloc(200)), frame(0x80, Buffer.alloc(10), 60_000)]),
  ];
  const mutator = new Mutator("upgrades", corpus);
  const heads = new Map<string, number>();
  const before = await heapInUse();
  let left = hostileCounts.upgrades;
  async function work(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const said = await live.raw(mutator.between(0, 9) === 0 ? mutator.pick(corpus) : mutator.bytes());
      const head = /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? (said === "" ? "closed" : said.slice(0, 20));
      heads.set(head, (heads.get(head) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: width }, work));
  // Switched, led from the root to the console, refused for what it is, for its number, its length, or not worth an answer.
  const known = ["101", "302", "400", "401", "404", "405", "408", "413", "426", "431", "503", "closed"];
  expect([...heads.keys()].filter((head) => !known.includes(head))).toEqual([]);
  expect(heads.get("101")).toBeGreaterThan(hostileCounts.upgrades / 20);
  expect(heads.get("400")).toBeGreaterThan(hostileCounts.upgrades / 20);
  const bugs = live.events.filter(({ event }) =>
    ["internal.error", "invariant.violated", "fault"].includes(event),
  );
  expect(bugs).toEqual([]);
  live.events.length = 0;
  expect((await heapInUse()) - before).toBeLessThan(heapGrowthMax);
  const metrics = await live.world.request(`${live.server.url}/metrics`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  expect(metrics.body.toString()).toContain("pippin_connected_phones 0");
});
