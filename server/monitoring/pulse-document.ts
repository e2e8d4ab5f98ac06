/** What the pulse says: how things stand, and what happened since it was last said. For the console, which imports the types alone. */
import { z } from "zod";

/** What a page may show, and would read again once it was touched. */
export const pulseSubjects = [
  "devices",
  "commands",
  "installations",
  "apps",
  "licenses",
  "users",
  "groups",
  "deployments",
  "account",
  "syncs",
  "enrollmentTokens",
  "keys",
  "sessions",
  "policies",
  "webhooks",
  "audit",
  "events",
] as const;
export type PulseSubject = (typeof pulseSubjects)[number];

const count = z.number().int().min(0);

const Counts = z.strictObject({
  commandsQueued: count,
  commandsPushed: count,
  commandsAcknowledged: count,
  commandsFailed: count,
  commandsDeferred: count,
  installed: count,
  installFailed: count,
  licensesTaken: count,
  licensesReturned: count,
  enrolled: count,
  faults: count,
});
export type PulseCounts = z.infer<typeof Counts>;
export type PulseCount = keyof PulseCounts;
export const pulseCounts = Object.keys(Counts.shape) as readonly PulseCount[];

export const Pulse = z.strictObject({
  at: z.iso.datetime(),
  intervalMs: count.describe("How long the `counts` are of; 0 in the first message."),
  connected: count.describe("Phones with an open channel."),
  phones: z
    .strictObject({ enrolling: count, enrolled: count, unenrolled: count })
    .describe("Phones by the state of their enrolment."),
  installations: z
    .strictObject({
      installed: count,
      failed: count,
      pending: count,
      notInstalled: count,
      notApplicable: count,
    })
    .describe("Apps on phones, by label."),
  licenses: z
    .array(
      z.strictObject({ adamId: z.string(), name: z.string(), owned: count, used: count, available: count }),
    )
    .describe("By Apple's count, of the apps with the most in use."),
  counts: Counts.describe("What happened during the interval."),
  changed: z
    .array(z.enum(pulseSubjects))
    .describe("What was touched during the interval: lists of it may be other now."),
});
export type Pulse = z.infer<typeof Pulse>;
