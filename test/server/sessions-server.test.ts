import { describe, expect, it, onTestFinished } from "vitest";
import { startServer, type RunningServer } from "../../server/start-server.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { createRecorder } from "../../shared/trace.ts";
import type { HttpResponse, KeyPair, World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import fixtures from "../../simulator/virtual/keys.json" with { type: "json" };
import { MemoryDisk } from "../../simulator/virtual/memory-disk.ts";
import { createVirtualWorld } from "../../simulator/virtual/virtual-world.ts";
import { findSecrets } from "../support/secret-search.ts";

const adminKey = "pk_a-key-for-this-test-alone";
const config = {
  port: 0,
  dataDirectory: "/server",
  appleUrl: "http://127.0.0.1:9",
  insecureDevKey: adminKey,
};

interface Site {
  readonly client: World;
  readonly disk: World["disk"];
  start(): Promise<RunningServer>;
}

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
      const start = async () => {
        const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
        const server = await startServer(world, recorder, { ...config, host: "127.0.0.1" });
        onTestFinished(() => server.stop());
        return server;
      };
      await body({ client: world, disk: world.disk, start });
    },
  ],
  [
    "virtual",
    async (body) => {
      const virtual = createVirtualWorld({ seed: 3 });
      await virtual.run(async () => {
        const { world } = virtual.process("server");
        const start = () => {
          const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: true });
          return startServer(world, recorder, { ...config, host: "10.0.0.1" });
        };
        await body({ client: virtual.process("client").world, disk: world.disk, start });
      });
    },
  ],
];

const jsonOf = ({ body }: HttpResponse) => JSON.parse(body.toString()) as Record<string, unknown>;

describe.each(worlds)("a session in the %s world", (_name, inWorld) => {
  it("is there again after the server was, and its secrets are nowhere in the data folder", async () => {
    await inWorld(async ({ client, disk, start }) => {
      const first = await start();
      const json = { "content-type": "application/json" };
      const opened = await client.request(`${first.url}/api/v1/sessions`, {
        method: "POST",
        headers: json,
        body: JSON.stringify({ key: adminKey }),
      });
      expect(opened.status).toBe(201);
      const [, secret = ""] =
        /^pippin-session-\d+=([\w-]{43}); HttpOnly/.exec(opened.headers["set-cookie"] ?? "") ?? [];
      const csrfToken = String(jsonOf(opened)["csrfToken"]);
      await first.stop();

      const folder = new Map<string, Buffer>();
      for (const name of await disk.list("/server")) {
        const content = await disk.readFile(`/server/${name}`);
        if (content) folder.set(name, content);
      }
      expect(findSecrets(new Map([["the session", String(jsonOf(opened)["id"])]]), folder)).not.toEqual([]);
      const secrets = [
        ["the secret", secret],
        ["the token", csrfToken],
      ] as const;
      expect(findSecrets(new Map(secrets), folder)).toEqual([]);

      const second = await start();
      const headers = { ...json, cookie: `pippin-session-${new URL(second.url).port}=${secret}` };
      const found = await client.request(`${second.url}/api/v1/sessions/current`, { headers });
      expect(jsonOf(found)).toEqual(jsonOf(opened));
      const ask = { method: "POST", body: JSON.stringify({ id: "sales", name: "Sales" }) };
      const groups = `${second.url}/api/v1/groups`;
      expect((await client.request(groups, { ...ask, headers })).status).toBe(403);
      const withToken = { ...headers, "x-csrf-token": csrfToken };
      expect((await client.request(groups, { ...ask, headers: withToken })).status).toBe(201);
      await second.stop();
    });
  });
});
