/** What happens at Apple: purchases, tokens that die, another product, and how well the service feels. */
import { z } from "zod";
import { AppleBehaviour } from "../../apple/behaviour.ts";
import { Nothing, step, type StepKind } from "../step.ts";
import type { References } from "../vocabulary.ts";

const json = "application/json";

export function appleSteps({ app, person }: References): [string, StepKind][] {
  const Quantity = z.strictObject({ app, count: z.number().int().min(1).max(100_000).default(1) });
  const trade = (path: "licenses" | "refunds") =>
    step(Quantity, async (stage, { app: adamId, count: quantity }) => {
      await stage.lab.apple.post(`${stage.organisationPath}/${path}`, { adamId, quantity });
    });
  return [
    ["buy", trade("licenses")],
    ["refund", trade("refunds")],
    [
      "token",
      step(z.enum(["revoke", "expire", "forget"]), async (stage, verb) => {
        await stage.lab.apple.post(`/control/v1/tokens/${stage.tokenId}/${verb}`, {});
      }),
    ],
    [
      "other-mdm",
      step(
        z.strictObject({
          hostname: z.string().min(1).max(100).default("other-mdm.example"),
          /** It begins by retiring every user and taking every licence back. */
          wipe: z.boolean().default(false),
        }),
        async (stage, claim) => {
          await stage.lab.apple.post(`${stage.organisationPath}/take-over`, claim);
        },
      ),
    ],
    [
      "apple",
      step(AppleBehaviour.partial(), async ({ lab }, behaviour) => {
        await lab.apple.send("PUT", "/control/v1/behaviour", JSON.stringify(behaviour), json);
      }),
    ],
    [
      "forget-lists",
      step(Nothing, async ({ lab }) => {
        await lab.apple.post("/control/v1/lists/forget", {});
      }),
    ],
    [
      "new-version",
      step(
        z.strictObject({ app, version: z.string().min(1).max(64) }),
        async ({ lab }, { app: adamId, version }) => {
          await lab.apple.post(`/control/v1/catalogue/${adamId}/versions`, { version });
        },
      ),
    ],
    [
      "apple-id",
      step(
        z.strictObject({
          of: person,
          password: z.string().min(1).max(255).optional(),
          storeTermsAccepted: z.boolean().optional(),
          locked: z.literal(false).optional(),
        }),
        async (stage, { of, ...change }) => {
          const path = `/control/v1/apple-ids/${encodeURIComponent(stage.personas.get(of)?.appleId ?? "")}`;
          await stage.lab.apple.send("PATCH", path, JSON.stringify(change), json);
        },
      ),
    ],
  ];
}
