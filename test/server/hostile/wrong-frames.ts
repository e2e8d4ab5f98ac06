/** Wrong frames of every kind, and what must hold after them. */
import { expect } from "vitest";
import { closeCodes } from "../../../shared/channel.ts";
import { encodePlist, type PlistDictionary, type PlistFormat } from "../../../shared/plist.ts";
import { Mutator } from "../../support/mutator.ts";
import type { Harness } from "../channel/harness.ts";
import { settle } from "../fake-world.ts";
import { udidOf } from "../test-server.ts";
import { messages } from "./messages.ts";

export const refusals: readonly number[] = [
  closeCodes.malformed,
  closeCodes.unauthorized,
  closeCodes.unknownEnrollment,
];
export const protocols = [
  ["mdm.plist.binary", "plist-binary"],
  ["mdm.plist.xml", "plist-xml"],
] as const;

/** Bytes that are wrong as such, or a property list that says something wrong. */
export function frames(format: PlistFormat, purpose: string) {
  const corpus = Object.values(messages).map((message) => encodePlist(message, format));
  const mutator = new Mutator(`${purpose} ${format}`, corpus);
  const kinds = Object.values(messages) as readonly PlistDictionary[];
  return {
    mutator,
    wrongBytes: () => mutator.bytes(),
    wrongMessage(commandUUID: string | undefined, right: PlistDictionary = mutator.pick(kinds)): Buffer {
      const about =
        commandUUID !== undefined && "CommandUUID" in right ? { ...right, CommandUUID: commandUUID } : right;
      for (;;) {
        try {
          return encodePlist(mutator.value(about), format);
        } catch {
          // Not even a property list can hold that: something else then.
        }
      }
    },
  };
}

/** What must hold whatever was sent: no bug came to light, and a good phone is served as ever. */
export async function expectSound(server: Harness): Promise<void> {
  expect(server.named("invariant.violated")).toEqual([]);
  const good = await server.enrol(udidOf(77));
  const id = await server.queue(good.udid);
  good.idle();
  expect(await good.nextCommand()).toBe(id);
  good.answer(id);
  expect(await good.next()).toEqual({});
  good.hangUp();
  await settle();
  expect(server.channel.push.connectedCount).toBe(0);
  await server.channel.stop();
  expect(server.world.timerCount).toBe(0);
}
