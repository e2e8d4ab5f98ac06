/** A journey with a disturbance that must not matter: a message that comes twice, a connection that breaks, a server that restarts. */
import { expect } from "vitest";
import type { TraceEvent } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import { runVirtual, type VirtualLab } from "../../simulator/lab.ts";
import { performedTwice } from "../e2e/kill-run.ts";
import { smallJourney, smallOutcome } from "../support/small-journey.ts";
import { disturbanceStride } from "./how-much.ts";

/** Messages between phones and server in a small journey that nobody disturbs, about. */
export const messagesCount = 130;

export interface Disturbance {
  readonly seed: string;
  /** Called for each message on a channel, with its number. */
  readonly atMessage?: (lab: VirtualLab, number: number) => void;
  readonly phoneWorld?: (world: World) => World;
}

export interface Disturbed<T> {
  readonly outcome: T;
  readonly events: readonly TraceEvent[];
  readonly messages: number;
}

export async function playDisturbed<T>(
  { seed, atMessage, phoneWorld }: Disturbance,
  journey: (lab: VirtualLab) => Promise<T>,
): Promise<Disturbed<T>> {
  const events: TraceEvent[] = [];
  let messages = 0;
  const options = {
    seed,
    progress: () => undefined,
    onEvent: (event: TraceEvent) => void events.push(event),
    keepsWire: false,
    ...(phoneWorld ? { phoneWorld } : {}),
  };
  const outcome = await runVirtual(options, (lab) => {
    lab.virtual.network.interceptor = ({ kind }) => {
      if (kind === "message") {
        messages += 1;
        const number = messages;
        // As an event of its own: nothing breaks in the middle of sending.
        if (atMessage) lab.world.after(0, () => atMessage(lab, number));
      }
      return "deliver";
    };
    return journey(lab);
  });
  return { outcome, events, messages };
}

/**
 * Disturbs a small journey after one message, and after another, and so on: each time it has to end as if nothing had happened. Two
 * ways to disturb that do much the same share the messages: one begins with the first (`turn` 0), the other with the second (1).
 */
export async function endsTheSame(
  seed: string,
  { part, turn }: { part: number; turn: 0 | 1 },
  disturb: (lab: VirtualLab, number: number) => void,
): Promise<void> {
  const stride = disturbanceStride();
  for (let at = 1 + (turn % stride) + part * stride; at <= messagesCount; at += partsCount * stride) {
    const { outcome, events } = await playDisturbed(
      { seed, atMessage: (lab, number) => (number === at ? disturb(lab, number) : undefined) },
      smallJourney,
    );
    expect(outcome, `after message ${at}`).toEqual(smallOutcome);
    expect(performedTwice(events), `after message ${at}`).toEqual([]);
  }
}

/** Of one part, when nothing is left out. */
export const timeoutMs = 1_200_000;
const partsCount = 2;
export const parts = [0, 1];

/** Phones that say everything twice, but for the proof of who they are: that is an answer to a question asked once. */
export function doubling(world: World): World {
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
