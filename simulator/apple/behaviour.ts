import { z } from "zod";
import { vppErrors, type VppErrorNumber } from "../../shared/vpp.ts";
import { AdamId } from "./catalogue.ts";

const appsMax = 1_000;
const Outage = z.union([
  z.literal(false),
  z.strictObject({ retryAfterSeconds: z.number().int().min(0).max(86_400) }),
]);
/** How often something is still to go wrong, by app. */
const Countdowns = z
  .record(AdamId, z.number().int().min(0).max(1_000_000))
  .refine((counts) => Object.keys(counts).length <= appsMax, `at most ${appsMax} apps`);

/** One of the web service's own errors. */
const ErrorNumber = z
  .number()
  .int()
  .refine((number): number is VppErrorNumber => number in vppErrors, "one of Apple's error numbers");
const Refusals = z.union([
  z.literal(false),
  z.strictObject({
    errorNumber: ErrorNumber,
    times: z.number().int().min(1).max(1_000_000),
    /** E.g. `getVPPUsersSrv`; left out: any. */
    service: z.string().min(1).max(100).optional(),
  }),
]);

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
  /** MDM servers see so much later that a person has joined the program. */
  registrationDelayMs: z
    .number()
    .int()
    .min(0)
    .max(31 * 86_400_000),
  /** Everything (but the control API) is answered 503 with a Retry-After. */
  unavailable: Outage,
  /** The App Store and the Apple ID service alone are answered so; the web service for MDM servers goes on. */
  storeUnavailable: Outage,
  /** No phone gets a download faster than this; null: each as fast as it can take it. */
  downloadBytesPerSecond: z.number().int().min(1).max(1_000_000_000_000).nullable(),
  /** So many of the next downloads of an app break off half way. */
  failDownloads: Countdowns,
  /** So many of the next requests for an app are refused, whatever the person holds. */
  refuseAuthorizations: Countdowns,
  /** So many of the next calls of the web service for MDM servers are answered with this error, and do nothing. */
  refuseCalls: Refusals,
  /** Records on one page of a long list, for reads that begin from now on; null: as the service was started. */
  pageSize: z.number().int().min(1).max(10_000).nullable(),
});
export type AppleBehaviour = z.infer<typeof AppleBehaviour>;

export const wellBehaved: AppleBehaviour = {
  latencyMs: 0,
  associationDelayMs: 0,
  registrationDelayMs: 0,
  unavailable: false,
  storeUnavailable: false,
  downloadBytesPerSecond: null,
  failDownloads: {},
  refuseAuthorizations: {},
  refuseCalls: false,
  pageSize: null,
};

/** Answers whether it was this one's turn to go wrong, and counts it. */
export function countDown(
  behaviour: AppleBehaviour,
  name: "failDownloads" | "refuseAuthorizations",
  adamId: string,
): boolean {
  const left = new Map(Object.entries(behaviour[name])).get(adamId) ?? 0;
  if (left === 0) return false;
  behaviour[name] = { ...behaviour[name], [adamId]: left - 1 };
  return true;
}

/** The error that this call is to be answered with, if it is its turn; counts it. */
export function nextRefusal(behaviour: AppleBehaviour, service: string): VppErrorNumber | undefined {
  const { refuseCalls } = behaviour;
  if (refuseCalls === false) return undefined;
  if (refuseCalls.service !== undefined && refuseCalls.service !== service) return undefined;
  const times = refuseCalls.times - 1;
  behaviour.refuseCalls = times > 0 ? { ...refuseCalls, times } : false;
  return refuseCalls.errorNumber;
}
