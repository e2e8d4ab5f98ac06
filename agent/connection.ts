/** The phone's end of the device channel; shared/channel.ts tells how a connection goes. */
import { z } from "zod";
import { signBytes } from "../shared/certificates.ts";
import {
  Challenge,
  channelMessageBytesMax,
  closeCodes,
  isChannelProtocol,
  proofMessage,
  proofTimeoutMs,
  Receipt,
  Welcome,
} from "../shared/channel.ts";
import { PippinError } from "../shared/errors.ts";
import { decodePlist, encodePlist, type PlistDictionary, type PlistFormat } from "../shared/plist.ts";
import { isPortalAnswer } from "../shared/portal.ts";
import { NetworkError, type Channel } from "../shared/world.ts";
import type { CommandDesk } from "./commands/desk.ts";
import type { PhoneCore } from "./core.ts";
import { describeLoss, type ConnectionLoss } from "./connection-loss.ts";
import { ChannelClosed, ChannelFault, Inbox, type IncomingMessage } from "./inbox.ts";
import type { PhoneTrouble } from "./phone.ts";
import type { Portal } from "./portal.ts";
import { isInSetupAssistant } from "./setup-assistant.ts";
import type { EnrollmentRecord, PhoneState } from "./state.ts";
import { returnDelayMs } from "./return-delay.ts";
import { batteryPulled, Halted, throwIfHalted, untilHalted } from "./tasks.ts";

const receiptTimeoutMs = 30_000;
const checkOutTimeoutMs = 5_000;
/** A connection that lived so long was a good one: the backoff starts over. */
const goodAfterMs = 10_000;

/** Why the phone no longer tries to connect. */
export type ConnectionEnd = "unknownEnrollment" | "replaced" | "removed";

export interface ServerConnection {
  isOpen(): boolean;
  /** Connects, again and again, until the server or the person ends it. Throws Halted when the phone stops. */
  keep(): Promise<ConnectionEnd>;
  /** Polls, if the last word was NotNow. */
  pollAfterNotNow(): void;
  /** Ends a wait before the next attempt: the network is back. */
  retryNow(): void;
  /** Tells the server what has changed of that which check-in tells, now or on the next connection. */
  updateToken(): void;
  /** Tells the server once that the profile is gone, if there is a connection, and ends `keep`. Waits a few seconds at most. */
  checkOut(): Promise<void>;
}

/** What one connection has. */
interface Session {
  readonly channel: Channel;
  readonly inbox: Inbox;
  readonly format: PlistFormat;
}

/** What the connection tells the phone of. */
export interface ConnectionListener {
  /** What keeps the phone from its server; null when nothing does any more. */
  tell(trouble: PhoneTrouble | null): void;
  /** Results have gone out: what was to follow them may follow. */
  reported(): void;
  /** Whose questions and answers the connection carries. */
  readonly portal: Pick<Portal, "attach" | "detach" | "take">;
}

export function createServerConnection(
  phone: PhoneCore,
  desk: CommandDesk,
  listener: ConnectionListener,
): ServerConnection {
  return new ChannelConnection(phone, desk, listener);
}

/** A class, not an object of functions: a fleet has thousands of them. */
class ChannelConnection implements ServerConnection {
  readonly #phone: PhoneCore;
  readonly #desk: CommandDesk;
  readonly #listener: ConnectionListener;
  readonly #removal = new AbortController();
  #session: Session | undefined;
  /** Whether check-in is over, so that polls may be sent. */
  #checkedIn = false;
  #welcomedAt: number | undefined;
  #lastStatus: string | undefined;
  /** A TokenUpdate was sent after check-in, and its receipt is not there yet. */
  #updating = false;
  #removed = false;
  #checkOutReceived: (() => void) | undefined;
  /** Ends the wait between two connections. */
  #wakeUp: (() => void) | undefined;

