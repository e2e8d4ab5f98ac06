import { z } from "zod";
import type { Reader, Transaction } from "./store/store.ts";

/** First wait, growth and longest wait of a repeated question, in seconds. */
const Backoff = z.strictObject({
  firstSeconds: z.number().min(0.1).max(86_400).describe("The first wait."),
  factor: z.number().min(1).max(10).describe("How much longer each wait is than the one before."),
  maxSeconds: z.number().min(0.1).max(604_800).describe("The longest wait."),
});
export type Backoff = z.infer<typeof Backoff>;

/**
 * What an admin may choose. The defaults are the behaviour of mid-2016. docs/policies.md is made of these descriptions; each begins
 * with a sentence for a table.
 */
export const Policies = z.strictObject({
  syncIntervalHours: z
    .number()
    .min(0.1)
    .max(168)
    .default(12)
    .describe("Hours between two scheduled syncs with Apple (twice a day). A change moves the next one."),
  conflictRules: z
    .enum(["2016", "2017"])
    .default("2016")
    .describe(
      "Which table resolves several deployments of one app that reach one phone. The two differ where an app is *available* to one " +
        "group of a user and *uninstall* or *notApplicable* for another: by the rules of 2016 it stays available, by the table of " +
        "2017 the other action counts. A change resolves every deployment anew.",
    ),
  dep: z
    .enum(["refuse", "userless-only", "documented"])
    .default("refuse")
    .describe(
      "What phones enrolled through Apple's enrolment program (DEP) get. `refuse`: no volume-purchase app. `userless-only` (as of " +
        "January 2017): only those without a user get none. `documented` (as of April 2017): they are treated as any supervised " +
        "phone, so that one without a user still can't hold a user's licence, but one of its own. What such a phone has when the policy becomes stricter stays " +
        "on it, with its licence, and can be uninstalled; what had not got that far stops.",
    ),
  licensing: z
    .enum(["user", "user-and-device"])
    .default("user")
    .describe(
      "Whom licences go to. `user`: to users alone, as in 2016. `user-and-device` (as of April 2017): a deployment may ask for a licence " +
        'of each phone (`licenseType: "device"`), which needs neither an invitation nor an Apple ID. Back to `user`, what phones have ' +
        "with a licence of their own stays on them, with it, and can be uninstalled; what had not got that far stops, and says " +
        "`device-licensing-off`.",
    ),
  licenseOnUnenroll: z
    .enum(["keep", "reclaim"])
    .default("keep")
    .describe(
      "Whether the licence goes back when the user's last phone with the app leaves management, or the phone that holds it itself.",
    ),
  setupAssistant: z
    .enum(["release", "hold"])
    .default("release")
    .describe(
      "What becomes of a phone that waits in Setup Assistant for its configuration. `release`: it is let go on (DeviceConfigured) as " +
        "soon as it has enrolled. `hold`: it waits until an admin sends DeviceConfigured, after the profiles and settings that are to be there first.",
    ),
  inventoryIntervalDays: z
    .number()
    .min(0.01)
    .max(365)
    .default(7)
    .describe(
      "Days between two inventories of an app on a phone. A required app that its user deleted comes back then.",
    ),
  commandExpiryDays: z
    .number()
    .min(0.01)
    .max(365)
    .default(30)
    .describe(
      "Days after which a command that no phone fetched is given up. Counts for commands queued from the change on.",
    ),
  installAttemptsMax: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe(
      "Install commands sent before an installation counts as failed for good. One that the phone could not take up because the App " +
        "Store did not answer it does not count: it is sent again, after the waits of `retry`.",
    ),
  installRetry: Backoff.default({ firstSeconds: 60, factor: 5, maxSeconds: 3_600 }).describe(
    "Waits before an install that failed on the phone is tried again. A licence that Apple has assigned may take a minute to arrive at " +
      "its store, and a person is not to be asked the same thing twice in a breath.",
  ),
  inviteElsewhereHours: z
    .number()
    .min(0.1)
    .max(720)
    .default(24)
    .describe(
      "Hours after which an invitation that its phone has not taken up (it is off, locked, or gone without a word) goes to another " +
        "phone of the user that waits for it. Until then, and once it has been taken up, nobody is invited a second time.",
    ),
  termsPoll: Backoff.default({ firstSeconds: 2, factor: 1.6, maxSeconds: 900 }).describe(
    "Waits between two questions to Apple whether an invited person has accepted the terms.",
  ),
  verify: Backoff.default({ firstSeconds: 1, factor: 1.5, maxSeconds: 900 }).describe(
    "Waits between two questions to a phone how an install or a removal goes.",
  ),
  retry: Backoff.default({ firstSeconds: 2, factor: 2, maxSeconds: 3_600 }).describe(
    "Waits before trying again what Apple's service or a phone could not do.",
  ),
  auditRetentionDays: z
    .number()
    .min(1)
    .max(3_650)
    .default(365)
    .describe("Days after which a record of the audit log goes."),
  webhookRetry: Backoff.default({ firstSeconds: 2, factor: 2, maxSeconds: 3_600 }).describe(
    "Waits before a delivery to a webhook that failed is tried again, each made up to a fifth longer or shorter by chance.",
  ),
  webhookAttemptsMax: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(12)
    .describe(
      "Attempts after which a delivery to a webhook is given up. It stays visible, and can be sent again.",
    ),
  webhookTimeoutSeconds: z
    .number()
    .min(0.1)
    .max(60)
    .default(10)
    .describe("Time that the receiver of a webhook has to answer."),
});
export type Policies = z.infer<typeof Policies>;

export const defaultPolicies: Policies = Policies.parse({});

/** Some policies: what is left out stays as it is. */
export const PolicyChange = z
  .strictObject(
    Object.fromEntries(
      Object.entries(Policies.shape).map(([name, field]) => [name, field.unwrap().optional()]),
    ),
  )
  .refine((change) => Object.keys(change).length > 0, "expected at least one policy") as unknown as z.ZodType<
  Partial<Policies>
>;

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
