import { describe, expect, it } from "vitest";
import { returnDelayMs } from "../../agent/return-delay.ts";
import { closeCodes, farewell, returnWithinMsOf } from "../../shared/channel.ts";
import { worldWith } from "../../shared/world-with.ts";
import { createLiveWorld } from "../../shared/live-world.ts";

/** A world whose chance is fixed. */
const worldAt = (fraction: number) => worldWith(createLiveWorld(), { random: () => fraction });
const closed = (code: number, message: string) => ({ name: "ChannelClosed", code, message });

describe("a farewell's reason", () => {
  it.each([
    [1, 1],
    [10_000, 10],
    [10_001, 11],
    [10 * 60_000, 600],
    [24 * 60 * 60_000, 600],
  ])("that asks for %i ms is read as %i s", (asked, seconds) => {
    const reason = farewell("stopping", asked);
    expect(reason).toBe(`stopping; come back within ${seconds} s`);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    expect(returnWithinMsOf(reason)).toBe(seconds * 1_000);
  });

  it.each(["", "stopping", "come back within 5 s", "; come back within -5 s", "; come back within 99999 s"])(
    "asks for nothing when it is %j",
    (reason) => expect(returnWithinMsOf(reason)).toBeUndefined(),
  );
});

describe("a phone whose connection ended", () => {
  it.each([closeCodes.goingAway, closeCodes.tryAgain])(
    "(%i) comes back anywhere within the time that it is asked for, however often it was asked before",
    (code) => {
      const end = closed(code, farewell("stopping", 40_000));
      for (const attempt of [0, 5, 50]) {
        expect(returnDelayMs(worldAt(0), end, attempt)).toBe(0);
        expect(returnDelayMs(worldAt(0.25), end, attempt)).toBe(10_000);
        expect(returnDelayMs(worldAt(0.999), end, attempt)).toBe(39_960);
      }
    },
  );

  it("waits no longer than ten minutes, whatever a server says, and ten seconds when it says nothing", () => {
    const world = worldAt(0.9999);
    expect(returnDelayMs(world, closed(1001, "; come back within 9999 s"), 0)).toBeLessThanOrEqual(600_000);
    expect(returnDelayMs(world, closed(1001, "bye"), 0)).toBeLessThanOrEqual(10_000);
  });

  it.each([
    ["broke", closed(1006, "")],
    ["was refused", closed(closeCodes.unauthorized, "signature wrong; come back within 600 s")],
    ["never came about", { name: "NetworkError", code: "refused", message: "refused" }],
  ])("and %s backs off, longer each time, up to a minute", (_how, end) => {
    const longest = [0, 1, 2, 3, 10, 100].map((attempt) => returnDelayMs(worldAt(0.9999), end, attempt));
    expect(longest).toEqual([1_000, 2_000, 4_000, 7_999, 59_994, 59_994]);
    expect(returnDelayMs(worldAt(0), end, 5)).toBe(0);
  });
});
