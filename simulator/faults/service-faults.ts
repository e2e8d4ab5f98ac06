import { NetworkError, type HttpResponse, type World } from "../../shared/world.ts";
import { vppErrors } from "../../shared/vpp.ts";
import type { FaultyPlace } from "./fault-desk.ts";

/** One request to Apple, with whatever is to go wrong with it. */
export async function faultyRequest(
  { desk, world }: FaultyPlace,
  service: string,
  send: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const rule = desk.serviceRule(world, service);
  if (rule === undefined) return send();
  const { fault } = rule;
  switch (fault.what) {
    case "slow":
      await world.sleep(drawn(world, fault.delay));
      return send();
    case "lostRequest":
      throw new NetworkError("reset", `${service} broke off before it arrived.`);
    case "lostAnswer":
      // It has happened, and whoever asked can't know.
      await send();
      throw new NetworkError("reset", `${service} broke off before its answer arrived.`);
    case "garbage": {
      const answer = await send();
      return { ...answer, body: answer.body.subarray(0, Math.floor(answer.body.length / 2)) };
    }
    case "unavailable":
      return answerOf(503, "", { "retry-after": String(Math.ceil(fault.retryAfterMs / 1_000)) });
    case "http":
      return answerOf(fault.answer.status, fault.answer.body, { "content-type": "text/plain" });
    case "error": {
      const { errorNumber } = fault;
      const body = { status: -1, errorNumber, errorMessage: vppErrors[errorNumber] };
      return answerOf(200, JSON.stringify(body), { "content-type": "application/json" });
    }
  }
}

function answerOf(status: number, body: string, headers: Record<string, string>): HttpResponse {
  return { status, headers, body: Buffer.from(body) };
}

/** Evenly, by the world's chance. */
export function drawn(world: World, { minMs, maxMs }: { minMs: number; maxMs: number }): number {
  return Math.round(minMs + world.random() * (maxMs - minMs));
}
