import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mayActAs } from "../../server/api-keys.ts";
import { startServer, type RunningServer } from "../../server/start-server.ts";
import type { Role } from "../../server/store/records.ts";
import {
  createAuthority,
  createSigningRequest,
  issueCertificate,
  readSigningRequest,
  signBytes,
} from "../../shared/certificates.ts";
import { channelPath, channelProtocols, proofMessage, type ChannelProtocol } from "../../shared/channel.ts";
import { createLiveWorld } from "../../shared/live-world.ts";
import { decodePlist, encodePlist, type PlistDictionary, type PlistFormat } from "../../shared/plist.ts";
import { createRecorder, type Recorder } from "../../shared/trace.ts";
import type { KeyPair, World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import fixtures from "../../simulator/virtual/keys.json" with { type: "json" };
import { MemoryDisk } from "../../simulator/virtual/memory-disk.ts";

const adminKey = "pk_a-key-for-this-test-alone";
const [ownKeys, strangerKeys] = fixtures.keyPairs as [KeyPair, KeyPair];

const config = {
  host: "127.0.0.1",
  port: 0,
  dataDirectory: "/server",
  appleUrl: "http://127.0.0.1:9",
  insecureDevKey: adminKey,
};

let world: World;
let recorder: Recorder;
let server: RunningServer;
let aheadMs: number;

beforeEach(async () => {
  const live = createLiveWorld();
  aheadMs = 0;
  world = worldWith(live, {
    now: () => live.now() + aheadMs,
    disk: new MemoryDisk(),
    generateKeyPair: () => Promise.resolve(ownKeys),
  });
  recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
  server = await startServer(world, recorder, config);
});
afterEach(() => server.stop());

type Paths = Record<string, Record<string, { security?: unknown[]; "x-role"?: Role }>>;

/** Every route of the running server, as it describes itself. */
async function routes(): Promise<{ method: string; path: string; role: Role | undefined }[]> {
  const response = await world.request(`${server.url}/openapi.json`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  const { paths } = JSON.parse(response.body.toString()) as { paths: Paths };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      role: operation["x-role"],
    })),
  );
}

/** The status of one request. A minute passes first, or the server would soon refuse the many wrong keys for their number. */
async function status(method: string, path: string, key?: string): Promise<number> {
  aheadMs += 60_000;
  const url = `${server.url}${path.replace(/\{[^}]+\}/g, "nothing")}`;
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  if (method !== "GET")
    headers["content-type"] = path.startsWith("/enroll/") ? "application/pkcs10" : "application/json";
  // An answer may have no end: its head says enough.
  const enough = new AbortController();
  let found = 0;
  const stream = {
    head(code: number) {
      found = code;
      enough.abort();
    },
    piece() {},
    signal: enough.signal,
  };
  await world.request(url, { method, headers, stream, ...(method === "GET" ? {} : { body: "{}" }) });
  return found;
}

const open = ["/healthz", "/readyz"];
/** It takes its key in the body, and finds none in an empty one. */
const isSignIn = (method: string, path: string) => method === "POST" && path === "/api/v1/sessions";

function statusWithoutKey(method: string, path: string): number {
  if (open.includes(path)) return 200;
  if (isSignIn(method, path)) return 400;
  return path.startsWith("/enroll/") ? 403 : 401;
}

