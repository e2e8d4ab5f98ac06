/** What must not matter: a message that comes twice, a connection that breaks, a server that restarts. The end is the same. */
import { describe, expect, it } from "vitest";
import type { World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import { runVirtual, type VirtualLab } from "../../simulator/lab.ts";
import { performedTwice } from "../e2e/kill-run.ts";
import { smallJourney, smallOutcome } from "../support/small-journey.ts";
import type { TraceEvent } from "../../shared/trace.ts";

/** Messages between phones and server in a small journey that nobody disturbs, about. */
const messagesCount = 130;

interface Disturbed {
  readonly outcome: Awaited<ReturnType<typeof smallJourney>>;
  readonly events: readonly TraceEvent[];
  readonly messages: number;
}

/** Plays the small journey; `atMessage` is called for each message on a channel, with its number. */
async function play(options: {
  seed: string;
  atMessage?: (lab: VirtualLab, number: number) => void;
  phoneWorld?: (world: World) => World;
}): Promise<Disturbed> {
  const events: TraceEvent[] = [];
  let messages = 0;
  const outcome = await runVirtual(
    {
      seed: options.seed,
      progress: () => undefined,
      onEvent: (event) => events.push(event),
      keepsWire: false,
      ...(options.phoneWorld ? { phoneWorld: options.phoneWorld } : {}),
    },
    (lab) => {
      lab.virtual.network.interceptor = ({ kind }) => {
        if (kind === "message") {
          messages += 1;
          const number = messages;
          // As an event of its own: nothing breaks in the middle of sending.
          lab.world.after(0, () => options.atMessage?.(lab, number));
        }
        return "deliver";
      };
      return smallJourney(lab);
    },
  );
  return { outcome, events, messages };
}

/** Phones that say everything twice, but for the proof of who they are: that is an answer to a question asked once. */
function doubling(world: World): World {
  return worldWith(world, {
    async connect(url, options, handlers) {
      let isProven = false;
      const channel = await world.connect(url, options, handlers);
      return {
        protocol: channel.protocol,
        get bufferedBytes() {
          return channel.bufferedBytes;
        },
        send(message) {
          channel.send(message);
          if (isProven) channel.send(message);
          isProven = true;
        },
        close: (code, reason) => channel.close(code, reason),
        terminate: () => channel.terminate(),
      };
    },
  });
}

describe("the same end", () => {
  it("comes of a small journey that nobody disturbs", async () => {
    const { outcome, messages } = await play({ seed: "calm" });
    expect(outcome).toEqual(smallOutcome);
    expect(messages).toBeGreaterThan(messagesCount);
  });

  it.each(["a", "b", "c", "d"])(
    "comes when every message of a phone arrives twice (seed %s)",
    async (seed) => {
      const { outcome, events } = await play({ seed, phoneWorld: doubling });
      expect(outcome).toEqual(smallOutcome);
      expect(performedTwice(events)).toEqual([]);
    },
  );

  it.each([0, 1, 2])(
    "comes when all connections break after any one message (part %i of 3)",
    async (part) => {
      for (let at = 1 + part; at <= messagesCount; at += 3) {
        const { outcome, events } = await play({
          seed: "cut",
          atMessage: (lab, number) => {
            if (number === at) lab.virtual.network.cutChannels();
          },
        });
        expect(outcome, `cut after message ${at}`).toEqual(smallOutcome);
        expect(performedTwice(events), `cut after message ${at}`).toEqual([]);
      }
    },
  );

  it.each([0, 1, 2])(
    "comes when the server restarts between any two messages (part %i of 3)",
    async (part) => {
      for (let at = 1 + part; at <= messagesCount; at += 3) {
        const { outcome, events } = await play({
          seed: "restart",
          atMessage: (lab, number) => {
            if (number !== at) return;
            lab.killServer({ unsynced: "lost" });
            void lab.restartServer();
          },
        });
        expect(outcome, `restarted after message ${at}`).toEqual(smallOutcome);
        expect(performedTwice(events), `restarted after message ${at}`).toEqual([]);
      }
    },
  );
});
