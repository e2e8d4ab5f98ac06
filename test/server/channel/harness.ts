/** The server's device side with a memory store, and phones that speak over channels in memory. */
import {
  createAuthority,
  issueCertificate,
  readCertificate,
  signBytes,
  type Authority,
} from "../../../shared/certificates.ts";
import { channelProtocols, proofMessage, type ChannelProtocol } from "../../../shared/channel.ts";
import { decodePlist, encodePlist, type PlistDictionary, type PlistFormat } from "../../../shared/plist.ts";
import type { Channel, ChannelHandlers, KeyPair } from "../../../shared/world.ts";
import { createDeviceChannel, type DeviceChannel } from "../../../server/channel/device-channel.ts";
import { CommandService } from "../../../server/commands/command-service.ts";
import { unregisteredVpp } from "../../../server/licensing/vpp-user.ts";
import { createSecretBox } from "../../../server/secrets.ts";
import type { EnrollmentKind, UserRecord } from "../../../server/store/records.ts";
import { settle, testKeyPair } from "../fake-world.ts";
import { TestServer, udidOf, type TestServerOptions } from "../test-server.ts";

export const serverUrl = "ws://127.0.0.1:8080/mdm/channel";
const yearMs = 365 * 24 * 60 * 60 * 1000;

export function testAuthority(now: number, keys: KeyPair): Authority {
  return createAuthority({
    commonName: "Test Authority",
    organisation: "Pippin",
    keys,
    serial: Buffer.from([0x40, 1]),
    notBefore: now,
    notAfter: now + 10 * yearMs,
  });
}

export interface Identity {
  readonly certificate: Buffer;
  readonly keys: KeyPair;
  readonly udid: string;
}

/** Of whom Apple has never heard. */
function userOf(id: string, createdAt: number): UserRecord {
  return { id, name: id, email: `${id}@orchard.example`, groupIds: [], createdAt, vpp: unregisteredVpp(id) };
}

export class Harness extends TestServer {
  readonly authority: Authority;
  readonly service: CommandService;
  readonly box = createSecretBox(Buffer.alloc(32, 7), (length) => this.world.randomBytes(length));
  channel: DeviceChannel;
  #issued = 0;

  constructor(options: TestServerOptions = {}) {
    super(options);
    this.authority = testAuthority(this.world.now(), testKeyPair(0));
    this.channel = this.#openChannel();
    this.service = new CommandService({
      commands: this.context,
      push: {
        wake: (udids) => this.channel.push.wake(udids),
        isConnected: (udid) => this.channel.push.isConnected(udid),
        connectedCount: 0,
      },
    });
  }

