import { NetworkError } from "../shared/world.ts";
import { ChannelFault, type ChannelClosed } from "./inbox.ts";

/** Why a connection ended, or did not come about. */
export type ConnectionLoss = ChannelClosed | ChannelFault | NetworkError;

/** In words for the person. */
export function describeLoss(loss: ConnectionLoss, serverUrl: string, delayMs: number): string {
  const again = `trying again in ${Math.max(1, Math.round(delayMs / 1000))} s`;
  if (loss instanceof NetworkError) return `can't reach the server at ${serverUrl} (${loss.code}), ${again}`;
  const why = loss.message === "" ? `code ${loss.code}` : `code ${loss.code}: ${loss.message}`;
  return loss instanceof ChannelFault
    ? `left the server at ${serverUrl} (${why}), ${again}`
    : `the server at ${serverUrl} closed the connection (${why}), ${again}`;
}
