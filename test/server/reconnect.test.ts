import { expect, it } from "vitest";
import { returnDelayMs } from "../../agent/return-delay.ts";
import { loadAuthority } from "../../server/enrollment/authority.ts";
import { openSecretBox } from "../../server/secrets.ts";
import { startServer, type RunningServer } from "../../server/start-server.ts";
import type { DeviceRecord, IdentityRecord } from "../../server/store/records.ts";
import { fingerprintOf, issueCertificate, signBytes } from "../../shared/certificates.ts";
import { channelMessageBytesMax, channelPath, closeCodes, proofMessage } from "../../shared/channel.ts";
import { decodePlist, encodePlist, type PlistDictionary } from "../../shared/plist.ts";
import { createRecorder, type TraceEvent } from "../../shared/trace.ts";
import { NetworkError, type Channel, type KeyPair, type World } from "../../shared/world.ts";
import fixtures from "../../simulator/virtual/keys.json" with { type: "json" };
import { createVirtualWorld, type VirtualWorld } from "../../simulator/virtual/virtual-world.ts";
import { udidOf } from "./test-server.ts";

const phoneCount = 1_000;
const goodAfterMs = 10_000;
const [keys] = fixtures.keyPairs as [KeyPair];
const serverAt = { host: "10.0.0.1", port: 8080 };

interface Ending {
  readonly name: string;
  readonly code: unknown;
  readonly message: string;
}

/** A phone that holds a connection and does nothing else, and comes back when the agent would. */
class LightPhone {
  readonly #world: World;
  readonly #udid: string;
  readonly #certificate: Buffer;
  isConnected = false;
  lastEnding: Ending | undefined;

  constructor(world: World, udid: string, certificate: Buffer) {
    this.#world = world;
    this.#udid = udid;
    this.#certificate = certificate;
  }

  async live(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const startedAt = this.#world.now();
      this.lastEnding = await this.#connectOnce();
      this.isConnected = false;
      if (this.#world.now() - startedAt >= goodAfterMs) attempt = 0;
      await this.#world.sleep(returnDelayMs(this.#world, this.lastEnding, attempt));
    }
  }

