/** Who listens to the server's webhook, and whether every event of a phone came, in order. */
import { z } from "zod";
import type { VirtualLab } from "../../simulator/lab.ts";
import type { PatientAdmin } from "./patient-admin.ts";

const port = 9_000;
const host = "10.0.0.9";
/** What the server gives a receiver to answer, and some more. */
const hangMs = 60_000;

const Delivery = z.object({
  deliveryId: z.string(),
  event: z.string(),
  data: z.looseObject({ udid: z.string().optional(), adamId: z.string().optional() }),
});
const Change = z.object({ from: z.string(), to: z.string() });

/** How each begins, which is told to nobody. */
const newcomer = "pending";

export type Ailment = "refuses" | "hangs";

export class Receiver {
  /** Each once, in the order of their first arrival. */
  readonly #arrived = new Map<string, z.infer<typeof Delivery>>();
  ailment: Ailment | undefined;

  static async open(lab: VirtualLab, admin: PatientAdmin): Promise<Receiver> {
    const receiver = new Receiver();
    const { world } = lab.virtual.process("receiver");
    await world.serve({
      host,
      port,
      async handle(request) {
        const { ailment } = receiver;
        if (ailment === "refuses") return new Response(null, { status: 500 });
        receiver.#take(await request.text());
        // It got it, and the server doesn't know.
        if (ailment === "hangs") await world.sleep(hangMs);
        return new Response(null, { status: 204 });
      },
    });
    const url = `http://${host}:${port}/`;
    await admin.post("/api/v1/webhooks", { url, events: ["installation."], enabled: true });
    return receiver;
  }

  #take(body: string): void {
    const delivery = Delivery.parse(JSON.parse(body));
    if (!this.#arrived.has(delivery.deliveryId)) this.#arrived.set(delivery.deliveryId, delivery);
  }

  /**
   * Each change of an installation begins where the one before it ended. A gap, or two in the wrong order, would break the chain.
   * @param states where each installation is, by `<udid> <adamId>`.
   */
  complaints(states: ReadonlyMap<string, string>): string[] {
    const heard = new Map<string, string>();
    const complaints: string[] = [];
    for (const { data } of this.#arrived.values()) {
      const { from, to } = Change.parse(data);
      const key = `${data.udid ?? ""} ${data.adamId ?? ""}`;
      const before = heard.get(key) ?? newcomer;
      if (from !== before) complaints.push(`the webhook told of ${from} to ${to} after ${before} (${key})`);
      heard.set(key, to);
    }
    for (const [key, state] of states) {
      const last = heard.get(key) ?? newcomer;
      if (last !== state) complaints.push(`the webhook last told of ${last}, it is ${state} (${key})`);
    }
    return complaints;
  }
}
