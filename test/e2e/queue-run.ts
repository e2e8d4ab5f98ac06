import type { TraceEvent } from "../../shared/trace.ts";
import { anyhow } from "../support/small-journey.ts";
import { runVirtual } from "../../simulator/lab.ts";
import type { KillOptions } from "../../simulator/virtual/virtual-process.ts";

export interface QueueRun {
  /** Of the commands, in the order in which the API acknowledged them. */
  readonly states: readonly string[];
  readonly events: readonly TraceEvent[];
}

/** Many commands for one phone, and a fault while it works them off: the server is killed, or the connection breaks. */
export async function queueWithFaults(plan: {
  readonly seed: string;
  readonly commandCount: number;
  /** After which command events there is a fault, counted from the first event that is no `command.queued`. */
  readonly faultAfter: readonly number[];
  /** How long after the event. */
  readonly delayMs: number;
  /** A killed server with what becomes of its unsynced writes, or a broken connection. */
  readonly fault: NonNullable<KillOptions["unsynced"]> | "cut";
}): Promise<QueueRun> {
  const events: TraceEvent[] = [];
  const waiting = [...plan.faultAfter];
  let commandEvents = 0;
  let onCommand: (() => void) | undefined;
  const onEvent = (event: TraceEvent): void => {
    events.push(event);
    if (event.event.startsWith("command.") && event.event !== "command.queued") onCommand?.();
  };
  const options = { seed: plan.seed, progress: () => undefined, onEvent };
  const states = await runVirtual(options, async (lab) => {
    const { admin, world } = lab;
    const made = await admin.post<{ url: string }>("/api/v1/enrollment-tokens", { kind: "device" });
    const phone = await lab.addPhone({
      serial: "QUEUE1",
      product: "iPhone8,1",
      name: "a phone on a desk",
      kind: "device",
      enrollmentUrl: made.url,
    });
    while (!phone.view().enrolled) await world.sleep(100);
    await world.sleep(1_000);
    let isDown = false;
    onCommand = () => {
      commandEvents += 1;
      const due = waiting[0];
      if (isDown || due === undefined || commandEvents < due) return;
      waiting.shift();
      isDown = true;
      world.after(plan.delayMs, () => {
        if (plan.fault === "cut") {
          lab.virtual.network.cutChannels();
          isDown = false;
          return;
        }
        lab.killServer({ unsynced: plan.fault });
        world.after(500, () => void lab.restartServer().then(() => (isDown = false)));
      });
    };
    const command = { RequestType: "DeviceInformation", Queries: ["UDID"] };
    const path = `/api/v1/devices/${phone.config.udid}/commands`;
    const queued = await Promise.all(
      Array.from({ length: plan.commandCount }, () =>
        anyhow(() => admin.post<{ commandUUID: string }>(path, { command })),
      ),
    );
    await world.sleep(600_000);
    return Promise.all(
      queued.map(async ({ commandUUID }) => {
        const { state } = await admin.get<{ state: string }>(`/api/v1/commands/${commandUUID}`);
        return state;
      }),
    );
  });
  return { states, events };
}
