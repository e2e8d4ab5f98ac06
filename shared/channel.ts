/** The device channel: what travels over the WebSocket beside Apple's own messages. */
import { z } from "zod";

/** Most wanted first. Binary frames carry binary plists, text frames XML ones. */
export const channelProtocols = ["mdm.plist.binary", "mdm.plist.xml"] as const;
export type ChannelProtocol = (typeof channelProtocols)[number];

export const channelPath = "/mdm/channel";
/** No command of ours and no result of a phone comes near; a longer frame is an attack. */
export const channelMessageBytesMax = 4 * 1024 * 1024;
/** Before a phone has proved its identity it may send one short message. */
export const proofBytesMax = 16 * 1024;
export const proofTimeoutMs = 10_000;

/** Close codes of our own (4000–4999 are private use, RFC 6455). */
export const closeCodes = {
  /** The proof of identity was wrong or late. The phone keeps its enrolment and tries again. */
  unauthorized: 4401,
  /** The server doesn't know this enrolment (any more): enrol again. */
  unknownEnrollment: 4404,
  /** Another connection with the same identity took over. */
  replaced: 4409,
  /** A message that can't be read, or one that is out of turn. */
  malformed: 4400,
  /** The server is stopping: come back after a jittered delay. */
  goingAway: 1001,
  /** The server could not store what it was given: send it again after reconnecting. */
  tryAgain: 1013,
} as const;

/**
 * How a connection goes (all messages are plists in the agreed subprotocol):
 *
 * 1. server → phone `Challenge`; phone → server `Proof`; server → phone `Welcome`, or close 4401 or 4404.
 * 2. phone → server check-in messages (Authenticate, TokenUpdate, CheckOut); each is answered with a `Receipt` once it is
 *    durable. Until the first TokenUpdate the server pushes nothing.
 * 3. phone → server `{Status: Idle}` when it has no result to give; server → phone a command, or a zero-byte message.
 * 4. server → phone a command whenever one waits and none is in flight; phone → server its result.
 * 5. at any time after 2: phone → server a question of the company portal, server → phone its answer (shared/portal.ts).
 *
 * A zero-byte message, or a command with another CommandUUID, says that every result sent so far is stored: Apple's "200 with
 * zero bytes ends the session" carried over to a connection that stays open. A phone keeps a result until then, and sends it
 * again after a reconnect. A command that arrives a second time is answered with the stored result, not performed again.
 */
export const Challenge = z.strictObject({
  MessageType: z.literal("Challenge"),
  /** 32 bytes, used once. */
  Nonce: z.instanceof(Uint8Array),
  /** The server's own ServerURL; signed too, so that a proof made for one server is useless at another. */
  Audience: z.string(),
});
export type Challenge = z.infer<typeof Challenge>;

export const Proof = z.strictObject({
  MessageType: z.literal("Proof"),
  /** DER of the identity certificate. */
  Certificate: z.instanceof(Uint8Array),
  /** RSASSA-PKCS1-v1_5 with SHA-256 over `proofMessage(nonce, audience)`. */
  Signature: z.instanceof(Uint8Array),
});
export type Proof = z.infer<typeof Proof>;

export const Welcome = z.strictObject({ MessageType: z.literal("Welcome") });
export type Welcome = z.infer<typeof Welcome>;

/** The check-in message named in `Received` is durable. */
export const Receipt = z.strictObject({ MessageType: z.literal("Receipt"), Received: z.string() });
export type Receipt = z.infer<typeof Receipt>;

/** The exact bytes that a phone signs. The fixed first line keeps the signature from meaning anything elsewhere. */
export function proofMessage(nonce: Uint8Array, audience: string): Buffer {
  return Buffer.concat([Buffer.from(`pippin-mdm-channel-1\n${audience}\n`), nonce]);
}

/** A phone waits no longer than this, whatever the server says. */
const returnWithinSecondsMax = 600;

/**
 * The reason of a close that the phone is to come back from (`goingAway`, `tryAgain`): within how long, at a time of its own
 * choosing. For people, and for the phone's `returnWithinMsOf`.
 */
export function farewell(why: string, returnWithinMs: number): string {
  const seconds = Math.min(Math.max(1, Math.ceil(returnWithinMs / 1_000)), returnWithinSecondsMax);
  return `${why}; come back within ${seconds} s`;
}

/** Undefined when the reason doesn't say. */
export function returnWithinMsOf(reason: string): number | undefined {
  const [, seconds] = /; come back within (\d{1,4}) s$/.exec(reason) ?? [];
  return seconds === undefined ? undefined : Math.min(Number(seconds), returnWithinSecondsMax) * 1_000;
}

export function isChannelProtocol(name: string): name is ChannelProtocol {
  return (channelProtocols as readonly string[]).includes(name);
}
