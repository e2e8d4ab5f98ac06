/** Time that passes, faults that begin and end, and the server that goes away and comes back. */
import { z } from "zod";
import { Duration } from "../duration.ts";
import { step, type StepKind } from "../step.ts";
import type { References } from "../vocabulary.ts";

export function timeSteps({ fault }: References): [string, StepKind][] {
  const faults = z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(fault).min(1));
  const switched = (isOn: boolean) =>
    step(faults, async ({ lab }, names) => {
      for (const name of names) lab.faults.switch(name, isOn);
    });
  return [
    ["begin-fault", switched(true)],
    ["end-fault", switched(false)],
    ["wait", step(Duration, ({ lab }, ms) => lab.world.sleep(ms))],
    [
      "wait-until",
      step(
        z.union([
          z.iso.datetime().transform((time) => ({ time })),
          z.strictObject({
            tokenExpiry: z.literal(true),
            before: Duration.default(0),
            after: Duration.default(0),
          }),
        ]),
        async (stage, until) => {
          const { world } = stage.lab;
          const at =
            "time" in until
              ? Date.parse(until.time)
              : (await stage.tokenExpiry()) - until.before + until.after;
          if (at < world.now())
            throw new Error(
              `${new Date(at).toISOString()} is over: it is ${new Date(world.now()).toISOString()}`,
            );
          await world.sleep(at - world.now());
        },
        { virtualOnly: true },
      ),
    ],
    [
      "server",
      step(
        z.union([
          z
            .enum(["kill", "stop", "start", "restart"])
            .transform((act) => ({ act, unsynced: "lost" as const })),
          z.strictObject({ act: z.literal("kill"), unsynced: z.enum(["lost", "torn", "kept"]) }),
        ]),
        async (stage, { act, unsynced }) => {
          const power = stage.serverPower();
          if (act === "kill") power.kill({ unsynced });
          if (act === "stop" || act === "restart") await power.stop();
          if (act === "start" || act === "restart") await power.start();
        },
        { virtualOnly: true },
      ),
    ],
  ];
}
