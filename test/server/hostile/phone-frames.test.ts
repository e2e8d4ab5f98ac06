import { describe, expect, it } from "vitest";
import { closeCodes } from "../../../shared/channel.ts";
import { heapInUse } from "../../support/heap.ts";
import { Harness, type FakePhone, type Identity } from "../channel/harness.ts";
import { settle } from "../fake-world.ts";
import { heapGrowthMax, hostileCounts } from "./counts.ts";
import { hostileUdid, messages } from "./messages.ts";
import { expectSound, frames, protocols, refusals } from "./wrong-frames.ts";

describe.each(protocols)("wrong frames of a phone that is known (%s)", (protocol, format) => {
  it("are answered or refused with a code, break nothing, and leave nothing behind", async () => {
    const server = new Harness();
    const { mutator, wrongBytes, wrongMessage } = frames(format, "frames");
    let identity: Identity = await server.issue(hostileUdid);
    const codes = new Map<number, number>();
    let inFlight: string | undefined;

    async function comeBack(): Promise<FakePhone> {
      const phone = server.call(identity, protocol);
      phone.prove();
      await settle();
      if (phone.closed !== undefined) {
        // It has checked itself out, by one wrong message or another: it enrols anew.
        expect(phone.closed.code).toBe(closeCodes.unknownEnrollment);
        identity = await server.issue(hostileUdid);
        return comeBack();
      }
      phone.send(messages.authenticate);
      phone.send(messages.tokenUpdate);
      await settle();
      phone.inbox.length = 0;
      return phone;
    }

    const before = await heapInUse();
    let phone = await comeBack();
    for (let sent = 0; sent < hostileCounts.frames; sent += 1) {
      if (sent % 8 === 0) {
        await server.queue(hostileUdid).catch(() => undefined);
        server.channel.push.wake([hostileUdid]);
      }
      if (mutator.between(0, 9) === 0) phone.sendBytes(wrongBytes());
      else
        phone.sendBytes(wrongMessage(inFlight), (format === "plist-xml") !== (mutator.between(0, 99) === 0));
      if (mutator.between(0, 2) > 0) await settle();
      for (const said of phone.inbox.splice(0))
        if (typeof said["CommandUUID"] === "string") inFlight = said["CommandUUID"];
      if (phone.closed !== undefined) {
        codes.set(phone.closed.code, (codes.get(phone.closed.code) ?? 0) + 1);
        phone = await comeBack();
      }
      if (sent % 500 === 0) {
        expect(server.named("invariant.violated")).toEqual([]);
        server.events.length = server.settled.length = server.enrolled.length = server.unenrolled.length = 0;
      }
    }
    phone.hangUp();
    await settle();
    expect([...codes.keys()].filter((code) => !refusals.includes(code))).toEqual([]);
    // Most of it is answered; what is refused is refused for more than one reason.
    expect(codes.get(closeCodes.malformed)).toBeGreaterThan(100);
    server.events.length = server.settled.length = 0;
    expect((await heapInUse()) - before).toBeLessThan(heapGrowthMax);
    await expectSound(server);
  });
});
