/**
 * A phone that only talks: the agent's identity, the real channel and real property lists, without apps, prompts and a disk. An
 * agent keeps every result on its disk before it sends it, which on one machine costs more than all that the server does; to
 * load a server as far as it goes takes this.
 */
import { signBytes } from "../../shared/certificates.ts";
import { channelMessageBytesMax, closeCodes, proofMessage } from "../../shared/channel.ts";
import { decodePlist, encodePlist, type PlistDictionary, type PlistValue } from "../../shared/plist.ts";
import type { Channel, World } from "../../shared/world.ts";

export interface LeanIdentity {
  readonly udid: string;
  readonly privateKeyPem: string;
  /** DER, base64. */
  readonly certificate: string;
  readonly serverUrl: string;
}

const known: ReadonlyMap<string, PlistValue> = new Map<string, PlistValue>([
  ["DeviceName", "Bench phone"],
  ["OSVersion", "9.3.2"],
  ["BuildVersion", "13F69"],
  ["ProductName", "iPhone8,1"],
  ["IsSupervised", false],
]);

export class LeanPhone {
  commandBytes = 0;
  resultBytes = 0;
  readonly #identity: LeanIdentity;
  #channel: Channel | undefined;
  #welcomed: (() => void) | undefined;

  constructor(identity: LeanIdentity) {
    this.#identity = identity;
  }

  /** Resolves when the server has let the phone in. */
  async connect(world: World): Promise<void> {
    const welcomed = new Promise<void>((resolve) => {
      this.#welcomed = resolve;
    });
    this.#channel = await world.connect(
      this.#identity.serverUrl,
      { protocols: ["mdm.plist.binary"], messageBytesMax: channelMessageBytesMax },
      {
        message: (data) => this.#take(data),
        close: (code, reason) => {
          // A bench that lost a phone measures something else.
          if (this.#channel !== undefined) throw new Error(`the server closed a channel: ${code} ${reason}`);
        },
      },
    );
    await welcomed;
  }

  leave(): void {
    const channel = this.#channel;
    this.#channel = undefined;
    channel?.close(1000, "the phone leaves");
  }

  #take(data: Buffer): void {
    // Zero bytes: the server has every result, and nothing more to ask.
    if (data.length === 0) return;
    const message = decodePlist(data, "plist-binary");
    if (message.MessageType === "Challenge") return this.#prove(message);
    if (message.MessageType === "Welcome") {
      this.#welcomed?.();
      this.#send({ Status: "Idle", UDID: this.#identity.udid });
      return;
    }
    this.commandBytes = data.length;
    this.resultBytes = this.#send(this.#perform(message));
  }

  #prove({ Nonce: nonce, Audience: audience }: PlistDictionary): void {
    if (!(nonce instanceof Uint8Array) || typeof audience !== "string") throw new Error("no challenge");
    this.#send({
      MessageType: "Proof",
      Certificate: Buffer.from(this.#identity.certificate, "base64"),
      Signature: signBytes(proofMessage(nonce, audience), this.#identity.privateKeyPem),
    });
  }

  #perform({ CommandUUID, Command }: PlistDictionary): PlistDictionary {
    const { RequestType: requestType, Queries: queries } = Command as PlistDictionary;
    if (requestType !== "DeviceInformation" || !Array.isArray(queries) || CommandUUID === undefined) {
      this.#channel?.close(closeCodes.malformed, "not asked by this bench");
      throw new Error("a command that this bench does not send");
    }
    const responses: PlistDictionary = {};
    for (const name of queries) {
      const value = known.get(String(name));
      if (value !== undefined) responses[String(name)] = value;
    }
    return { UDID: this.#identity.udid, CommandUUID, Status: "Acknowledged", QueryResponses: responses };
  }

  #send(message: object): number {
    const bytes = encodePlist(message, "plist-binary");
    this.#channel?.send(bytes);
    return bytes.length;
  }
}