  #openChannel(): DeviceChannel {
    return createDeviceChannel({
      context: this.context,
      hooks: this.context.hooks,
      authority: this.authority,
      box: this.box,
      serverUrl: () => serverUrl,
    });
  }

  /** Another server over the same store. */
  restart(): void {
    this.channel = this.#openChannel();
  }

  /** An identity certificate; on record unless `recorded` says no. */
  async issue(
    udid: string,
    options: {
      keys?: KeyPair;
      authority?: Authority;
      kind?: EnrollmentKind;
      userId?: string | null;
      recorded?: boolean;
      lifetimeMs?: number;
    } = {},
  ): Promise<Identity> {
    const keys = options.keys ?? testKeyPair(1);
    const issuedAt = this.world.now();
    const expiresAt = issuedAt + (options.lifetimeMs ?? yearMs);
    const serial = Buffer.from([0x41, (this.#issued += 1)]);
    const certificate = issueCertificate({
      authority: options.authority ?? this.authority,
      commonName: udid,
      publicKeyPem: keys.publicKeyPem,
      serial,
      notBefore: issuedAt,
      notAfter: expiresAt,
    });
    const { userId = null } = options;
    if (options.recorded ?? true) {
      await this.store.transaction(async (tx) => {
        if (userId !== null) await tx.put("users", userOf(userId, issuedAt));
        await tx.put("identities", {
          id: readCertificate(certificate).fingerprint,
          serial: serial.toString("hex"),
          enrollmentTokenId: "token",
          kind: options.kind ?? "user",
          userId,
          udid: null,
          issuedAt,
          expiresAt,
          revokedAt: null,
        });
      });
    }
    return { certificate, keys, udid };
  }

  /** A phone that has said Authenticate and TokenUpdate. */
  async enrol(udid = udidOf(1), protocol: ChannelProtocol = "mdm.plist.binary"): Promise<FakePhone> {
    const phone = await this.connect(await this.issue(udid), protocol);
    await phone.checkIn();
    return phone;
  }

  /** A connection that has got as far as Welcome. */
  async connect(identity: Identity, protocol: ChannelProtocol = "mdm.plist.binary"): Promise<FakePhone> {
    const phone = this.call(identity, protocol);
    phone.prove();
    const welcome = await phone.next();
    if (welcome["MessageType"] !== "Welcome") throw new Error("The phone was not let in.");
    return phone;
  }

  /** A connection that has been opened. */
  call(identity: Identity, protocol: ChannelProtocol = "mdm.plist.binary", address = "127.0.0.1"): FakePhone {
    return new FakePhone(this.channel, identity, protocol, address);
  }
}

export class FakePhone {
  readonly identity: Identity;
  readonly format: PlistFormat;
  /** Messages that nobody has looked at yet; an empty dictionary stands for the zero-byte one. */
  readonly inbox: PlistDictionary[] = [];
  closed: { code: number; reason: string } | undefined;
  terminated = false;
  bufferedBytes = 0;
  challenge: { Nonce: Uint8Array; Audience: string };
  readonly #handlers: ChannelHandlers;

  constructor(server: DeviceChannel, identity: Identity, protocol: ChannelProtocol, address = "127.0.0.1") {
    if (!channelProtocols.includes(protocol)) throw new Error("No such protocol.");
    this.identity = identity;
    this.format = protocol === "mdm.plist.xml" ? "plist-xml" : "plist-binary";
    const phone = this as FakePhone;
    const channel: Channel = {
      protocol,
      get bufferedBytes() {
        return phone.bufferedBytes;
      },
      send: (data) => {
        if (this.closed !== undefined) return;
        if ((typeof data === "string") !== (this.format === "plist-xml"))
          throw new Error("Wrong kind of frame.");
        const bytes = Buffer.from(data);
        this.inbox.push(bytes.length === 0 ? {} : decodePlist(bytes, this.format));
      },
      close: (code, reason) => this.#end(code, reason),
      terminate: () => {
        this.terminated = true;
        this.#end(1006, "");
      },
    };
    this.#handlers = server.endpoint.open(channel, { address });
    const challenge = this.inbox.shift();
    this.challenge = {
      Nonce: (challenge?.["Nonce"] as Uint8Array | undefined) ?? new Uint8Array(),
      Audience: String(challenge?.["Audience"]),
    };
  }

  get udid(): string {
    return this.identity.udid;
  }

  #end(code: number, reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = { code, reason };
    queueMicrotask(() => this.#handlers.close(code, reason));
  }

  /** The phone or its network goes away. */
  hangUp(code = 1006): void {
    this.#end(code, "");
  }

  /** Answers the challenge; each part may be replaced by a wrong one. */
  prove(wrong: { nonce?: Uint8Array; audience?: string; keys?: KeyPair; signature?: Buffer } = {}): void {
    this.send({
      MessageType: "Proof",
      Certificate: this.identity.certificate,
      Signature: wrong.signature ?? this.sign(wrong),
    });
  }

  sign(wrong: { nonce?: Uint8Array; audience?: string; keys?: KeyPair } = {}): Buffer {
    const message = proofMessage(
      wrong.nonce ?? this.challenge.Nonce,
      wrong.audience ?? this.challenge.Audience,
    );
    return signBytes(message, (wrong.keys ?? this.identity.keys).privateKeyPem);
  }

  send(message: object): void {
    this.sendBytes(encodePlist(message, this.format), this.format === "plist-xml");
  }

  sendBytes(bytes: Buffer, isText = this.format === "plist-xml"): void {
    if (this.closed === undefined) this.#handlers.message(bytes, isText);
  }

  authenticate(details: object = {}): void {
    this.send({ MessageType: "Authenticate", Topic: "com.apple.mgmt.test", UDID: this.udid, ...details });
  }

  updateToken(details: object = {}): void {
    this.send({
      MessageType: "TokenUpdate",
      Topic: "com.apple.mgmt.test",
      UDID: this.udid,
      Token: Buffer.from("push token"),
      PushMagic: "very secret",
      ...details,
    });
  }

  async checkIn(): Promise<void> {
    this.authenticate({ SerialNumber: `SN-${this.udid}` });
    this.updateToken();
    for (const expected of ["Authenticate", "TokenUpdate"]) {
      const receipt = await this.next();
      if (receipt["Received"] !== expected) throw new Error(`Expected a receipt for ${expected}.`);
    }
  }

  idle(): void {
    this.send({ Status: "Idle", UDID: this.udid });
  }

  answer(commandUUID: string, status = "Acknowledged", details: object = {}): void {
    this.send({ Status: status, UDID: this.udid, CommandUUID: commandUUID, ...details });
  }

  /** The next message from the server; throws when none has come. */
  async next(): Promise<PlistDictionary> {
    await settle();
    // A store on a disk takes a few turns more than one in memory.
    for (let turns = 0; turns < 30 && this.inbox.length === 0 && this.closed === undefined; turns += 1)
      await settle();
    const message = this.inbox.shift();
    if (message === undefined) {
      throw new Error(
        `The server said nothing${this.closed === undefined ? "" : `, and closed with ${this.closed.code}`}.`,
      );
    }
    return message;
  }

  /** The CommandUUID of the next message; "" for the zero-byte one. */
  async nextCommand(): Promise<string> {
    const message = await this.next();
    return String(message["CommandUUID"] ?? "");
  }

  /** Everything that has come, by RequestType, CommandUUID aside. */
  async silence(): Promise<PlistDictionary[]> {
    await settle();
    return this.inbox.splice(0);
  }

  async ending(): Promise<number | undefined> {
    await settle();
    return this.closed?.code;
  }
}