  constructor(phone: PhoneCore, desk: CommandDesk, listener: ConnectionListener) {
    this.#phone = phone;
    this.#desk = desk;
    this.#listener = listener;
    phone.signal.addEventListener("abort", () => this.#removal.abort());
  }

  isOpen(): boolean {
    return this.#session !== undefined && this.#welcomedAt !== undefined;
  }

  async keep(): Promise<ConnectionEnd> {
    let attempt = 0;
    for (;;) {
      this.#welcomedAt = undefined;
      let end;
      try {
        end = await this.#connectOnce();
      } catch (error) {
        if (error instanceof Halted && this.#removed) return "removed";
        throw error;
      }
      this.#record(end);
      if (end instanceof ChannelClosed && end.code === closeCodes.unknownEnrollment)
        return "unknownEnrollment";
      if (end instanceof ChannelClosed && end.code === closeCodes.replaced) return "replaced";
      if (this.#welcomedAt !== undefined && this.#phone.world.now() - this.#welcomedAt >= goodAfterMs)
        attempt = 0;
      const delayMs = returnDelayMs(this.#phone.world, end, attempt);
      attempt += 1;
      this.#listener.tell({
        code: "unavailable",
        message: describeLoss(end, this.#enrollment().serverUrl, delayMs),
      });
      try {
        await this.#rest(delayMs);
      } catch (error) {
        if (error instanceof Halted && this.#removed) return "removed";
        throw error;
      }
    }
  }

  pollAfterNotNow(): void {
    if (this.#checkedIn && this.#lastStatus === "NotNow" && this.#state.departure === null) this.#sendIdle();
  }

  retryNow(): void {
    this.#wakeUp?.();
  }

  updateToken(): void {
    if (!this.#checkedIn || !this.#state.tokenUpdateDue || this.#updating) return;
    this.#updating = true;
    this.#sendTokenUpdate();
  }

  async checkOut(): Promise<void> {
    this.#removed = true;
    if (this.#checkedIn && this.#state.enrollment?.checkOutWhenRemoved) {
      const late = new AbortController();
      const answered = new Promise<void>((resolve) => {
        this.#checkOutReceived = resolve;
      });
      this.#send({ MessageType: "CheckOut", Topic: this.#enrollment().topic, UDID: this.#udid });
      await Promise.race([answered, this.#phone.world.sleep(checkOutTimeoutMs, late.signal)]);
      late.abort();
      this.#checkOutReceived = undefined;
    }
    this.#removal.abort();
  }

  get #state(): PhoneState {
    return this.#phone.store.state;
  }

  get #udid(): string {
    return this.#phone.config.udid;
  }

  #enrollment(): EnrollmentRecord {
    const { enrollment } = this.#state;
    if (!enrollment) throw new Halted(); // the profile was removed meanwhile
    return enrollment;
  }

  #send(message: object): void {
    // A phone that was switched off while it worked says nothing any more.
    if (!this.#session || this.#removal.signal.aborted) return;
    const bytes = encodePlist(message, this.#session.format);
    this.#session.channel.send(this.#session.format === "plist-xml" ? bytes.toString("utf8") : bytes);
  }

  #sendIdle(): void {
    this.#lastStatus = "Idle";
    this.#send({ Status: "Idle", UDID: this.#udid });
  }

  #sendResult(result: PlistDictionary): void {
    this.#lastStatus = String(result.Status);
    this.#send(result);
  }

  /** Reads the next message, which must be what is due. */
  async #expect<T>(current: Session, schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const message = schema.safeParse(read(current, await current.inbox.next(timeoutMs)));
    if (!message.success) throw new ChannelFault(closeCodes.malformed, "that message is out of turn");
    return message.data;
  }

  async #proveIdentity(current: Session): Promise<void> {
    const { serverUrl, certificate } = this.#enrollment();
    const challenge = await this.#expect(current, Challenge, proofTimeoutMs);
    if (challenge.Audience !== serverUrl)
      throw new ChannelFault(closeCodes.malformed, "the challenge is made out for another server");
    const { keys } = this.#state;
    if (!keys) throw new Halted();
    this.#send({
      MessageType: "Proof",
      Certificate: Buffer.from(certificate, "base64"),
      Signature: signBytes(proofMessage(challenge.Nonce, challenge.Audience), keys.privateKeyPem),
    });
    await this.#expect(current, Welcome, proofTimeoutMs);
  }

