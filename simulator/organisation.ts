/** The sample organisation: about forty people, their phones, and twenty apps. */
import { parse } from "csv-parse/sync";
import { z } from "zod";
import type { PhoneKind } from "../agent/phone.ts";
import { readAsset } from "./assets.ts";
import type { Persona } from "./people/person.ts";

/** The directory as an admin would import it: `id,name,email,groups`. */
export function readPeopleCsv(): string {
  return readAsset("people.csv");
}

const Person = z.object({ id: z.string(), name: z.string(), email: z.string(), groups: z.string() });
export type Person = z.infer<typeof Person>;

let people: readonly Person[] | undefined;

export function readPeople(): readonly Person[] {
  people ??= z.array(Person).parse(parse(readPeopleCsv(), { columns: true }));
  return people;
}

const PhoneRow = z.object({
  owner: z.string(),
  serial: z.string(),
  kind: z.enum(["user", "device", "configurator", "dep"] satisfies PhoneKind[]),
  product: z.string(),
  name: z.string(),
  terms: z.enum(["accept", "decline", "ignore"]),
  install: z.enum(["install", "cancel", "ignore"]),
  wrongPasswords: z.coerce.number().int().min(0).max(3),
});
export type PhoneRow = z.infer<typeof PhoneRow>;

/** Who holds which phone, and how that person behaves. */
export function readPhones(): PhoneRow[] {
  return z.array(PhoneRow).parse(parse(readAsset("phones.csv"), { columns: true }));
}

export const organisation = { name: "Orchard & Sons", appleId: "it@orchard.example" };

/** What the organisation bought. Two of them matter to the journey: one is scarce, one is plenty. */
export const purchases: readonly { adamId: string; quantity: number }[] = [
  { adamId: "743974925", quantity: 12 },
  { adamId: "361285480", quantity: 25 },
  { adamId: "361309726", quantity: 40 },
  { adamId: "361304891", quantity: 40 },
  { adamId: "377298193", quantity: 5 },
  { adamId: "408709785", quantity: 5 },
  { adamId: "586447913", quantity: 60 },
  { adamId: "586683407", quantity: 60 },
  { adamId: "586449534", quantity: 60 },
  { adamId: "951937596", quantity: 60 },
  { adamId: "477537958", quantity: 60 },
  { adamId: "618783545", quantity: 40 },
  { adamId: "327630330", quantity: 20 },
  { adamId: "281796108", quantity: 20 },
  { adamId: "535886823", quantity: 40 },
  { adamId: "469337564", quantity: 40 },
  { adamId: "461504587", quantity: 15 },
  { adamId: "546505307", quantity: 40 },
  { adamId: "904071710", quantity: 10 },
  { adamId: "568903335", quantity: 40 },
];
export const scarceApp = "743974925";
export const plentifulApp = "361285480";

/** The person's own Apple ID. The password is no secret: these people exist in the simulation only. */
export function appleIdOf(person: { id: string; email: string }): { appleId: string; password: string } {
  return {
    appleId: person.email.replace("@orchard.example", "@icloud.example"),
    password: `pomme-${person.id}`,
  };
}

/** The person who holds this phone. */
export function personaOf(phone: PhoneRow, pace: "quick" | "natural"): Persona {
  const owner = readPeople().find((person) => person.id === phone.owner);
  if (owner === undefined) throw new Error(`phones.csv names ${phone.owner}, whom people.csv doesn't have`);
  const think =
    pace === "quick" ? { thinkMsMin: 10, thinkMsMax: 120 } : { thinkMsMin: 2_000, thinkMsMax: 90_000 };
  const { terms, install, wrongPasswords } = phone;
  return { ...appleIdOf(owner), terms, install, wrongPasswords, ...think };
}
