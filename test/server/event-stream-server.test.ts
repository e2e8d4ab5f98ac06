import { describe, expect, it, onTestFinished } from "vitest";
import { startServer, type RunningServer } from "../../server/start-server.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { createRecorder, type Recorder } from "../../shared/trace.ts";
import type { KeyPair, World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import fixtures from "../../simulator/virtual/keys.json" with { type: "json" };
import { MemoryDisk } from "../../simulator/virtual/memory-disk.ts";
import { createVirtualWorld } from "../../simulator/virtual/virtual-world.ts";

const adminKey = "pk_a-key-for-this-test-alone";

interface Site {
  readonly client: World;
  readonly server: RunningServer;
  readonly recorder: Recorder;
}

/** What a client of the stream has got. */
class Client {
  text = "";
  status = 0;
  type: string | undefined;
  readonly ended: Promise<number>;
  readonly #abort = new AbortController();
  #look = () => {};

  constructor({ client, server }: Site, query: string, headers: Record<string, string> = {}, key = adminKey) {
    const stream = {
      head: (status: number, given: Readonly<Record<string, string>>) => {
        this.status = status;
        this.type = given["content-type"];
        this.#look();
      },
      piece: (data: Buffer) => {
        this.text += data.toString();
        this.#look();
      },
      signal: this.#abort.signal,
    };
    const url = `${server.url}/api/v1/events/stream${query}`;
    this.ended = client
      .request(url, { headers: { authorization: `Bearer ${key}`, ...headers }, stream })
      .then(({ status }) => status);
  }

  async has(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#look = () => {
        if (pattern.test(this.text)) resolve();
      };
      this.#look();
    });
  }

  stop(): void {
    this.#abort.abort();
  }

  get ids(): number[] {
    return [...this.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  }
}

async function post(
  site: Site,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const { client, server } = site;
  const answer = await client.request(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.body.length === 0 ? {} : (JSON.parse(answer.body.toString()) as Record<string, unknown>);
}

const config = {
  port: 0,
  dataDirectory: "/server",
  appleUrl: "http://127.0.0.1:9",
  insecureDevKey: adminKey,
};

/** The same test on a real socket and in the virtual world. */
const worlds: [string, (body: (site: Site) => Promise<void>) => Promise<void>][] = [
  [
    "live",
    async (body) => {
      const [keys] = fixtures.keyPairs as [KeyPair];
      const world = worldWith(createLiveWorld(), {
        disk: new MemoryDisk(),
        generateKeyPair: () => Promise.resolve(keys),
      });
      const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
      const server = await startServer(world, recorder, { ...config, host: "127.0.0.1" });
      onTestFinished(() => server.stop());
      await body({ client: world, server, recorder });
    },
  ],
  [
    "virtual",
    async (body) => {
      const virtual = createVirtualWorld({ seed: 3 });
      await virtual.run(async () => {
        const { world } = virtual.process("server");
        const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: true });
        const server = await startServer(world, recorder, { ...config, host: "10.0.0.1" });
        await body({ client: virtual.process("client").world, server, recorder });
      });
    },
  ],
];

describe.each(worlds)("GET /api/v1/events/stream in the %s world", (_name, inWorld) => {
  it("tells events as they happen, and goes on behind Last-Event-ID", async () => {
    await inWorld(async (site) => {
      const first = new Client(site, "?events=admin.");
      await first.has(/^retry: /);
      expect([first.status, first.type]).toEqual([200, "text/event-stream"]);
      await post(site, "POST", "/groups", { id: "sales", name: "Sales" });
      await first.has(/event: admin\.changed\ndata: \{.*"groupId":"sales".*\}\n\n/);
      first.stop();
      await first.ended;
      await post(site, "POST", "/groups", { id: "field", name: "Field" });
      const second = new Client(site, "?events=admin.", { "last-event-id": String(first.ids.at(-1)) });
      await second.has(/"groupId":"field"/);
      expect(second.text).not.toContain('"groupId":"sales"');
      expect(second.text).not.toContain("event: reset");
      second.stop();
      await second.ended;
    });
  });

  it("ends with a word when the key is revoked, and when the server stops", async () => {
    await inWorld(async (site) => {
      const made = await post(site, "POST", "/keys", { name: "watcher", role: "read-only" });
      const watcher = new Client(site, "", {}, String(made["key"]));
      const other = new Client(site, "");
      await Promise.all([watcher.has(/^retry: /), other.has(/^retry: /)]);
      await post(site, "DELETE", `/keys/${String(made["id"])}`);
      expect(await watcher.ended).toBe(200);
      expect(watcher.text).toMatch(/event: end\ndata: \{"reason":"key-ended"\}\n\n$/);
      expect(other.text).not.toContain("event: end");
      await site.server.stop();
      expect(await other.ended).toBe(200);
      expect(other.text).toMatch(/event: end\ndata: \{"reason":"server-stopping"\}\n\n$/);
    });
  });

  it("refuses a place that is none, another filter, and a key that is none", async () => {
    await inWorld(async (site) => {
      const clients = [
        new Client(site, "", { "last-event-id": "x" }),
        new Client(site, "?after=-1"),
        new Client(site, "?colour=red"),
        new Client(site, "", {}, "pk_wrong"),
      ];
      expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual([400, 400, 400, 401]);
      expect(clients.map(({ type }) => type)).toEqual(clients.map(() => "application/problem+json"));
      const good = new Client(site, "?after=0", { "last-event-id": "" });
      await good.has(/event: stream\.opened/);
      good.stop();
      await good.ended;
    });
  });
});