  async #checkIn(current: Session): Promise<void> {
    const { config } = this.#phone;
    const common = { Topic: this.#enrollment().topic, UDID: this.#udid };
    if (this.#enrollment().stage === "issued") {
      this.#send({
        MessageType: "Authenticate",
        ...common,
        OSVersion: config.osVersion,
        BuildVersion: config.buildVersion,
        ProductName: config.productName,
        SerialNumber: config.serialNumber,
        DeviceName: config.deviceName,
      });
      await this.#receipt(current, "Authenticate");
      this.#enrollment().stage = "authenticated";
      await this.#phone.store.save();
    }
    if (this.#enrollment().stage === "authenticated" || this.#state.tokenUpdateDue) {
      this.#sendTokenUpdate();
      await this.#receipt(current, "TokenUpdate");
      this.#enrollment().stage = "enrolled";
      this.#state.tokenUpdateDue = false;
      await this.#phone.store.save();
      this.#phone.changed();
    }
  }

  #sendTokenUpdate(): void {
    const { topic, pushToken, pushMagic, unlockToken } = this.#enrollment();
    this.#send({
      MessageType: "TokenUpdate",
      Topic: topic,
      UDID: this.#udid,
      Token: Buffer.from(pushToken, "base64"),
      PushMagic: pushMagic,
      ...(unlockToken === null ? {} : { UnlockToken: Buffer.from(unlockToken, "base64") }),
      ...(isInSetupAssistant(this.#state) ? { AwaitingConfiguration: true } : {}),
    });
  }

  async #tokenUpdated(): Promise<void> {
    this.#updating = false;
    this.#state.tokenUpdateDue = false;
    await this.#phone.store.save();
  }

  async #receipt(current: Session, messageType: string): Promise<void> {
    for (let received: string | undefined; received !== messageType;) {
      received = (await this.#expect(current, Receipt, receiptTimeoutMs)).Received;
      // A receipt for an earlier message may come twice.
      if (received !== messageType && !this.#isReceived(received))
        throw new ChannelFault(closeCodes.malformed, `a receipt for ${messageType} was due`);
    }
  }

  /** Whether the server has said already that it has this check-in message. */
  #isReceived(messageType: unknown): boolean {
    const { stage } = this.#enrollment();
    return (
      (messageType === "Authenticate" && stage !== "issued") ||
      (messageType === "TokenUpdate" && stage === "enrolled")
    );
  }

  /** From the greeting to the end of the channel. */
  async #converse(current: Session): Promise<never> {
    await this.#proveIdentity(current);
    this.#welcomedAt = this.#phone.world.now();
    this.#listener.tell(null);
    this.#phone.changed();
    await this.#checkIn(current);
    this.#checkedIn = true;
    const results = this.#desk.unreceivedResults(current.inbox.receivedCount);
    for (const result of results) this.#sendResult(result);
    if (results.length === 0) this.#sendIdle();
    this.#listener.reported();
    this.#listener.portal.attach((message) => this.#send(message));
    for (;;) {
      const message = await current.inbox.next();
      if (message.data.length === 0) this.#desk.received(message.number);
      else await this.#handle(current, message);
    }
  }

  async #handle(current: Session, message: IncomingMessage): Promise<void> {
    const plist = read(current, message);
    if (plist.MessageType === "Receipt") {
      if (plist.Received === "CheckOut") return this.#checkOutReceived?.();
      if (plist.Received === "TokenUpdate" && this.#updating) return this.#tokenUpdated();
      if (this.#isReceived(plist.Received)) return;
    }
    if (isPortalAnswer(plist)) {
      if (this.#listener.portal.take(plist)) return;
      throw new ChannelFault(closeCodes.malformed, "that is no answer of the company portal");
    }
    const commandUUID = plist.CommandUUID;
    if (typeof commandUUID !== "string" || commandUUID.length === 0 || commandUUID.length > 64)
      throw new ChannelFault(closeCodes.malformed, "a command with its CommandUUID was due");
    this.#desk.received(message.number, commandUUID);
    // On its way out the phone takes up nothing new. The server hands it out again when the phone is back.
    const { departure } = this.#state;
    if (departure !== null && departure.commandUUID !== commandUUID) return;
    const result = await this.#desk.perform(commandUUID, plist.Command, this.#removal.signal);
    this.#desk.sending(commandUUID, current.inbox.receivedCount);
    this.#sendResult(result);
    this.#listener.reported();
  }

  /** One connection from beginning to end. */
  async #connectOnce(): Promise<ConnectionLoss> {
    const inbox = new Inbox(this.#phone.world);
    const connecting = this.#phone.world.connect(
      this.#enrollment().serverUrl,
      { protocols: [this.#phone.config.protocol], messageBytesMax: channelMessageBytesMax },
      inbox.handlers,
    );
    const leave = (): void => inbox.end(new Halted());
    this.#removal.signal.addEventListener("abort", leave);
    try {
      const channel = await untilHalted(connecting, this.#removal.signal);
      const { protocol } = channel;
      this.#session = { channel, inbox, format: protocol === "mdm.plist.xml" ? "plist-xml" : "plist-binary" };
      if (!isChannelProtocol(protocol))
        throw new ChannelFault(closeCodes.malformed, "no subprotocol that was offered");
      return await this.#converse(this.#session);
    } catch (error) {
      if (error instanceof ChannelFault) this.#session?.channel.close(error.code, error.message);
      if (error instanceof Halted) {
        if (this.#session && this.#phone.signal.reason === batteryPulled) this.#session.channel.terminate();
        else if (this.#session) this.#session.channel.close(1000, "the phone leaves");
        else connecting.then((channel) => channel.terminate()).catch(() => undefined);
      }
      if (
        error instanceof ChannelFault ||
        error instanceof ChannelClosed ||
        (error instanceof NetworkError && !this.#session)
      )
        return error;
      throw error;
    } finally {
      this.#removal.signal.removeEventListener("abort", leave);
      this.#session = undefined;
      this.#listener.portal.detach();
      this.#checkedIn = false;
      this.#updating = false;
      this.#checkOutReceived?.();
      this.#phone.changed();
    }
  }

  /** Waits, unless there is reason to try again at once. Throws Halted. */
  async #rest(delayMs: number): Promise<void> {
    const early = new AbortController();
    this.#wakeUp = () => early.abort();
    this.#removal.signal.addEventListener("abort", this.#wakeUp);
    throwIfHalted(this.#removal.signal);
    await this.#phone.world.sleep(delayMs, early.signal);
    this.#removal.signal.removeEventListener("abort", this.#wakeUp);
    this.#wakeUp = undefined;
    throwIfHalted(this.#removal.signal);
  }

  #record(end: ConnectionLoss): void {
    const welcomed = this.#welcomedAt !== undefined;
    this.#phone.recorder.record(welcomed ? "connection.closed" : "connection.refused", {
      udid: this.#udid,
      side: "phone",
      code: end.code,
      reason: end.message,
    });
  }
}

function read({ format }: Session, message: IncomingMessage): PlistDictionary {
  if (message.isText !== (format === "plist-xml"))
    throw new ChannelFault(closeCodes.malformed, "text where binary was agreed, or the other way round");
  try {
    return decodePlist(message.data, format);
  } catch (error) {
    if (error instanceof PippinError)
      throw new ChannelFault(closeCodes.malformed, "that message is no property list");
    throw error;
  }
}
