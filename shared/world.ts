/**
 * Everything a program of ours needs from outside: clock, chance, network, disk, keys.
 *
 * There are two worlds. The live one is this machine. In the virtual one a seeded scheduler drives a clock that jumps, an
 * in-memory network and an in-memory disk, and a run is a pure function of its scenario and its seed. Code that takes a World
 * runs in both without knowing which.
 */
export interface World {
  readonly kind: "live" | "virtual";
  /** Whole milliseconds since 1970-01-01T00:00:00Z by the lab's clock. */
  now(): number;
  /** Resolves after `delayMs`, or at once when `signal` aborts (it never rejects). */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls `task` once after `delayMs` unless cancelled. A task that throws is a bug and ends the program. */
  after(delayMs: number, task: () => void): Timer;
  /** Uniform in [0, 1). */
  random(): number;
  /** Strong in the live world, seeded in the virtual one. */
  randomBytes(length: number): Buffer;
  /** An upper-case version 4 UUID, as Apple writes them. */
  uuid(): string;
  /** A 2048-bit RSA key pair: made in the live world, taken from a fixture pool in the virtual one. */
  generateKeyPair(): Promise<KeyPair>;
  /** One HTTP exchange. Throws NetworkError when no answer arrived; any status is an answer. */
  request(url: string, init?: HttpRequest): Promise<HttpResponse>;
  /** Opens a listening socket. Throws NetworkError with code `address_in_use` when the port is taken. */
  serve(options: ServeOptions): Promise<Listener>;
  /** Opens a message channel (a WebSocket). Throws NetworkError when the peer refused or can't be reached. */
  connect(url: string, options: ConnectOptions, handlers: ChannelHandlers): Promise<Channel>;
  readonly disk: Disk;
}

export interface Timer {
  cancel(): void;
}

export interface KeyPair {
  /** PKCS#8, PEM. */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKeyPem: string;
}

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Gives up with NetworkError `timeout` after so long. Default 30,000. */
  readonly timeoutMs?: number;
  /** Gives up with NetworkError `too_large` past this many body bytes. Default 16 MiB. */
  readonly bodyBytesMax?: number;
  /** Takes the answer as it comes instead of gathering it, for an answer that may have no end. */
  readonly stream?: AnswerStream;
}

/**
 * Takes one answer piece by piece. The request then resolves, with an empty body, when the answer has ended, and rejects with
 * `reset` when it broke off.
 */
export interface AnswerStream {
  /** Called once, before any piece. From then on neither `timeoutMs` nor `bodyBytesMax` counts. */
  head(status: number, headers: HttpResponse["headers"]): void;
  /** The next bytes of the body; where one piece ends and the next begins means nothing. */
  piece(data: Buffer): void;
  /** Aborting ends the exchange: it resolves as if the answer ended here, or rejects with `reset` when none has begun. */
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Peer {
  /** IP address of the other end, e.g. `127.0.0.1`. */
  readonly address: string;
}

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /**
   * An answer's body may be a stream without an end: it is read as fast as the client takes it, and cancelled when the client is
   * gone or the listener has closed.
   */
  handle(request: Request, peer: Peer): Response | Promise<Response>;
  /** By exact path, e.g. `/mdm/channel`. Upgrades to any other path are answered 404. */
  readonly channels?: Readonly<Record<string, ChannelEndpoint>>;
}

export interface ChannelEndpoint {
  /** Most wanted first. A client that offers none of them is answered 400. */
  readonly protocols: readonly string[];
  /** A longer message closes the channel with 1009. */
  readonly messageBytesMax: number;
  /** The same for the first message of a channel, when nothing is known yet of who sends it. Default `messageBytesMax`. */
  readonly firstMessageBytesMax?: number;
  /** At most so many open channels; further upgrades are answered 503. */
  readonly channelsMax: number;
  open(channel: Channel, peer: Peer): ChannelHandlers;
}

export interface ConnectOptions {
  readonly protocols: readonly string[];
  readonly messageBytesMax: number;
  readonly timeoutMs?: number;
}

/** One end of a message channel: whole messages, in order, until it closes. */
export interface Channel {
  /** The subprotocol both ends agreed on. */
  readonly protocol: string;
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number;
  /** Sends one message, as text or binary. Silently does nothing once closed: `close` tells. */
  send(message: Uint8Array | string): void;
  /** Closes in good order. `reason` is at most 123 bytes. */
  close(code: number, reason: string): void;
  /** Drops the connection without a word. */
  terminate(): void;
}

export interface ChannelHandlers {
  message(data: Buffer, isText: boolean): void;
  /** Called exactly once; 1006 when the connection broke. */
  close(code: number, reason: string): void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** E.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Stops listening and closes what is open, channels with 1001. */
  close(): Promise<void>;
}

/** Paths are absolute. Every write is durable when its promise resolves. */
export interface Disk {
  /** Undefined when there is no such file. */
  readFile(path: string): Promise<Buffer | undefined>;
  /**
   * Replaces the whole file or leaves it as it was, also when the machine stops half way. Pieces may be asked for one after the other,
   * while what came before is being written.
   */
  writeFileAtomic(path: string, data: FileContent): Promise<void>;
  /** Creates the file when missing. */
  openAppend(path: string): Promise<AppendFile>;
  /** Names (not paths) in the folder, sorted; empty when there is no such folder. */
  list(directory: string): Promise<string[]>;
  /** Does nothing when there is no such file. */
  remove(path: string): Promise<void>;
  /** With its parents; mode 0700. Throws DiskError `not_writable`. */
  makeDirectory(directory: string): Promise<void>;
  /** One holder at a time, freed when the process ends however it ends. Throws DiskError `locked`. */
  lock(directory: string): Promise<{ release(): Promise<void> }>;
}

/** Whole, or in pieces that are made as they are asked for. */
export type FileContent = string | Uint8Array | Iterable<Uint8Array>;

/** A copy of it all. */
export function bytesOf(content: FileContent): Buffer {
  if (typeof content === "string") return Buffer.from(content);
  return content instanceof Uint8Array ? Buffer.from(content) : Buffer.concat([...content]);
}

export interface AppendFile {
  readonly bytes: number;
  /** Appends and syncs. */
  append(data: string | Uint8Array): Promise<void>;
  /** Cuts the file to `bytes` and syncs. */
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

export type NetworkErrorCode =
  | "address_in_use"
  | "address_not_available"
  | "unreachable"
  | "refused"
  | "reset"
  | "timeout"
  | "too_large"
  | "upgrade_refused";

/** The network did not do what was asked. `status` is set when an upgrade was answered with an HTTP status. */
export class NetworkError extends Error {
  readonly code: NetworkErrorCode;
  readonly status: number | undefined;
  constructor(code: NetworkErrorCode, message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = "NetworkError";
    this.code = code;
    this.status = options.status;
  }
}

export type DiskErrorCode = "locked" | "not_writable" | "full" | "io";

export class DiskError extends Error {
  readonly code: DiskErrorCode;
  constructor(code: DiskErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "DiskError";
    this.code = code;
  }
}
