/** What is said on a connection once the phone has proved who it is: check-in messages and reports, one at a time, in order. */
import { closeCodes, type Receipt } from "../../shared/channel.ts";
import { CheckinMessage } from "../../shared/checkin.ts";
import { PippinError } from "../../shared/errors.ts";
import { decodePlist, type PlistDictionary } from "../../shared/plist.ts";
import { isPortalRequest } from "../../shared/portal.ts";
import type { EventIds } from "../../shared/trace.ts";
import { lastEventOf } from "../commands/command-trail.ts";
import type { CommandRecord } from "../store/records.ts";
import { takeCheckin, type CheckinContext } from "./device-checkin.ts";
import { answerPortal } from "./device-portal.ts";
import { readReport } from "./device-report.ts";
import { ReportDesk } from "./report-desk.ts";
import type { DeviceSession, Incoming } from "./session.ts";
import type { SessionRegistry } from "./session-registry.ts";

/** Why a connection ends by the server's will. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

const unknownEnrollment: Ending = { code: closeCodes.unknownEnrollment, reason: "not enrolled" };

export function malformed(reason: string): Ending {
  return { code: closeCodes.malformed, reason };
}

export interface ConversationOptions {
  readonly context: CheckinContext;
  readonly sessions: SessionRegistry;
  /** Gives a command to the phone, which the store has marked as sent. Rejects with what the store throws. */
  handOver(session: DeviceSession, command: CommandRecord): Promise<void> | undefined;
  /** The phone has spoken: it may be pushed to. */
  heard(session: DeviceSession): void;
  /** From now on it is the phone's turn, for a while. */
  awaitFirstWord(session: DeviceSession): void;
  end(session: DeviceSession, ending: Ending): void;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #reports: ReportDesk;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#reports = new ReportDesk(options.context);
  }

  /** Answers with the reason to end the conversation, if there is one. */
  async handle(session: DeviceSession, { data, isText, number }: Incoming): Promise<Ending | undefined> {
    if (isText !== (session.format === "plist-xml")) return malformed("wrong kind of frame");
    const message = decode(data, session);
    session.traceIncoming(data, () => this.#idsOf(message));
    if (session.phase === "left" || session.identity === undefined) return unknownEnrollment;
    if (message !== undefined && isPortalRequest(message)) {
      return await this.#handlePortal(session, session.identity.id, message);
    }
    if (message !== undefined && "MessageType" in message) {
      return await this.#handleCheckin(session, session.identity.id, message);
    }
    if (session.udid === null) return malformed("expected Authenticate");
    const claimed = message?.["UDID"];
    if (typeof claimed === "string" && claimed !== session.udid) return this.#impostor(session, claimed);
    return await this.#handleReport(session, session.udid, message, data, number);
  }

  #idsOf(message: PlistDictionary | undefined): EventIds {
    const commandUUID = message?.["CommandUUID"];
    if (typeof commandUUID !== "string") return {};
    const cause = lastEventOf(this.#options.context.recorder, commandUUID);
    return { commandUUID, ...(cause === undefined ? {} : { cause }) };
  }

  /** A phone answers for another phone. */
  #impostor(session: DeviceSession, claimed: string): Ending {
    const reason = "the UDID is not the one of this identity";
    this.#options.context.recorder.record("connection.refused", {
      udid: session.udid ?? session.identity?.commonName ?? "",
      address: session.peer.address,
      code: closeCodes.malformed,
      reason,
      claimed: claimed.slice(0, 64),
    });
    return malformed(reason);
  }

  async #handleCheckin(
    session: DeviceSession,
    identityId: string,
    message: PlistDictionary,
  ): Promise<Ending | undefined> {
    const parsed = CheckinMessage.safeParse(message);
    if (!parsed.success) return malformed("not a check-in message");
    const checkin = parsed.data;
    if (checkin.MessageType !== "Authenticate" && session.udid === null)
      return malformed("expected Authenticate");
    const owner = session.udid ?? session.identity?.commonName;
    if (checkin.UDID !== owner) return this.#impostor(session, checkin.UDID);
    const outcome = await takeCheckin(this.#options.context, identityId, checkin);
    if (outcome.outcome === "unknown") return unknownEnrollment;
    for (const udid of outcome.replaced) {
      const old = this.#options.sessions.byUdid(udid);
      if (old !== undefined && old !== session) this.#options.end(old, unknownEnrollment);
    }
    if (checkin.MessageType === "CheckOut") {
      session.phase = session.isOver ? "closed" : "left";
      this.#options.sessions.unbind(session);
    } else if (!session.isOver) {
      this.#options.sessions.bind(session, checkin.UDID);
      // Until the receipt is there, the phone expects nothing else.
      if (outcome.firstToken || !session.mayPush) this.#options.awaitFirstWord(session);
      // Something has changed on the phone: what it put off may be possible now.
      else if (checkin.MessageType === "TokenUpdate") {
        session.skipDeferred = false;
        this.#options.sessions.owePushNoMore(session);
        session.dirty = true;
      }
    }
    session.send({ MessageType: "Receipt", Received: checkin.MessageType } satisfies Receipt);
    return undefined;
  }

  /** A question from the company portal says nothing about commands: it is answered, and that is all. */
  async #handlePortal(
    session: DeviceSession,
    identityId: string,
    message: PlistDictionary,
  ): Promise<Ending | undefined> {
    if (session.udid === null) return malformed("expected Authenticate");
    const outcome = await answerPortal(this.#options.context, { udid: session.udid, identityId }, message);
    switch (outcome.outcome) {
      case "malformed":
        return malformed("not a message of the company portal");
      case "impostor":
        return this.#impostor(session, outcome.claimed);
      case "unknown":
        return unknownEnrollment;
      case "answered":
        session.send(outcome.answer);
        return undefined;
    }
  }

  async #handleReport(
    session: DeviceSession,
    udid: string,
    message: PlistDictionary | undefined,
    data: Buffer,
    number: number,
  ): Promise<Ending | undefined> {
    const report = readReport(message, data);
    this.#options.heard(session);
    // An Idle brings back what was put off; right after a NotNow it would only be put off again.
    const status = report.kind === "result" ? report.result.Status : report.kind;
    if (status === "idle") session.skipDeferred = false;
    else if (status === "NotNow") session.skipDeferred = true;
    if (status === "idle" || status === "NotNow") this.#options.sessions.owePushNoMore(session);
    else if (session.skipDeferred) this.#options.sessions.owePush(session);
    const handed = session.lastHanded;
    const phone = {
      udid,
      identityId: session.identity?.id ?? "",
      skipDeferred: session.skipDeferred,
      // It was sent after this message had arrived: the two have crossed.
      onItsWay: handed !== undefined && handed.afterMessage >= number ? handed.commandUUID : undefined,
      handedHere: handed?.commandUUID,
    };
    // Whatever is queued by now, the transaction sees.
    session.dirty = false;
    const outcome = await this.#reports.take(phone, report, data.length);
    if (outcome.outcome === "unknown") return unknownEnrollment;
    if (outcome.outcome === "unclaimed") {
      this.#options.context.recorder.record("command.malformed", { udid, bytesTotal: data.length });
      return malformed("not readable");
    }
    if (outcome.next !== undefined) await this.#options.handOver(session, outcome.next);
    else if (!outcome.silent) session.send(undefined);
    return undefined;
  }
}

/** Undefined when the bytes are no property list. */
function decode(data: Buffer, session: DeviceSession): PlistDictionary | undefined {
  try {
    return decodePlist(data, session.format);
  } catch (error) {
    if (error instanceof PippinError) return undefined;
    throw error;
  }
}
