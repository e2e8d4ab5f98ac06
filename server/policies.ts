import { z } from "zod";
import type { Reader, Transaction } from "./store/store.ts";

/** First wait, growth and longest wait of a repeated question, in seconds. */
const Backoff = z.strictObject({
  firstSeconds: z.number().min(0.1).max(86_400),
  factor: z.number().min(1).max(10),
  maxSeconds: z.number().min(0.1).max(604_800),
});
export type Backoff = z.infer<typeof Backoff>;

/** What an admin may choose. The defaults are the behaviour of mid-2016. */
export const Policies = z.strictObject({
  /** Hours between two scheduled syncs with Apple (R17: twice a day). */
  syncIntervalHours: z.number().min(0.1).max(168).default(12),
  /** Which table resolves several deployments of one app on one phone. */
  conflictRules: z.enum(["2016", "2017"]).default("2016"),
  /**
   * Phones enrolled through Apple's enrolment program: `refuse` gives them no volume-purchase app (R24); `userless-only` refuses
   * only those without a user (2017-01); `documented` treats them as any supervised phone (2017-04).
   */
  dep: z.enum(["refuse", "userless-only", "documented"]).default("refuse"),
  /** Whether the seat goes back when the user's last phone leaves management. */
  licenseOnUnenroll: z.enum(["keep", "reclaim"]).default("keep"),
  /** Days between two inventories of a phone; a required app that its user deleted comes back then. */
  inventoryIntervalDays: z.number().min(0.01).max(365).default(7),
  /** Days after which a command that no phone fetched is given up. */
  commandExpiryDays: z.number().min(0.01).max(365).default(30),
  /** Install commands sent before an installation counts as failed for good. */
  installAttemptsMax: z.number().int().min(1).max(20).default(3),
  /** Asking Apple whether invited people accepted the terms. */
  termsPoll: Backoff.default({ firstSeconds: 2, factor: 1.6, maxSeconds: 900 }),
  /** Asking a phone how an install or removal goes. */
  verify: Backoff.default({ firstSeconds: 1, factor: 1.5, maxSeconds: 900 }),
  /** Trying again after Apple's service or a phone could not do what was asked. */
  retry: Backoff.default({ firstSeconds: 2, factor: 2, maxSeconds: 3_600 }),
});
export type Policies = z.infer<typeof Policies>;

export const defaultPolicies: Policies = Policies.parse({});

/** What is stored, completed by the defaults, so that a policy added later needs no migration. */
export async function readPolicies(reader: Reader): Promise<Policies> {
  const stored = await reader.get("settings", "policies");
  return stored ? Policies.parse(stored.value) : defaultPolicies;
}

export async function writePolicies(tx: Transaction, policies: Policies): Promise<void> {
  await tx.put("settings", { id: "policies", value: policies });
}

/** The wait before question number `count` (0 for the first), in milliseconds. */
export function backoffMs(backoff: Backoff, count: number): number {
  return Math.min(backoff.firstSeconds * backoff.factor ** Math.min(count, 60), backoff.maxSeconds) * 1_000;
}
