/** The server's side of the device channel. shared/channel.ts says how a connection goes. */
import {
  channelMessageBytesMax,
  channelProtocols,
  closeCodes,
  farewell,
  proofBytesMax,
  proofTimeoutMs,
  type Challenge,
  type Welcome,
} from "../../shared/channel.ts";
import { PippinError } from "../../shared/errors.ts";
import type { JsonValue } from "../../shared/json.ts";
import { plistFromJson } from "../../shared/plist.ts";
import type { EventIds } from "../../shared/trace.ts";
import type { Channel, ChannelEndpoint, ChannelHandlers, Peer, Timer } from "../../shared/world.ts";
import { recordCommandEvent } from "../commands/command-trail.ts";
import { expireCommands } from "../commands/command-settlement.ts";
import { needsUnlockToken, withUnlockToken } from "../commands/unlock-token.ts";
import type { ServerContext } from "../context.ts";
import type { SecretBox } from "../secrets.ts";
import type { DeviceHooks, DevicePush } from "../services.ts";
import type { CommandRecord } from "../store/records.ts";
import { Conversation, malformed, type Ending } from "./conversation.ts";
import type { CheckinContext } from "./device-checkin.ts";
import { judgeProof } from "./proof.ts";
import { PushPump } from "./push-pump.ts";
import { DeviceSession, type Incoming } from "./session.ts";
import { SessionRegistry } from "./session-registry.ts";
import { UnprovenConnections, type UnprovenLimits } from "./unproven.ts";

/** A phone speaks first; to one that stays silent the server speaks after so long. Otherwise the two would talk across. */
const firstWordMs = 5_000;
const sweepIntervalMs = 60_000;
/** Batches of expired commands per sweep; what is left waits for the next one. */
const sweepBatchesMax = 100;
const channelsMaxDefault = 20_000;
/** Phones that are sent away come back over at least this long, and so many in a second. */
const returnWithinMsMin = 10_000;
const returnsPerSecond = 400;
/** Of connections that are turned away for their number not each is an event. */
const crowdEventEveryMs = 1_000;
/** RFC 6455: the server met a condition it did not expect. */
const internalErrorCode = 1011;

export interface DeviceChannelOptions {
  readonly context: ServerContext;
  readonly hooks: DeviceHooks;
  /** Issuer of the identities that are let in. */
  readonly authority: { readonly certificatePem: string };
  readonly box: SecretBox;
  /** The ServerURL as the enrolment profile has it. Asked at each connection: the port may be known late. */
  serverUrl(): string;
  /** Open connections. Default 20,000. */
  readonly channelsMax?: number;
  readonly unproven?: UnprovenLimits;
}

export interface DeviceChannel {
  readonly endpoint: ChannelEndpoint;
  readonly push: DevicePush;
  /** Connections whose proof was refused, since the start. */
  readonly refusedCount: number;
  /** Closes every connection with 1001 once what is under way is stored. Nothing is written to the store after that. */
  stop(): Promise<void>;
}

export function createDeviceChannel(options: DeviceChannelOptions): DeviceChannel {
  return new DeviceChannelServer(options);
}

class DeviceChannelServer implements DeviceChannel, DevicePush {
  readonly endpoint: ChannelEndpoint;
  readonly #options: DeviceChannelOptions;
  readonly #context: CheckinContext;
  readonly #sessions = new SessionRegistry();
  readonly #conversation: Conversation;
  readonly #pump: PushPump;
  readonly #unproven: UnprovenConnections;
  #crowdEventAt = -Infinity;
  #underWay = 0;
  #idle: (() => void) | undefined;
  #sweepTimer: Timer | undefined;
  #stopping = false;
  #refusedCount = 0;