  #connectOnce(): Promise<Ending> {
    return new Promise((resolve) => {
      let channel: Channel | undefined;
      const send = (message: object) => channel?.send(encodePlist(message, "plist-binary"));
      const options = { protocols: ["mdm.plist.binary"], messageBytesMax: channelMessageBytesMax };
      const url = `ws://${serverAt.host}:${serverAt.port}${channelPath}`;
      this.#world
        .connect(url, options, {
          message: (data) => {
            const message: PlistDictionary = data.length === 0 ? {} : decodePlist(data, "plist-binary");
            if (message["MessageType"] === "Challenge") {
              const signed = proofMessage(message["Nonce"] as Uint8Array, String(message["Audience"]));
              const Signature = signBytes(signed, keys.privateKeyPem);
              // The channel is here before any message is, but handed over after it in this very turn.
              void Promise.resolve().then(() =>
                send({ MessageType: "Proof", Certificate: this.#certificate, Signature }),
              );
            } else if (message["MessageType"] === "Welcome") {
              this.isConnected = true;
              send({ Status: "Idle", UDID: this.#udid });
            }
          },
          close: (code, reason) => resolve({ name: "ChannelClosed", code, message: reason }),
        })
        .then(
          (opened) => (channel = opened),
          (error: unknown) => {
            if (!(error instanceof NetworkError)) throw error;
            resolve(error);
          },
        );
    });
  }
}

/** Phones on record without the ado of enrolling. */
async function enrolAll(server: RunningServer, world: World): Promise<Buffer[]> {
  const recorder = createRecorder({ now: () => world.now(), run: "test", keepsWire: false });
  const box = await openSecretBox(world, "/server");
  const authority = await loadAuthority({ world, store: server.store, recorder }, box);
  const certificates: Buffer[] = [];
  for (let n = 0; n < phoneCount; n += 1) {
    const serial = Buffer.from([0x41, n >> 8, n & 255]);
    const life = { issuedAt: world.now(), expiresAt: world.now() + 86_400_000 };
    const certificate = issueCertificate({
      authority,
      commonName: udidOf(n),
      publicKeyPem: keys.publicKeyPem,
      serial,
      notBefore: life.issuedAt,
      notAfter: life.expiresAt,
    });
    certificates.push(certificate);
    const id = fingerprintOf(certificate);
    const identity: IdentityRecord = {
      id,
      serial: serial.toString("hex"),
      enrollmentTokenId: "token",
      kind: "device",
      userId: null,
      udid: udidOf(n),
      revokedAt: null,
      ...life,
    };
    const device: DeviceRecord = {
      id: udidOf(n),
      serialNumber: null,
      kind: "device",
      supervised: false,
      userId: null,
      state: "enrolled",
      identity: id,
      topic: authority.topic,
      pushMagic: null,
      pushToken: null,
      awaitingConfiguration: false,
      productName: null,
      osVersion: null,
      enrolledAt: world.now(),
      lastSeenAt: world.now(),
    };
    await server.store.transaction(async (tx) => {
      await tx.put("identities", identity);
      await tx.put("devices", device);
    });
  }
  return certificates;
}

/** How many connections were opened in the busiest second, and how long it took from the first to the last. */
function arrivals(events: readonly TraceEvent[]): { count: number; busiest: number; spreadMs: number } {
  const times = events
    .filter(({ event }) => event === "connection.opened")
    .map(({ time }) => Date.parse(time));
  let busiest = 0;
  for (const [index, time] of times.entries()) {
    const end = times.findIndex((other) => other >= time + 1_000);
    busiest = Math.max(busiest, (end === -1 ? times.length : end) - index);
  }
  return { count: times.length, busiest, spreadMs: (times.at(-1) ?? 0) - (times[0] ?? 0) };
}

async function inVirtualWorld(main: (virtual: VirtualWorld) => Promise<void>): Promise<void> {
  const virtual = createVirtualWorld({ seed: "a thousand phones" });
  await virtual.run(() => main(virtual));
}

it("a thousand phones come back evenly after an orderly restart, and without a stampede after a crash", async () => {
  await inVirtualWorld(async (virtual) => {
    let events: TraceEvent[] = [];
    const recorder = createRecorder({ now: () => virtual.now(), run: "test", keepsWire: false });
    recorder.subscribe((event) => events.push(event));
    const desk = virtual.process("desk").world;
    const fleet = virtual.process("phones").world;
    let serverProcess = virtual.process("server");
    const start = async () => {
      const config = { ...serverAt, dataDirectory: "/server", appleUrl: "http://10.0.0.2:8081" };
      return startServer(serverProcess.world, recorder, {
        ...config,
        insecureDevKey: "pk_a-key-for-this-test-alone",
      });
    };
    let server = await start();
    const certificates = await enrolAll(server, serverProcess.world);
    const phones = certificates.map((certificate, n) => new LightPhone(fleet, udidOf(n), certificate));
    for (const phone of phones) {
      void phone.live();
      await desk.sleep(5);
    }
    await desk.sleep(goodAfterMs);
    expect(phones.filter(({ isConnected }) => isConnected)).toHaveLength(phoneCount);

    events = [];
    await server.stop();
    expect(
      events.filter(({ event, code }) => event === "connection.closed" && code === closeCodes.goingAway),
    ).toHaveLength(phoneCount);
    server = await start();
    await desk.sleep(30_000);
    const orderly = arrivals(events);
    expect(phones.filter(({ isConnected }) => isConnected)).toHaveLength(phoneCount);
    expect(phones.every(({ lastEnding }) => lastEnding?.code === closeCodes.goingAway)).toBe(true);
    // A hundred a second are asked for. Chance alone makes the busiest second half as busy again, hardly ever more.
    expect(orderly.count).toBe(phoneCount);
    expect(orderly.busiest).toBeLessThanOrEqual(150);
    expect(orderly.spreadMs).toBeGreaterThan(8_000);
    expect(orderly.spreadMs).toBeLessThanOrEqual(10_000);

    events = [];
    serverProcess.kill();
    await desk.sleep(5_000);
    serverProcess = virtual.process("server");
    server = await start();
    await desk.sleep(90_000);
    const crashed = arrivals(events);
    expect(phones.filter(({ isConnected }) => isConnected)).toHaveLength(phoneCount);
    expect(crashed.count).toBe(phoneCount);
    expect(crashed.busiest).toBeLessThanOrEqual(350);
    expect(crashed.spreadMs).toBeGreaterThan(4_000);
    await server.stop();
  });
});
