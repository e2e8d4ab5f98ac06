/** When a phone whose connection ended tries the next one. */
import { closeCodes, returnWithinMsOf } from "../shared/channel.ts";
import type { World } from "../shared/world.ts";
import { jitteredDelayMs } from "./tasks.ts";

const backoff = { firstMs: 1_000, capMs: 60_000 };
/** After a farewell that names no time, the whole fleet spreads over this long. */
const returnWithinMsDefault = 10_000;

/** The server ended the connection in good order and wants the phone back. */
function isFarewell(end: { readonly name: string; readonly code: unknown }): boolean {
  return (
    end.name === "ChannelClosed" && (end.code === closeCodes.goingAway || end.code === closeCodes.tryAgain)
  );
}

/**
 * After a farewell: anywhere within the time that the server asks for, so that a whole fleet comes back evenly. Otherwise
 * exponential backoff with full jitter. `attempt` counts the connections since the last good one, from 0.
 */
export function returnDelayMs(
  world: World,
  end: { readonly name: string; readonly code: unknown; readonly message: string },
  attempt: number,
): number {
  if (!isFarewell(end)) return jitteredDelayMs(world, attempt, backoff);
  return Math.round(world.random() * (returnWithinMsOf(end.message) ?? returnWithinMsDefault));
}
