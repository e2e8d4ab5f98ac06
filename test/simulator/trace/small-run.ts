import type { ChannelProtocol } from "../../../shared/channel.ts";
import type { TraceEvent } from "../../../shared/trace.ts";
import { runVirtual } from "../../../simulator/lab.ts";
import { smallJourney } from "../../support/small-journey.ts";

/** The whole trace of a small journey, messages included. */
export async function smallRun(seed: string, protocol?: ChannelProtocol): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  const onEvent = (event: TraceEvent) => events.push(event);
  await runVirtual(
    { seed, progress: () => undefined, onEvent, ...(protocol ? { protocol } : {}) },
    smallJourney,
  );
  return events;
}