describe("the running server", () => {
  it("answers nothing but whether it is well to those without a key", async () => {
    const all = await routes();
    expect(all.length).toBeGreaterThan(45);
    for (const { method, path } of all) {
      expect(await status(method, path), `${method} ${path}`).toBe(statusWithoutKey(method, path));
    }
    // With a key every one of them is somebody at home, whatever it then thinks of the request.
    for (const { method, path } of all.filter((route) => !route.path.startsWith("/enroll/"))) {
      expect(await status(method, path, adminKey), `${method} ${path}`).not.toBe(401);
    }
  });

  it("asks each role for what each route says, on all of them", async () => {
    const keyOf = async (role: Role): Promise<string> => {
      const made = await world.request(`${server.url}/api/v1/keys`, {
        method: "POST",
        headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
        body: JSON.stringify({ name: role, role }),
      });
      return (JSON.parse(made.body.toString()) as { key: string }).key;
    };
    for (const role of ["read-only", "operator"] as const) {
      const key = await keyOf(role);
      let refused = 0;
      for (const { method, path, role: needed } of await routes()) {
        if (needed === undefined) continue;
        const found = await status(method, path, key);
        if (mayActAs(role, needed)) expect([401, 403], `${role}: ${method} ${path}`).not.toContain(found);
        else expect(found, `${role}: ${method} ${path}`).toBe(403);
        if (found === 403) refused += 1;
      }
      expect(refused).toBeGreaterThan(role === "operator" ? 5 : 25);
    }
  });

  it("refuses to start without the key that opens its secrets, and makes no other", async () => {
    await server.stop();
    const content = await world.disk.readFile("/server/secret.key");
    await world.disk.remove("/server/secret.key");
    const start = () => startServer(world, recorder, config);
    await expect(start()).rejects.toMatchObject({ code: "store_corrupt" });
    expect(await world.disk.readFile("/server/secret.key")).toBeUndefined();
    await world.disk.writeFileAtomic("/server/secret.key", content ?? "");
    server = await start();
    expect(await status("GET", "/readyz")).toBe(200);
  });

  it("answers nothing to a wrong key", async () => {
    for (const { method, path } of await routes()) {
      if (statusWithoutKey(method, path) !== 401) continue;
      expect(await status(method, path, "pk_wrong"), `${method} ${path}`).toBe(401);
    }
  });

  it("leads whoever comes to its root to the console, and shows nothing there without a key", async () => {
    const answer = await fetch(`${server.url}/`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/console"]);
    expect(await (await fetch(`${server.url}/console`)).text()).toContain('<div id="app"></div>');
  });

  it.each(["/api", "/api/v1", "/api/v1/../../etc/passwd", "/api/v2/users", "/.env", channelPath])(
    "has nothing at %s for those without a key",
    async (path) => {
      expect([401, 404]).toContain(await status("GET", path));
    },
  );

  it("opens no socket on another path or in another language", async () => {
    const wsUrl = server.url.replace("http", "ws");
    const handlers = { message: () => undefined, close: () => undefined };
    const attempt = (path: string, protocols: readonly string[]) =>
      world.connect(`${wsUrl}${path}`, { protocols, messageBytesMax: 1_000 }, handlers);
    await expect(attempt("/elsewhere", channelProtocols)).rejects.toMatchObject({ status: 404 });
    await expect(attempt(channelPath, ["graphql-ws"])).rejects.toMatchObject({ status: 400 });
  });
});

interface Conversation {
  /** What the server said after the proof, and how it ended. */
  readonly said: PlistDictionary[];
  readonly closeCode: number | null;
}

/** Connects, answers the challenge with what `prove` makes of it, and waits for what comes. */
function converse(
  protocol: ChannelProtocol,
  prove: (nonce: Uint8Array, audience: string) => PlistDictionary,
): Promise<Conversation> {
  const format: PlistFormat = protocol === "mdm.plist.xml" ? "plist-xml" : "plist-binary";
  const said: PlistDictionary[] = [];
  return new Promise((resolve, reject) => {
    let send: (message: PlistDictionary) => void = () => undefined;
    const url = `${server.url.replace("http", "ws")}${channelPath}`;
    world
      .connect(
        url,
        { protocols: [protocol], messageBytesMax: 100_000 },
        {
          message(data) {
            const message = decodePlist(data, format);
            if (message["MessageType"] === "Challenge") {
              send(prove(message["Nonce"] as Uint8Array, String(message["Audience"])));
              return;
            }
            said.push(message);
            resolve({ said, closeCode: null });
          },
          close: (closeCode) => resolve({ said, closeCode }),
        },
      )
      .then((channel) => {
        send = (message) => {
          const bytes = encodePlist(message, format);
          channel.send(format === "plist-xml" ? bytes.toString("utf8") : bytes);
        };
      }, reject);
  });
}

async function enrolledCertificate(udid: string): Promise<Buffer> {
  const made = await world.request(`${server.url}/api/v1/enrollment-tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: '{"kind":"device"}',
  });
  const { url } = JSON.parse(made.body.toString()) as { url: string };
  const profile = (await world.request(url)).body.toString("latin1");
  const challenge = /<key>Challenge<\/key>\s*<string>([^<]+)</.exec(profile)?.[1] ?? "";
  const issued = await world.request(`${url}/identity`, {
    method: "POST",
    headers: { authorization: `Bearer ${challenge}`, "content-type": "application/pkcs10" },
    body: createSigningRequest({ commonName: udid, keys: ownKeys }),
  });
  expect(issued.status).toBe(200);
  return issued.body;
}

const udid = "a".repeat(40);

describe.each(channelProtocols)("the device channel in %s", (protocol) => {
  const proofWith = (certificate: Uint8Array, keys: KeyPair) => (nonce: Uint8Array, audience: string) => ({
    MessageType: "Proof",
    Certificate: certificate,
    Signature: signBytes(proofMessage(nonce, audience), keys.privateKeyPem),
  });

  it("lets in a phone that proves the identity it was given", async () => {
    const certificate = await enrolledCertificate(udid);
    const { said } = await converse(protocol, proofWith(certificate, ownKeys));
    expect(said).toEqual([{ MessageType: "Welcome" }]);
  });

  it("keeps out one that has the certificate but not its key", async () => {
    const certificate = await enrolledCertificate(udid);
    const { said, closeCode } = await converse(protocol, proofWith(certificate, strangerKeys));
    expect({ said, closeCode }).toEqual({ said: [], closeCode: 4401 });
  });

  it("keeps out a certificate of somebody else's authority", async () => {
    const now = world.now();
    const life = { notBefore: now - 1_000, notAfter: now + 86_400_000 };
    const authority = createAuthority({
      commonName: "Pippin Device Authority",
      organisation: "Elsewhere",
      keys: strangerKeys,
      serial: Buffer.from([1]),
      ...life,
    });
    const request = readSigningRequest(createSigningRequest({ commonName: udid, keys: strangerKeys }));
    const { publicKeyPem } = request;
    const certificate = issueCertificate({
      authority,
      commonName: udid,
      publicKeyPem,
      serial: Buffer.from([2]),
      ...life,
    });
    const { said, closeCode } = await converse(protocol, proofWith(certificate, strangerKeys));
    expect({ said, closeCode }).toEqual({ said: [], closeCode: 4401 });
  });

  it("keeps out one that speaks before it has proved anything", async () => {
    const { said, closeCode } = await converse(protocol, () => ({ Status: "Idle", UDID: udid }));
    expect(said).toEqual([]);
    expect(closeCode).toBe(4401);
  });
});
