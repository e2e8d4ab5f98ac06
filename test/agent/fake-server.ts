import {
  createAuthority,
  issueCertificate,
  pemToDer,
  readCertificate,
  readSigningRequest,
  signCms,
  verifyBytes,
  type Authority,
} from "../../shared/certificates.ts";
import { proofMessage } from "../../shared/channel.ts";
import { decodePlist, encodePlist, type PlistDictionary, type PlistFormat } from "../../shared/plist.ts";
import {
  NetworkError,
  type Channel,
  type ChannelHandlers,
  type ConnectOptions,
  type HttpRequest,
  type HttpResponse,
} from "../../shared/world.ts";
import { makeKeyPair, settle } from "./fake-world.ts";

export const serverUrl = "ws://mdm.test:8080/mdm/channel";
export const enrollmentUrl = "http://mdm.test:8080/enroll/one-time-token";
const day = 24 * 60 * 60_000;

export function jsonResponse(status: number, body: unknown): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(body)),
  };
}

export function makeAuthority(commonName = "Test Authority"): Authority {
  return createAuthority({
    commonName,
    organisation: "Example",
    keys: makeKeyPair(),
    serial: Uint8Array.of(1),
    notBefore: Date.UTC(2016, 0, 1),
    notAfter: Date.UTC(2026, 0, 1),
  });
}

/** One for all tests: keys are slow to make. */
const sharedAuthority = makeAuthority();

/** The server's end of one channel: what the phone said on it, and what to say to the phone. */
export class FakeConnection {
  readonly received: PlistDictionary[] = [];
  /** How the phone left, once it has. */
  left: { code: number; reason: string } | "without a word" | undefined;
  readonly protocol: string;
  readonly #format: PlistFormat;
  readonly #handlers: ChannelHandlers;

  constructor(protocol: string, handlers: ChannelHandlers) {
    this.protocol = protocol;
    this.#format = protocol === "mdm.plist.xml" ? "plist-xml" : "plist-binary";
    this.#handlers = handlers;
  }

