import { z } from "zod";

/** How well the service feels. Changed while it runs, to see what its clients make of it. */
export const AppleBehaviour = z.strictObject({
  /** Every answer (but not of the control API) comes so much later. */
  latencyMs: z.number().int().min(0).max(600_000),
  /** A licence reaches the person's purchases so much later than it was assigned. */
  associationDelayMs: z
    .number()
    .int()
    .min(0)
    .max(31 * 86_400_000),
  /** Everything (but the control API) is answered 503 with a Retry-After. */
  unavailable: z.union([
    z.literal(false),
    z.strictObject({ retryAfterSeconds: z.number().int().min(0).max(86_400) }),
  ]),
});
export type AppleBehaviour = z.infer<typeof AppleBehaviour>;

export const wellBehaved: AppleBehaviour = { latencyMs: 0, associationDelayMs: 0, unavailable: false };