  constructor(options: DeviceChannelOptions) {
    this.#options = options;
    this.#context = { ...options.context, hooks: options.hooks, box: options.box };
    this.endpoint = {
      protocols: channelProtocols,
      messageBytesMax: channelMessageBytesMax,
      firstMessageBytesMax: proofBytesMax,
      channelsMax: options.channelsMax ?? channelsMaxDefault,
      open: (channel, peer) => this.#open(channel, peer),
    };
    this.#unproven = new UnprovenConnections(options.unproven ?? {});
    this.#conversation = new Conversation({
      context: this.#context,
      sessions: this.#sessions,
      handOver: (session, command) => this.#handOver(session, command),
      heard: (session) => this.#heard(session),
      awaitFirstWord: (session) => this.#awaitFirstWord(session),
      end: (session, ending) => this.#end(session, ending),
    });
    this.#pump = new PushPump({
      context: this.#context,
      handOver: (session, command) => this.#handOver(session, command),
      release: (session) => this.#resume(session),
      fail: (session, error) => this.#fail(session, error),
      track: (work) => this.#track(work),
    });
    this.#armSweep();
  }

  get push(): DevicePush {
    return this;
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  get connectedCount(): number {
    return this.#sessions.connectedCount;
  }

  isConnected(udid: string): boolean {
    return this.#sessions.byUdid(udid) !== undefined;
  }

  wake(udids: readonly string[]): void {
    if (this.#stopping) return;
    for (const udid of udids) {
      const session = this.#sessions.byUdid(udid);
      if (session !== undefined) this.#pump.schedule(session);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sweepTimer?.cancel();
    this.#pump.stop();
    while (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    const ending = this.#comeBack(closeCodes.goingAway, "stopping");
    for (const session of this.#sessions.all) this.#end(session, ending);
  }

  /** The more phones there are, the longer they take to come back. */
  #comeBack(code: number, why: string): Ending {
    const withinMs = Math.max(returnWithinMsMin, (this.connectedCount / returnsPerSecond) * 1_000);
    return { code, reason: farewell(why, withinMs) };
  }

  /** Work that `stop` waits for. It must have dealt with its own errors. */
  #track(work: Promise<void>): void {
    this.#underWay += 1;
    const done = () => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#idle?.();
    };
    work.then(done, (error: unknown) => {
      this.#recordBug(error, {});
      done();
    });
  }

  // --- Connections come and go ---

  #open(channel: Channel, peer: Peer): ChannelHandlers {
    const session = new DeviceSession(channel, peer, this.#context.recorder);
    if (this.#stopping || !this.#unproven.admit(session)) {
      if (!this.#stopping) this.#turnedAway(session);
      this.#end(
        session,
        this.#stopping
          ? this.#comeBack(closeCodes.goingAway, "stopping")
          : this.#comeBack(closeCodes.tryAgain, "too many at once"),
      );
      return { message() {}, close() {} };
    }
    this.#sessions.add(session);
    const nonce = this.#context.world.randomBytes(32);
    const audience = this.#options.serverUrl();
    session.timer = this.#context.world.after(proofTimeoutMs, () => this.#refuse(session, "proof too late"));
    session.send({
      MessageType: "Challenge",
      Nonce: Uint8Array.from(nonce),
      Audience: audience,
    } satisfies Challenge);
    return {
      message: (data, isText) => this.#receive(session, { nonce, audience }, data, isText),
      close: (code, reason) => this.#closed(session, code, reason),
    };
  }

  #receive(
    session: DeviceSession,
    challenge: { nonce: Buffer; audience: string },
    data: Buffer,
    isText: boolean,
  ): void {
    if (session.isOver || this.#stopping) return;
    const message = session.numbered(data, isText);
    if (session.phase === "challenged") {
      session.phase = "proving";
      this.#track(this.#identify(session, challenge, message));
    } else if (session.phase === "proving") {
      this.#refuse(session, "more than one message before Welcome");
    } else if (!session.accept(message)) {
      this.#end(session, malformed("too many messages at once"));
    } else {
      this.#resume(session);
    }
  }

  #closed(session: DeviceSession, code: number, reason: string): void {
    session.timer?.cancel();
    const { phase } = session;
    session.phase = "closed";
    this.#unproven.leave(session);
    this.#sessions.remove(session);
    if (phase === "open" || phase === "left") this.#recordClosed(session, { code, reason });
  }

  #turnedAway({ peer }: DeviceSession): void {
    this.#refusedCount += 1;
    const now = this.#context.world.now();
    if (now - this.#crowdEventAt < crowdEventEveryMs) return;
    this.#crowdEventAt = now;
    this.#context.recorder.record("connection.refused", {
      address: peer.address,
      code: closeCodes.tryAgain,
      reason: "too many connections without a proof",
      unproven: this.#unproven.count,
    });
  }

  /** Ends a connection by the server's will. */
  #end(session: DeviceSession, ending: Ending): void {
    const { phase } = session;
    if (phase === "closed") return;
    session.close(ending.code, ending.reason);
    session.phase = "closed";
    this.#unproven.leave(session);
    this.#sessions.remove(session);
    if (phase === "open" || phase === "left") this.#recordClosed(session, ending);
  }

  #recordClosed(session: DeviceSession, { code, reason }: Ending): void {
    this.#context.recorder.record("connection.closed", { ...session.ids, code, reason });
  }

  /** Ends a connection that did not prove who it is. */
  #refuse(session: DeviceSession, reason: string, code: number = closeCodes.unauthorized): void {
    if (session.isOver) return;
    this.#refusedCount += 1;
    this.#context.recorder.record("connection.refused", { address: session.peer.address, code, reason });
    this.#end(session, { code, reason });
  }

  /** What could not be stored comes again after a reconnect. Anything else is a bug, and must not take the server with it. */
  #fail(session: DeviceSession, error: unknown): void {
    if (isStoreTrouble(error)) {
      this.#end(session, this.#comeBack(closeCodes.tryAgain, "not stored, send it again"));
      return;
    }
    this.#recordBug(error, session.ids);
    this.#end(session, { code: internalErrorCode, reason: "internal error" });
  }

  #recordBug(error: unknown, ids: EventIds): void {
    const problem =
      error instanceof Error ? `${error.name}: ${error.message}` : "something else than an Error was thrown";
    this.#context.recorder.record("invariant.violated", {
      ...ids,
      where: "device channel",
      problem: problem.slice(0, 500),
    });
  }

  // --- Who is it? ---

  async #identify(
    session: DeviceSession,
    challenge: { nonce: Buffer; audience: string },
    { data, isText }: Incoming,
  ): Promise<void> {
    try {
      session.traceIncoming(data, () => ({}));
      if (isText !== (session.format === "plist-xml")) return this.#refuse(session, "wrong kind of frame");
      const question = { ...challenge, authority: this.#options.authority, format: session.format };
      const verdict = await judgeProof(this.#context, question, data);
      if (session.phase !== "proving" || this.#stopping) return;
      if (verdict.outcome === "refused") return this.#refuse(session, verdict.reason);
      if (verdict.outcome === "unknown") {
        return this.#refuse(session, verdict.reason, closeCodes.unknownEnrollment);
      }
      session.timer?.cancel();
      session.identity = verdict.identity;
      session.phase = "open";
      this.#unproven.leave(session);
      const { address } = session.peer;
      const before = this.#sessions.identify(session);
      if (before !== undefined) {
        // The phone's own, which it lost without a word; or somebody else has a copy of its identity.
        this.#context.recorder.record("connection.replaced", {
          udid: verdict.udid ?? verdict.identity.commonName,
          address,
          formerAddress: before.peer.address,
        });
        this.#end(before, { code: closeCodes.replaced, reason: "replaced by a newer connection" });
      }
      if (verdict.udid !== null) this.#sessions.bind(session, verdict.udid);
      this.#context.recorder.record("connection.opened", { ...session.ids, address, format: session.format });
      session.send({ MessageType: "Welcome" } satisfies Welcome);
      this.#awaitFirstWord(session);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  #awaitFirstWord(session: DeviceSession): void {
    session.mayPush = false;
    session.timer?.cancel();
    session.timer = this.#context.world.after(firstWordMs, () => {
      session.mayPush = true;
      this.#pump.schedule(session);
    });
  }

  #heard(session: DeviceSession): void {
    session.mayPush = true;
    session.timer?.cancel();
  }

  // --- The conversation: one thing at a time, in order ---

  #resume(session: DeviceSession): void {
    if (session.busy || session.isOver || this.#stopping) return;
    if (session.hasWaiting) this.#track(this.#work(session));
    else if (session.dirty) this.#pump.schedule(session);
  }

  async #work(session: DeviceSession): Promise<void> {
    session.busy = true;
    try {
      for (let message = session.take(); message !== undefined; message = session.take()) {
        const ending = await this.#conversation.handle(session, message);
        if (ending !== undefined) this.#end(session, ending);
        if (this.#stopping) break;
      }
    } catch (error) {
      this.#fail(session, error);
    } finally {
      session.busy = false;
    }
    this.#resume(session);
  }

  /** Most commands go as they are stored; one that needs a secret has to fetch it. */
  #handOver(session: DeviceSession, command: CommandRecord): Promise<void> | undefined {
    if (!needsUnlockToken(command)) return void this.#send(session, command, command.command);
    return withUnlockToken(this.#context, command).then((complete) => this.#send(session, command, complete));
  }

  #send(session: DeviceSession, command: CommandRecord, content: JsonValue): void {
    // It stays marked as sent: the phone's next Idle, on its next connection, brings it.
    if (session.isOver) return;
    const { recorder } = this.#context;
    const cause = recordCommandEvent(recorder, "command.pushed", command, { sendCount: command.sendCount });
    session.lastHanded = { commandUUID: command.id, afterMessage: session.received };
    session.send(
      { CommandUUID: command.id, Command: plistFromJson(content) },
      { commandUUID: command.id, cause },
    );
  }

  // --- What time brings ---

  #armSweep(): void {
    this.#sweepTimer = this.#context.world.after(sweepIntervalMs, () => this.#track(this.#sweep()));
  }

  async #sweep(): Promise<void> {
    try {
      for (let batch = 0; batch < sweepBatchesMax && !this.#stopping; batch += 1) {
        const { udids, more } = await expireCommands(this.#context);
        // One of them may have been in flight, with others behind it.
        this.wake(udids);
        if (!more) break;
      }
    } catch (error) {
      // The next sweep tries again.
      if (!isStoreTrouble(error)) this.#recordBug(error, {});
    }
    if (this.#stopping) return;
    // Apple: a phone asks again by itself only if NotNow was the last thing it said. Otherwise the server has to push.
    for (const session of this.#sessions.takeOwed()) {
      session.skipDeferred = false;
      this.#pump.schedule(session);
    }
    this.#armSweep();
  }
}

function isStoreTrouble(error: unknown): boolean {
  return error instanceof PippinError && (error.code.startsWith("store_") || error.code === "unavailable");
}
