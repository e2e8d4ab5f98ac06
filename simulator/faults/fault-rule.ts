/** What is to go wrong, where, and how often: the rules that a scenario sets. */
import { z } from "zod";
import { vppErrors, type VppErrorNumber } from "../../shared/vpp.ts";
import { Duration, DurationRange } from "../scenarios/duration.ts";
import type { References } from "../scenarios/vocabulary.ts";

/** On which of the occasions that a rule fits: all of them unless it says otherwise. For each phone, or service, by itself. */
const When = z
  .strictObject({
    /** The first so many. */
    first: z.number().int().min(1).max(1_000_000).optional(),
    /** Each so-manieth. */
    every: z.number().int().min(1).max(1_000_000).optional(),
    /** By chance, e.g. `5%`; from the seed. */
    chance: z
      .string()
      .regex(/^\d{1,3}(?:\.\d+)?%$/, "expected a percentage such as 5%")
      .transform((text) => Number(text.slice(0, -1)) / 100)
      .refine((ratio) => ratio > 0 && ratio <= 1, "expected more than 0% and at most 100%")
      .optional(),
  })
  .default({});
export type When = z.output<typeof When>;

const ErrorChainItem = z.strictObject({
  domain: z.string().min(1).max(255),
  code: z.number().int(),
  description: z.string().max(1_000).default("a fault of the lab's"),
});

/** What becomes of a command, or of its result. */
export const CommandFault = z.union(
  [
    z.enum(["duplicate", "lost", "malformed"]).transform((what) => ({ what })),
    z
      .strictObject({ NotNow: Duration })
      .transform(({ NotNow }) => ({ what: "notNow" as const, pollMs: NotNow })),
    z.strictObject({ error: ErrorChainItem }).transform(({ error }) => ({ what: "error" as const, error })),
    z.strictObject({ late: DurationRange }).transform(({ late }) => ({ what: "late" as const, delay: late })),
    z
      .strictObject({ vanish: DurationRange })
      .transform(({ vanish }) => ({ what: "vanish" as const, away: vanish })),
  ],
  {
    error:
      "expected duplicate, lost, malformed, { NotNow: 1m }, { error: { domain, code } }, { late: 5m } or { vanish: 10m }",
  },
);
export type CommandFault = z.output<typeof CommandFault>;

const VppErrorNumber = z
  .number()
  .int()
  .refine(
    (number): number is VppErrorNumber => number in vppErrors,
    "expected one of Apple's error numbers, such as 9603",
  );

/** An answer that comes instead, from Apple's door or from a proxy before it. */
const HttpAnswer = z.strictObject({
  status: z.number().int().min(400).max(599),
  body: z.string().max(10_000).default(""),
});

/** What becomes of a request to Apple. */
export const ServiceFault = z.union(
  [
    z.enum(["lostRequest", "lostAnswer", "garbage"]).transform((what) => ({ what })),
    z.strictObject({ slow: DurationRange }).transform(({ slow }) => ({ what: "slow" as const, delay: slow })),
    z
      .strictObject({ unavailable: z.strictObject({ retryAfter: Duration }) })
      .transform(({ unavailable }) => ({
        what: "unavailable" as const,
        retryAfterMs: unavailable.retryAfter,
      })),
    z.strictObject({ http: HttpAnswer }).transform(({ http }) => ({ what: "http" as const, answer: http })),
    z
      .strictObject({ error: VppErrorNumber })
      .transform(({ error }) => ({ what: "error" as const, errorNumber: error })),
  ],
  {
    error:
      "expected lostRequest, lostAnswer, garbage, { slow: 2s..5s }, { unavailable: { retryAfter: 30s } }, { http: { status: 403 } } or { error: 9603 }",
  },
);
export type ServiceFault = z.output<typeof ServiceFault>;

/** What becomes of everything that goes over a link, in Toxiproxy's words. */
export const LinkFault = z.union(
  [
    z.enum(["down", "timeout"]).transform((what) => ({ what })),
    z
      .strictObject({ latency: DurationRange })
      .transform(({ latency }) => ({ what: "latency" as const, delay: latency })),
    z
      .strictObject({ bandwidth: z.number().int().min(1).max(1_000_000_000) })
      .transform(({ bandwidth }) => ({ what: "bandwidth" as const, bytesPerSecond: bandwidth })),
    z
      .strictObject({
        slicer: z.strictObject({ bytes: z.number().int().min(1).max(1_000_000), delay: DurationRange }),
      })
      .transform(({ slicer }) => ({ what: "slicer" as const, ...slicer })),
    z
      .strictObject({ reset: DurationRange })
      .transform(({ reset }) => ({ what: "reset" as const, after: reset })),
  ],
  {
    error:
      "expected down, timeout, { latency: 100ms..2s }, { bandwidth: 2000 } (bytes a second), { slicer: { bytes: 100, delay: 10ms } } or { reset: 30s }",
  },
);
export type LinkFault = z.output<typeof LinkFault>;

/** The services of Apple's that a rule can name: those of the web service for MDM servers, by the end of their URL. */
export const vppServices = [
  "VPPServiceConfigSrv",
  "VPPClientConfigSrv",
  "registerVPPUserSrv",
  "getVPPUserSrv",
  "getVPPUsersSrv",
  "editVPPUserSrv",
  "retireVPPUserSrv",
  "getVPPAssetsSrv",
  "getVPPLicensesSrv",
  "associateVPPLicenseWithVPPUserSrv",
  "disassociateVPPLicenseFromVPPUserSrv",
  "manageVPPLicensesByAdamIdSrv",
] as const;

export const links = ["phones-server", "phones-apple", "server-apple"] as const;
export type LinkName = (typeof links)[number];

interface Rule {
  readonly name: string;
  readonly when: When;
  /** Whether it counts from the start; a step may change that. */
  readonly active: boolean;
}
export interface CommandRule extends Rule {
  readonly kind: "command";
  /** As the scenario names them. */
  readonly phones: string;
  /** Undefined: any. */
  readonly command: string | undefined;
  readonly fault: CommandFault;
}
export interface ServiceRule extends Rule {
  readonly kind: "service";
  readonly service: string;
  readonly fault: ServiceFault;
}
export interface LinkRule extends Rule {
  readonly kind: "link";
  readonly link: LinkName;
  readonly fault: LinkFault;
}
export type FaultRule = CommandRule | ServiceRule | LinkRule;

const RuleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, "expected a name such as busy-phones: lower case, with hyphens");

/** A rule says where (phones and a command, a service, or a link), and what becomes of what comes by there. */
export function faultRuleSchema({ phones }: Pick<References, "phones">) {
  const common = { name: RuleName, when: When, active: z.boolean().default(true) };
  const Command = z.strictObject({
    ...common,
    phones: phones.default("all"),
    command: z.string().min(1).max(100).optional(),
    do: CommandFault,
  });
  const Service = z.strictObject({
    ...common,
    service: z.enum(["any", "store", ...vppServices]),
    do: ServiceFault,
  });
  const Link = z.strictObject({ ...common, link: z.enum(links), do: LinkFault });
  return z.looseObject({}).transform((given, context): FaultRule => {
    const schema = "link" in given ? Link : "service" in given ? Service : Command;
    const parsed = schema.safeParse(given);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: given } as never);
      return z.NEVER;
    }
    const { do: fault, ...rule } = parsed.data;
    if ("link" in rule) return { kind: "link", ...rule, fault: fault as LinkFault };
    if ("service" in rule) return { kind: "service", ...rule, fault: fault as ServiceFault };
    const { command, ...others } = rule;
    return { kind: "command", ...others, command, fault: fault as CommandFault };
  });
}
