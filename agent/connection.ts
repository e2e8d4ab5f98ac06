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
import { ChannelClosed, ChannelFault, Inbox, type IncomingMessage } from "./inbox.ts";
import type { PhoneTrouble } from "./phone.ts";
import type { Portal } from "./portal.ts";
import { isInSetupAssistant } from "./setup-assistant.ts";
import type { EnrollmentRecord } from "./state.ts";
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
  { tell, reported, portal }: ConnectionListener,
): ServerConnection {
  const { world, recorder, config, store, signal, changed } = phone;
  const { state } = store;
  const { udid } = config;
  let session: Session | undefined;
  /** Whether check-in is over, so that polls may be sent. */
  let checkedIn = false;
  let welcomedAt: number | undefined;
  let lastStatus: string | undefined;
  /** A TokenUpdate was sent after check-in, and its receipt is not there yet. */
  let updating = false;
  let removed = false;
  let checkOutReceived: (() => void) | undefined;
  /** Ends the wait between two connections. */
  let wakeUp: (() => void) | undefined;
  const removal = new AbortController();
  signal.addEventListener("abort", () => removal.abort());

  function enrollment(): EnrollmentRecord {
    if (!state.enrollment) throw new Halted(); // the profile was removed meanwhile
    return state.enrollment;
  }

  function send(message: object): void {
    // A phone that was switched off while it worked says nothing any more.
    if (!session || removal.signal.aborted) return;
    const bytes = encodePlist(message, session.format);
    session.channel.send(session.format === "plist-xml" ? bytes.toString("utf8") : bytes);
  }

  function sendIdle(): void {
    lastStatus = "Idle";
    send({ Status: "Idle", UDID: udid });
  }

  function sendResult(result: PlistDictionary): void {
    lastStatus = String(result.Status);
    send(result);
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

  /** Reads the next message, which must be what is due. */
  async function expect<T>(current: Session, schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const message = schema.safeParse(read(current, await current.inbox.next(timeoutMs)));
    if (!message.success) throw new ChannelFault(closeCodes.malformed, "that message is out of turn");
    return message.data;
  }

  async function proveIdentity(current: Session): Promise<void> {
    const { serverUrl, certificate } = enrollment();
    const challenge = await expect(current, Challenge, proofTimeoutMs);
    if (challenge.Audience !== serverUrl)
      throw new ChannelFault(closeCodes.malformed, "the challenge is made out for another server");
    if (!state.keys) throw new Halted();
    send({
      MessageType: "Proof",
      Certificate: Buffer.from(certificate, "base64"),
      Signature: signBytes(proofMessage(challenge.Nonce, challenge.Audience), state.keys.privateKeyPem),
    });
    await expect(current, Welcome, proofTimeoutMs);
  }

  async function checkIn(current: Session): Promise<void> {
    const common = { Topic: enrollment().topic, UDID: udid };
    if (enrollment().stage === "issued") {
      send({
        MessageType: "Authenticate",
        ...common,
        OSVersion: config.osVersion,
        BuildVersion: config.buildVersion,
        ProductName: config.productName,
        SerialNumber: config.serialNumber,
        DeviceName: config.deviceName,
      });
      await receipt(current, "Authenticate");
      enrollment().stage = "authenticated";
      await store.save();
    }
    if (enrollment().stage === "authenticated" || state.tokenUpdateDue) {
      sendTokenUpdate();
      await receipt(current, "TokenUpdate");
      enrollment().stage = "enrolled";
      state.tokenUpdateDue = false;
      await store.save();
      changed();
    }
  }

  function sendTokenUpdate(): void {
    const { topic, pushToken, pushMagic, unlockToken } = enrollment();
    send({
      MessageType: "TokenUpdate",
      Topic: topic,
      UDID: udid,
      Token: Buffer.from(pushToken, "base64"),
      PushMagic: pushMagic,
      ...(unlockToken === null ? {} : { UnlockToken: Buffer.from(unlockToken, "base64") }),
      ...(isInSetupAssistant(state) ? { AwaitingConfiguration: true } : {}),
    });
  }

  async function tokenUpdated(): Promise<void> {
    updating = false;
    state.tokenUpdateDue = false;
    await store.save();
  }

  async function receipt(current: Session, messageType: string): Promise<void> {
    for (let received: string | undefined; received !== messageType;) {
      received = (await expect(current, Receipt, receiptTimeoutMs)).Received;
      // A receipt for an earlier message may come twice.
      if (received !== messageType && !isReceived(received))
        throw new ChannelFault(closeCodes.malformed, `a receipt for ${messageType} was due`);
    }
  }

  /** Whether the server has said already that it has this check-in message. */
  function isReceived(messageType: unknown): boolean {
    const { stage } = enrollment();
    return (
      (messageType === "Authenticate" && stage !== "issued") ||
      (messageType === "TokenUpdate" && stage === "enrolled")
    );
  }

  /** From the greeting to the end of the channel. */
  async function converse(current: Session): Promise<never> {
    await proveIdentity(current);
    welcomedAt = world.now();
    tell(null);
    changed();
    await checkIn(current);
    checkedIn = true;
    const results = desk.unreceivedResults(current.inbox.receivedCount);
    for (const result of results) sendResult(result);
    if (results.length === 0) sendIdle();
    reported();
    portal.attach(send);
    for (;;) {
      const message = await current.inbox.next();
      if (message.data.length === 0) desk.received(message.number);
      else await handle(current, message);
    }
  }

  async function handle(current: Session, message: IncomingMessage): Promise<void> {
    const plist = read(current, message);
    if (plist.MessageType === "Receipt") {
      if (plist.Received === "CheckOut") return checkOutReceived?.();
      if (plist.Received === "TokenUpdate" && updating) return tokenUpdated();
      if (isReceived(plist.Received)) return;
    }
    if (isPortalAnswer(plist)) {
      if (portal.take(plist)) return;
      throw new ChannelFault(closeCodes.malformed, "that is no answer of the company portal");
    }
    const commandUUID = plist.CommandUUID;
    if (typeof commandUUID !== "string" || commandUUID.length === 0 || commandUUID.length > 64)
      throw new ChannelFault(closeCodes.malformed, "a command with its CommandUUID was due");
    desk.received(message.number, commandUUID);
    // On its way out the phone takes up nothing new. The server hands it out again when the phone is back.
    if (state.departure !== null && state.departure.commandUUID !== commandUUID) return;
    const result = await desk.perform(commandUUID, plist.Command, removal.signal);
    desk.sending(commandUUID, current.inbox.receivedCount);
    sendResult(result);
    reported();
  }

  /** One connection from beginning to end. */
  async function connectOnce(): Promise<ChannelClosed | ChannelFault | NetworkError> {
    const inbox = new Inbox(world);
    const connecting = world.connect(
      enrollment().serverUrl,
      { protocols: [config.protocol], messageBytesMax: channelMessageBytesMax },
      inbox.handlers,
    );
    const leave = (): void => inbox.end(new Halted());
    removal.signal.addEventListener("abort", leave);
    try {
      const channel = await untilHalted(connecting, removal.signal);
      const { protocol } = channel;
      session = { channel, inbox, format: protocol === "mdm.plist.xml" ? "plist-xml" : "plist-binary" };
      if (!isChannelProtocol(protocol))
        throw new ChannelFault(closeCodes.malformed, "no subprotocol that was offered");
      return await converse(session);
    } catch (error) {
      if (error instanceof ChannelFault) session?.channel.close(error.code, error.message);
      if (error instanceof Halted) {
        if (session && signal.reason === batteryPulled) session.channel.terminate();
        else if (session) session.channel.close(1000, "the phone leaves");
        else connecting.then((channel) => channel.terminate()).catch(() => undefined);
      }
      if (
        error instanceof ChannelFault ||
        error instanceof ChannelClosed ||
        (error instanceof NetworkError && !session)
      )
        return error;
      throw error;
    } finally {
      removal.signal.removeEventListener("abort", leave);
      session = undefined;
      portal.detach();
      checkedIn = false;
      updating = false;
      checkOutReceived?.();
      changed();
    }
  }

  async function keep(): Promise<ConnectionEnd> {
    let attempt = 0;
    for (;;) {
      welcomedAt = undefined;
      let end;
      try {
        end = await connectOnce();
      } catch (error) {
        if (error instanceof Halted && removed) return "removed";
        throw error;
      }
      record(end);
      if (end instanceof ChannelClosed && end.code === closeCodes.unknownEnrollment)
        return "unknownEnrollment";
      if (end instanceof ChannelClosed && end.code === closeCodes.replaced) return "replaced";
      if (welcomedAt !== undefined && world.now() - welcomedAt >= goodAfterMs) attempt = 0;
      const delayMs = returnDelayMs(world, end, attempt);
      attempt += 1;
      tell({ code: "unavailable", message: describe(end, delayMs) });
      try {
        await rest(delayMs);
      } catch (error) {
        if (error instanceof Halted && removed) return "removed";
        throw error;
      }
    }
  }

  /** Waits, unless there is reason to try again at once. Throws Halted. */
  async function rest(delayMs: number): Promise<void> {
    const early = new AbortController();
    wakeUp = () => early.abort();
    removal.signal.addEventListener("abort", wakeUp);
    throwIfHalted(removal.signal);
    await world.sleep(delayMs, early.signal);
    removal.signal.removeEventListener("abort", wakeUp);
    wakeUp = undefined;
    throwIfHalted(removal.signal);
  }

  function describe(end: ChannelClosed | ChannelFault | NetworkError, delayMs: number): string {
    const { serverUrl } = enrollment();
    const again = `trying again in ${Math.max(1, Math.round(delayMs / 1000))} s`;
    if (end instanceof NetworkError) return `can't reach the server at ${serverUrl} (${end.code}), ${again}`;
    const why = end.message === "" ? `code ${end.code}` : `code ${end.code}: ${end.message}`;
    return end instanceof ChannelFault
      ? `left the server at ${serverUrl} (${why}), ${again}`
      : `the server at ${serverUrl} closed the connection (${why}), ${again}`;
  }

  function record(end: ChannelClosed | ChannelFault | NetworkError): void {
    const welcomed = welcomedAt !== undefined;
    recorder.record(welcomed ? "connection.closed" : "connection.refused", {
      udid,
      side: "phone",
      code: end.code,
      reason: end.message,
    });
  }

  return {
    isOpen: () => session !== undefined && welcomedAt !== undefined,
    keep,
    pollAfterNotNow() {
      if (checkedIn && lastStatus === "NotNow" && state.departure === null) sendIdle();
    },
    retryNow: () => wakeUp?.(),
    updateToken() {
      if (!checkedIn || !state.tokenUpdateDue || updating) return;
      updating = true;
      sendTokenUpdate();
    },
    async checkOut() {
      removed = true;
      if (checkedIn && state.enrollment?.checkOutWhenRemoved) {
        const late = new AbortController();
        const answered = new Promise<void>((resolve) => {
          checkOutReceived = resolve;
        });
        send({ MessageType: "CheckOut", Topic: enrollment().topic, UDID: udid });
        await Promise.race([answered, world.sleep(checkOutTimeoutMs, late.signal)]);
        late.abort();
        checkOutReceived = undefined;
      }
      removal.abort();
    },
  };
}
