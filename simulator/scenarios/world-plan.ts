/** The world that a scenario begins with: an organisation, what it bought, its people and the phones they hold. */
import { z } from "zod";
import { AppleBehaviour } from "../apple/behaviour.ts";
import { DurationRange, TimeOfDay } from "./duration.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** People and phones that one scenario may have. */
export const peopleMax = 20_000;

const Name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9 _.&'-]{0,63}$/,
    "expected a name of up to 64 letters, digits, spaces and -_.&'",
  );
/** It becomes an id in the directory, and a part of an Apple ID and of a serial number. */
const PersonId = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    "expected an id such as anna: lower case, digits and hyphens, a letter first",
  );

const Sheet = z.enum(["agree", "decline", "ignore"]);

/** How a person behaves. What is left out is what an agreeable person does. */
export const PersonaPlan = z.strictObject({
  terms: z.enum(["accept", "decline", "ignore"]).default("accept"),
  install: z.enum(["install", "cancel", "ignore"]).default("install"),
  signIn: Sheet.default("agree"),
  storeTerms: Sheet.default("agree"),
  management: Sheet.default("agree"),
  update: Sheet.default("agree"),
  wrongPasswords: z.number().int().min(0).max(20).default(0),
  /** How long a sheet is looked at before it is answered. */
  think: DurationRange.default({ minMs: 2_000, maxMs: 30_000 }),
  /** The phone is locked then, and nobody answers. */
  asleep: z.strictObject({ from: TimeOfDay, to: TimeOfDay }).optional(),
});
export type PersonaPlan = z.infer<typeof PersonaPlan>;

const Kind = z.enum(["user", "device", "configurator", "dep"]);
const PhonePlan = z
  .union([
    Kind.transform((kind) => ({ kind })),
    z.strictObject({
      kind: Kind,
      product: z.string().min(1).max(64).optional(),
      osVersion: z
        .string()
        .regex(/^\d{1,2}(?:\.\d{1,2}){0,2}$/, "expected a version such as 9.3.2")
        .optional(),
      setupAssistant: z.boolean().optional(),
      refusesVpp: z.boolean().optional(),
    }),
  ])
  .describe("user, device, configurator or dep");
export type PhonePlan = z.infer<typeof PhonePlan>;

const PersonPlan = z
  .strictObject({
    id: PersonId,
    name: Name.optional(),
    /** So many of them: `staff-1`, `staff-2`, … */
    count: z.number().int().min(1).max(peopleMax).optional(),
    groups: z.array(Name).max(50).default([]),
    persona: z.string().optional(),
    /** Personas by weight: each person gets one by the seed. */
    personas: z.record(z.string(), z.number().positive().max(1_000_000)).optional(),
    phones: z
      .array(PhonePlan)
      .max(20)
      .default([{ kind: "user" }]),
    /** Whose Apple ID this person uses, when it isn't their own. */
    sharesAppleIdWith: PersonId.optional(),
    /** The country of the Apple ID. */
    country: z
      .string()
      .regex(/^[a-z]{2}$/, "expected a country code such as us")
      .optional(),
    /** Whether the owner of the Apple ID has agreed to the App Store's terms before. */
    storeTermsAccepted: z.boolean().optional(),
  })
  .superRefine((plan, context) => {
    if (plan.persona !== undefined && plan.personas !== undefined)
      context.addIssue({
        code: "custom",
        path: ["personas"],
        message: "give a persona, or personas by weight, not both",
      });
  });

/** How far things have got when the first step begins. */
export const starts = ["nothing", "token", "directory", "enrolled"] as const;

export const WorldPlan = z.strictObject({
  organisation: Name.default("Orchard & Sons"),
  appleId: z.email().default("it@orchard.example"),
  /** Licences owned, by app. */
  licenses: z.record(z.string(), z.number().int().min(1).max(100_000)).default({}),
  /** Apps that the App Store has beside those of the catalogue. */
  apps: z
    .array(
      z.strictObject({
        adamId: z.string().regex(/^[1-9]\d{0,14}$/, "expected an adamId: decimal digits, as a text"),
        name: Name,
        bundleId: z.string().min(1).max(255),
        bytes: z.number().int().positive().max(50_000_000_000).optional(),
        priceCents: z.number().int().nonnegative().optional(),
        deviceAssignable: z.boolean().optional(),
      }),
    )
    .max(1_000)
    .default([]),
  people: z.array(PersonPlan).min(1).max(1_000),
  /** Changes to the server's policies; the server checks them. */
  policies: z.record(z.string(), z.unknown()).default({}),
  behaviour: AppleBehaviour.partial().optional(),
  /**
   * `nothing`: Apple has it all, the server nothing. `token`: uploaded and synced. `directory`: people and groups are there as well.
   * `enrolled`: so are the phones.
   */
  start: z.enum(starts).default("enrolled"),
});
export type WorldPlan = z.infer<typeof WorldPlan>;

/** One person of the plan, counted out. */
export interface PlannedPerson {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly persona: string | undefined;
  readonly personas: Readonly<Record<string, number>> | undefined;
  readonly phones: readonly PhonePlan[];
  readonly appleId: string;
  readonly ownsAppleId: boolean;
  readonly country: string | undefined;
  readonly storeTermsAccepted: boolean | undefined;
}

export function appleIdOf(personId: string): string {
  return `${personId}@icloud.example`;
}

/** Everybody, in the order of the plan. */
export function peopleOf(world: WorldPlan): PlannedPerson[] {
  return world.people.flatMap((plan) => {
    const { id, count, name, groups, persona, personas, phones, sharesAppleIdWith, country } = plan;
    const ids =
      count === undefined ? [id] : Array.from({ length: count }, (_, index) => `${id}-${index + 1}`);
    return ids.map((one) => ({
      id: one,
      name: name ?? one,
      groups,
      persona,
      personas,
      phones,
      appleId: appleIdOf(sharesAppleIdWith ?? one),
      ownsAppleId: sharesAppleIdWith === undefined,
      country,
      storeTermsAccepted: plan.storeTermsAccepted,
    }));
  });
}

/** `anna` for the first phone of Anna, `anna/2` for the second. */
export function phoneName(personId: string, index: number): string {
  return index === 0 ? personId : `${personId}/${index + 1}`;
}

/** What the plan's things are called. `catalogue` has the App Store's apps, by name. */
export function vocabularyOf(
  world: WorldPlan,
  names: { readonly personas: readonly string[]; readonly faults: readonly string[] },
  catalogue: readonly { readonly adamId: string; readonly name: string }[],
): Vocabulary {
  const people = peopleOf(world);
  const apps = [...catalogue, ...world.apps];
  return {
    people: new Map(people.map(({ id, phones }) => [id, phones.map((_, index) => phoneName(id, index))])),
    groups: new Set(people.flatMap(({ groups }) => groups)),
    apps: new Map([
      ...apps.map(({ name, adamId }) => [name, adamId] as const),
      ...apps.map(({ adamId }) => [adamId, adamId] as const),
    ]),
    personas: new Set(names.personas),
    faults: new Set(names.faults),
  };
}

/** Groups get ids that can be told from their names, so that nobody has to ask for them. */
export function groupIdOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