  send(message: object): void {
    const bytes = encodePlist(message, this.#format);
    this.#handlers.message(bytes, this.#format === "plist-xml");
  }
  sendBytes(bytes: Buffer, isText: boolean): void {
    this.#handlers.message(bytes, isText);
  }
  /** Zero bytes: all results so far are stored. */
  acknowledge(): void {
    this.#handlers.message(Buffer.alloc(0), this.#format === "plist-xml");
  }
  close(code: number, reason = ""): void {
    this.#handlers.close(code, reason);
  }
  take(data: Uint8Array | string): PlistDictionary {
    const isText = typeof data === "string";
    if (isText !== (this.#format === "plist-xml")) throw new Error("the phone sent the wrong kind of frame");
    const message = decodePlist(Buffer.from(data as string), this.#format);
    this.received.push(message);
    return message;
  }

  /** Sends a command and answers with the phone's next word. */
  async command(commandUUID: string, command: object): Promise<PlistDictionary> {
    this.send({ CommandUUID: commandUUID, Command: command });
    await settle();
    return this.last;
  }
  get last(): PlistDictionary {
    const message = this.received.at(-1);
    if (!message) throw new Error("the phone said nothing");
    return message;
  }
  /** Results and polls, without what belongs to check-in. */
  get reports(): PlistDictionary[] {
    return this.received.filter((message) => message.Status !== undefined);
  }
  get messageTypes(): unknown[] {
    return this.received.map((message) => message.MessageType ?? message.Status);
  }
}

/** An MDM server as a phone sees it: enrols whoever asks, welcomes whoever proves an identity, and then does as the test says. */
export class FakeServer {
  readonly authority = sharedAuthority;
  readonly connections: FakeConnection[] = [];
  readonly nonce = Buffer.alloc(32, 7);
  accessRights = 8191;
  audience = serverUrl;
  /** Signs the profile; another one makes it a forgery. */
  signer: Authority = this.authority;
  /** Answers instead of the profile or the certificate. */
  enrollmentAnswer: (step: "profile" | "identity") => HttpResponse | undefined = () => undefined;
  /** Set: connecting fails so. */
  connectError: NetworkError | undefined;
  requests: { url: string; init: HttpRequest }[] = [];
  /** Public keys that asked for a certificate. */
  readonly publicKeys = new Set<string>();
  /** Check-in messages that are answered with a receipt. */
  receipts: ReadonlySet<unknown> = new Set(["Authenticate", "TokenUpdate", "CheckOut"]);
  /** Hears every result and poll, after it was noted. */
  onReport: (connection: FakeConnection, report: PlistDictionary) => void = () => undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get connection(): FakeConnection {
    const connection = this.connections.at(-1);
    if (!connection) throw new Error("the phone never connected");
    return connection;
  }

  request(url: string, init: HttpRequest): HttpResponse {
    this.requests.push({ url, init });
    if (url === enrollmentUrl) return this.enrollmentAnswer("profile") ?? this.#profile();
    if (url === `${enrollmentUrl}/identity`) return this.enrollmentAnswer("identity") ?? this.#identity(init);
    return jsonResponse(404, { code: "not_found" });
  }

  #profile(): HttpResponse {
    const payload = (type: string, uuid: string) => ({
      PayloadType: type,
      PayloadUUID: uuid,
      PayloadIdentifier: `test.${uuid}`,
      PayloadVersion: 1,
      PayloadDisplayName: type,
    });
    const profile = {
      ...payload("Configuration", "P"),
      PayloadOrganization: "Example",
      PayloadContent: [
        {
          ...payload("com.apple.security.root", "R"),
          PayloadContent: pemToDer(this.authority.certificatePem),
        },
        {
          ...payload("com.pippin.security.csr", "I"),
          PayloadContent: {
            URL: `${enrollmentUrl}/identity`,
            Subject: [[["O", "Example"]], [["CN", "%UDID%"]]],
            Challenge: "a-challenge",
            Keysize: 2048,
            "Key Type": "RSA",
          },
        },
        {
          ...payload("com.apple.mdm", "M"),
          IdentityCertificateUUID: "I",
          Topic: "com.apple.mgmt.test",
          ServerURL: serverUrl,
          AccessRights: this.accessRights,
          CheckOutWhenRemoved: true,
          SignMessage: false,
        },
      ],
    };
    const body = signCms(encodePlist(profile, "plist-xml"), this.signer, this.#now());
    return { status: 200, headers: { "content-type": "application/x-apple-aspen-config" }, body };
  }

  #identity(init: HttpRequest): HttpResponse {
    if (init.headers?.authorization !== "Bearer a-challenge") return jsonResponse(403, { code: "forbidden" });
    const { commonName, publicKeyPem, publicKeyHash } = readSigningRequest(
      Buffer.from(init.body as Uint8Array),
    );
    this.publicKeys.add(publicKeyHash);
    const body = issueCertificate({
      authority: this.authority,
      commonName,
      publicKeyPem,
      serial: Uint8Array.of(2),
      notBefore: this.#now() - day,
      notAfter: this.#now() + 365 * day,
    });
    return { status: 200, headers: { "content-type": "application/pkix-cert" }, body };
  }

  connect(options: ConnectOptions, handlers: ChannelHandlers): Channel {
    if (this.connectError) throw this.connectError;
    const connection = new FakeConnection(options.protocols[0] ?? "", handlers);
    this.connections.push(connection);
    queueMicrotask(() =>
      connection.send({ MessageType: "Challenge", Nonce: this.nonce, Audience: this.audience }),
    );
    return {
      protocol: connection.protocol,
      bufferedBytes: 0,
      send: (data) => this.#take(connection, connection.take(data)),
      close(code, reason) {
        connection.left ??= { code, reason };
      },
      terminate() {
        connection.left ??= "without a word";
      },
    };
  }

  #take(connection: FakeConnection, message: PlistDictionary): void {
    const { MessageType: type } = message;
    if (type === "Proof") {
      const { publicKeyPem } = readCertificate(message.Certificate as Uint8Array);
      const signed = proofMessage(this.nonce, this.audience);
      if (verifyBytes(signed, message.Signature as Uint8Array, publicKeyPem))
        connection.send({ MessageType: "Welcome" });
      else connection.close(4401, "wrong proof");
    } else if (this.receipts.has(type)) {
      connection.send({ MessageType: "Receipt", Received: type as string });
    } else if (message.Status !== undefined) {
      this.onReport(connection, message);
    }
  }
}
