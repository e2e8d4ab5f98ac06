/** The lab's clock: what it says, and how it is moved where it can be. */
import type { Hono } from "hono";
import { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { Span } from "../scenarios/duration.ts";
import type { ControlledLab } from "./controlled-lab.ts";
import { decodeBody } from "./decode.ts";
import { requireRunning } from "./phone-routes.ts";

const root = "/lab/v1/clock";

const Advance = z
  .strictObject({
    by: Span.optional(),
    to: z
      .union([z.literal("tokenExpiry"), z.iso.datetime({ offset: true })], {
        error: "expected tokenExpiry or a time such as 2017-06-15T08:00:00Z",
      })
      .optional(),
  })
  .refine(({ by, to }) => (by === undefined) !== (to === undefined), {
    error: "expected either `by`, a span such as 90s, 2h or 1y, or `to`, a time or tokenExpiry",
  });

/** Adds the routes. */
export function clockRoutes(app: Hono, control: ControlledLab): void {
  const reading = () => {
    const now = control.lab.world.now();
    return { now: new Date(now).toISOString(), movable: control.clock !== undefined };
  };
  app.get(root, (context) => context.json(reading()));
  app.post(`${root}/advance`, async (context) => {
    const given = await decodeBody(Advance, context);
    const { clock } = control;
    if (clock === undefined)
      throw new PippinError("clock_not_held", "This lab runs in real time: its clock can't be moved.");
    requireRunning(control);
    const now = control.lab.world.now();
    const ms = given.by ?? (await timeMeant(given.to ?? "tokenExpiry")) - now;
    if (ms < 0) throw new PippinError("conflict", `that is over: it is ${new Date(now).toISOString()}`);
    await clock.advance(ms);
    return context.json({ ...reading(), advancedMs: ms });
  });

  async function timeMeant(to: string): Promise<number> {
    if (to !== "tokenExpiry") return Date.parse(to);
    const token = await control.drive(() =>
      control.lab.admin.get<{ expiresAt: string }>("/api/v1/vpp/token"),
    );
    return Date.parse(token.expiresAt);
  }
}
