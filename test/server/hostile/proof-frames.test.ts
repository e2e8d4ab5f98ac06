import { describe, expect, it } from "vitest";
import { encodePlist } from "../../../shared/plist.ts";
import { heapInUse } from "../../support/heap.ts";
import { Harness, type FakePhone } from "../channel/harness.ts";
import { settle } from "../fake-world.ts";
import { heapGrowthMax, hostileCounts } from "./counts.ts";
import { hostileUdid, messages } from "./messages.ts";
import { expectSound, frames, protocols, refusals } from "./wrong-frames.ts";

describe.each(protocols)("wrong frames before anything is proved (%s)", (protocol, format) => {
  it("are refused, each with a code, and leave nothing behind", async () => {
    const server = new Harness();
    const identity = await server.issue(hostileUdid);
    const { mutator, wrongBytes, wrongMessage } = frames(format, "proofs");
    const proof = { ...messages.proof, Certificate: identity.certificate };
    const before = await heapInUse();
    let waiting: FakePhone[] = [];
    const finish = async () => {
      await settle();
      await settle();
      for (const phone of waiting) {
        expect(refusals).toContain(phone.closed?.code);
        expect(phone.inbox).toEqual([]);
      }
      waiting = [];
    };
    for (let sent = 0; sent < hostileCounts.proofs; sent += 1) {
      const phone = server.call(identity, protocol);
      const kind = mutator.between(0, 3);
      if (kind === 0) phone.sendBytes(wrongBytes());
      else if (kind === 1) phone.sendBytes(wrongMessage(undefined), mutator.between(0, 9) === 0);
      else {
        // The right certificate, and a signature of something else.
        const wrong = { ...proof, Signature: mutator.bytes().subarray(0, 256) };
        phone.sendBytes(kind === 2 ? encodePlist(wrong, format) : wrongMessage(undefined, wrong));
      }
      waiting.push(phone);
      if (waiting.length === 50) await finish();
      if (sent % 500 === 0) server.events.length = 0;
    }
    await finish();
    server.events.length = 0;
    expect((await heapInUse()) - before).toBeLessThan(heapGrowthMax);
    expect(server.channel.refusedCount).toBe(hostileCounts.proofs);
    await expectSound(server);
  });
});
